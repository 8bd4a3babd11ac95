package stages

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// Defer records documents that are not asked for again: they are kept as they are known.
func (o *Asking) Defer(ctx context.Context, kind record.Kind, documents []plan.Deferral) error {
	for _, byDate := range []bool{false, true} {
		var ids []string
		var oldest time.Time
		for _, d := range documents {
			if d.ByDate != byDate {
				continue
			}
			if ids = append(ids, d.ID); oldest.IsZero() || d.Seen.Before(oldest) {
				oldest = d.Seen
			}
		}
		if len(ids) == 0 {
			continue
		}
		added, err := o.Store.Keep(ctx, kind, ids, true)
		if err != nil {
			return fmt.Errorf("keep %s that are not asked for again: %w", kind, err)
		}
		o.Ledger.deferredSome(kind, int64(added), byDate, oldest)
	}
	return nil
}

// Absent records a document that this instance does not have, or does not give to this key. What
// is stored of it is no more and no less right for that, and is kept.
func (o *Asking) Absent(ctx context.Context, ref record.Ref) error {
	if _, err := o.Store.Keep(ctx, ref.Kind, []string{ref.ID}, false); err != nil {
		return fmt.Errorf("keep %s, which is not there: %w", ref, err)
	}
	o.Ledger.Absent(ref)
	return nil
}

// deferredSome adds documents that are not asked for again, the oldest observation of which is
// that old, and whether that is since their dates have not moved.
func (l *Ledger) deferredSome(kind record.Kind, n int64, byDate bool, oldest time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[kind]
	a.deferred += n
	if byDate {
		a.trusted += n
	}
	if a.deferredSince.IsZero() || oldest.Before(a.deferredSince) {
		a.deferredSince = oldest
	}
}

// restWhole records that a kind is not listed again, which was asked for as a whole at a time.
func (l *Ledger) restWhole(kind record.Kind, asked time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended(kind, record.Deferred, "")
	l.kinds[kind].deferredSince = asked
}

// NotServed records documents that are not asked for again since the server did not have them.
func (l *Ledger) NotServed(kind record.Kind, documents []plan.Deferral) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range documents {
		l.kinds[kind].notServed = append(l.kinds[kind].notServed, d.Seen)
	}
}

// OwnerRests records a part that is not there, of a document that this run did not ask for
// again.
func (l *Ledger) OwnerRests(ref record.Ref) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[ref.Kind]
	a.ownerRests.add(ref.ID)
}

func (l *Ledger) hasDeferred(kind record.Kind) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[kind]
	return a != nil && (a.deferred > 0 || a.trashRested || a.listing == record.Deferred)
}

// rests reports whether a kind as a whole was not listed again.
func (l *Ledger) rests(kind record.Kind) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[kind]
	return a != nil && a.listing == record.Deferred
}

// deferredOf returns those of some documents of a kind that were not asked for again.
func (o *Asking) deferredOf(ctx context.Context, kind record.Kind, ids []string) (map[string]bool, error) {
	if o.Ledger.rests(kind) {
		all := make(map[string]bool, len(ids))
		for _, id := range ids {
			all[id] = true
		}
		return all, nil
	}
	if !o.Ledger.hasDeferred(kind) {
		return nil, nil
	}
	found, err := o.Store.Kept(ctx, kind, ids)
	if err != nil {
		return nil, fmt.Errorf("look for %s that were not asked for again: %w", kind, err)
	}
	return found, nil
}

// Rested says what was not asked for again: of each kind how many documents of how many,
// and how old the oldest observation of them is at a time. It is "" where everything was
// asked for.
func (l *Ledger) Rested(now time.Time) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var parts []string
	oldest := now
	since := func(seen time.Time) {
		if seen.Before(oldest) {
			oldest = seen
		}
	}
	for _, kind := range l.order {
		a := l.kinds[kind]
		if a.listing == record.Deferred {
			parts = append(parts, string(kind))
			since(a.deferredSince)
		}
		if part := a.inTrash(kind); part != "" {
			parts = append(parts, part)
			since(a.trashSeen)
		}
		if n := len(a.notServed); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s that the server did not have", n, kind))
			since(slices.MinFunc(a.notServed, time.Time.Compare))
		}
		if a.deferred == 0 {
			continue
		}
		part := fmt.Sprintf("%d of %d %s", a.deferred, a.listed, kind)
		if a.trusted > 0 {
			part += " (their dates have not moved)"
		}
		parts = append(parts, part)
		since(a.deferredSince)
	}
	if len(parts) == 0 {
		return ""
	}
	text := "not asked for again: " + strings.Join(parts, ", ")
	if age := now.Sub(oldest); age > 0 {
		text += "; none older than " + inDays(age)
	}
	return text
}

// inTrash says what lies in a trash that was not listed, "" where it was.
func (a *account) inTrash(kind record.Kind) string {
	switch {
	case !a.trashRested:
		return ""
	case a.trashDeferred == 0:
		return fmt.Sprintf("the trash of %s", kind)
	}
	return fmt.Sprintf("%d %s in the trash", a.trashDeferred, kind)
}

// inDays is an age in hours or days, rounded to the next: "7 d".
func inDays(age time.Duration) string {
	if age < 47*time.Hour {
		return fmt.Sprintf("%d h", max(1, int64(age.Round(time.Hour)/time.Hour)))
	}
	return fmt.Sprintf("%d d", int64(age.Round(24*time.Hour)/(24*time.Hour)))
}
