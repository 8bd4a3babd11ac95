package extract_test

import (
	"fmt"
	"slices"
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
				told := strings.Contains(got.Reason, "after 53 rows") || strings.Contains(got.Reason, "leaves out")
				if cut != (got.Listing == record.Incomplete && told) {
					t.Errorf("%s: %s (%s), %d listed of %d", kind, got.Listing, got.Reason, got.Listed, len(r.sim.IDs(string(kind))))
				}
				if !cut && got.Listed != int64(len(r.sim.IDs(string(kind)))) {
					t.Errorf("%s: %d listed of %d, and complete", kind, got.Listed, len(r.sim.IDs(string(kind))))
				}
			}
		})
	}
}

// TestListsThatAreCutToFewRows: no list has more rows than a server gives at once, be that ever so
// few.
func TestListsThatAreCutToFewRows(t *testing.T) {
	for _, most := range []int{1, 2, 7, 49} {
		for _, tt := range []struct {
			name   string
			quirks lookersim.Quirks
			cut    []record.Kind
		}{
			{"pages", lookersim.Quirks{PageCap: most, Totals: lookersim.TotalPage}, []record.Kind{"looks", "groups"}},
			{"whole lists", lookersim.Quirks{WholeCap: most, NoTotals: true}, []record.Kind{"scheduled_plans", "folders"}},
		} {
			t.Run(fmt.Sprintf("%s of %d", tt.name, most), func(t *testing.T) {
				sizes := lookersim.Sizes{Looks: 56, Groups: 57, Folders: 58, ScheduledPlans: 59}
				r := newRig(t, lookersim.Options{Seed: 3, Sizes: sizes, TrashShare: -1, Quirks: tt.quirks})
				kinds := []record.Kind{"looks", "groups", "folders", "scheduled_plans"}
				result := r.run(record.RunPartial, start(kinds...))
				for _, kind := range kinds {
					got := countsOf(t, result, kind)
					if cut := slices.Contains(tt.cut, kind); cut == (got.Listing == record.Complete) {
						t.Errorf("%s: %s (%s), %d listed of %d", kind, got.Listing, got.Reason, got.Listed, len(r.sim.IDs(string(kind))))
					}
				}
			})
		}
	}
}

// TestOneListTellsNothingOfOthers: several lists are as long as the longest. That one of them
// ends there, that this run has found by their names what another one left out, or that a route
// which knows pages gives more at once, does not show that the others are whole.
func TestOneListTellsNothingOfOthers(t *testing.T) {
	for _, test := range []struct {
		name string
		most int
		cut  []record.Kind
	}{
		{"one ends there", 9, []record.Kind{"folders", "scheduled_plans", "user_attributes"}},
		{"a route with pages gives more", 6, []record.Kind{"folders", "permission_sets", "scheduled_plans", "user_attributes"}},
		{"what one left out is found", 8, []record.Kind{"folders", "permission_sets", "scheduled_plans", "user_attributes"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			sizes := lookersim.Sizes{Dashboards: 20, Folders: 30, PermissionSets: 9, Roles: 5, ScheduledPlans: 40, UserAttributes: 18, LookmlModels: 8}
			r := newRig(t, lookersim.Options{Sizes: sizes, TrashShare: -1, Quirks: lookersim.Quirks{WholeCap: test.most}})
			kinds := []record.Kind{"dashboards", "folders", "roles", "permission_sets", "scheduled_plans", "user_attributes", "lookml_models"}
			result := r.run(record.RunPartial, start(kinds...))
			for _, kind := range kinds {
				got := countsOf(t, result, kind)
				if cut := slices.Contains(test.cut, kind); cut == (got.Listing == record.Complete) {
					t.Errorf("%s: %s (%s), %d listed of %d", kind, got.Listing, got.Reason, got.Listed, len(r.sim.IDs(string(kind))))
				}
			}
		})
	}
}

