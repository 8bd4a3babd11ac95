package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// TestSampledRow: the document that is fetched though its stamp says that it did not change is
// compared with the stored bytes only where these are of its state, and none is fetched where
// the overview was proven not long ago.
func TestSampledRow(t *testing.T) {
	hash, print := record.Digest{3}, record.Digest{2}
	for _, tt := range []struct {
		name   string
		state  record.State // of what is stored
		proven bool
		want   []record.Listed // that are fetched
	}{
		{name: "as it is listed", state: record.Present, want: []record.Listed{
			{ID: "1", State: record.Present, Stamp: stamp, Sampled: true, Held: true, Hash: hash, Size: 7, Fingerprint: print},
		}},
		{name: "in another state", state: record.Trashed, want: []record.Listed{
			{ID: "1", State: record.Present, Stamp: stamp, Sampled: true, Held: true, Fingerprint: print},
		}},
		{name: "proven not long ago", state: record.Present, proven: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rules := plan.Rules{PageSize: 10}
			planned := rules.Plan(plan.Page{
				Kind: kindOf(t, "group_groups"), State: record.Present, Rows: stamped(rows("1")), Proven: tt.proven,
				Known: map[string]record.Known{"1": {State: tt.state, Stamp: stamp, Hash: hash, Size: 7, Fingerprint: print}},
			})
			var fetched []record.Listed
			for _, ask := range planned.Asks {
				if ask.How != record.Stored {
					fetched = append(fetched, ask.Want...)
				}
			}
			if diff := cmp.Diff(tt.want, fetched); diff != "" {
				t.Errorf("fetched (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUnseenDocumentsOfFixedRoutes: a document of a fixed route is unseen where the vault holds
// others of its kind, and not in the first run of all.
func TestUnseenDocumentsOfFixedRoutes(t *testing.T) {
	for _, tt := range []struct {
		name  string
		kind  record.Kind
		known map[string]record.Known
		want  bool
	}{
		{"the first run", "settings", nil, false},
		{"others are stored", "settings", map[string]record.Known{"2": {State: record.Present}}, true},
		{"it is stored too", "settings", map[string]record.Known{"1": {State: record.Present}}, false},
		{"a kind with a list", "roles", map[string]record.Known{"2": {State: record.Present}}, false},
	} {
		rules := plan.Rules{PageSize: 10}
		planned := rules.Plan(plan.Page{Kind: kindOf(t, tt.kind), State: record.Present, Rows: rows("1"), Known: tt.known})
		if got := planned.Asks[0].Want[0].Unseen; got != tt.want {
			t.Errorf("%s: unseen %t, want %t", tt.name, got, tt.want)
		}
	}
}

// TestDatesThatWereSeen: fetch learns of a changed document whether its date moved with it,
// so it gets the date that the vault has of it, of kinds whose lists have one.
func TestDatesThatWereSeen(t *testing.T) {
	for kind, want := range map[record.Kind]record.Digest{"dashboards": stamp, "groups": {}} {
		rules := plan.Rules{PageSize: 10}
		planned := rules.Plan(plan.Page{
			Kind: kindOf(t, kind), State: record.Present, Rows: rows("1"), Known: map[string]record.Known{"1": {State: record.Present, Stamp: stamp}},
		})
		if got := planned.Asks[0].Want[0].SeenDate; got != want {
			t.Errorf("%s: %x, want %x", kind, got, want)
		}
	}
}
