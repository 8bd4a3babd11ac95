package extract_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// strays are the routes of lists, each with the kinds whose documents it names.
var strays = []struct {
	route string
	kind  record.Kind
}{
	{"GET /dashboards/search", "dashboards"}, {"GET /users", "users"}, {"GET /groups", "groups"}, {"GET /alerts/search", "alerts"},
	{"GET /agents/search", "agents"}, {"GET /dashboards/lookml/search", "lookml_dashboards"}, {"GET /looks/search", "looks"},
	{"GET /folders/{id}/looks", "looks"}, {"GET /roles", "roles"}, {"GET /folders", "folders"}, {"GET /boards", "boards"},
	{"GET /scheduled_plans", "scheduled_plans"}, {"GET /content_metadata", "content_metadata"}, {"GET /connections", "connections"},
	{"GET /primary_homepage_sections", "homepage_sections"}, {"GET /user_attributes", "user_attributes"}, {"GET /permission_sets", "permission_sets"},
	{"GET /lookml_models", "lookml_models"}, {"GET /projects", "projects"}, {"GET /datagroups", "datagroups"}, {"GET /themes", "themes"},
	{"GET /color_collections", "color_collections"}, {"GET /integration_hubs", "integration_hubs"}, {"GET /integrations", "integrations"},
}

// TestAnswerOfAnotherList answers one call for a list as that for another one is
// answered, the first call, the second or the third, in a first run: it is asked for
// again, and the run is complete and holds everything. Where each call is answered so,
// the run is not complete, and its kind neither.
func TestAnswerOfAnotherList(t *testing.T) {
	for _, stray := range strays {
		t.Run(stray.route, func(t *testing.T) {
			t.Parallel()
			for nth := range 4 {
				r := newRig(t, lookersim.Options{Seed: 3, Sizes: few, Quirks: lookersim.Quirks{NoTotals: nth%2 == 0}})
				r.row = func(k *catalogue.Spec) {
					if k.Listing.Page > 0 {
						k.Listing.Page = 5
					}
				}
				kinds := []record.Kind{stray.kind}
				if stray.kind == "content_metadata" {
					kinds = []record.Kind{"folders", "boards", "agents", "content_metadata"}
				}
				if nth == 0 {
					r.strayAlways(stray.kind, stray.route, kinds)
					continue
				}
				r.rules(fmt.Sprintf("route=%s nth=%d do=stray", stray.route, nth))
				r.run(record.RunComplete, start(kinds...))
				compare(t, r, stray.kind)
			}
		})
	}
}

// strayAlways makes runs, the first and the third of which are answered each call for a list of a kind
// with another one: the kind is not complete then, the run says why, and nothing is gone. The runs
// between have what the list names, and close the faults of what another one named.
func (r *rig) strayAlways(kind record.Kind, route string, kinds []record.Kind) {
	r.t.Helper()
	for range 2 {
		r.rules(fmt.Sprintf("route=%s do=stray", route))
		result, err := r.try(start(kinds...))
		if err != nil {
			r.t.Fatal(err)
		}
		i := slices.IndexFunc(result.Run.Kinds, func(k record.Counts) bool { return k.Kind == kind })
		got := result.Run.Kinds[i]
		if !byOtherWays(route) && (got.Listing != record.Incomplete || got.Reason == "" || got.Gone > 0 || result.Run.Outcome != record.RunPartial) {
			r.t.Errorf("each call: %s, %+v", result.Run.Outcome, got)
		}
		r.rules()
		r.run(record.RunComplete, start(kinds...))
		if kind != "folders" { // a folder that was fetched alone shows what lies in it as well
			compare(r.t, r, kind)
		}
		if faults := r.faults(); len(faults) > 0 {
			r.t.Errorf("faults that stay open: %+v", faults)
		}
	}
}

// byOtherWays reports whether what a list holds is had alone where that does not work.
func byOtherWays(route string) bool {
	return route == "GET /folders/{id}/looks" || route == "GET /content_metadata"
}
