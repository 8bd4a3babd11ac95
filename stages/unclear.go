package stages

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// Unclear records documents that stand on two pages of a list, in rows that may differ. They
// are fetched alone when all that rows have brought of them is committed.
func (l *Ledger) Unclear(kind record.Kind, rows ...record.Listed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[kind]
	for _, row := range rows {
		if !slices.ContainsFunc(a.unclear, func(known record.Listed) bool { return known.ID == row.ID }) {
			a.unclear = append(a.unclear, row)
		}
	}
}

// HasUnclear reports whether documents of a kind are recorded as unclear that nobody has asked
// for yet.
func (l *Ledger) HasUnclear(kind record.Kind) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.kinds[kind].unclear) > 0
}

// takeUnclear returns the documents that are unclear, once.
func (l *Ledger) takeUnclear(kind record.Kind) []record.Listed {
	l.mu.Lock()
	defer l.mu.Unlock()
	rows := l.kinds[kind].unclear
	l.kinds[kind].unclear = nil
	return rows
}

// unclear plans what two rows of a list may contradict each other about. Where one of the rows
// has been stored before the other was read, the document itself shows whether it was right:
// what this run has settled stays, and where it is not the document, the kind is incomplete.
func (l *lister) unclear(ctx context.Context, kind *catalogue.Spec, emit pipeline.Emit[record.Ask]) error {
	rows := l.Ledger.takeUnclear(kind.Name)
	known, err := l.Store.Known(ctx, kind.Name, idsOf(rows))
	if err != nil {
		return fmt.Errorf("look up %s: %w", kind.Name, err)
	}
	var left []record.Listed
	var wrong []string
	for _, row := range rows {
		if !known[row.ID].Settled {
			left = append(left, row)
			continue
		}
		right, err := l.isStored(ctx, kind, row.ID, known[row.ID])
		if err != nil {
			return l.notProven(kind, row.State, err, emit)
		}
		if !right {
			wrong = append(wrong, row.ID)
		}
	}
	if len(wrong) > 0 {
		reason := fmt.Sprintf("the list holds rows of other documents under the ids of %d, and was not read in order: %s", len(wrong), FirstFew(wrong))
		l.Log.Warn("rows that are not their documents were stored, the kind is incomplete", "kind", kind.Name, "reason", reason)
		l.Ledger.Ended(kind.Name, record.Incomplete, reason)
	}
	alone := *kind
	alone.Many = nil
	listed := l.Ledger.SoFar(kind.Name)
	err = l.plan(ctx, &alone, record.Present, plan.Nowhere, left, emit)
	l.Ledger.Listed(kind.Name, listed-l.Ledger.SoFar(kind.Name)) // they were counted before
	return err
}

// isStored asks for a document alone, and reports whether it is what is stored of it.
func (l *lister) isStored(ctx context.Context, kind *catalogue.Spec, id string, known record.Known) (bool, error) {
	route, path := kind.Single(id)
	if route.IsZero() {
		return true, nil
	}
	answer, err := l.Looker.Get(ctx, Call{Kind: kind.Name, Route: route, Path: path, Query: route.Values()})
	if failed := (*Failed)(nil); errors.As(err, &failed) && failed.Class == record.FaultMissing {
		return true, nil // gone since the list was read
	}
	if err != nil {
		return false, err
	}
	doc, err := l.reader.Read(canon.Compile(kind), answer.Body)
	return err == nil && doc.Fingerprint == known.Fingerprint, nil // what cannot be read is not what is stored
}
