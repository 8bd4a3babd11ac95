package fetch_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// TestDocumentsOfUnknownSize: of documents of which nobody knows how large they are one page
// is asked for first, and the others in pages that are as large as these documents allow.
func TestDocumentsOfUnknownSize(t *testing.T) {
	spread := func(n int) record.Ask {
		ask := stagestest.PageAsk(0, stagestest.Numbers(1, n)...)
		ask.Spread = true
		return ask
	}
	page := func(limit, offset string) string {
		return "/dashboards/search?limit=" + limit + "&offset=" + offset
	}
	alone := func(from, to int) (calls []string) {
		for _, id := range stagestest.Numbers(from, to) {
			calls = append(calls, "/dashboards/"+id)
		}
		return calls
	}
	tests := []struct {
		name   string
		looker *stagestest.Looker
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
			name: "a page a fifth larger than it should be", asks: []record.Ask{spread(100)}, bytes: 14_000,
			want: []string{page("10", "0"), "/dashboards/10", page("90", "10")},
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
			name: "what was found out holds for the next ask", asks: []record.Ask{spread(10), {Kind: "dashboards", How: record.Page, Offset: 10, Want: stagestest.Want(stagestest.Numbers(11, 100)...), Spread: true}}, bytes: 1 << 20,
			want: []string{page("10", "0"), "/dashboards/10", page("90", "10")},
		},
		{
			name: "another page comes first in each run", asks: []record.Ask{spread(50)}, bytes: 1 << 20, turn: 2,
			want: []string{page("10", "20"), "/dashboards/27", page("20", "0"), page("20", "30")},
		},
		{
			name: "rows that are poorer than documents", looker: &stagestest.Looker{Poor: true}, asks: []record.Ask{spread(20)}, bytes: 1 << 20,
			want: append([]string{page("10", "0"), "/dashboards/10"}, alone(1, 20)...),
		},
		{
			name: "a first page that fails", asks: []record.Ask{spread(20)}, bytes: 1 << 20,
			looker: &stagestest.Looker{Before: func(n int, _ stages.Call) error {
				if n == 1 {
					return stagestest.Failed("server", 500)
				}
				return nil
			}},
			want: []string{page("10", "0"), page("5", "0"), "/dashboards/1", page("5", "5"), page("10", "10")},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.looker == nil {
				tt.looker = &stagestest.Looker{}
			}
			tt.looker.Things = stagestest.Things(100)
			r := stagestest.NewRig(tt.looker, stagestest.KindOf(t, "dashboards"))
			r.Size, r.PageBytes, r.Turn = 10, tt.bytes, tt.turn
			items := r.Fetch(t, tt.asks...)
			wanted := 0
			for _, ask := range tt.asks {
				wanted += len(ask.Want)
			}
			if diff := cmp.Diff(stagestest.Numbers(1, wanted), stagestest.IDs(items, stagestest.HasBody)); diff != "" {
				t.Errorf("bodies (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, stagestest.Short(tt.looker.Calls)); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}
