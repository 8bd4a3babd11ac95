package restore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// A POST whose answer was lost, and that no look found, may still arrive when it was sent
// once more: then there are two of one thing. Late twins are found when everything else is
// done: what equals a POST that was ever in doubt, was not there when the plan looked and is
// not what the journal says was made.

// maxTwins bounds how many twins of one thing are looked for: a POST is sent no more often.
const maxTwins = doubtRounds

// lateTwins deletes the second ones of what the actions made that are done. It is called before
// what was written is read back, and once more at the end: the later it looks the more it sees.
func (a *applier) lateTwins(ctx context.Context) error {
	a.twinned = false
	return a.Reader.VersionBodies(ctx, func(read func(int64) (vault.Document, error)) error {
		for _, action := range a.plan.Actions {
			if action.State != record.ActionDone || action.Version == 0 || action.Target == "" {
				continue
			}
			steps, err := a.Journal.Steps(ctx, action.Seq)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(steps, inDoubt) {
				continue
			}
			switch err := a.twinsOf(ctx, action, read); {
			case err != nil && aboutRestore(err):
				return fmt.Errorf("look for what was made twice of %s: %w", action.Ref, err)
			case err != nil:
				a.note("whether something of %s was made twice is not known: %s", action.Title(), strings.Join(strings.Fields(err.Error()), " "))
			}
		}
		return nil
	})
}

// inDoubt reports whether nobody knew for a while whether a POST had been carried out.
func inDoubt(s record.Step) bool {
	return s.State == record.StepVoid || s.State == record.StepAdopted || s.State == record.StepIntent
}

// twinsOf deletes the second ones of what one action made.
func (a *applier) twinsOf(ctx context.Context, action record.Action, read func(int64) (vault.Document, error)) error {
	t, err := a.taskOf(ctx, action, read)
	if err != nil {
		return err
	}
	t.wrote = true
	now, err := t.reread(ctx)
	if err != nil {
		return err
	}
	if err := t.recognize(now); err != nil {
		return err
	}
	var before []byte
	if action.Before != 0 {
		d, err := read(action.Before)
		if err != nil {
			return err
		}
		before = d.Body
	}
	calls := action.Calls
	if err := t.partTwins(ctx, before); err != nil {
		return err
	}
	if err := t.deleteTwins(ctx, record.Ref{Kind: t.spec.Name, ID: action.ID}, nil); err != nil {
		return err
	}
	if t.action.Calls == calls {
		return nil
	}
	a.store(t.action)
	return a.Journal.Settle(ctx, t.done, []record.Action{t.action}, nil)
}

// partTwins deletes the second ones of parts of a document, which had those of before.
func (t *task) partTwins(ctx context.Context, before []byte) error {
	asked := make(map[record.Ref]bool)
	for _, s := range slices.Clone(t.steps) {
		part := record.Ref{Kind: record.Kind(s.Part), ID: s.Item}
		if !inDoubt(s) || asked[part] || part.Kind == t.spec.Name {
			continue
		}
		asked[part] = true
		if err := t.deleteTwins(ctx, part, before); err != nil {
			return err
		}
	}
	return nil
}

// deleteTwins deletes what a POST made that arrived after the one that took its place.
func (t *task) deleteTwins(ctx context.Context, part record.Ref, before []byte) error {
	find, remove, err := t.twinFinder(part, before)
	if err != nil || find == nil {
		return err
	}
	if !slices.ContainsFunc(t.steps, func(s record.Step) bool { return s.Part == string(part.Kind) && s.Item == part.ID && inDoubt(s) }) {
		return nil
	}
	for range maxTwins {
		id, found, err := find(ctx)
		if err != nil || !found {
			return err
		}
		if err := remove(ctx, id); err != nil {
			return err
		}
		t.arrived(part)
		t.twinned = true
		gone := "deleted"
		if part.Kind == t.spec.Name && t.spec.Write.Delete.IsZero() {
			gone = "put in the trash"
		}
		t.note("%s/%s was made a second time, by a request that arrived late, and was %s", part.Kind, id, gone)
	}
	return nil
}

// arrived takes note that a POST of a document or part arrived late, and of what became of it:
// nothing of it is in doubt any more.
func (t *task) arrived(part record.Ref) {
	i := slices.IndexFunc(t.steps, func(s record.Step) bool {
		return s.Part == string(part.Kind) && s.Item == part.ID && s.State == record.StepVoid
	})
	if i >= 0 {
		t.outcome(t.steps[i], record.StepRefused, "")
	}
}

// twinFinder tells how to find and delete a twin of a document or part, nil where there is
// none: of what the server keeps one of.
func (t *task) twinFinder(part record.Ref, before []byte) (
	find func(context.Context) (string, bool, error), remove func(context.Context, string) error, err error,
) {
	w := t.spec.Write
	if part.Kind == t.spec.Name {
		if w.Find == catalogue.Same || w.Delete.IsZero() && w.Trash.IsZero() {
			return nil, nil, nil
		}
		sent, err := t.creation(w, t.wanted)
		return t.findDocument(sent), func(ctx context.Context, id string) (err error) {
			if w.Delete.IsZero() { // Looker keeps it in the trash
				_, err = t.send(ctx, w.Update, w.Update.Fill(id), fmt.Appendf(nil, `{%q:%s}`, w.Trash.Name, w.Trash.Value))
			} else {
				_, err = t.send(ctx, w.Delete, w.Delete.Fill(id), nil)
			}
			return err
		}, err
	}
	for _, list := range partLists(w.Parts) {
		if list.part.Name != part.Kind || list.part.One || list.part.Write.Delete.IsZero() {
			continue
		}
		holders, err := t.holders(list, before)
		if err != nil {
			return nil, nil, err
		}
		for _, h := range holders {
			rows, err := canon.PartRows(list.part, h.wanted)
			if err != nil {
				return nil, nil, err
			}
			i := slices.IndexFunc(rows, func(r canon.PartRow) bool { return r.ID == part.ID })
			if i < 0 {
				continue
			}
			sent, err := t.partCreation(list.part, h, rows[i])
			return t.findPart(list.part, h, sent), func(ctx context.Context, id string) error {
				return t.deletePart(ctx, deletion{part: list.part, owner: h.id, id: id})
			}, err
		}
	}
	return nil, nil, nil
}
