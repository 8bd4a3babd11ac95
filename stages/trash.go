package stages

import (
	"context"
	"fmt"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// Trash is what the store held of a kind before its list was read, where its trash need
// perhaps not be listed. The zero value is a trash that must be.
type Trash struct {
	mayRest          bool
	present, trashed int64 // documents that the store held in either state
}

// Trash tells of the trash of a kind. Who lists the kind asks before it reads the list of
// what is not in the trash.
func (o *ListOptions) Trash(ctx context.Context, kind *catalogue.Spec) (t Trash, err error) {
	if !o.ProvesAbsence || !o.Planner.TrashRests(kind, o.Ledger.Knows(kind.Name, record.RowsDoubted)) {
		return Trash{}, nil
	}
	for state, n := range map[record.State]*int64{record.Present: &t.present, record.Trashed: &t.trashed} {
		if *n, err = o.Store.Count(ctx, kind.Name, state); err != nil {
			return Trash{}, fmt.Errorf("count the stored %s: %w", kind.Name, err)
		}
	}
	t.mayRest = true
	return t, nil
}

// TrashRests reports whether this run leaves out the trash of a kind, given what the list of
// the other documents held, and records it in the ledger. It does where that list holds
// every document that the store held as present: then nothing was thrown away since the
// last run that somebody could see in a list. What an earlier list of the trash held may
// have been deleted for good, or edited: nobody looked. So a version that is in the trash is not
// taken to have been seen by this run when a point in time is read.
func (o *ListOptions) TrashRests(kind *catalogue.Spec, t Trash, live Tally) bool {
	if !t.mayRest || live.Bad > 0 || live.Present != t.present {
		return false
	}
	o.Ledger.restTrash(kind.Name, t.trashed-live.Trashed, o.Planner.Refresh.TrashListed[kind.Name])
	return true
}

// restTrash records that the trash of a kind was not listed: so many documents lie there,
// which were seen then.
func (l *Ledger) restTrash(kind record.Kind, n int64, seen time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[kind]
	a.trashRested, a.trashDeferred, a.trashSeen = true, n, seen
}

// TrashRested reports whether the trash of a kind was not listed.
func (l *Ledger) TrashRested(kind record.Kind) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[kind]
	return a != nil && a.trashRested
}