// TestAddedAfterTheListWasRead: what is new behind the longest list of a first run shows no list
// that was cut off, and the next run stores it.
func TestAddedAfterTheListWasRead(t *testing.T) {
	for _, kind := range []record.Kind{"groups", "roles"} {
		r := newRig(t, lookersim.Options{Seed: 3, Sizes: lookersim.Sizes{Groups: 30, Roles: 20}, TrashShare: -1})
		r.config.Stages.List.PageSize = 100
		mutate(t, r, lookersim.Change{Op: lookersim.OpAdd, Kind: string(kind), Route: "GET /roles/{id}/users", Nth: 1})
		kinds := []record.Kind{"groups", "roles", "role_users"}
		result := r.run(record.RunComplete, start(kinds...))
		if notes := strings.Join(result.Run.Notes, "\n"); !strings.Contains(notes, string(kind)+": 1 came after the list was read: the next run stores them") {
			t.Errorf("%s: notes: %s", kind, notes)
		}
		r.run(record.RunComplete, start(kinds...))
		compare(t, r, kind)
	}
}

// TestTheEndOfTheLongestList: where one answer alone says how long the longest list is, it takes
// one call to know, and later runs none. Where parts of the list came too, each with the number of
// the whole, it takes none.
func TestTheEndOfTheLongestList(t *testing.T) {
	calls := func(r *rig) int64 {
		r.sim.ResetCounts()
		r.run(record.RunComplete, start("groups", "folders"))
		return int64(r.sim.Counts().Kinds["groups"])
	}
	for _, tt := range []struct {
		name          string
		groups        int
		first, second int64 // the list, a page for ten groups, and those that are compared
	}{
		{"short", 30, 1 + 3 + 2, 1 + 3 + 1},
		{"long", 60, 1 + 6 + 2, 1 + 6 + 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 3, Sizes: lookersim.Sizes{Groups: tt.groups, Folders: 5}, TrashShare: -1})
			if first, second := calls(r), calls(r); first != tt.first || second != tt.second {
				t.Errorf("%d and %d calls for groups, want %d and %d", first, second, tt.first, tt.second)
			}
		})
	}
}

// TestCutPagesBesideALongerList: pages are cut off, each with a total of its own, and a list that
// is asked for whole is longer than any page; or the other way round. The longer one speaks for
// its own sort alone.
func TestCutPagesBesideALongerList(t *testing.T) {
	sizes := lookersim.Sizes{Looks: 70, Groups: 60, Folders: 90, ScheduledPlans: 95}
	for _, tt := range []struct {
		name   string
		quirks lookersim.Quirks
		cut    []record.Kind
	}{
		{"pages", lookersim.Quirks{PageCap: 55, Totals: lookersim.TotalPage}, []record.Kind{"looks", "groups"}},
		{"whole lists", lookersim.Quirks{WholeCap: 57, NoTotals: true}, []record.Kind{"scheduled_plans", "folders"}},
		{"none", lookersim.Quirks{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 3, Sizes: sizes, TrashShare: -1, Quirks: tt.quirks})
			outcome := record.RunComplete
			if tt.cut != nil {
				outcome = record.RunPartial
			}
			kinds := []record.Kind{"looks", "groups", "folders", "scheduled_plans"}
			result := r.run(outcome, start(kinds...))
			for _, kind := range kinds {
				got := countsOf(t, result, kind)
				if cut := slices.Contains(tt.cut, kind); cut == (got.Listing == record.Complete) {
					t.Errorf("%s: %s (%s), %d listed of %d", kind, got.Listing, got.Reason, got.Listed, len(r.sim.IDs(string(kind))))
				}
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

// TestAListThatIsCutAlone: of one list the server gives half, and of every other one all. Where the
// list comes in one answer, what other documents name in its kind tells, in a first run as in
// later ones: one of them is asked for alone. Where they name nothing that is there, it takes no
// call, or few, and the kind is complete.
func TestAListThatIsCutAlone(t *testing.T) {
	for _, tt := range []struct {
		kind   record.Kind // half of its list is missing
		others []record.Kind
	}{
		{"folders", []record.Kind{"looks"}},
		{"folders", []record.Kind{"dashboards"}},
		{"roles", []record.Kind{"users"}},
		{"integration_hubs", []record.Kind{"integrations"}},
		{"permission_sets", []record.Kind{"roles"}},
		{"model_sets", []record.Kind{"roles"}},
	} {
		t.Run(string(tt.kind)+" named by "+string(tt.others[0]), func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 5, TrashShare: 0.1})
			kinds := append(tt.others, tt.kind)
			r.rules("kind=" + string(tt.kind) + " do=short")
			for run := range 2 {
				result := r.run(record.RunPartial, start(kinds...))
				got := countsOf(t, result, tt.kind)
				if got.Listing != record.Incomplete || !strings.Contains(got.Reason, " and may leave out others: ") || got.Gone > 0 {
					t.Errorf("run %d: %+v", run+1, got)
				}
			}
			r.rules()
			r.run(record.RunComplete, start(kinds...))
			if got, want := len(r.states(tt.kind)), len(r.sim.IDs(string(tt.kind))); got != want {
				t.Errorf("%d are stored of %d", got, want)
			}
		})
	}
}

