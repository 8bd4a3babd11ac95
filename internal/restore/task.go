package restore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
)

// task is an action that is being carried out, by one goroutine at a time from its
// first call to its last. It converges: it reads what is there, works out what is
// missing, does that, and is done when nothing is missing. So a first attempt, one that
// goes on after a kill, and one more are the same.
type task struct {
	*applier
	action     record.Action
	spec       *catalogue.Spec
	wanted     []byte        // the body that is wanted, with the ids of the backup
	steps      []record.Step // POSTs of earlier attempts, and of this one
	done       []record.Step // outcomes of POSTs that the journal does not have yet
	maps       []record.Mapping
	resumed    bool // an earlier attempt may have done part of it
	wrote      bool
	sent       bool                // a write has left, or may have
	remark     string              // for people, on an action that is done otherwise than planned
	before     []byte              // the document as it was before anything inside was written
	late       bool                // parts were made since the document was read
	partsThere bool                // all parts are there, so that members may name them
	parts      map[record.Ref]bool // of the document, as it was read last
	known      map[record.Ref]bool // parts of the instance that are known to be some of the backup
	// own is what a document that is made beside another one, and its parts, are called:
	// whoever names these means the other one's. Nil where there is no other one.
	own map[record.Ref]string
}

// resolve is a [canon.Resolver], for which the parts of the document itself have to be on
// the instance, or known to have another id there.
func (t *task) resolve(kind record.Kind, id string) (string, bool) {
	if target, ok := t.own[record.Ref{Kind: kind, ID: id}]; ok {
		return target, true
	}
	for _, list := range partLists(t.spec.Write.Parts) {
		if list.part.Name != kind {
			continue
		}
		if made := t.partMade(kind, id); made != "" {
			return made, true
		}
		return id, t.parts[record.Ref{Kind: kind, ID: id}]
	}
	return t.resolveIn(t.own != nil)(kind, id)
}

// noteParts records the parts that the document has on the instance.
func (t *task) noteParts(now []byte) error {
	t.parts = make(map[record.Ref]bool)
	return eachPart(t.spec.Write.Parts, now, func(part *catalogue.Part, row canon.PartRow) error {
		t.parts[record.Ref{Kind: part.Name, ID: partTarget(row)}] = true
		return nil
	})
}

// driftError says that a document is not what the plan saw.
type driftError struct{ what string }

func (e *driftError) Error() string { return e.what }

// skipError says that there is nothing for an action to write to, of which the plan has warned.
type skipError struct{ what string }

func (e *skipError) Error() string { return e.what }

// perform does what the action says.
func (t *task) perform(ctx context.Context) error {
	t.action.Attempts++
	switch t.action.Deed {
	case record.DeedCreate:
		if t.spec.Owned() { // it is there since what it is a part of was made
			return t.update(ctx)
		}
		return t.create(ctx)
	case record.DeedUpdate, record.DeedMove, record.DeedUndelete:
		return t.update(ctx)
	case record.DeedDelete:
		return t.remove(ctx)
	}
	return nil
}

// conclude notes how an action ended.
func (t *task) conclude(err error) {
	a := &t.action
	a.Class, a.Status, a.Message, a.Errors = "", 0, "", nil
	drift, drifted := errors.AsType[*driftError](err)
	skip, skipped := errors.AsType[*skipError](err)
	if err == nil {
		a.Message = t.remark
	}
	switch {
	case err == nil && (t.wrote || t.resumed): // what an earlier attempt has written, an undo takes back as well
		a.State = record.ActionDone
	case err == nil:
		a.State = record.ActionSame
	case skipped:
		a.State, a.Message = record.ActionSkipped, skip.what
	case drifted:
		a.State, a.Class, a.Message = record.ActionDrifted, "drift", drift.what
	default:
		a.State, a.Class, a.Message = record.ActionFailed, string(looker.Class(err)), strings.Join(strings.Fields(err.Error()), " ")
		if refused, ok := errors.AsType[*looker.StatusError](err); ok {
			a.Status = refused.Status
			a.Message += t.staysOn(refused)
			for _, e := range refused.Errors {
				a.Errors = append(a.Errors, record.FieldError{Field: e.Field, Code: e.Code, Message: e.Message})
			}
			if taken(refused) && a.Deed == record.DeedCreate && a.Target == "" { // else it is made, and a part of it refused
				a.State, a.Class = record.ActionDrifted, "drift"
			}
		}
	}
}

