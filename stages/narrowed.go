package stages

import (
	"context"
	"fmt"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
)

// narrowed reports whether a body is what a key without the Admin role sees of the stored
// version, which an administrator's run has seen: then nothing has changed, and the record
// says so. A body that differs in what it shows is a change, although it lacks the rest.
func (s *serializer) narrowed(ctx context.Context, rec *record.Record, item *record.Item) (bool, error) {
	kind := s.kinds[rec.Kind]
	if s.byAdmin == nil || kind == nil || !kind.Narrowed || item.Before.IsZero() || rec.Fingerprint == item.Before {
		return false, nil
	}
	stored, err := s.byAdmin(ctx, rec.Ref)
	if err != nil {
		return false, fmt.Errorf("read what is stored of %s: %w", rec.Ref, err)
	}
	switch {
	case stored == nil:
		return false, nil
	case s.reader.Contains(s.rules[rec.Kind], stored, item.Body):
		s.ledger.Narrowed(rec.Ref)
		*rec = record.Record{Ref: rec.Ref, State: rec.State, Policy: rec.Policy, Same: true, Size: rec.Size, Route: rec.Route, At: rec.At}
		return true, nil
	case len(canon.Missing(s.rules[rec.Kind], item.Body, stored)) > 0:
		s.ledger.NarrowedChange(rec.Ref)
	}
	return false, nil
}

// Narrowed records a document of which the key of this run sees less than is stored.
func (l *Ledger) Narrowed(ref record.Ref) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[ref.Kind]
	a.narrowed.add(ref.ID)
}

// NarrowedChange records a document that has changed, and of which this run stores less
// than was stored before.
func (l *Ledger) NarrowedChange(ref record.Ref) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[ref.Kind]
	a.narrowedChanges.add(ref.ID)
}

// narrowedNotes are the notes about what the key of this run sees less of in a kind.
func (a *account) narrowedNotes(kind record.Kind) (notes []string) {
	if n := a.narrowed.n; n > 0 {
		notes = append(notes, fmt.Sprintf("%s: %d show less to this key than to the administrator's key of an earlier run, what that saw stays: %s", kind, n, a.narrowed))
	}
	if n := a.narrowedChanges.n; n > 0 {
		notes = append(notes, fmt.Sprintf("%s: %d changed, and what this key does not see is missing in their newest versions: %s", kind, n, a.narrowedChanges))
	}
	return notes
}
