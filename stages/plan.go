package stages

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// nowhere is the offset of rows that are no part of a list.
const nowhere = -1

// plan turns listed rows, the first of which stands at offset, into asks.
func (l *lister) plan(ctx context.Context, kind *catalogue.Spec, state record.State, offset int, rows []record.Listed, emit pipeline.Emit[record.Ask]) error {
	rows = distinct(rows)
	sifted, err := l.sift(ctx, kind, rows)
	if err != nil {
		return err
	}
	listed := 0
	for _, r := range rows {
		if l.Within.Has(kind.Name, r.ID, r.Folder) {
			listed++
		}
	}
	l.Ledger.Listed(kind.Name, listed)
	l.Ledger.Defer(kind.Name, sifted.deferred)
	asks := planWant(kind, state, offset, rows, sifted, l.perAsk(kind, sifted.want))
	for chunk := range slices.Chunk(sifted.same, l.PageSize) {
		asks = append(asks, record.Ask{Kind: kind.Name, How: record.Stored, State: state, Want: chunk})
	}
	for _, ask := range asks {
		l.Ledger.Asked(kind.Name, len(ask.Want))
	}
	for _, ask := range rotated(asks, l.Turn) {
		if err := emit(ask); err != nil {
			return err
		}
	}
	return nil
}

// rotated begins with another ask in each run. The rows of the first answer are
// compared with a document: over the nights every part of a list has its turn.
func rotated(asks []record.Ask, turn int) []record.Ask {
	if len(asks) == 0 {
		return nil
	}
	first := turn % len(asks)
	return slices.Concat(asks[first:], asks[:first])
}

// distinct leaves out what a page holds again: each document is asked for once,
// and answered once.
func distinct(rows []record.Listed) []record.Listed {
	have := make(map[string]bool, len(rows))
	return slices.DeleteFunc(slices.Clone(rows), func(r record.Listed) bool {
		again := have[r.ID]
		have[r.ID] = true
		return again
	})
}

// sifted are rows, parted by what has to be done for them.
type sifted struct {
	want    []record.Listed // to be fetched
	same    []record.Listed // the stored version is proven to be right
	settled []record.Listed // done by an earlier part of this run
	// deferred need not be asked for again: what is known of them is young enough.
	deferred []deferral
}

// sift parts rows. What is left out of the run is in no part.
func (l *lister) sift(ctx context.Context, kind *catalogue.Spec, rows []record.Listed) (s sifted, err error) {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	known, err := l.Store.Known(ctx, kind.Name, ids)
	if err != nil {
		return s, fmt.Errorf("look up %s: %w", kind.Name, err)
	}
	ages, err := l.ages(ctx, kind, rows, known)
	if err != nil {
		return s, err
	}
	full := l.Full || l.Ledger.Knows(kind.Name, record.RowsDoubted)
	s.want = make([]record.Listed, 0, len(rows))
	defer func() {
		if kind.Listing.Overview != nil && err == nil {
			s.sampled(l.Turn, known)
		}
	}()
	for _, r := range rows {
		k, ok := known[r.ID]
		switch {
		case k.Settled:
			s.settled = append(s.settled, r)
		case slices.Contains(l.Exclude, record.Ref{Kind: kind.Name, ID: r.ID}), !l.Within.Has(kind.Name, r.ID, r.Folder):
		case ok && !full && k.State != record.Gone && (kind.Immutable || !r.Stamp.IsZero() && k.Stamp == r.Stamp):
			s.same = append(s.same, r)
		case ok && !full && l.rests(kind, r, k, ages[r.ID]):
			s.deferred = append(s.deferred, deferral{r.ID, k.Observed})
		default:
			r.Held = ok && k.State != record.Gone
			r.Unseen = !ok && len(known) > 0 && len(kind.Listing.Fixed) > 0
			if k.State == r.State {
				r.Hash, r.Size = k.Hash, k.Size
			}
			r.Fingerprint = k.Fingerprint
			s.want = append(s.want, r)
		}
	}
	return s, nil
}

// MostPerAsk is how many documents one ask brings at most, however small they are.
const MostPerAsk = 1000

// PerAsk is how many of some documents of a kind one ask brings: page, and of small ones
// more, until it has so many bytes; they are as large as those of which that is known.
func PerAsk(page int, bytes int64, kind *catalogue.Spec, some iter.Seq[int64]) int {
	n, sum := int64(0), int64(0)
	for size := range some {
		if size > 0 {
			n, sum = n+1, sum+size
		}
	}
	size := max(kind.Size, 1)
	if n > 0 {
		size = max(sum/n, 1)
	}
	return max(page, int(min(bytes/size, MostPerAsk)))
}

// perAsk is how many of the documents that are wanted one ask brings.
func (l *lister) perAsk(kind *catalogue.Spec, want []record.Listed) int {
	return PerAsk(l.PageSize, l.PageBytes, kind, func(yield func(int64) bool) {
		for _, w := range want {
			if !yield(w.Size) {
				return
			}
		}
	})
}

// planWant chooses the cheapest route for what is wanted: whole pages where
// everything in them is, id lists elsewhere, folders that hold several and
// nothing that this run has fetched before, single documents for the rest.
func planWant(kind *catalogue.Spec, state record.State, offset int, rows []record.Listed, s sifted, size int) []record.Ask {
	ask := func(how record.How, want []record.Listed) record.Ask {
		return record.Ask{Kind: kind.Name, How: how, State: state, Want: want}
	}
	var asks []record.Ask
	want := s.want
	if can(kind, record.Page, state) && offset != nowhere && len(want) == len(rows) {
		for chunk := range slices.Chunk(want, size) {
			page := ask(record.Page, chunk)
			page.Offset = offset
			asks = append(asks, page)
			offset += len(chunk)
		}
		return asks
	}
	if can(kind, record.Folder, state) {
		folders, done := perFolder(rows), perFolder(s.settled)
		var rest []record.Listed
		for _, group := range groupByFolder(want) {
			folder := group[0].Folder
			if folder != "" && done[folder] == 0 && worthFolder(len(group), folders[folder]) {
				f := ask(record.Folder, group)
				f.Folder = folder
				asks = append(asks, f)
				continue
			}
			rest = append(rest, group...)
		}
		want = rest
	}
	if can(kind, record.IDs, state) {
		for chunk := range slices.Chunk(want, size) {
			asks = append(asks, ask(record.IDs, chunk))
		}
		return asks
	}
	for chunk := range slices.Chunk(want, 1) {
		asks = append(asks, ask(record.Single, chunk))
	}
	return asks
}

// can tells whether a kind has a route of that sort for documents in that state.
func can(kind *catalogue.Spec, how record.How, state record.State) bool {
	return slices.ContainsFunc(kind.Many, func(m catalogue.Many) bool {
		return m.How == how && (m.Trash || state != record.Trashed)
	})
}

// worthFolder tells whether one call for a whole folder is better than single
// ones: it saves calls, and most of what it brings is wanted.
func worthFolder(wanted, holds int) bool { return wanted >= 2 && 4*wanted >= holds }

func perFolder(rows []record.Listed) map[string]int {
	n := make(map[string]int)
	for _, r := range rows {
		n[r.Folder]++
	}
	return n
}

// groupByFolder groups rows by folder, in the order in which folders appear.
func groupByFolder(rows []record.Listed) [][]record.Listed {
	index := make(map[string]int)
	var groups [][]record.Listed
	for _, r := range rows {
		i, ok := index[r.Folder]
		if !ok {
			i = len(groups)
			index[r.Folder] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], r)
	}
	return groups
}
