package stages_test

import (
	"fmt"
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// TestListThatFallsBehindALongRise: List keeps the ids of 10,000 rows of a list that rises,
// and then forgets them, since memory must not grow with a list. Where the list does not rise
// after that, nobody knows whether it holds a document twice, so List reads it again.
func TestListThatFallsBehindALongRise(t *testing.T) {
	kind := stagestest.Paged.With(func(k *catalogue.Spec) { k.Listing.Trash, k.Listing.Page = false, 6000 })
	number := func(i int) string { return fmt.Sprint(i + 1) }
	text := func(i int) string { return fmt.Sprintf("x%06d", i) }
	for _, tt := range []struct {
		name  string
		rises int
		id    func(int) string
		last  string // the id behind those that rise
		calls int
	}{
		{"while the ids are kept", 10_000, number, "0", 2},
		{"when they are forgotten", 10_001, number, "0", 3},
		{"texts, of which the last stands there twice", 10_001, text, text(10_000), 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			looker := &stagestest.Looker{Things: stagestest.Things(tt.rises + 1)}
			for i := range tt.rises {
				looker.Things[i].ID = tt.id(i)
			}
			looker.Things[tt.rises].ID = tt.last
			r := stagestest.NewRig(looker, kind)
			r.Size = 6000
			r.List(t, kind)
			if n := len(looker.Calls); n != tt.calls {
				t.Errorf("%d calls, want %d", n, tt.calls)
			}
			for _, p := range r.Ledger.Progress() {
				if p.Listing != record.Complete {
					t.Errorf("%+v, want it complete", p)
				}
			}
		})
	}
}
