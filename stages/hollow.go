package stages

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// mostEmpty is how many empty lists of a kind a run remembers: more tell no more of when it was.
const mostEmpty = 10_000

// emptyList is a list that came without rows. Its id is "" where it is that of a kind.
type emptyList struct {
	id    string
	state record.State // of the documents of a kind's list
	at    time.Time
}

// CameEmpty records a document that is a list, or with an empty id the list of a kind, which came
// without rows at a time, and of which nothing but a total tells that it has none. The list of a
// kind is that of its documents in a state.
func (l *Ledger) CameEmpty(ref record.Ref, state record.State, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a := l.kinds[ref.Kind]; a != nil && len(a.empty) < mostEmpty {
		a.empty = append(a.empty, emptyList{id: ref.ID, state: state, at: at})
	}
}

// checkEmpty finds lists that came empty while the server answered every list so. The list of a
// kind is asked for again, and where it has rows now, or nobody can tell, its kind is incomplete. So
// is the kind of documents that are lists: the next run, which finds more of them, stores that.
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
		if len(a.empty) > 0 {
			found[kind] = slices.Clone(a.empty)
		}
	}
	return found
}
