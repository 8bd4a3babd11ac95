package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// hopelessAfter is after how many documents that could not be compared lists are not
// asked any more: it takes two answers of nothing but documents that fail.
const hopelessAfter = 2 * stages.Samples

// verdict is what is known of the rows of a kind's lists.
type verdict uint8

const (
	unknown  verdict = iota // nothing could be compared: the documents are fetched one by one
	rich                    // as rich as the documents themselves
	poor                    // poorer, or never to be compared
	unproven                // the budget of calls ended before anything was compared
	alien                   // rows of another kind, as of an answer to another call
)

// usable reports whether a row may be stored as the document.
func (v verdict) usable() bool { return v == rich || v == unproven }

// prove reports whether rows of lists of this kind are as rich as the documents
// themselves. The first call of a run decides it, by fetching the document of a row
// alone; others wait for it. A difference must show twice, or the document has only
// changed in between. A comparison that fails, by a refusal too, says nothing: then
// the rows of this answer are not stored.
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
	if t.Proven != nil && t.Proven(t.kind.Name) && t.anyDocument(found) {
		t.observe(found)
		return t.judge(found[0].want.ID, rich), nil
	}
	for _, sample := range t.samples(found) {
		v, err := t.compare(ctx, sample)
		switch {
		case errors.Is(err, stages.ErrBudget):
			// What was paid for is not thrown away, and not taken for complete.
			t.Ledger.Ended(t.kind.Name, record.Budget, stages.BudgetUsedUp)
			return unproven, nil
		case err != nil:
			return unknown, err
		case v == alien:
			return alien, nil
		}
		if v = t.judge(sample.want.ID, v); v == rich {
			t.proved(sample, found)
			if t.Proven != nil {
				t.Ledger.Learn(t.kind.Name, record.RowsProven)
			}
		}
		if v != unknown {
			return v, nil
		}
	}
	return unknown, nil // of this answer; the next one is compared again
}

// anyDocument reports whether a row looks like a document of the kind: what an earlier run proved of
// rows tells nothing of those of another list.
func (t *task) anyDocument(found []matched) bool {
	return slices.ContainsFunc(found, func(m matched) bool { return stages.IsDocument(t.kind, m.row) })
}

// proved records the members of the first rows that were proven before anybody
// else's rows are examined: those may all lack one.
func (t *task) proved(sample matched, found []matched) {
	t.observe(found)
	t.speaks(sample)
}

// speaks records that a row is its document, and what it is compared for: its lengths, and, of the
// first row that was read, all rows.
func (t *task) speaks(m matched) {
	if m.doc != nil && !t.hasSpoken() {
		t.spokenFor(m.want.ID, m.doc.Shape)
	}
	t.provenLengths(m)
}

// samples picks rows to compare. One that looks as if its arrays were cut off comes first:
// it would be compared anyway.
func (t *task) samples(found []matched) []matched {
	t.observe(found)
	picked := sampled(found, t.Planner.Turn)
	cut := t.likelyCut(found)
	if len(cut) == 0 {
		return picked
	}
	picked = slices.DeleteFunc(picked, func(m matched) bool { return m.want.ID == cut[0].want.ID })
	return append(cut[:1:1], picked[:min(len(picked), stages.Samples-1)]...)
}

// trust proves rows of this kind, and examines each of these. It returns those that may
// be stored, and those whose documents have to be fetched alone.
func (t *task) trust(ctx context.Context, found []matched) (good []matched, doubtful []record.Listed, v verdict, err error) {
	good = found
	if v, err = t.prove(ctx, found); err == nil && v == rich {
		good, doubtful, v, err = t.examine(ctx, found)
	}
	if err == nil && v.usable() && len(good) > 0 && !t.kind.Detail.IsZero() && !t.Ledger.StoreRows(t.kind.Name) {
		return found, nil, poor, nil
	}
	return good, doubtful, v, err
}

// sampled picks rows to compare, by their size: in the first run the largest, which has
// most to lose, in each later one another. Those that follow are for the case that it
// cannot be had, and of other sizes, as what makes one document fail is often its size.
func sampled(found []matched, turn int) []matched {
	bySize := slices.SortedStableFunc(slices.Values(found), func(a, b matched) int { return cmp.Compare(len(b.row), len(a.row)) })
	n := len(bySize)
	first := int(uint32(turn) * spread % uint32(n))
	picked := make([]matched, min(n, stages.Samples))
	for i := range picked {
		picked[i] = bySize[(first+i*n/len(picked))%n]
	}
	return picked
}

// spread is a prime near the golden section of 2^32: its multiples fall far from each
// other, whatever they are divided by.
const spread = 2654435761

// judge records a comparison. When none of many documents could be had, lists are
// not asked any more in this run: their rows cannot be stored.
func (t *task) judge(id string, v verdict) verdict {
	v, hopeless := t.habits.judge(id, v)
	if hopeless {
		t.Log.Warn("falling back", "kind", t.kind.Name, "reason", neverCompared)
		t.Ledger.Note(t.kind.Name, neverCompared)
	}
	if v == poor {
		t.Ledger.Poor(t.kind.Name)
	}
	return v
}

const neverCompared = "no row of the list could be compared with a document fetched alone, fetching one by one"

// compare compares a row with its document. Of what is volatile the row must have what is
// known of its kind: that which other rows have, or the stored version. Unknown means that the
// document could not be had, or keeps changing.
func (t *task) compare(ctx context.Context, sample matched) (verdict, error) {
	reader := canon.NewReader()
	row, err := reader.Read(t.rules, sample.row)
	if err != nil {
		return unknown, nil //nolint:nilerr // serialize will say what is wrong with it
	}
	known := slices.Concat(sample.lacks, t.lackedByShape(row.Shape))
	var before record.Digest
	for range 2 {
		var alone record.Document
		call := t.detailCall(sample.want.ID)
		call.Twice = true // a node that lags does not know what others list
		call.Check = func(body []byte) *stages.Failed {
			if alone, err = reader.Read(t.rules, body); err != nil {
				return stages.Broken(err)
			}
			return stages.StrangerAlone(t.kind, sample.want, alone, body)
		}
		answer, err := t.Looker.Get(ctx, call)
		switch {
		case errors.As(err, new(*stages.Failed)):
			t.Log.Warn("could not compare a list row with its document", "kind", t.kind.Name, "id", sample.want.ID, "error", err)
			return unknown, nil
		case err != nil:
			return unknown, err
		}
		missing := canon.Lacks(t.rules, sample.row, answer.Body, known)
		if len(missing) == 0 && (alone.Fingerprint == row.Fingerprint || canon.SameValues(t.rules, sample.row, answer.Body)) {
			return rich, nil
		}
		if missing = append(canon.Missing(t.rules, sample.row, answer.Body), missing...); len(missing) > 0 {
			if t.ask.How == record.Whole && foreign(t.rules, sample.row, answer.Body) {
				return alien, nil
			}
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

// foreign reports whether a row is of another sort than its document: each has members
// that the other has not. A row that is only poorer has none of its own.
func foreign(rules *canon.Rules, row, document []byte) bool {
	has, want := canon.Members(rules, row), canon.Members(rules, document)
	return !within(has, want) && !within(want, has)
}

// within reports whether all has every member that some has.
func within(some, all map[string]canon.Part) bool {
	for name := range some {
		if _, ok := all[name]; !ok {
			return false
		}
	}
	return true
}

func (t *task) poorer(sample matched, why string) {
	t.Log.Warn("falling back", "kind", t.kind.Name, "id", sample.want.ID, "reason", why)
	t.Ledger.Note(t.kind.Name, why)
}
