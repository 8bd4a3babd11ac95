package extract_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/vault"
)

// states is where the documents of a kind stand in the vault, by id; those that
// are gone are among them.
func (r *rig) states(kind record.Kind) map[string]record.State {
	r.t.Helper()
	reader := simtest.Reader(r.t, r.path)
	defer reader.Close()
	states := make(map[string]record.State)
	for _, deleted := range []bool{false, true} {
		for entry, err := range reader.Entries(r.t.Context(), vault.Query{Kind: kind, Deleted: deleted}) {
			if err != nil {
				r.t.Fatal(err)
			}
			states[entry.ID] = entry.State
		}
	}
	return states
}

func with(states map[string]record.State, state record.State) (ids []string) {
	for id, s := range states {
		if s == state {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// paging makes list read a kind in pages of n rows.
func paging(name record.Kind, n int) func(*catalogue.Spec) {
	return func(k *catalogue.Spec) {
		if k.Name == name {
			k.Listing.Page = n
		}
	}
}

// TestListsThatMoveWhileTheyAreRead changes what the server holds at every step
// of a run: while a kind is enumerated, between that and its pages, and while
// those are fetched. What was there all the time must be stored, and what is
// gone at the end must not be a fault.
func TestListsThatMoveWhileTheyAreRead(t *testing.T) {
	tests := []struct {
		kind  record.Kind
		route string
		ops   []lookersim.Op
	}{
		{"users", "GET /users", []lookersim.Op{lookersim.OpDelete, lookersim.OpAdd}},
		{"dashboards", "GET /dashboards/search", []lookersim.Op{lookersim.OpDelete, lookersim.OpTrash, lookersim.OpAdd}},
		{"looks", "GET /looks/search", []lookersim.Op{lookersim.OpDelete, lookersim.OpTrash, lookersim.OpMove}},
	}
	for _, tt := range tests {
		for _, op := range tt.ops {
			for _, nth := range []int{1, 2, 4, 6} {
				if raced && nth > 2 {
					continue
				}
				t.Run(fmt.Sprint(tt.kind, " ", op, " after call ", nth), func(t *testing.T) {
					t.Parallel()
					sizes := simtest.Small()
					sizes.Dashboards, sizes.Looks = 20, 24
					r := newRig(t, lookersim.Options{Seed: 3, Sizes: sizes, TrashShare: -1})
					r.config.Stages.List.PageSize, r.row = 5, paging(tt.kind, 7)
					ids := r.sim.IDs(string(tt.kind))
					change := lookersim.Change{Op: op, Kind: string(tt.kind), ID: ids[2], Route: tt.route, Nth: nth}
					if op == lookersim.OpMove {
						change.Value = "1"
					}
					mutate(t, r, change)
					result := r.run(record.RunComplete, start(tt.kind))
					stored := r.states(tt.kind)
					for _, id := range ids {
						if _, ok := stored[id]; !ok && (id != ids[2] || op == lookersim.OpMove || op == lookersim.OpTrash) {
							t.Errorf("%s/%s was there all the time and is not stored: %+v", tt.kind, id, result.Run.Kinds)
						}
					}
					for range 2 { // the change may have come only at the end of the second run
						r.run(record.RunComplete, start(tt.kind))
					}
					compare(t, r, tt.kind)
					if gone := with(r.states(tt.kind), record.Gone); op == lookersim.OpMove && gone != nil {
						t.Errorf("gone: %v, which only moved", gone)
					}
				})
			}
		}
	}
}

func TestDocumentThatVanishesBetweenListAndFetch(t *testing.T) {
	for _, known := range []bool{false, true} {
		r := newRig(t, lookersim.Options{Seed: 3, TrashShare: -1})
		d := r.sim.IDs("dashboards")[5]
		if known {
			r.run(record.RunComplete, start("dashboards"))
		}
		mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: "dashboards", ID: d, Route: "GET /dashboards/search", Nth: 1})
		result := r.run(record.RunComplete, start("dashboards"))
		want := int64(0)
		if known {
			want = 1
		}
		if got := countsOf(t, result, "dashboards"); got.Gone != want || got.Failed != 0 {
			t.Errorf("known before: %v: %+v, want %d gone and no fault", known, got, want)
		}
		compare(t, r, "dashboards")
	}
}

// TestWhatFollowsFromWhatIsGone: a dashboard is deleted, and the merge queries
// and queries that nobody else points to follow it, one wave a run: a run follows
// what it found stored.
func TestWhatFollowsFromWhatIsGone(t *testing.T) {
	kinds := []record.Kind{"dashboards", "lookml_dashboards", "looks", "merge_queries", "queries", "scheduled_plans", "alerts", "agents"}
	r := newRig(t, lookersim.Options{Seed: 8, TrashShare: -1})
	r.run(record.RunComplete, start(kinds...))
	all := r.states("merge_queries")
	var merged []record.Ref
	for ref, document := range r.stored() {
		if ref.Kind == "dashboards" && strings.Contains(string(document.Body), `"merge_result_id":"`) {
			merged = append(merged, ref)
		}
	}
	if len(merged) < 2 {
		t.Fatalf("%d dashboards have merged results, want some", len(merged))
	}
	for _, ref := range merged {
		mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: "dashboards", ID: ref.ID})
	}
	first := r.run(record.RunComplete, start(kinds...))
	if got := countsOf(t, first, "dashboards"); got.Gone != int64(len(merged)) {
		t.Errorf("dashboards: %+v, want %d gone", got, len(merged))
	}
	r.run(record.RunComplete, start(kinds...))
	if gone := with(r.states("merge_queries"), record.Gone); len(gone) != len(all) {
		t.Errorf("gone merge queries: %v, want all %d", gone, len(all))
	}
	r.run(record.RunComplete, start(kinds...))
	pointed := make(map[string]bool) // by what is still there
	for ref, document := range r.stored() {
		if ref.Kind == "scheduled_plans" || ref.Kind == "alerts" || ref.Kind == "agents" {
			for id := range r.states("queries") {
				pointed[id] = pointed[id] || (strings.Contains(string(document.Body), `"query_id":"`+id+`"`) || strings.Contains(string(document.Body), `"query_id":`+id+`,`))
			}
		}
	}
	for id, state := range r.states("queries") {
		if pointed[id] != (state == record.Present) {
			t.Errorf("queries/%s is %s; something points to it: %v", id, state, pointed[id])
		}
	}
	// They come back with a dashboard that comes back.
	for i := range merged {
		body := document(t, r, merged[i])
		mutate(t, r, lookersim.Change{Op: lookersim.OpPut, Kind: "dashboards", ID: merged[i].ID, Value: string(body)})
	}
	back := r.run(record.RunComplete, start(kinds...))
	for kind, n := range map[record.Kind]int{"dashboards": len(merged), "merge_queries": len(all)} {
		if got := countsOf(t, back, kind); got.Reappeared != int64(n) {
			t.Errorf("%s: %+v, want %d that re-appeared", kind, got, n)
		}
	}
	compare(t, r, "dashboards")
}