// TestNamedWhileTheListIsRead: a folder that is made after the list of folders was read, and a look
// in it that is listed after that, show no list that was cut off. The folder is stored as well, and
// so is every other one that the list holds by then.
func TestNamedWhileTheListIsRead(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 3})
	r.rules("route=GET /folders times=1 do=short")
	result := r.run(record.RunComplete, start("looks", "folders"))
	if notes := strings.Join(result.Run.Notes, "\n"); !strings.Contains(notes, " came while the list was read: ") {
		t.Errorf("notes: %s", notes)
	}
	if got, want := len(r.states("folders")), len(r.sim.IDs("folders")); got != want {
		t.Errorf("%d folders are stored of %d", got, want)
	}
}

// TestNamedAndNowhere: what documents name and is not there takes a call in a run, of many a few,
// and makes no list incomplete.
func TestNamedAndNowhere(t *testing.T) {
	for nowhere, want := range []int{0, 1, 2, 3, 3} {
		r := newRig(t, lookersim.Options{Seed: 3, TrashShare: -1})
		for i, id := range r.sim.IDs("looks")[:nowhere] {
			mutate(t, r, lookersim.Change{Op: lookersim.OpSet, Kind: "looks", ID: id, Path: "folder_id", Value: fmt.Sprintf("%q", fmt.Sprint(901+i))})
		}
		for run := range 2 {
			r.sim.ResetCounts()
			r.run(record.RunComplete, start("looks", "folders"))
			if got := r.sim.Counts().Routes["GET /folders/{id}"] - 1; got != want {
				t.Errorf("%d lead nowhere, run %d: %d asked for besides the one that is compared, want %d", nowhere, run+1, got, want)
			}
		}
	}
}

// TestAListWithoutWhatTheCallerNames: the list of a kind is empty in a first run, as often as it is
// asked for, and the caller's own document names some of it. Where the list holds any, what it does
// not hold is not asked for.
func TestAListWithoutWhatTheCallerNames(t *testing.T) {
	for _, kind := range []record.Kind{"users", "roles", "groups", "folders"} {
		t.Run(string(kind), func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 3, TrashShare: -1})
			// The list of boards shows that the server answers lists with rows.
			begin := start(kind, "boards")
			begin.Caller.Names = []record.Ref{{Kind: kind, ID: r.sim.IDs(string(kind))[0]}, {Kind: kind, ID: "4711"}}
			r.rules("kind=" + string(kind) + " do=none")
			for run := range 2 {
				got := countsOf(t, r.run(record.RunPartial, begin), kind)
				if got.Listing != record.Incomplete || run == 0 && !strings.Contains(got.Reason, " leaves out 1 that ") || got.Gone > 0 {
					t.Errorf("run %d: %+v", run+1, got)
				}
				if n := len(r.states(kind)); n != 1 {
					t.Errorf("run %d: %d stored, want the one that is named", run+1, n)
				}
			}
			r.rules()
			begin.Caller.Names = begin.Caller.Names[:1]
			r.run(record.RunComplete, begin)
			if got, want := len(r.states(kind)), len(r.sim.IDs(string(kind))); got != want {
				t.Errorf("%d are stored of %d", got, want)
			}

			// One that is not on a list which has rows shows nothing of that list: it may be a service
			// account. Nobody asks for it, which would fail.
			r.rules("id=4712 status=500")
			begin.Caller.Names = append(begin.Caller.Names, record.Ref{Kind: kind, ID: "4712"})
			r.run(record.RunComplete, begin)
			if n := r.sim.Counts().Routes["GET /"+string(kind)+"/{id}"]; n == 0 {
				t.Error("no document was asked for alone, which the rule would be about")
			}
		})
	}
}
