package canon_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
)

func TestPairParts(t *testing.T) {
	nobody := func(string) string { return "" }
	itself := func(id string) string { return id }
	tests := []struct {
		name            string
		wanted, current string
		known           func(string) string
		want            []canon.PartPair
	}{
		{"by id", `[{"id":"1","type":"vis","title":"A"},{"id":"2","type":"vis"}]`, `[{"id":"2","type":"vis"},{"id":"1","type":"vis","title":"B"}]`, itself, []canon.PartPair{{0, 1}, {1, 0}}},
		{"an id of another type", `[{"id":"1","type":"vis"}]`, `[{"id":"1","type":"text"}]`, itself, []canon.PartPair{{0, -1}, {-1, 0}}},
		{"equal ones", `[{"id":"1","type":"text","body_text":"x"},{"id":"2","type":"text","body_text":"y"}]`, `[{"id":"8","type":"text","body_text":"y"},{"id":"9","type":"text","body_text":"x"}]`, nobody, []canon.PartPair{{0, 1}, {1, 0}}},
		{"by title and query", `[{"id":"1","type":"vis","title":"A","query_id":"q","note_text":"n"}]`, `[{"id":"7","type":"vis","title":"A","query_id":"r"},{"id":"8","type":"vis","title":"A","query_id":"q"}]`, nobody, []canon.PartPair{{0, 1}, {-1, 0}}},
		{"by a title alone", `[{"id":"1","type":"vis","title":"A","query_id":"q"}]`, `[{"id":"7","type":"vis","title":"A","query_id":"r"}]`, nobody, []canon.PartPair{{0, 0}}},
		{"not by a title that two have", `[{"id":"1","type":"vis","title":"A","query_id":"q"}]`, `[{"id":"7","type":"vis","title":"A","query_id":"r"},{"id":"8","type":"vis","title":"A","query_id":"s"}]`, nobody, []canon.PartPair{{0, -1}, {-1, 0}, {-1, 1}}},
		{"by a query alone", `[{"id":"1","type":"vis","title":"A","query_id":"q"}]`, `[{"id":"7","type":"vis","title":"B","query_id":"q"}]`, nobody, []canon.PartPair{{0, 0}}},
		{"none", `[]`, `[{"id":"7","type":"vis"}]`, nobody, []canon.PartPair{{-1, 0}}},
	}
	p := tileOf(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rows := func(list string) []canon.PartRow {
				rows, err := canon.PartRows(p, []byte(`{"dashboard_elements":`+list+`}`))
				if err != nil {
					t.Fatal(err)
				}
				return rows
			}
			got, err := canon.PairParts(p, rows(test.wanted), rows(test.current), canon.Itself, test.known)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestPairsDoNotDependOnTheOrder pairs the tiles of simulated dashboards with themselves in
// another order, without knowing an id.
func TestPairsDoNotDependOnTheOrder(t *testing.T) {
	sim, p := newSim(t, nil), tileOf(t)
	s := shuffler{rand.New(rand.NewPCG(3, 4)), []string{"dashboard_elements"}}
	for item := range sim.Items("dashboards") {
		wanted, err := canon.PartRows(p, item.Body)
		if err != nil {
			t.Fatal(err)
		}
		current, err := canon.PartRows(p, s.shuffled(t, item.Body))
		if err != nil {
			t.Fatal(err)
		}
		pairs, err := canon.PairParts(p, wanted, current, canon.Itself, func(string) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		for _, pair := range pairs {
			if pair.Wanted < 0 || pair.Current < 0 {
				t.Errorf("dashboard %s: a tile has no pair: %v", item.ID, pair)
				continue
			}
			a, err := canon.NormalOf(p.Write, wanted[pair.Wanted].Body, canon.Itself)
			if err != nil {
				t.Fatal(err)
			}
			b, err := canon.NormalOf(p.Write, current[pair.Current].Body, canon.Itself)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(a, b) {
				t.Errorf("dashboard %s: %s is the pair of %s", item.ID, b, a)
			}
		}
	}
}
