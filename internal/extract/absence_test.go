package extract_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// owned are kinds whose documents are parts of others, with the route that gives
// one and the kind of the document that it is a part of.
var owned = []struct {
	kind, owner record.Kind
	route       string
}{
	{"role_users", "roles", "GET /roles/{id}/users"},
	{"role_groups", "roles", "GET /roles/{id}/groups"},
	{"group_groups", "groups", "GET /groups/{id}/groups"},
	{"user_attribute_group_values", "user_attributes", "GET /user_attributes/{id}/group_values"},
	{"user_attribute_values", "users", "GET /users/{id}/attribute_values"},
	{"user_favorites", "users", "GET /content_favorite/search"},
	{"content_metadata", "folders", "GET /content_metadata*"},
}

// TestPartsOfListedDocumentsAreNeverGone: a node that has not caught up answers 404
// to a part of what is listed. In a first run that is no part less, in a later
// one nothing is gone, and both say so.
func TestPartsOfListedDocumentsAreNeverGone(t *testing.T) {
	for _, tt := range owned {
		t.Run(string(tt.kind), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 8})
			const overview = "route=GET /groups/search/with_hierarchy status=404" // so that each is asked for
			kinds := []record.Kind{tt.owner, "boards", "agents", tt.kind}
			for _, later := range []bool{false, true} {
				r.rules(overview, "route="+tt.route+" after=1 status=404")
				result := r.run(record.RunPartial, start(kinds...))
				got := countsOf(t, result, tt.kind)
				if got.Listing != record.Incomplete || got.Gone != 0 || got.Failed == 0 || !strings.Contains(got.Reason, "answered 404") {
					t.Errorf("later: %v: %+v, want it incomplete and nothing gone", later, got)
				}
				r.accounted(result)
				r.rules()
				r.run(record.RunComplete, start(kinds...))
				compare(t, r, kinds...)
				if faults := r.faults(); len(faults) > 0 {
					t.Errorf("later: %v: still open: %+v", later, faults)
				}
			}
		})
	}
}

// TestPartsGoWithTheirOwner: a role is deleted. Its members are gone with it, in
// the same run, and no fault is left.
func TestPartsGoWithTheirOwner(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 8})
	kinds := []record.Kind{"roles", "role_users", "role_groups"}
	r.run(record.RunComplete, start(kinds...))
	roles := r.sim.IDs("roles")
	role := roles[len(roles)-1]
	mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: "roles", ID: role})
	// Alone, the members prove nothing: the role may be listed.
	alone := r.run(record.RunComplete, start("role_users"))
	if got := countsOf(t, alone, "role_users"); got.Gone != 0 || got.Failed != 0 {
		t.Errorf("members alone: %+v, want nothing gone and no fault", got)
	}
	if want := "role_users: 1 are not there (404), and what they belong to was not seen in this run: " + role; !slices.Contains(alone.Run.Notes, want) {
		t.Errorf("notes %q, want %q", alone.Run.Notes, want)
	}
	result := r.run(record.RunComplete, start(kinds...))
	for _, kind := range kinds {
		if got := countsOf(t, result, kind); got.Gone != 1 || got.Failed != 0 {
			t.Errorf("%s: %+v, want one gone", kind, got)
		}
	}
	if len(result.Run.Notes) > 0 {
		t.Errorf("notes %q, want none: it is in the counts", result.Run.Notes)
	}
	compare(t, r, kinds...)
}

// TestDanglingReferences: what documents name and the server does not have is a
// fault with the name of the document, and the run is complete. Many of them are
// not, and each goes when it is found or not named any more.
func TestDanglingReferences(t *testing.T) {
	kinds := []record.Kind{"dashboards", "lookml_dashboards", "looks", "scheduled_plans", "alerts", "agents", "merge_queries", "queries"}
	r := newRig(t, lookersim.Options{Seed: 8, TrashShare: -1})
	r.rules("route=GET /merge_queries/{id} id=" + r.sim.IDs("merge_queries")[1] + " status=404")
	result := r.run(record.RunComplete, start(kinds...))
	faults := r.faults()
	if len(faults) != 1 || faults[0].Class != record.FaultDangling || faults[0].Kind != "merge_queries" || !strings.HasPrefix(faults[0].Message, "named by dashboards/") {
		t.Fatalf("faults %+v, want one that names a dashboard", faults)
	}
	if got := countsOf(t, result, "merge_queries"); got.Failed != 0 || got.Gone != 0 || got.Listing != record.Complete {
		t.Errorf("%+v, want no failure", got)
	}
	if !noted(result.Run.Notes, faults[0].Ref) {
		t.Errorf("notes %q do not name %s", result.Run.Notes, faults[0].Ref)
	}

	// It is found.
	r.rules()
	r.run(record.RunComplete, start(kinds...))
	if faults := r.faults(); len(faults) > 0 {
		t.Errorf("still open: %+v", faults)
	}

	// All queries that a fresh vault asks for dangle.
	r.path += "2"
	r.rules("route=GET /queries/{id} status=404", "route=GET /queries/slug/{slug} status=404")
	result = r.run(record.RunPartial, start(kinds...))
	got := countsOf(t, result, "queries")
	want := fmt.Sprintf("%d of %d that stored documents point to are not there (404)", got.Listed, got.Listed)
	if got.Listing != record.Incomplete || got.Failed != 0 || got.Reason != want {
		t.Errorf("%+v, want it incomplete: %s", got, want)
	}
	if faults := r.faults(); len(faults) != int(got.Listed) {
		t.Errorf("%d faults, want %d", len(faults), got.Listed)
	}
	r.rules()
	r.run(record.RunComplete, start(kinds...))
	compare(t, r, kinds...)
	if faults := r.faults(); len(faults) > 0 {
		t.Errorf("still open: %+v", faults)
	}
}

// TestExploresThatAreNotServed: models name explores that exist only to be
// extended. However many, that is a note.
func TestExploresThatAreNotServed(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 8})
	r.rules("kind=explores after=1 status=404")
	result := r.run(record.RunComplete, start("lookml_models", "explores"))
	got := countsOf(t, result, "explores")
	if got.Listing != record.Complete || got.New != 1 || got.Listed < 6 {
		t.Errorf("%+v, want all but one not served", got)
	}
	want := fmt.Sprintf("explores: %d that stored documents point to are not served (404)", got.Listed-1)
	if !slices.ContainsFunc(result.Run.Notes, func(note string) bool { return strings.HasPrefix(note, want) }) {
		t.Errorf("notes %q, want %q", result.Run.Notes, want)
	}
	if diff := cmp.Diff(0, len(r.faults())); diff != "" {
		t.Errorf("faults: %+v", r.faults())
	}
}

// TestWhatDanglesIsAskedForOnce: what an earlier run found not to be there costs one
// call in the next one.
func TestWhatDanglesIsAskedForOnce(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 8, TrashShare: -1})
	id := r.sim.IDs("merge_queries")[0]
	r.rules("route=GET /merge_queries/{id} id=" + id + " status=404")
	for run, want := range []int64{2, 1, 1} {
		r.sim.ResetCounts()
		r.run(record.RunComplete, start("dashboards", "merge_queries"))
		if got := int64(r.sim.Counts().Faults); got != want {
			t.Errorf("run %d asked %d times, want %d", run+1, got, want)
		}
	}
}