// document is the newest body of a document that is gone.
func document(t *testing.T, r *rig, ref record.Ref) []byte {
	t.Helper()
	reader := simtest.Reader(t, r.path)
	defer reader.Close()
	for document, err := range reader.Documents(t.Context(), vault.Query{Kind: ref.Kind, Deleted: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if document.Ref == ref {
			return slices.Clone(document.Body)
		}
	}
	t.Fatalf("%s is not stored", ref)
	return nil
}

// TestNothingIsGoneUnlessItIsProven: every way in which a run may not have seen
// everything. Then what it did not see is not gone.
func TestNothingIsGoneUnlessItIsProven(t *testing.T) {
	everything := []record.Kind{"dashboards", "looks", "users", "user_attribute_values", "merge_queries", "roles", "role_users"}
	tests := []struct {
		name  string
		rules []string
		start func() record.Start
		calls int
		gone  map[record.Kind]int64
	}{
		{
			name: "a parent's listing failed", rules: []string{"route=GET /roles status=500"},
			start: func() record.Start { return start(everything...) },
			gone:  map[record.Kind]int64{"users": 1, "user_attribute_values": 1, "dashboards": 1},
		},
		{
			name: "a parent's listing was refused", rules: []string{"route=GET /roles status=403"},
			start: func() record.Start { return start(everything...) },
			gone:  map[record.Kind]int64{"users": 1, "user_attribute_values": 1, "dashboards": 1},
		},
		{
			name: "the trash was not listed", rules: []string{"route=GET /dashboards/search after=1 status=500"},
			start: func() record.Start { return start(everything...) },
			gone:  map[record.Kind]int64{"users": 1, "user_attribute_values": 1},
		},
		{
			name:  "children alone say nothing of their parents' absence",
			start: func() record.Start { return start("role_users", "merge_queries") },
			gone:  map[record.Kind]int64{},
		},
		{
			name: "a scope", start: func() record.Start {
				s := start(everything...)
				s.Scope.Folders, s.Scope.Recursive = []string{"1"}, true
				return s
			},
			gone: map[record.Kind]int64{},
		},
		{
			name: "a budget", calls: 6,
			start: func() record.Start { return start(everything...) },
			gone:  map[record.Kind]int64{},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 8, TrashShare: -1})
			r.run(record.RunComplete, start(everything...))
			dashboards, users := r.sim.IDs("dashboards"), r.sim.IDs("users")
			mutate(t, r,
				lookersim.Change{Op: lookersim.OpDelete, Kind: "dashboards", ID: dashboards[4]},
				lookersim.Change{Op: lookersim.OpDelete, Kind: "users", ID: users[7]})
			r.rules(tt.rules...)
			r.config.RateLimit.MaxCalls = tt.calls
			result, err := r.try(tt.start())
			if err != nil {
				t.Fatal(err)
			}
			got := make(map[record.Kind]int64)
			for _, k := range result.Run.Kinds {
				if k.Gone > 0 {
					got[k.Kind] = k.Gone
				}
			}
			if diff := cmp.Diff(tt.gone, got); diff != "" {
				t.Errorf("gone (-want +got):\n%s\n%+v", diff, result.Run.Kinds)
			}
			// Whatever was said, a run that sees everything sets it right.
			r.rules()
			r.config.RateLimit.MaxCalls = 0
			for range 3 {
				r.run(record.RunComplete, start(everything...))
			}
			compare(t, r, "dashboards", "users", "roles", "role_users")
		})
	}
}

