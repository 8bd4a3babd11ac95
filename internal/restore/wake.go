package restore

import (
	"bytes"
	"context"
	"fmt"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// wake sets what was awake, and was made asleep, to what it was, when what it sends is
// done and equal.
func (a *applier) wake(ctx context.Context) error {
	if a.request.Wake == WakeNever {
		return a.tellAsleep(ctx)
	}
	for _, action := range a.plan.Actions {
		if a.waves.Stopped() {
			return job.ErrInterrupted
		}
		if action.State != record.ActionDone {
			continue
		}
		asleep, err := madeAsleep(ctx, a.Reader, action)
		if err != nil {
			return err
		}
		if asleep == nil {
			continue
		}
		if why := a.request.Sleeping[action.Ref.String()]; why != "" {
			a.note("%s stays asleep: %s", action.Title(), why)
			continue
		}
		if gone := stillThere(a.plan, action); gone != nil {
			a.note("%s stays asleep: %s, whose place it takes, is still there", action.Title(), gone.Ref)
			continue
		}
		if !sendsWhatIsEqual(a.plan, action) {
			a.note("%s stays asleep: what it sends is not as it was", action.Title())
			continue
		}
		spec, _ := catalogue.Find(action.Kind)
		t := a.task(action, spec)
		err = t.awaken(ctx, asleep)
		if err != nil && aboutRestore(err) {
			return err
		}
		if err != nil {
			t.conclude(fmt.Errorf("it stays asleep: %w", err))
		}
		if err := a.Journal.Settle(ctx, nil, []record.Action{t.action}, nil); err != nil {
			return err
		}
		a.store(t.action)
	}
	return nil
}

// madeAsleep is what a member was in the backup of a document that an action makes asleep,
// nil where it was asleep there too, or is not made.
func madeAsleep(ctx context.Context, reader vault.Reader, action record.Action) ([]byte, error) {
	spec, ok := catalogue.Find(action.Kind)
	if !ok || spec.Write == nil || spec.Write.Asleep.IsZero() || action.Deed != record.DeedCreate || action.Target == "" {
		return nil, nil
	}
	d, err := reader.VersionBody(ctx, action.Version)
	if err != nil {
		return nil, err
	}
	return bytes.Clone(awakeIn(spec.Write, d.Body)), nil
}

// awakeIn is what the member of a document is that lets it do what it does, nil where that is
// asleep, or was redacted.
func awakeIn(w *catalogue.Write, body []byte) []byte {
	was := canon.Member(body, w.Asleep.Name)
	if was == nil || canon.IsRedacted(was) || canon.Text(was) == w.Asleep.Value || canon.Text(was) == "" {
		return nil
	}
	return was
}

// sendsWhatIsEqual reports whether all that an action needed is done and was read back
// as it was wanted, and the document itself too.
func sendsWhatIsEqual(plan record.Restore, action record.Action) bool {
	if action.Checked != record.CheckedEqual {
		return false
	}
	for _, seq := range action.Needs {
		need := plan.Actions[seq-1]
		done := need.State == record.ActionDone || need.State == record.ActionSame
		if !done || need.Checked != record.CheckedEqual {
			return false
		}
	}
	return true
}

// awaken writes the member that lets a document do what it does.
func (t *task) awaken(ctx context.Context, value []byte) error {
	w := t.spec.Write
	route := w.Update
	if !w.Partly.IsZero() {
		route = w.Partly.Send
	}
	_, err := t.send(ctx, route, route.Fill(t.action.Target), fmt.Appendf(nil, `{%q:%s}`, w.Asleep.Name, value))
	return err
}

// tellAsleep says how many documents were left asleep.
func (a *applier) tellAsleep(ctx context.Context) error {
	n, err := Asleep(ctx, a.Reader, a.plan)
	if err == nil && n > 0 {
		a.note("asleep, since the plan wakes nothing: %d", n)
	}
	return err
}

// Asleep counts the documents that a restore made asleep, that were awake in the backup,
// and that it has not woken.
func Asleep(ctx context.Context, reader vault.Reader, r record.Restore) (int, error) {
	request, err := RequestOf(r)
	if err != nil {
		return 0, err
	}
	atEnd := r.State == record.RestoreComplete || r.State == record.RestorePartial
	n := 0
	for _, action := range r.Actions {
		was, err := madeAsleep(ctx, reader, action)
		if err != nil {
			return 0, err
		}
		woken := request.Wake != WakeNever && atEnd && action.State == record.ActionDone && sendsWhatIsEqual(r, action) &&
			stillThere(r, action) == nil && request.Sleeping[action.Ref.String()] == ""
		if was != nil && !woken {
			n++
		}
	}
	return n, nil
}
