package restore

import (
	"context"
	"fmt"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// OpenDoubts are the requests of a restore that were given up, sent once more and never seen
// again, in words for people: where the instance carries one out after the restore has looked for
// the last time, there are two of one thing. Of what the server has one at most it refuses the
// second one, so that these are none.
func OpenDoubts(ctx context.Context, reader vault.Reader, r record.Restore) (doubts []string, err error) {
	steps, err := reader.Steps(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	for _, step := range steps {
		if step.State != record.StepVoid || step.Seq < 1 || step.Seq > len(r.Actions) {
			continue
		}
		action := r.Actions[step.Seq-1]
		spec, ok := catalogue.Find(action.Kind)
		if !ok || action.State != record.ActionDone || !mayBeTwice(spec, record.Kind(step.Part)) {
			continue
		}
		what := action.Title()
		if record.Kind(step.Part) != spec.Name {
			what = fmt.Sprintf("one of the %s of %s", step.Part, what)
		}
		doubts = append(doubts, fmt.Sprintf("a %s was given up at %s, sent again, and may still arrive: see later whether %s is there twice",
			step.Route, step.At.Local().Format("15:04:05"), what))
	}
	return doubts, nil
}

// mayBeTwice reports whether the server would make a second one of a document, or of a part of it.
func mayBeTwice(spec *catalogue.Spec, part record.Kind) bool {
	if spec.Write == nil {
		return false
	}
	if part == spec.Name {
		return keyless(spec.Write)
	}
	for _, list := range partLists(spec.Write.Parts) {
		if list.part.Name == part {
			return !list.part.One && keyless(list.part.Write)
		}
	}
	return false
}

// keyless reports whether the server tells what a POST makes from nothing that is there.
func keyless(w *catalogue.Write) bool { return w.Find != catalogue.Same && w.Find != catalogue.ByKey }

// doubtsShown is how many requests that may still arrive the notes of a restore name.
const doubtsShown = 10

// tellDoubts names the requests that may still arrive.
func (a *applier) tellDoubts(ctx context.Context) error {
	doubts, err := OpenDoubts(ctx, a.Reader, a.plan)
	a.notes = append(a.notes, doubts[:min(len(doubts), doubtsShown)]...)
	if more := len(doubts) - doubtsShown; more > 0 {
		a.note("and %d more requests like this were given up and sent again", more)
	}
	a.tellLate()
	a.tellAside()
	return err
}