// taken reports whether Looker refused to make what is there already.
func taken(refused *looker.StatusError) bool {
	return refused.Status == 409 || slices.ContainsFunc(refused.Errors, func(e looker.FieldError) bool { return e.Code == "already_exists" })
}

// create makes a document, and then what lies in it.
func (t *task) create(ctx context.Context) error {
	w := t.spec.Write
	if err := t.notMadeSince(ctx); err != nil {
		return err
	}
	if err := t.replacedAsPlanned(ctx); err != nil {
		return err
	}
	if err := t.beforehand(ctx, nil); err != nil {
		return err
	}
	var made made
	err := t.withQueries(ctx, w, t.wanted, func() error {
		sent, err := t.creation(w, t.wanted)
		if err != nil {
			return err
		}
		made, err = t.post(ctx, creation{write: w, part: t.spec.Name, item: t.action.ID, body: sent, made: t.spec.Fields.ID, find: t.findDocument(sent)})
		return err
	})
	if err != nil {
		return err
	}
	t.action.Target = made.id
	t.enter(t.action.Ref, made.id, record.MapCreated)
	now := made.answer
	if t.saysTooLittle(now) {
		if now, err = t.read(ctx, made.id); err != nil {
			return err
		}
	}
	t.tellNotMadeWith(now)
	t.enterOwned(now)
	if err := t.enterInner(now); err != nil {
		return err
	}
	if err := t.enterMadeWith(ctx, now); err != nil {
		return err
	}
	if err := t.inside(ctx, now); err != nil || !canon.InTrash(w, t.wanted) {
		return err
	}
	return t.setTrash(ctx, w.Trash.Value)
}

// creation is the body of the request that makes a document or part.
func (t *task) creation(w *catalogue.Write, body []byte) ([]byte, error) {
	sent, missing, err := canon.Creation(w, body, t.resolve)
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("it names %s, which nobody knows on the instance", missing[0])
	}
	return sent, err
}

// enterOwned enters what the parts of a new document are called that are documents of
// their own: its access rules, the users of a role.
func (t *task) enterOwned(now []byte) {
	for i := range t.spec.Relations {
		r := &t.spec.Relations[i]
		if r.Role != catalogue.Owns {
			continue
		}
		always := *r
		always.Unless = "" // what is not owned yet may be so in a moment
		was, is := canon.Named(t.wanted, r), canon.Named(now, &always)
		if r.Path == t.spec.Fields.ID {
			is = []string{t.action.Target}
		}
		if len(was) == 1 && len(is) == 1 {
			t.enter(record.Ref{Kind: r.Kind, ID: was[0]}, is[0], record.MapCreated)
		}
	}
}

// enter notes what a document of the backup is called on the instance, for good.
func (t *task) enter(ref record.Ref, target, how string) {
	t.learn(ref.Kind, ref.ID, target)
	if t.own != nil {
		return
	}
	t.maps = append(t.maps, record.Mapping{
		Source: t.plan.Source, Target: t.plan.Target, Ref: ref, TargetID: target, How: how, Restore: t.plan.ID,
		At: t.Now(), State: record.MapLive,
	})
}

// learn notes what a document or part of the backup is called on the instance.
func (t *task) learn(kind record.Kind, id, target string) {
	if t.own != nil {
		t.own[record.Ref{Kind: kind, ID: id}] = target
		t.learnCopy(record.Ref{Kind: kind, ID: id}, target)
		return
	}
	t.applier.learn(kind, id, target)
}

// update makes a document that is there what is wanted.
func (t *task) update(ctx context.Context) error {
	id := t.target()
	if id == "" {
		return fmt.Errorf("nobody knows what %s is called that belongs to the copy", t.action.Ref)
	}
	if never, err := t.neverMade(ctx); err != nil {
		return err
	} else if never {
		return &skipError{"Looker has made nothing that it could belong to"}
	}
	now, err := t.read(ctx, id)
	if looker.Class(err) == looker.FaultMissing {
		return &driftError{"it is not there any more"}
	}
	if err != nil {
		return err
	}
	asPlanned, err := t.drifted(ctx, now)
	if err != nil {
		return err
	}
	if asPlanned && t.action.Deed == record.DeedUndelete && len(t.action.Changes) == 0 {
		t.action.Target = id
		return t.setTrash(ctx, "false")
	}
	if now, err = t.request.known(t.action.Ref, now); err != nil {
		return err
	}
	if err := t.noteParts(now); err != nil {
		return err
	}
	t.action.Target = id
	if t.action.Before == 0 {
		t.enterOwned(now)
	}
	if err := t.keepsOwned(ctx, now); err != nil {
		return err
	}
	if err := t.beforehand(ctx, now); err != nil {
		return err
	}
	if err := t.clearKeys(ctx); err != nil {
		return err
	}
	first, last := t.trashChanges(now)
	if err := t.patch(ctx, t.spec.Write, "", id, now, t.wanted, first); err != nil {
		return err
	}
	if err := t.rereadInner(ctx); err != nil {
		return err
	}
	if err := t.inside(ctx, now); err != nil || last == "" {
		return err
	}
	return t.setTrash(ctx, last)
}

