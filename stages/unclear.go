package stages

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// Unclear records documents that stand on two pages of a list, in rows that may differ. They
// are fetched alone when all that rows have brought of them is committed.
func (l *Ledger) Unclear(kind record.Kind, rows ...record.Listed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	doubts := &l.kinds[kind].rows
	for _, row := range rows {
		if !slices.ContainsFunc(doubts.unclear, func(known record.Listed) bool { return known.ID == row.ID }) {
			doubts.unclear = append(doubts.unclear, row)
		}
	}
}

// mostUnasked is of how many rows of a kind, which came and were not asked for, the ledger keeps
// what they hold.
const mostUnasked = 10_000

// Unasked records a row of a document that an answer held besides what it was asked for, by the
// fingerprint of what it holds. Where another row of the document is stored, one of them is
// wrong, or it has changed meanwhile.
func (l *Ledger) Unasked(kind record.Kind, id string, content record.Digest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	doubts := &l.kinds[kind].rows
	before, again := doubts.unasked[id]
	switch {
	case again && before != content:
		doubts.unasked[id] = record.Digest{} // what is stored differs from one of them
	case !again && len(doubts.unasked) < mostUnasked:
		if doubts.unasked == nil {
			doubts.unasked = make(map[string]record.Digest)
		}
		doubts.unasked[id] = content
	}
}

// HasUnclear reports whether documents of a kind are recorded as unclear, or as not asked for,
// that nobody has looked at yet.
func (l *Ledger) HasUnclear(kind record.Kind) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	doubts := &l.kinds[kind].rows
	return len(doubts.unclear)+len(doubts.unasked) > 0
}

// takeUnclear returns the documents that are unclear, and the rows that were not asked for, once.
func (l *Ledger) takeUnclear(kind record.Kind) (rows []record.Listed, unasked map[string]record.Digest) {
	l.mu.Lock()
	defer l.mu.Unlock()
	doubts := &l.kinds[kind].rows
	rows, unasked = doubts.unclear, doubts.unasked
	doubts.unclear, doubts.unasked = nil, nil
	if l.lessons[record.Learnt{Kind: kind, Code: record.RowsPoor}] {
		unasked = nil // rows are no documents, and none counts
	}
	return rows, unasked
}

// unclear plans what two rows of a list may contradict each other about. Where one of the rows
// has been stored before the other was read, what is fetched takes its place.
func (l *lister) unclear(ctx context.Context, kind *catalogue.Spec, emit pipeline.Emit[record.Ask]) error {
	rows, unasked := l.Ledger.takeUnclear(kind.Name)
	for _, row := range rows {
		delete(unasked, row.ID)
	}
	others := slices.Sorted(maps.Keys(unasked))
	known, err := l.Store.Known(ctx, kind.Name, slices.Concat(idsOf(rows), others))
	if err != nil {
		return fmt.Errorf("look up %s: %w", kind.Name, err)
	}
	var left, settled []record.Listed
	for _, row := range rows {
		if known[row.ID].Settled {
			settled = append(settled, row)
		} else {
			left = append(left, row)
		}
	}
	for _, id := range others {
		if k := known[id]; k.Settled && k.Fingerprint != unasked[id] {
			settled = append(settled, record.Listed{ID: id, Stamp: k.Stamp})
		}
	}
	if err := l.settleAnew(kind, settled, known, emit); err != nil {
		return err
	}
	listed := l.Ledger.SoFar(kind.Name)
	err = l.planAlone(ctx, kind, record.Present, left, emit)
	l.Ledger.Listed(kind.Name, listed-l.Ledger.SoFar(kind.Name)) // they were counted before
	return err
}

// settleAnew asks for documents alone that this run has settled. Known is what is stored of them.
func (l *lister) settleAnew(kind *catalogue.Spec, rows []record.Listed, known map[string]record.Known, emit pipeline.Emit[record.Ask]) error {
	for some := range slices.Chunk(rows, l.Planner.PageSize) {
		want := make([]record.Listed, len(some))
		for i, row := range some {
			k := known[row.ID]
			want[i] = record.Listed{ID: row.ID, State: k.State, Stamp: row.Stamp, Hash: k.Hash, Size: k.Size, Fingerprint: k.Fingerprint, Held: true, Replaces: true}
		}
		l.Ledger.Asked(kind.Name, len(want))
		if err := emit(record.Ask{Kind: kind.Name, How: record.Single, State: record.Present, Want: want}); err != nil {
			return err
		}
	}
	return nil
}
