package extract_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// few is an instance with little of everything.
var few = lookersim.Sizes{
	Dashboards: 6, Looks: 5, Folders: 6, Boards: 2, Users: 6, Groups: 3, Roles: 5,
	PermissionSets: 5, ModelSets: 2, LookmlModels: 2, ScheduledPlans: 4, MergedTiles: 3, MergeQueries: 2, SourceQueries: 4,
	Alerts: 4, LookmlDashboards: 2, UserAttributes: 3, Themes: 2, ColorCollections: 2, Connections: 2, Projects: 2,
	Datagroups: 2, IntegrationHubs: 2, Integrations: 2, Agents: 2, HomepageSections: 2, LegacyFeatures: 2, APIClients: 1,
	ExploresPerModel: 2, Favorites: 5,
}

// mixups are answers with status 200 that are not what was asked for.
var mixups = []string{"null", "value", "other", "swap", "wrap"}

// alone are kinds of which documents come one by one, with what their routes are.
var alone = []struct {
	kind  record.Kind
	route string
	tells bool // another document of the kind is noticed
}{
	{kind: "settings", route: "kind=settings", tells: true},
	{kind: "role_users", route: "kind=role_users"},
	{kind: "role_groups", route: "kind=role_groups"},
	{kind: "group_groups", route: "kind=group_groups"},
	{kind: "user_attribute_values", route: "kind=user_attribute_values", tells: true},
	{kind: "user_attribute_group_values", route: "kind=user_attribute_group_values"},
	{kind: "content_access", route: "kind=content_access", tells: true},
	{kind: "explores", route: "kind=explores", tells: true},
	{kind: "merge_queries", route: "kind=merge_queries", tells: true},
	{kind: "color_collections", route: "route=GET /color_collections"},
	{kind: "looks", route: "route=GET /looks/{id}", tells: true},
	{kind: "user_favorites", route: "route=GET /content_favorite/search"}, // that somebody has none cannot be told from an answer for another,
}

// mixed returns a rule for each of the kinds that a mix-up is noticed in.
func mixed(mixup, when string) (kinds []record.Kind, rules []string) {
	for _, tt := range alone {
		if mixup == "swap" && !tt.tells || mixup == "other" && tt.kind == "color_collections" {
			continue // a list with one strange row is no mix-up of answers
		}
		kinds = append(kinds, tt.kind)
		rules = append(rules, tt.route+when+" do="+mixup)
	}
	return kinds, rules
}

// TestMixUpsThatPass: an answer with status 200 that is null, of another kind or of
// another document is asked for again, and then the run is complete and right.
func TestMixUpsThatPass(t *testing.T) {
	for _, mixup := range mixups {
		t.Run(mixup, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 3, Sizes: few})
			_, rules := mixed(mixup, " times=1")
			r.rules(rules...)
			r.run(record.RunComplete, start())
			compare(t, r, inFront()...)
			for _, tt := range alone {
				compare(t, r, tt.kind)
			}
			if faults := r.faults(); len(faults) > 0 {
				t.Errorf("faults: %+v", faults)
			}
		})
	}
}

// TestListsThatAreNoListsPass: a call of any list that is answered once with null or with an
// object is made again, wherever in a run it stands, and then the run is complete and right.
func TestListsThatAreNoListsPass(t *testing.T) {
	lists := []string{
		"GET /dashboards/search", "GET /looks/search", "GET /users", "GET /groups", "GET /alerts/search", "GET /agents/search",
		"GET /dashboards/lookml/search", "GET /folders/{id}/looks", "GET /lookml_models", "GET /folders", "GET /roles", "GET /boards",
	}
	for _, mixup := range []string{"null", "value"} {
		for nth := 1; nth <= 6; nth++ {
			t.Run(fmt.Sprintf("%s/call %d", mixup, nth), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, lookersim.Options{Seed: 3, Sizes: few})
				r.run(record.RunComplete, start())
				for _, kind := range []string{"dashboards", "looks", "users", "groups", "alerts"} { // what is missing is looked for
					mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: kind, ID: r.sim.IDs(kind)[1]})
				}
				for _, full := range []bool{false, true} {
					var rules []string
					for _, route := range lists {
						rules = append(rules, fmt.Sprintf("route=%s nth=%d do=%s", route, nth, mixup))
					}
					r.rules(rules...)
					again := start()
					again.Full = full
					r.run(record.RunComplete, again)
					compare(t, r, inFront()...)
					if faults := r.faults(); len(faults) > 0 {
						t.Errorf("faults: %+v", faults)
					}
				}
			})
		}
	}
}

// TestMixUpsThatStay: what was stored before stays, what was not is a fault, and no
// kind that is mixed up is complete.
func TestMixUpsThatStay(t *testing.T) {
	for _, mixup := range mixups {
		t.Run(mixup, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 3, Sizes: few})
			kinds, rules := mixed(mixup, "")
			r.rules(rules...)
			result := r.run(record.RunPartial, start())
			r.holdsOnlyTruth()
			for _, kind := range kinds {
				if c := countsOf(t, result, kind); c.Listing == record.Complete && c.Failed == 0 {
					t.Errorf("%+v, want faults", c)
				}
			}
			r.rules()
			r.run(record.RunComplete, start())
			before := r.stored()
			r.rules(rules...)
			again := start()
			again.Full = true
			r.run(record.RunPartial, again)
			r.holdsOnlyTruth()
			if stored := r.stored(); len(stored) != len(before) {
				t.Errorf("%d documents are stored, %d were before", len(stored), len(before))
			}
		})
	}
}

// holdsOnlyTruth checks that what the vault holds of the kinds that come alone is
// what the server holds.
func (r *rig) holdsOnlyTruth() {
	r.t.Helper()
	stored := r.stored()
	for _, tt := range alone {
		truth := r.served(tt.kind)
		for ref, document := range stored {
			if ref.Kind == tt.kind && string(document.Body) != string(r.bodyOf(tt.kind, truth[ref])) {
				r.t.Errorf("%s is stored as %.200s", ref, document.Body)
			}
		}
	}
}

// TestObjectsWithoutMembers: the first answer for each document that comes alone and has no
// id of its own is an object without members. It is asked for again, and no explore is one.
func TestObjectsWithoutMembers(t *testing.T) {
	for _, times := range []int64{1, 100} {
		t.Run(fmt.Sprint(times), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 3, Sizes: few})
			var mu sync.Mutex
			asked := make(map[string]int64)
			r.tamper(func(path string, _ url.Values, body []byte) []byte {
				mu.Lock()
				defer mu.Unlock()
				asked[path]++
				setting := slices.Contains([]string{"/setting", "/smtp_status", "/custom_welcome_email", "/internal_help_resources_content"}, path)
				if asked[path] <= times && (setting || strings.Contains(path, "/explores/")) {
					return []byte(" { }\n")
				}
				return body
			})
			if times == 1 {
				r.run(record.RunComplete, start())
				compare(t, r, "explores")
				compare(t, r, "settings")
				return
			}
			result := r.run(record.RunPartial, start())
			if c := countsOf(t, result, "explores"); c.New > 0 || c.Failed == 0 {
				t.Errorf("%+v of explores, want faults alone", c)
			}
			if asked["/custom_welcome_email"] != 2 {
				t.Errorf("asked %d times for what has nothing, want twice", asked["/custom_welcome_email"])
			}
		})
	}
}
