package stages

import (
	"context"
	"fmt"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
)

// Rows of dashboards tell of changes by their date at best. The head keeps the date that a
// document had when it was read last, and each change says whether the date moved with it; what
// a dashboard shows of others is no change of its own. These counts stand with the run, by kind,
// and internal/refresh decides by their sum over a release of Looker whether an unmoved date
// lets a document rest (the setting refresh.trust_dates).

// date keeps the date of a document whose list has dates, and says whether it moved with a
// change of the document.
func (s *serializer) date(ctx context.Context, rec *record.Record, item *record.Item) error {
	own, dated := s.own[rec.Kind]
	if !dated || item.Unproven {
		return nil
	}
	rec.Stamp = record.DateOf(rec.Updated)
	// A document that was in another state is told of by its list, date or not.
	changed := !item.Known.IsZero() && rec.State == item.State && rec.Fingerprint != item.Before
	if !changed || s.stored == nil || rec.Stamp.IsZero() || item.SeenDate.IsZero() {
		return nil
	}
	before, err := s.stored(ctx, rec.Ref)
	if err != nil {
		return fmt.Errorf("read what is stored of %s: %w", rec.Ref, err)
	}
	if before == nil {
		return nil
	}
	if s.changedItself(own, before, item.Body) {
		rec.Dating = record.DateMoved
		if rec.Stamp == item.SeenDate {
			rec.Dating = record.DateStayed
		}
	}
	return nil
}

// changedItself reports whether a document differs in more than what it shows of others. What
// cannot be read tells nothing.
func (s *serializer) changedItself(own *canon.Rules, before, body []byte) bool {
	was, wasErr := s.reader.Read(own, before)
	is, isErr := s.reader.Read(own, body)
	return wasErr == nil && isErr == nil && was.Fingerprint != is.Fingerprint
}

// Dated records a change that is committed, by what it tells of dates.
func (l *Ledger) Dated(ref record.Ref, dating record.Dating) {
	if dating != record.DateStayed {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[ref.Kind]
	a.undated.add(ref.ID)
}

// Undated says of each kind which documents changed although their dates did not move.
func (l *Ledger) Undated() (kinds []record.Kind, texts []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, kind := range l.order {
		if a := l.kinds[kind]; a.undated.n > 0 {
			kinds = append(kinds, kind)
			texts = append(texts, fmt.Sprintf("%d changed and their dates did not move: %s", a.undated.n, a.undated))
		}
	}
	return kinds, texts
}
