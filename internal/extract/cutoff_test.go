package extract_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// TestListsThatAreCutAlike: a server that gives no more than so many rows at once, whatever it is
// asked for, and whatever it says of how many there are. A list that was cut off is not complete.
func TestListsThatAreCutAlike(t *testing.T) {
	const most = 53
	tests := []struct {
		name   string
		quirks lookersim.Quirks
		cut    []record.Kind // of those listed
	}{
		{"without totals", lookersim.Quirks{PageCap: most, WholeCap: most, NoTotals: true}, []record.Kind{"folders"}},
		{"with totals", lookersim.Quirks{PageCap: most, WholeCap: most}, []record.Kind{"folders"}},
		{"with totals of a page", lookersim.Quirks{PageCap: most, WholeCap: most, Totals: lookersim.TotalPage}, []record.Kind{"folders", "looks", "groups"}},
		{"not at all", lookersim.Quirks{}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 3, Sizes: lookersim.Sizes{Folders: 60, Looks: 70, Groups: 57}, TrashShare: -1, Quirks: tt.quirks})
			kinds := []record.Kind{"folders", "looks", "groups", "boards"}
			outcome := record.RunPartial
			if tt.cut == nil {
				outcome = record.RunComplete
			}
			result := r.run(outcome, start(kinds...))
			for _, kind := range kinds {
				cut := false
				for _, name := range tt.cut {
					cut = cut || name == kind
				}
				got := countsOf(t, result, kind)
				if cut != (got.Listing == record.Incomplete && strings.Contains(got.Reason, "after 53 rows")) {
					t.Errorf("%s: %s (%s), %d listed of %d", kind, got.Listing, got.Reason, got.Listed, len(r.sim.IDs(string(kind))))
				}
				if !cut && got.Listed != int64(len(r.sim.IDs(string(kind)))) {
					t.Errorf("%s: %d listed of %d, and complete", kind, got.Listed, len(r.sim.IDs(string(kind))))
				}
			}
		})
	}
}

// TestTheEndOfTheLongestList: where one answer alone says how long the longest list is, it takes
// one call to know, and later runs none.
func TestTheEndOfTheLongestList(t *testing.T) {
	calls := func(r *rig) int64 {
		r.sim.ResetCounts()
		r.run(record.RunComplete, start("groups", "folders"))
		return int64(r.sim.Counts().Kinds["groups"])
	}
	for _, tt := range []struct {
		name          string
		groups        int
		first, second int64 // the list, a page for ten groups, those that are compared, and what stands behind the list
	}{
		{"short", 30, 1 + 3 + 2, 1 + 3 + 1},
		{"long", 60, 1 + 6 + 2 + 1, 1 + 6 + 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 3, Sizes: lookersim.Sizes{Groups: tt.groups, Folders: 5}, TrashShare: -1})
			if first, second := calls(r), calls(r); first != tt.first || second != tt.second {
				t.Errorf("%d and %d calls for groups, want %d and %d", first, second, tt.first, tt.second)
			}
		})
	}
}

// TestListsThatAreCutLater: a server that cuts its lists off only since the run before. What the
// vault holds is found by its ids; what is new stands behind the end of the list.
func TestListsThatAreCutLater(t *testing.T) {
	options := lookersim.Options{Seed: 3, Sizes: lookersim.Sizes{Looks: 30, Boards: 12}, TrashShare: -1}
	whole := newRig(t, options)
	options.Quirks = lookersim.Quirks{PageCap: 17, WholeCap: 17, Totals: lookersim.TotalPage}
	cut := newRig(t, options)
	cut.path = whole.path
	whole.run(record.RunComplete, start("looks", "boards"))
	cut.run(record.RunComplete, start("looks", "boards"))

	mutate(t, cut, lookersim.Change{Op: lookersim.OpAdd, Kind: "looks"})
	result := cut.run(record.RunPartial, start("looks", "boards"))
	looks, boards := countsOf(t, result, "looks"), countsOf(t, result, "boards")
	if looks.Listing != record.Incomplete || looks.Reason != "the list left out documents that are there, and others stand behind its end" || looks.Gone != 0 {
		t.Errorf("looks: %+v", looks)
	}
	if boards.Listing != record.Complete {
		t.Errorf("boards: %+v", boards)
	}
}