// TestNothingFollowsFromWhatWasNotRead: one dashboard lets go of a merge query, a
// new one takes it up, and cannot be read. Then nobody knows that the merge query
// is still used, and so it must not be said that it is gone.
func TestNothingFollowsFromWhatWasNotRead(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 8, TrashShare: -1, Quirks: lookersim.Quirks{PoorRows: []string{"dashboards"}}})
	kinds := []record.Kind{"dashboards", "merge_queries"}
	r.run(record.RunComplete, start(kinds...))
	var old record.Ref
	var merge, body string
	for ref, document := range r.stored() {
		for id := range r.states("merge_queries") {
			if ref.Kind == "dashboards" && strings.Contains(string(document.Body), id) && r.uses("dashboards", id) == 1 {
				old, merge, body = ref, id, string(document.Body)
			}
		}
	}
	if merge == "" {
		t.Fatal("no merge query is used by one dashboard only")
	}
	mutate(t, r,
		lookersim.Change{Op: lookersim.OpPut, Kind: "dashboards", ID: old.ID, Value: strings.ReplaceAll(body, `"merge_result_id":"`+merge+`"`, `"merge_result_id":null`)},
		lookersim.Change{Op: lookersim.OpPut, Kind: "dashboards", ID: "9001", Value: strings.Replace(body, `"id":"`+old.ID+`"`, `"id":"9001"`, 1)})
	r.rules("route=GET /dashboards/{id} id=9001 status=500")
	result := r.run(record.RunPartial, start(kinds...))
	if got := countsOf(t, result, "dashboards"); got.Failed != 1 || got.Changed != 1 || got.Listing != record.Complete {
		t.Fatalf("%+v, want one failed and one changed", got)
	}
	if gone := with(r.states("merge_queries"), record.Gone); gone != nil {
		t.Errorf("gone: %v, which a dashboard that could not be read may use", gone)
	}
	r.rules()
	r.run(record.RunComplete, start(kinds...))
	if r.states("merge_queries")[merge] != record.Present {
		t.Errorf("merge query %s is %s", merge, r.states("merge_queries")[merge])
	}
}

// uses is how many stored documents of a kind name an id.
func (r *rig) uses(kind record.Kind, id string) (n int) {
	for ref, document := range r.stored() {
		if ref.Kind == kind && strings.Contains(string(document.Body), `"`+id+`"`) {
			n++
		}
	}
	return n
}
