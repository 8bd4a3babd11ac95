package fetch

import (
	"context"
	"errors"
	"slices"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// neverTold is why a kind is incomplete of which rows were stored that nobody could compare.
const neverTold = "rows that may be poorer than documents were stored, and no comparison with a document brought an answer"

// claim is what the comparison of one row tells of others as well: of those whose arrays are as
// long at places where lists may cut them off, or of those that lack the same members.
type claim struct {
	places []uint64
	lacks  bitset
}

// claims returns the claims of a row that are still to be proven.
func (h *habits) claims(m matched) (claims []claim) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if places := h.lengths.cut(m.doc.Lengths); len(places) > 0 {
		claims = append(claims, claim{places: places})
	}
	if known := h.shapes.known[m.doc.Shape]; known != nil {
		// Each row is compared that is poorer than its neighbours.
		if suspicion, lacks := h.shapes.suspicion(known); suspicion == usual || suspicion == possible {
			claims = append(claims, claim{lacks: lacks})
		}
	}
	return claims
}

// covers reports whether a row is one of those that a claim is about.
func (h *habits) covers(c claim, m matched) bool {
	if !isNew(m) {
		return false
	}
	return slices.ContainsFunc(h.claims(m), func(other claim) bool {
		return !c.lacks.empty() && c.lacks == other.lacks ||
			slices.ContainsFunc(c.places, func(p uint64) bool { return slices.Contains(other.places, p) })
	})
}

// seen is how many new rows a claim is about, of all answers of the run up to now.
func (h *habits) seen(c claim, m matched) (rows int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, length := range m.doc.Lengths {
		if slices.Contains(c.places, length.Place) {
			rows = max(rows, h.lengths[length.Place].rows[length.Elements])
		}
	}
	if !c.lacks.empty() {
		rows = h.shapes.groups[members{present: c.lacks}]
	}
	return rows
}

// standIns compares, in place of a row whose comparison brought no answer, others of the same answer
// that the row was to speak for. It takes out of the good ones, to be fetched alone, those whose
// comparison brings no answer either, and where none does, all that the row was to speak for. Where
// rows of earlier answers are among these, which may be stored, the kind is incomplete.
func (t *task) standIns(ctx context.Context, found, good []matched, untold matched) (left []matched, doubtful []record.Listed, v verdict, err error) {
	if !isNew(untold) {
		return good, nil, rich, nil
	}
	for _, c := range t.claims(untold) {
		good, doubtful, v, err = t.standIn(ctx, c, found, good, doubtful, untold)
		if err != nil || v == poor {
			return nil, nil, v, err
		}
	}
	return good, doubtful, rich, nil
}

// standIn is standIns for one claim.
func (t *task) standIn(ctx context.Context, c claim, found, good []matched, doubtful []record.Listed, untold matched) ([]matched, []record.Listed, verdict, error) {
	here := 0
	for _, m := range found {
		if t.covers(c, m) {
			here++
		}
	}
	elsewhere := t.seen(c, untold) > here
	for n := 0; ; n++ {
		i := slices.IndexFunc(good, func(m matched) bool { return t.covers(c, m) })
		if i < 0 || n == stages.Samples {
			break
		}
		v, err := t.compare(ctx, good[i])
		switch {
		case errors.Is(err, stages.ErrBudget):
			// What was paid for is not thrown away, and not taken for complete.
			t.Ledger.Ended(t.kind.Name, record.Budget, stages.BudgetUsedUp)
			return good, doubtful, rich, nil
		case err != nil:
			return nil, nil, unknown, err
		case v == poor:
			t.judge(good[i].want.ID, poor)
			return nil, nil, poor, nil
		case v == rich:
			t.provenLengths(good[i])
			return good, doubtful, rich, nil
		}
		doubtful = append(doubtful, good[i].want)
		good = slices.Delete(slices.Clone(good), i, i+1)
	}
	good = slices.DeleteFunc(slices.Clone(good), func(m matched) bool {
		covered := t.covers(c, m)
		if covered {
			doubtful = append(doubtful, m.want)
		}
		return covered
	})
	if elsewhere {
		t.Log.Warn("rows are not proven to be their documents, the kind is incomplete", "kind", t.kind.Name, "id", untold.want.ID, "reason", neverTold)
		t.Ledger.Ended(t.kind.Name, record.Incomplete, neverTold)
	}
	return good, doubtful, rich, nil
}
