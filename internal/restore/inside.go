package restore

import (
	"context"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// inside makes what lies in a document what is wanted: its parts one list after the
// other, then parts of those, then the sets of ids. now is the document as it is.
func (t *task) inside(ctx context.Context, now []byte) error {
	w := t.spec.Write
	t.before = now
	if err := t.noteParts(now); err != nil {
		return err
	}
	lists := partLists(w.Parts)
	var deletions []deletion
	for i, list := range lists {
		if t.late && (list.part.Write.Create.IsZero() || list.part.Born) && i > 0 {
			// The server has made some along with others.
			fresh, err := t.reread(ctx)
			if err != nil {
				return err
			}
			now, t.late = fresh, false
			if err := t.noteParts(now); err != nil {
				return err
			}
		}
		leave, err := t.list(ctx, list, now)
		if err != nil {
			return err
		}
		deletions = append(deletions, leave...)
	}
	for _, d := range deletions {
		if err := t.deletePart(ctx, d); err != nil {
			return err
		}
	}
	for i := range w.Sets {
		if err := t.set(ctx, &w.Sets[i], now); err != nil {
			return err
		}
	}
	return t.afterwards(ctx, now)
}

// afterwards sets the members that name parts, when these are there: the order of the
// sections of a board, and of the items in each.
func (t *task) afterwards(ctx context.Context, now []byte) (err error) {
	lists := slices.DeleteFunc(partLists(t.spec.Write.Parts), func(l partList) bool { return len(l.part.Write.Late) == 0 })
	if len(lists) == 0 && len(t.spec.Write.Late) == 0 {
		return nil
	}
	t.partsThere = true
	if err := t.partTwins(ctx, t.before); err != nil {
		return err
	}
	if t.late {
		if now, err = t.reread(ctx); err != nil {
			return err
		}
		if err := t.noteParts(now); err != nil {
			return err
		}
	}
	for _, list := range lists {
		if _, err := t.list(ctx, list, now); err != nil {
			return err
		}
	}
	return t.patch(ctx, t.spec.Write, "", t.action.Target, now, t.wanted, nil)
}

// partList is a list of parts in a document, or in a part of it.
type partList struct {
	part *catalogue.Part
	in   *catalogue.Part // the part that holds it, nil for the document
}

// partLists are the lists of parts of a document, those of the document first.
func partLists(parts []catalogue.Part) []partList {
	var lists []partList
	for i := range parts {
		lists = append(lists, partList{part: &parts[i]})
	}
	for i := range parts {
		for _, inner := range partLists(parts[i].Write.Parts) {
			if inner.in == nil {
				inner.in = &parts[i]
			}
			lists = append(lists, inner)
		}
	}
	return lists
}

// holders are what hold the lists: the document, or each of its parts that is wanted.
func (t *task) holders(list partList, now []byte) ([]holder, error) {
	return holdersOf(list, holder{id: t.action.Target, wanted: t.wanted, now: now}, t.resolve)
}

// deletion is a part that is not wanted.
type deletion struct {
	part      *catalogue.Part
	owner, id string
	row       []byte
}

// list makes a list of parts what is wanted, and returns the parts that are to be
// deleted when everything else is done: whoever kills a restore leaves more, not less.
// Parts whose names no two may share are deleted first instead.
func (t *task) list(ctx context.Context, list partList, now []byte) (leave []deletion, err error) {
	holders, err := t.holders(list, now)
	if err != nil {
		return nil, err
	}
	for _, h := range holders {
		later, err := t.converge(ctx, list.part, h)
		if err != nil {
			return nil, err
		}
		leave = append(leave, later...)
	}
	return leave, nil
}

// paired returns the parts of a list as they are wanted and as they are, and which is
// which.
func (t *task) paired(part *catalogue.Part, h holder) (wanted, is []canon.PartRow, pairs []canon.PartPair, err error) {
	return pairedParts(part, h, t.resolve, t.standsFor)
}

// recognize records which parts of a document, as it is now, are which of the
// backup.
func (t *task) recognize(now []byte) error {
	if err := t.noteParts(now); err != nil {
		return err
	}
	document := holder{id: t.action.Target, wanted: t.wanted, now: now}
	return eachPair(t.spec.Write, document, t.resolve, t.standsFor, func(part *catalogue.Part, wanted, is canon.PartRow) {
		t.pair(part, wanted.ID, partTarget(is))
	})
}

func (t *task) converge(ctx context.Context, part *catalogue.Part, h holder) (leave []deletion, err error) {
	wanted, is, pairs, err := t.paired(part, h)
	if err != nil {
		return nil, err
	}
	first := len(ownKeys(part.Write)) > 0
	for _, p := range pairs {
		switch {
		case p.Wanted < 0:
			d := deletion{part: part, owner: h.id, id: partTarget(is[p.Current]), row: is[p.Current].Body}
			if !first {
				leave = append(leave, d)
			} else if err := t.deletePart(ctx, d); err != nil {
				return nil, err
			}
		case p.Current >= 0:
			t.pair(part, wanted[p.Wanted].ID, partTarget(is[p.Current]))
		}
	}
	if pairs, err = t.inTurn(ctx, part, h.id, wanted, is, pairs); err != nil {
		return nil, err
	}
	var updates []update
	for _, p := range pairs {
		switch {
		case p.Wanted < 0:
		case p.Current >= 0:
			now, want := is[p.Current], wanted[p.Wanted]
			updates, err = t.updatePart(ctx, part, h.id, now, want, t.resolve, updates, func() error {
				return t.patch(ctx, part.Write, h.id, partTarget(now), now.Body, want.Body, nil)
			})
		case !part.Before: // else it was made before the document
			err = t.createPart(ctx, part, h, wanted[p.Wanted])
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", partName(part, wanted[p.Wanted]), err)
		}
	}
	return leave, t.sendAll(ctx, updates)
}

// updatePart makes a part that is there what is wanted: by one more of the updates that are sent together,
// or else by what alone does.
func (t *task) updatePart(
	ctx context.Context, part *catalogue.Part, owner string, is, wanted canon.PartRow, resolve canon.Resolver, updates []update, alone func() error,
) ([]update, error) {
	if part.Apart {
		write, together, err := t.updateOf(ctx, part.Write, owner, partTarget(is), is.Body, wanted.Body, resolve)
		if err != nil || together {
			if write != nil {
				updates = append(updates, update{partName(part, wanted), *write})
			}
			return updates, err
		}
	}
	return updates, alone()
}

// pair records which part of the instance is one of the backup. Where the server
// has given it another id, that is for good.
func (t *task) pair(part *catalogue.Part, id, target string) {
	if t.known == nil {
		t.known = make(map[record.Ref]bool)
	}
	t.known[record.Ref{Kind: part.Name, ID: target}] = true
	if id == target || part.About != "" || part.One {
		t.learn(part.Name, id, target)
		return
	}
	ref := record.Ref{Kind: part.Name, ID: id}
	if known, _ := t.applier.resolve(ref.Kind, ref.ID); known != target {
		t.enter(ref, target, record.MapMatched)
	}
}

func partName(part *catalogue.Part, row canon.PartRow) string {
	if row.ID == "" {
		return string(part.Name) // a document has one of it
	}
	return fmt.Sprintf("%s/%s", part.Name, row.ID)
}

// standsFor is the part of the instance that is known to be one of the backup, "" where
// nobody knows.
func (t *task) standsFor(part *catalogue.Part, id string) string {
	if part.About == "" {
		made := t.partMade(part.Name, id)
		if made == "" && t.parts[record.Ref{Kind: part.Name, ID: id}] {
			return id
		}
		return made
	}
	target, _ := t.resolve(part.About, id)
	return target
}

// partMade is the part of the instance that an earlier attempt, or an earlier restore,
// made for one of the backup, "" for none.
func (t *task) partMade(kind record.Kind, id string) string {
	for _, s := range t.steps {
		if s.Part == string(kind) && s.Item == id && s.Target != "" {
			return s.Target
		}
	}
	if t.own != nil {
		return t.own[record.Ref{Kind: kind, ID: id}]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ids[record.Ref{Kind: kind, ID: id}]
}

// createPart makes a part that is not there.
func (t *task) createPart(ctx context.Context, part *catalogue.Part, h holder, row canon.PartRow) error {
	w := part.Write
	if w.Create.IsZero() || canon.Guarded(w, row.Body) != nil {
		return nil
	}
	return t.withQueries(ctx, w, row.Body, func() error {
		sent, err := t.partCreation(part, h, row)
		if err != nil {
			return err
		}
		return t.sendPart(ctx, part, h, row, sent)
	})
}

// partCreation is the body of the request that makes a part.
func (t *task) partCreation(part *catalogue.Part, h holder, row canon.PartRow) ([]byte, error) {
	sent, err := t.creation(part.Write, row.Body)
	if err != nil || part.Owner == "" {
		return sent, err
	}
	return canon.With(sent, catalogue.Member{Name: part.Owner, Value: quote(h.id)})
}

func (t *task) sendPart(ctx context.Context, part *catalogue.Part, h holder, row canon.PartRow, sent []byte) error {
	w := part.Write
	if w.Create.Repeats() {
		_, err := t.send(ctx, w.Create, fill(w.Create, h.id, t.standsFor(part, row.ID)), sent)
		return err
	}
	c := creation{
		write: w, owner: h.id, part: part.Name, item: row.ID, body: sent, alone: part.One, made: part.Key(), find: t.findPart(part, h, sent),
	}
	if part.Chosen {
		c.owner = row.ID
	}
	made, err := t.post(ctx, c)
	if err != nil {
		return err
	}
	t.late = true
	if !part.One {
		t.enter(record.Ref{Kind: part.Name, ID: row.ID}, made.id, record.MapCreated)
	}
	return nil
}

// deletePart deletes a part that is not wanted.
func (t *task) deletePart(ctx context.Context, d deletion) error {
	route := d.part.Write.Delete
	if route.IsZero() || d.part.Born && t.soleBorn(d) {
		return nil
	}
	_, err := t.send(ctx, route, fill(route, d.owner, d.id), nil)
	if err != nil {
		return fmt.Errorf("%s/%s: %w", d.part.Name, d.id, err)
	}
	return nil
}

// soleBorn reports whether a part is one that its document cannot be without.
func (t *task) soleBorn(d deletion) bool {
	return canon.Text(canon.Member(d.row, "active")) == "true"
}
