package stages

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// Defer records documents that are not asked for again.
func (l *Ledger) Defer(kind record.Kind, documents []plan.Deferral) {
	if len(documents) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[kind]
	if a.deferred == nil {
		a.deferred = make(map[string]time.Time)
	}
	for _, d := range documents {
		if _, again := a.deferred[d.ID]; d.ByDate && !again {
			a.trusted++
		}
		a.deferred[d.ID] = d.Seen
	}
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
	a.ownerRests = append(a.ownerRests, ref.ID)
}

func (l *Ledger) hasDeferred(kind record.Kind) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[kind]
	return a != nil && (len(a.deferred) > 0 || a.trashRested || a.listing == record.Deferred)
}

func (l *Ledger) isDeferred(ref record.Ref) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[ref.Kind]
	if a == nil {
		return false
	}
	_, ok := a.deferred[ref.ID]
	return ok || a.listing == record.Deferred
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
		}
		if part := a.inTrash(kind); part != "" {
			parts = append(parts, part)
			since(a.trashSeen)
		}
		if n := len(a.notServed); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s that the server did not have", n, kind))
			since(slices.MinFunc(a.notServed, time.Time.Compare))
		}
		if len(a.deferred) == 0 {
			continue
		}
		part := fmt.Sprintf("%d of %d %s", len(a.deferred), a.listed, kind)
		if a.trusted > 0 {
			part += " (their dates have not moved)"
		}
		parts = append(parts, part)
		for _, seen := range a.deferred {
			since(seen)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	text := "not asked for again: " + strings.Join(parts, ", ")
	if age := now.Sub(oldest); age > 0 {
		text += "; none was seen longer ago than " + inDays(age)
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
