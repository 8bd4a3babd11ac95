package restore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
)

// get makes a call that reads, for the action.
func (t *task) get(ctx context.Context, route catalogue.Route, path string, query url.Values) ([]byte, error) {
	return t.ask(ctx, looker.Request{Route: route.String(), Class: string(route.Activity), Path: path, Query: query})
}

// getOne reads a document alone, for the action.
func (t *task) getOne(ctx context.Context, spec *catalogue.Spec, id string) ([]byte, error) {
	return t.ask(ctx, singleRequest(spec, id))
}

func (t *task) ask(ctx context.Context, request looker.Request) ([]byte, error) {
	if t.waves.Stopped() {
		return nil, errStopped
	}
	response, err := t.Client.Get(ctx, request)
	t.count(response, err)
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

// send makes a call that writes and may be repeated, and returns the answer's body. What is to be
// deleted and is not there is as it is wanted.
func (t *task) send(ctx context.Context, route catalogue.Send, path string, body []byte) ([]byte, error) {
	if t.waves.Stopped() {
		return nil, errStopped
	}
	if err := t.begin(ctx); err != nil {
		return nil, err
	}
	response, err := t.sendUpdate(ctx, newUpdate(route, path, body))
	t.count(response, err)
	t.sent = t.sent || left(err)
	if route.Method == http.MethodDelete && looker.Class(err) == looker.FaultMissing {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

// begin takes note, before the first write of an action, that it is under way: who goes
// on after a kill then knows half of its work when they see it.
func (t *task) begin(ctx context.Context) error {
	if t.wrote {
		return nil
	}
	t.wrote = true
	if err := t.Journal.Begin(ctx, t.action.Seq); err != nil {
		return fmt.Errorf("%w: %w", errJournal, err)
	}
	return nil
}

// count counts the requests of a call.
func (t *task) count(response *looker.Response, err error) {
	if response != nil {
		t.action.Calls += response.Attempts
		return
	}
	t.action.Calls += requests(err)
}

// requests is how many requests were made of a call that failed.
func requests(err error) int {
	if e, ok := errors.AsType[interface {
		error
		Requests() int
	}](err); ok {
		return e.Requests()
	}
	return 0
}

// creation is something that is made by a POST, which a second one would make twice.
type creation struct {
	write *catalogue.Write
	owner string      // what the path names: the document that it is a part of, or the id that is chosen for it; "" for a document
	part  record.Kind // what it is: a kind, or a list of parts
	item  string      // id of it in the backup
	body  []byte
	alone bool   // a document has one of it, without an id
	made  string // the member of the answer that holds the id
	// find looks for what the POST made whose answer was lost.
	find func(ctx context.Context) (id string, found bool, err error)
}

// made is what was created.
type made struct {
	id     string
	answer []byte // nil where it is not known
}

// doubtRounds is how many times post looks for something whose answer was lost, and makes
// it again, before its action fails.
const doubtRounds = 3

// post makes something once. What an earlier attempt made is found in the journal; an
// attempt whose outcome nobody knows is looked for before it is made again.
func (t *task) post(ctx context.Context, c creation) (made, error) {
	for _, before := range slices.Clone(t.steps) {
		if before.Part != string(c.part) || before.Item != c.item {
			continue
		}
		switch before.State {
		case record.StepDone, record.StepAdopted:
			t.wrote = true
			return made{id: before.Target}, nil
		case record.StepIntent:
			if found, id, err := t.clearDoubt(ctx, c, before, time.Time{}); err != nil || found {
				return made{id: id}, err
			}
		}
	}
	for round := 1; ; round++ {
		if t.waves.Stopped() {
			return made{}, errStopped // before the intent: nothing will be in doubt
		}
		step := record.Step{
			Restore: t.plan.ID, Seq: t.action.Seq, Step: len(t.steps) + 1, Route: c.write.Create.String(),
			Part: string(c.part), Item: c.item, Intended: sha256.Sum256(c.body), State: record.StepIntent, At: t.Now(),
		}
		if err := t.advance(ctx, &step); err != nil {
			return made{}, err
		}
		answer, err := t.postOnce(ctx, c)
		doubt, doubtful := errors.AsType[*looker.DoubtError](err)
		switch {
		case err == nil:
			id := canon.Text(canon.Member(answer, c.made))
			t.outcome(step, record.StepDone, id)
			return made{id: id, answer: answer}, nil
		case !doubtful:
			return t.refused(ctx, c, step, err)
		case round == doubtRounds || aboutRestore(err):
			return made{}, err
		}
		var late time.Time
		if doubt.Late {
			late = t.Now().Add(t.Settle)
		}
		if found, id, err := t.clearDoubt(ctx, c, step, late); err != nil || found {
			return made{id: id}, err
		}
	}
}

// refused deals with a POST that was not carried out. What Looker has already may be what an
// earlier POST of it made, which nobody heard of and which arrived late.
func (t *task) refused(ctx context.Context, c creation, step record.Step, err error) (made, error) {
	refusal, ok := errors.AsType[*looker.StatusError](err)
	if !ok {
		if neverSent(err) && !c.write.Create.Again {
			t.outcome(step, record.StepRefused, "")
		}
		return made{}, err // else the intent stays open: who goes on looks first
	}
	doubted := slices.ContainsFunc(t.steps, func(s record.Step) bool {
		return s.Part == step.Part && s.Item == step.Item && s.Step != step.Step && inDoubt(s)
	})
	if doubted && taken(refusal) {
		switch id, found, findErr := c.find(ctx); {
		case findErr != nil:
			return made{}, findErr // whose it is nobody knows: the intent stays open
		case found:
			t.outcome(step, record.StepAdopted, id)
			return made{id: id}, nil
		}
	}
	t.outcome(step, record.StepRefused, "")
	return made{}, err
}

// neverSent reports whether the client refused a request before it left, which of a POST that it
// sends once says that nothing happened.
func neverSent(err error) bool {
	return slices.ContainsFunc([]error{looker.ErrBudget, looker.ErrDown, looker.ErrLogin, looker.ErrClosed}, func(sentinel error) bool { return errors.Is(err, sentinel) })
}

// clearDoubt finds out whether a POST was carried out whose outcome nobody knows: what
// it made is adopted, or it is void.
func (t *task) clearDoubt(ctx context.Context, c creation, step record.Step, late time.Time) (found bool, id string, err error) {
	if id, found, err = t.lookFor(ctx, c, late); err != nil {
		return false, "", err
	}
	if found {
		t.wrote = true
		t.outcome(step, record.StepAdopted, id)
		return true, id, nil
	}
	t.outcome(step, record.StepVoid, "")
	return false, "", nil
}

// postOnce makes the POST of a creation, which only the server's own word repeats.
func (t *task) postOnce(ctx context.Context, c creation) ([]byte, error) {
	t.wrote = true
	route := c.write.Create
	path := route.Path
	if strings.Contains(path, "{") {
		path = route.Fill(c.owner)
	}
	body, err := t.withSecrets(c.write, c.body)
	if err != nil {
		return nil, err
	}
	w := looker.Write{
		Route: route.String(), Class: string(route.Activity), Method: route.Method, Path: path, Body: body, Repeat: route.Again,
	}
	switch {
	case c.alone:
		w.Made = looker.NothingDue
	case !w.Repeat:
		w.Made = c.made
	}
	response, err := t.Client.Send(ctx, w)
	t.count(response, err)
	t.sent = t.sent || left(err)
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

// left reports whether a write that ended so has left the client, or may have.
func left(err error) bool { return err == nil || !neverSent(err) || requests(err) > 0 }

// lookFor looks for what may have been made: at once, and once more when the server can
// no longer be at work on it.
func (t *task) lookFor(ctx context.Context, c creation, late time.Time) (id string, found bool, err error) {
	if c.write.Find == catalogue.Same {
		return "", false, nil // making it again gives the same
	}
	for {
		if id, found, err = c.find(ctx); err != nil || found || !t.Now().Before(late) {
			break
		}
		if err = t.Pause(ctx, late.Sub(t.Now())); err != nil {
			return "", false, err
		}
	}
	if err == nil && t.Doubted != nil {
		t.Doubted(t.action.Ref, c.write.Create.String(), found)
	}
	return id, found, err
}

// advance makes the intent of a POST durable, and with it what was learnt before.
func (t *task) advance(ctx context.Context, next *record.Step) error {
	if err := t.Journal.Advance(ctx, t.done, next); err != nil {
		return fmt.Errorf("%w: %w", errJournal, err)
	}
	t.done = nil
	t.remember(*next)
	return nil
}

// outcome notes how a POST ended; the journal has it with the next intent, or with the
// end of the action.
func (t *task) outcome(step record.Step, state record.StepState, target string) {
	step.State, step.Target, step.At = state, target, t.Now()
	t.done = append(t.done, step)
	t.remember(step)
}

func (t *task) remember(step record.Step) {
	for i := range t.steps {
		if t.steps[i].Step == step.Step {
			t.steps[i] = step
			return
		}
	}
	t.steps = append(t.steps, step)
}

// fill fills the path of a route: its last parameter is the id of what is written, the
// one before that of the document which it is a part of. A part that a document has one
// of is known by the document's id.
func fill(route catalogue.Send, owner, id string) string {
	switch {
	case strings.Count(route.Path, "{") > 1:
		return route.Fill(owner, id)
	case id == "":
		return route.Fill(owner)
	}
	return route.Fill(id)
}
