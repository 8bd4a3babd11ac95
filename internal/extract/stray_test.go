package extract_test

import (
	"fmt"
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
// the run is not complete.
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
					r.rules(fmt.Sprintf("route=%s do=stray", stray.route))
					if result, err := r.try(start(kinds...)); err != nil || result.Run.Outcome == record.RunComplete && !byOtherWays(stray.route) {
						t.Errorf("each call: %v, %s", err, result.Run.Outcome)
					}
					continue
				}
				r.rules(fmt.Sprintf("route=%s nth=%d do=stray", stray.route, nth))
				r.run(record.RunComplete, start(kinds...))
				compare(t, r, stray.kind)
			}
		})
	}
}

// byOtherWays reports whether what a list holds is had alone where that does not work.
func byOtherWays(route string) bool {
	return route == "GET /folders/{id}/looks" || route == "GET /content_metadata"
}
