package stages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
)

// samples is with how many documents it is tried to prove that rows are as rich
// as documents, before rows are trusted for want of anything better.
const samples = 3

// verdict is what is known of the rows of a kind's lists.
type verdict uint8

const (
	unknown verdict = iota // nothing could be compared: the documents are better fetched one by one
	rich                   // as rich as the documents themselves
	poor
	trusted // nothing could be compared, again and again: a row is the best that can be had
)

// usable tells whether a row may be taken for the document.
func (v verdict) usable() bool { return v == rich || v == trusted }

// prove tells whether rows of lists of this kind are as rich as the documents
// themselves. The first call of a run decides it, by fetching the largest row's
// document alone; others wait for it. A difference must show twice, or the
// document has only changed in between.
func (t *task) prove(ctx context.Context, found []matched) (verdict, error) {
	if len(found) == 0 || t.kind.Detail.IsZero() {
		return rich, nil
	}
	select {
	case t.proof <- struct{}{}:
		defer func() { <-t.proof }()
	case <-ctx.Done():
		return unknown, context.Cause(ctx)
	}
	if v := t.known(); v != unknown {
		return v, nil
	}
	for _, sample := range sampled(found) {
		v, err := t.compare(ctx, sample)
		switch {
		case errors.Is(err, ErrBudget):
			// What was paid for is not thrown away, and not taken for complete.
			t.Ledger.Ended(t.kind.Name, record.Budget, budgetUsedUp)
			return trusted, nil
		case err != nil:
			return unknown, err
		}
		if v = t.judge(sample.want.ID, v); v != unknown {
			return v, nil
		}
	}
	return unknown, nil // of this answer; the next one is compared again
}

// sampled picks rows to compare: the largest, which has most to lose, then one of
// the middle and the smallest, as what makes one document fail is often its size.
func sampled(found []matched) []matched {
	bySize := slices.SortedStableFunc(slices.Values(found), func(a, b matched) int { return cmp.Compare(len(b.row), len(a.row)) })
	if len(bySize) <= samples {
		return bySize
	}
	return []matched{bySize[0], bySize[len(bySize)/2], bySize[len(bySize)-1]}
}

// known returns what was proven before.
func (h *habits) known() verdict {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lists
}

// judge takes note of a comparison, and when those of several documents told
// nothing trusts the rows for the rest of the run.
func (t *task) judge(id string, v verdict) verdict {
	t.mu.Lock()
	if v == unknown {
		if t.untold[id] = true; len(t.untold) >= samples {
			v = trusted
		}
	}
	t.lists = v
	t.mu.Unlock()
	if v == trusted {
		t.Ledger.Note(t.kind.Name, "no list row could be compared with a document fetched alone, trusting the list")
	}
	return v
}

// compare compares a row with its document. Unknown means that the document
// could not be had, or keeps changing.
func (t *task) compare(ctx context.Context, sample matched) (verdict, error) {
	reader := canon.NewReader()
	row, err := reader.Read(t.rules, sample.row)
	if err != nil {
		return unknown, nil //nolint:nilerr // serialize will say what is wrong with it
	}
	var before record.Digest
	for range 2 {
		answer, err := t.Looker.Get(ctx, t.detailCall(sample.want.ID))
		var alone record.Document
		if err == nil {
			alone, err = reader.Read(t.rules, answer.Body)
		}
		switch {
		case errors.As(err, new(*Failed)), errors.Is(err, canon.ErrInvalid):
			t.Log.Warn("could not compare a list row with its document", "kind", t.kind.Name, "id", sample.want.ID, "error", err)
			return unknown, nil
		case err != nil:
			return unknown, err
		case alone.Fingerprint == row.Fingerprint:
			return rich, nil
		}
		if missing := canon.Missing(t.rules, sample.row, answer.Body); len(missing) > 0 {
			t.poorer(sample, fmt.Sprintf("rows of the list are poorer than single documents (%s is missing), fetching one by one", missing[0]))
			return poor, nil
		}
		if alone.Fingerprint == before {
			t.poorer(sample, "rows of the list differ from single documents, fetching one by one")
			return poor, nil
		}
		before = alone.Fingerprint
	}
	return unknown, nil
}

func (t *task) poorer(sample matched, why string) {
	t.Log.Warn("falling back", "kind", t.kind.Name, "id", sample.want.ID, "reason", why)
	t.Ledger.Note(t.kind.Name, why)
}
