package stages_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// TestDocumentsOfUnknownSize: of documents of which nobody knows how large they are one page
// is asked for first, and the others in pages that are as large as these documents allow.
func TestDocumentsOfUnknownSize(t *testing.T) {
	spread := func(n int) record.Ask {
		ask := pageAsk(0, numbers(1, n)...)
		ask.Spread = true
		return ask
	}
	page := func(limit, offset string) string {
		return "/dashboards/search?limit=" + limit + "&offset=" + offset
	}
	alone := func(from, to int) (calls []string) {
		for _, id := range numbers(from, to) {
			calls = append(calls, "/dashboards/"+id)
		}
		return calls
	}
	tests := []struct {
		name   string
		looker *fakeLooker
		asks   []record.Ask
		bytes  int64 // that a page should bring
		turn   int
		want   []string
	}{
		{
			name: "small ones", asks: []record.Ask{spread(100)}, bytes: 10_000,
			want: []string{page("10", "0"), "/dashboards/10", page("45", "10"), page("45", "55")},
		},
		{
			name: "very small ones", asks: []record.Ask{spread(100)}, bytes: 1 << 20,
			want: []string{page("10", "0"), "/dashboards/10", page("90", "10")},
		},
		{
			name: "large ones come in pages of the usual size", asks: []record.Ask{spread(25)}, bytes: 1000,
			want: []string{page("10", "0"), "/dashboards/10", page("8", "10"), page("7", "18")},
		},
		{name: "no more than a page", asks: []record.Ask{spread(7)}, bytes: 1 << 20, want: []string{page("7", "0"), "/dashboards/1"}},
		{
			name: "what was found out holds for the next ask", asks: []record.Ask{spread(10), {Kind: "dashboards", How: record.Page, Offset: 10, Want: want(numbers(11, 100)...), Spread: true}}, bytes: 1 << 20,
			want: []string{page("10", "0"), "/dashboards/10", page("90", "10")},
		},
		{
			name: "another page comes first in each run", asks: []record.Ask{spread(50)}, bytes: 1 << 20, turn: 2,
			want: []string{page("10", "20"), "/dashboards/27", page("20", "0"), page("20", "30")},
		},
		{
			name: "rows that are poorer than documents", looker: &fakeLooker{poor: true}, asks: []record.Ask{spread(20)}, bytes: 1 << 20,
			want: append([]string{page("10", "0"), "/dashboards/10"}, alone(1, 20)...),
		},
		{
			name: "a first page that fails", asks: []record.Ask{spread(20)}, bytes: 1 << 20,
			looker: &fakeLooker{before: func(n int, _ stages.Call) error {
				if n == 1 {
					return failed("server", 500)
				}
				return nil
			}},
			want: []string{page("10", "0"), page("5", "0"), "/dashboards/1", page("5", "5"), page("10", "10")},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.looker == nil {
				tt.looker = &fakeLooker{}
			}
			tt.looker.things = things(100)
			r := newRig(tt.looker, kindOf(t, "dashboards"))
			r.size, r.pageBytes, r.turn = 10, tt.bytes, tt.turn
			items := r.fetch(t, tt.asks...)
			wanted := 0
			for _, ask := range tt.asks {
				wanted += len(ask.Want)
			}
			if diff := cmp.Diff(numbers(1, wanted), ids(items, hasBody)); diff != "" {
				t.Errorf("bodies (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, short(tt.looker.calls)); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

// TestListAsksForDocumentsOfUnknownSize: list leaves it to fetch how many documents of which
// nobody knows how large they are come at once, where they may be small.
func TestListAsksForDocumentsOfUnknownSize(t *testing.T) {
	sized := func(bytes int64) *catalogue.Spec { return paged.With(func(k *catalogue.Spec) { k.Size = bytes }) }
	for _, tt := range []struct {
		name   string
		kind   *catalogue.Spec
		known  map[string]record.Known
		spread bool
	}{
		{name: "they may be small", kind: sized(150 << 10), spread: true},
		{name: "they will hardly be so small", kind: sized(100 << 20)},
		{name: "one is stored", kind: sized(150 << 10), known: map[string]record.Known{"3": {State: record.Present, Size: 50_000}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(&fakeLooker{things: things(9)}, tt.kind)
			r.store.known, r.pageBytes = tt.known, 4*20<<10
			var got []string
			for _, ask := range r.list(t, tt.kind) {
				if ask.Spread {
					got = append(got, strings.Join(idsOf(ask.Want), ","))
				}
			}
			want := []string(nil)
			if tt.spread {
				want = []string{"1,2,3,4,5,6,7,8,9"}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("asks (-want +got):\n%s", diff)
			}
		})
	}
}

func idsOf(rows []record.Listed) (ids []string) {
	for _, row := range rows {
		ids = append(ids, row.ID)
	}
	return ids
}