// target is the id of the document on the instance. That of a part of a new document is
// known since that was made.
func (t *task) target() string {
	if t.action.Target != "" {
		return t.action.Target
	}
	resolve := t.resolve
	if t.own != nil { // its parts may be of its kind: who is let in
		resolve = t.resolveIn(true)
	}
	id, _ := resolve(t.action.Kind, t.action.ID)
	return id
}

// drifted checks that a document is what the look saw, or what an earlier attempt of
// this action made of it. It reports whether it is the former.
func (t *task) drifted(ctx context.Context, now []byte) (asPlanned bool, err error) {
	if t.action.Before == 0 {
		return false, t.switchedByOthers(now) // a part of a new document, or what a switch makes: nobody has seen it
	}
	is, err := expectation(t.spec, now)
	if err != nil || is == t.action.Expect {
		return err == nil, err
	}
	before, err := t.Reader.VersionBody(ctx, t.action.Before)
	if err != nil {
		return false, err
	}
	members, err := t.foreign(ctx, before.Body, now)
	if err == nil && len(members) == 0 {
		members, err = t.unknownChanged(before.Body, now)
	}
	if err != nil || len(members) == 0 {
		return false, err
	}
	return false, &driftError{fmt.Sprintf("%s was changed on the instance since the plan", someOf(members))}
}

// foreign are the members of a document that have neither the value of before nor the one that is
// wanted. Where an earlier attempt had begun these are looked for in its parts as well; else each part
// is a part of the document that is to be as the plan saw it.
func (t *task) foreign(ctx context.Context, before, now []byte) ([]string, error) {
	if t.resumed {
		if err := t.noteParts(now); err != nil {
			return nil, err
		}
		return unread{task: t, is: now, was: before}.foreign(ctx)
	}
	is, err := t.form(now)
	if err != nil {
		return nil, err
	}
	was, err := t.form(before)
	if err != nil {
		return nil, err
	}
	wanted, err := canon.Normal(t.spec, t.wanted, t.resolve)
	if err != nil {
		return nil, err
	}
	changes, err := canon.Differences(was, is)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		name, _, _ := strings.Cut(c.Path, "/")
		name, _, _ = strings.Cut(name, ".")
		if canon.IsRedacted(c.Before) {
			continue // what it was when the plan saw it nobody knows
		}
		if !bytes.Equal(canon.Member(is, name), canon.Member(wanted, name)) && !isAside(canon.Text(c.After), t.plan.ID) {
			return []string{c.Path}, nil
		}
	}
	return nil, nil
}

// keepsOrder reports whether two lists of ids are in the same order as far as both hold the same: the
// server enters parts that are made, and takes out those that are deleted.
func keepsOrder(was, is []byte) bool {
	before, now := members(was), members(is)
	if before == nil || now == nil {
		return false // no lists
	}
	before = slices.DeleteFunc(before, func(id string) bool { return !slices.Contains(now, id) })
	now = slices.DeleteFunc(now, func(id string) bool { return !slices.Contains(before, id) })
	return slices.Equal(before, now)
}

// form is the normal form of a body of the instance.
func (t *task) form(body []byte) ([]byte, error) {
	return canon.Normal(t.spec, body, canon.Itself)
}

// read reads a document of the action's kind.
func (t *task) read(ctx context.Context, id string) ([]byte, error) {
	if body := t.First.of(&t.action); body != nil {
		return body, nil
	}
	return t.getOne(ctx, t.spec, id)
}

// reread reads the action's document as far as the action is about it.
func (t *task) reread(ctx context.Context) ([]byte, error) {
	now, err := t.read(ctx, t.action.Target)
	if err != nil {
		return nil, err
	}
	return t.request.known(t.action.Ref, now)
}
