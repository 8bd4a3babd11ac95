package stages_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// TestListAsksForDocumentsOfUnknownSize: list leaves it to fetch how many documents of which
// nobody knows how large they are come at once, where they may be small.
func TestListAsksForDocumentsOfUnknownSize(t *testing.T) {
	sized := func(bytes int64) *catalogue.Spec {
		return stagestest.Paged.With(func(k *catalogue.Spec) { k.Size = bytes })
	}
	for _, tt := range []struct {
		name   string
		kind   *catalogue.Spec
		known  map[string]record.Known
		spread bool
	}{
		{name: "they may be small", kind: sized(150 << 10), spread: true},
		{name: "they will hardly be so small", kind: sized(100 << 20)},
		// A page of 4 that are 32 times as small has 80 KiB.
		{name: "they may be just small enough", kind: sized(639 << 10), spread: true},
		{name: "they may be a little too large", kind: sized(640 << 10)},
		{name: "one is stored", kind: sized(150 << 10), known: map[string]record.Known{"3": {State: record.Present, Size: 50_000}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := stagestest.NewRig(&stagestest.Looker{Things: stagestest.Things(9)}, tt.kind)
			r.Store.Stored, r.PageBytes = tt.known, 4*20<<10
			var got []string
			for _, ask := range r.List(t, tt.kind) {
				if ask.Spread {
					got = append(got, strings.Join(stagestest.IDsOf(ask.Want), ","))
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
