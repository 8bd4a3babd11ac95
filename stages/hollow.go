package stages

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// emptyList is a list that came without rows. Its id is "" where it is that of a kind.
type emptyList struct {
	id    string
	state record.State // of the documents of a kind's list
	at    time.Time
}

// CameEmpty records a list that came without rows at a time, where at most a total says that it has
// none: a document that is a list, such as the users of a role, or, where ref has no id, the list
// of a kind's documents in a state.
func (l *Ledger) CameEmpty(ref record.Ref, state record.State, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[ref.Kind]
	a.empty = append(a.empty, emptyList{id: ref.ID, state: state, at: at})
}

// DoubtEmpty has a resume ask again for documents that are lists and came empty, and forgets those
// that are sure to be empty: sure reports whether the server answered lists with their rows at a
// time. The sink asks for it before it commits what came.
func (l *Ledger) DoubtEmpty(sure func(at time.Time) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for kind, a := range l.kinds {
		a.empty = slices.DeleteFunc(a.empty, func(e emptyList) bool { return sure(e.at) })
		for _, e := range a.empty {
			if e.id != "" {
				l.learn(kind, record.CameEmpty(e.id))
			}
		}
	}
}

// InDoubtEmpty reports whether lists of a kind came empty, in this part of the run or in an earlier
// one, and may have rows as far as the run knows.
func (l *Ledger) InDoubtEmpty(kind record.Kind, sure func(at time.Time) bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[kind]
	return len(a.emptyBefore) > 0 || slices.ContainsFunc(a.empty, func(e emptyList) bool { return !sure(e.at) })
}

// CameEmptyBefore reports whether documents of a kind are to be asked for again that came empty in
// an earlier part of the run.
func (l *Ledger) CameEmptyBefore(kind record.Kind) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.kinds[kind].emptyBefore) > 0
}

func (l *Ledger) takeEmptyBefore(kind record.Kind) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[kind]
	ids := a.emptyBefore
	a.emptyBefore = nil
	return ids
}

// emptyBefore asks alone for what came empty in an earlier part of the run and is settled by that.
// It is asked for as what is not stored, so that it is doubted again where it comes empty again.
func (l *lister) emptyBefore(ctx context.Context, kind *catalogue.Spec, emit pipeline.Emit[record.Ask]) error {
	ids := l.Ledger.takeEmptyBefore(kind.Name)
	known, err := l.Store.Known(ctx, kind.Name, ids)
	if err != nil {
		return fmt.Errorf("look up %s: %w", kind.Name, err)
	}
	var rows []record.Listed
	for _, id := range ids {
		if k := known[id]; k.Settled {
			rows = append(rows, record.Listed{ID: id, Stamp: k.Stamp})
			known[id] = record.Known{State: k.State}
		}
	}
	return l.settleAnew(kind, rows, known, emit)
}

// checkEmpty finds lists that came empty while the server answered every list without rows. It asks
// again for the list of a kind, and a kind whose list has rows now, or of which nobody can tell, is
// incomplete. So is the kind of documents that are lists, which it does not ask for again: the next
// run stores what these hold by then.
func (o *ListOptions) checkEmpty(ctx context.Context) error {
	for kind, lists := range o.Ledger.cameEmpty() {
		lists = slices.DeleteFunc(lists, func(l emptyList) bool { return !o.Hollow(l.at) })
		if len(lists) == 0 {
			continue
		}
		var few fewIDs
		for _, l := range lists {
			few.add(l.id)
		}
		reason := fmt.Sprintf("%d came empty while the server answered lists without rows that have some, and may have some: %s", few.n, few)
		if lists[0].id == "" {
			empty, err := o.stillEmpty(ctx, kind, lists)
			if err != nil {
				return err
			}
			if empty {
				continue
			}
			reason = "the list came empty while the server answered others without rows that have some"
		}
		o.Log.Warn("empty lists are not proven to be empty, the kind is incomplete", "kind", kind, "reason", reason)
		o.Ledger.Ended(kind, record.Incomplete, reason)
	}
	return nil
}

// stillEmpty reports whether the lists of a kind, which came empty, are empty when they are asked for
// again.
func (o *ListOptions) stillEmpty(ctx context.Context, name record.Kind, lists []emptyList) (bool, error) {
	kind, _ := catalogue.Find(name)
	for _, list := range lists {
		call := ListCall(kind, list.state, 0, 1)
		call.Emptied = true
		answer, err := o.Looker.Get(ctx, call)
		if err != nil {
			_, err = notTold(err)
			return false, err
		}
		if rows, err := canon.Rows(answer.Body); err != nil || len(rows) > 0 {
			return false, nil //nolint:nilerr // what is no list is no empty one
		}
	}
	return !o.Hollow(o.Now()), nil // else what came again proves no more
}

// cameEmpty returns the lists that came empty, by kind.
func (l *Ledger) cameEmpty() map[record.Kind][]emptyList {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := make(map[record.Kind][]emptyList)
	for kind, a := range l.kinds {
		found[kind] = slices.Clone(a.empty)
	}
	return found
}
