package extract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// inFolder is the start of a run of what lies in a folder, and below it.
func inFolder(folder string, recursive bool, kinds ...record.Kind) record.Start {
	s := start(kinds...)
	s.Scope.Folders, s.Scope.Recursive = []string{folder}, recursive
	return s
}

// TestCutListsInAScope: a server that gives no more than so many rows at once is found out in a run
// of some folders as well, also where only the list of folders, which tells what lies below others,
// is cut off.
func TestCutListsInAScope(t *testing.T) {
	const most = 53
	sizes := lookersim.Sizes{Folders: 60, Looks: 70, Groups: 57, Dashboards: 40}
	for _, tt := range []struct {
		name   string
		quirks lookersim.Quirks
		rule   string
		kinds  []record.Kind
		cut    []record.Kind
	}{
		{"not at all", lookersim.Quirks{}, "", []record.Kind{"folders", "looks", "groups"}, nil},
		{"all alike", lookersim.Quirks{PageCap: most, WholeCap: most, Totals: lookersim.TotalPage}, "", []record.Kind{"folders", "looks", "groups"}, []record.Kind{"folders", "looks", "groups"}},
		{"all alike, without folders", lookersim.Quirks{PageCap: most, WholeCap: most, Totals: lookersim.TotalPage}, "", []record.Kind{"looks", "boards"}, []record.Kind{"looks"}},
		{"folders alone", lookersim.Quirks{}, "route=GET /folders do=short", []record.Kind{"folders", "looks", "groups"}, []record.Kind{"folders", "looks"}},
		{"folders alone, without them", lookersim.Quirks{}, "route=GET /folders do=short", []record.Kind{"dashboards", "groups"}, []record.Kind{"dashboards"}},
		{"folders that cannot be asked for", lookersim.Quirks{}, "route=GET /folders do=short; route=GET /folders/{id} status=500", []record.Kind{"dashboards", "groups"}, []record.Kind{"dashboards"}},
		{"a server without offsets", lookersim.Quirks{IgnoreOffset: true}, "", []record.Kind{"looks"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 3, Sizes: sizes, TrashShare: -1, Quirks: tt.quirks})
			if tt.rule != "" {
				r.rules(strings.Split(tt.rule, "; ")...)
			}
			outcome := record.RunComplete
			if tt.cut != nil {
				outcome = record.RunPartial
			}
			folder := "1"
			if tt.quirks.IgnoreOffset {
				folder = "2" // in which the first look does not lie, that stands behind all of them
			}
			result := r.run(outcome, inFolder(folder, true, tt.kinds...))
			var cut []record.Kind
			for _, kind := range tt.kinds {
				if got := countsOf(t, result, kind); got.Listing == record.Incomplete {
					cut = append(cut, kind)
				}
			}
			if diff := cmp.Diff(tt.cut, cut); diff != "" {
				t.Errorf("incomplete kinds (-want +got):\n%s\n%+v", diff, result.Run.Kinds)
			}
		})
	}
}

// TestAScopeOfCutListsLater: a server that has begun to cut a list off after a run has seen all of
// it. In a run of some folders what the vault holds of them is looked for, though nothing of it
// becomes gone; what has moved to another folder, or lies there, is not missed.
func TestAScopeOfCutListsLater(t *testing.T) {
	for _, kind := range []record.Kind{"dashboards", "looks", "users", "boards", "roles"} {
		t.Run(string(kind), func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 3, TrashShare: -1})
			r.run(record.RunComplete, start(kind))
			if kind == "dashboards" || kind == "looks" {
				for _, id := range r.sim.IDs(string(kind))[:5] {
					mutate(t, r, lookersim.Change{Op: lookersim.OpMove, Kind: string(kind), ID: id, Value: "2"})
				}
			}
			if notes := r.run(record.RunComplete, inFolder("1", true, kind)).Run.Notes; strings.Contains(strings.Join(notes, "\n"), "came back") {
				t.Errorf("notes of what has moved to another folder: %q", notes)
			}
			r.rules(fmt.Sprintf("kind=%s do=none", kind))
			got := countsOf(t, r.run(record.RunPartial, inFolder("1", true, kind)), kind)
			if got.Listing != record.Incomplete || got.Gone > 0 || !strings.Contains(got.Reason, "leaves out") {
				t.Errorf("%+v", got)
			}
			r.rules()
			r.run(record.RunComplete, inFolder("1", true, kind))
		})
	}
}
