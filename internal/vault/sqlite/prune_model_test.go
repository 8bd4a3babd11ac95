package sqlite_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/testenv"
	"github.com/lookervault/lookervault/internal/vault"
)

// TestPrunedHistoriesAreTheModel makes random histories with prunes in between: what is
// kept reads as before, and what is not is refused.
func TestPrunedHistoriesAreTheModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(testenv.Rounds(t, testenv.Seeds, 4)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			h := newPastModel(t, rand.New(rand.NewPCG(seed, 11)))
			for range 3 {
				for range 4 {
					h.run()
				}
				h.prune(seed%3 > 0)
				sound(h.t, h.path)
			}
			h.compare()
		})
	}
}

// prune removes half of the runs, and sometimes documents that were lost.
func (h *pastModel) prune(lost bool) {
	p := vault.Pruning{Instance: "acme"}
	runs, err := read(h.t, h.path).Runs(h.t.Context(), "acme")
	if err != nil {
		h.t.Fatal(err)
	}
	for _, k := range (vault.KeepRules{}).Choose(runs, time.UTC) {
		if !k.Keep() && h.one(2) {
			p.Runs = append(p.Runs, k.Run.ID)
			h.pruned[k.Run.ID] = true
		}
	}
	if lost {
		p.LostBefore = hour(int64(h.r.IntN(len(h.copies)) + 1))
		h.lose(p.LostBefore)
	}
	would, err := read(h.t, h.path).WouldPrune(h.t.Context(), p)
	if err != nil {
		h.t.Fatal(err)
	}
	w := open(h.t, h.path)
	did, err := w.Prune(h.t.Context(), p, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	if did != would {
		h.t.Errorf("removed %+v, foretold %+v", did, would)
	}
	if err := w.Close(); err != nil {
		h.t.Fatal(err)
	}
}

// lose takes documents out of the copies of kept runs, and of now, that were found gone
// by a time and that no kept run before holds.
func (h *pastModel) lose(before time.Time) {
	held := map[record.Ref]bool{}
	for at, documents := range append(h.copies, h.now) {
		now := at == len(h.copies)
		if !now && h.pruned[int64(at+1)] {
			continue
		}
		documents = maps.Clone(documents)
		for ref, d := range documents {
			switch {
			case d.gone == 0:
				held[ref] = true
			case !held[ref] && !hour(d.gone).After(before):
				delete(documents, ref)
			}
		}
		if now {
			h.now = documents
		} else {
			h.copies[at] = documents
		}
	}
}
