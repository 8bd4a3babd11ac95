package extract_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// hollowBubble is a simulated Looker with documents of every kind, and runs that ask who calls
// before.
func hollowBubble(t *testing.T) *bubble {
	t.Helper()
	sim, err := lookersim.New(lookersim.Options{
		Seed: 3, SmallTiles: true, Tiles: [2]int{1, 3}, TrashShare: 0.2, Latency: simLatency, Quirks: lookersim.Quirks{NoTotals: true},
		Sizes: tiny(),
	})
	if err != nil {
		t.Fatal(err)
	}
	b := newBubble(t, 3)
	b.wire.sim, b.kinds, b.asksRoles = sim, defaults(), true
	return b
}

// tiny is an instance with a few documents of every kind.
func tiny() lookersim.Sizes {
	return lookersim.Sizes{
		Dashboards: 12, Looks: 9, Folders: 6, Users: 6, Groups: 5, Roles: 4, MergedTiles: 3, MergeQueries: 2, SourceQueries: 3, Boards: 2,
		ScheduledPlans: 3, Alerts: 3, Connections: 2, LookmlModels: 2, ExploresPerModel: 2, Projects: 2, Datagroups: 2, Themes: 2, ColorCollections: 2,
		UserAttributes: 2, PermissionSets: 2, ModelSets: 2, Agents: 3, HomepageSections: 2, LegacyFeatures: 2, IntegrationHubs: 2, Integrations: 2,
		LookmlDashboards: 2, APIClients: 1,
	}
}

// bodies are what the store holds that is not gone.
func (b *bubble) bodies() map[record.Ref]string {
	found := make(map[record.Ref]string)
	for _, item := range b.memory.Items() {
		if item.State != record.Gone {
			found[item.Ref] = string(item.Body)
		}
	}
	return found
}

// emptyLists is when a server begins to answer every list without rows, and in which run.
type emptyLists struct {
	moment  string
	lasts   string // " for=3s", "" for good
	later   bool   // in a later run
	zeros   bool   // and says that their totals are 0
	folders []string
}

// TestEveryListIsEmptyForAWhile: a server answers every list without rows, from some moment on, for
// seconds or for good, and every document as it is. What this changes is said; where it ends soon,
// nothing is changed by it, but for lists that are mostly empty or say that their total is 0: then
// their kind is not complete.
func TestEveryListIsEmptyForAWhile(t *testing.T) {
	for _, folders := range [][]string{nil, {"1", "3"}} {
		moments := []string{
			"GET /dashboards/search", "GET /boards", "GET /groups", "GET /legacy_features", "GET /primary_homepage_sections",
			"GET /groups/search/with_hierarchy", "GET /roles/3/users", "GET /roles/2/groups", "GET /content_metadata_access", "GET /user_attributes/2/group_values",
		}
		if folders != nil {
			moments = []string{"GET /folders", "GET /looks/search", "GET /dashboards/search", "GET /content_metadata_access"}
		}
		var want map[record.Ref]string
		synctest.Test(t, func(t *testing.T) {
			b := hollowBubble(t)
			b.folders = folders
			if result, err := b.run(nil); err != nil || result.Run.Outcome != record.RunComplete {
				t.Fatalf("%v %+v", err, result.Run)
			}
			want = b.bodies()
		})
		for _, moment := range moments {
			for _, lasts := range []string{" for=3s", ""} {
				for how := range 4 {
					when := emptyLists{moment: moment, lasts: lasts, later: how&1 > 0, zeros: how&2 > 0, folders: folders}
					name := fmt.Sprintf("%s%s/later run %v, totals of 0 %v, folders %v", moment, strings.ReplaceAll(lasts, "=", " "), when.later, when.zeros, folders)
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) { emptyFrom(t, when, want) })
					})
				}
			}
		}
	}
}

func emptyFrom(t *testing.T, when emptyLists, want map[record.Ref]string) {
	b := hollowBubble(t)
	b.wire.zeros, b.folders = when.zeros, when.folders
	if when.later {
		if _, err := b.run(nil); err != nil {
			t.Fatal(err)
		}
	}
	rule, err := lookersim.ParseRule("route=GET /* do=none" + when.lasts)
	if err != nil {
		t.Fatal(err)
	}
	fell := false
	begin := sync.OnceFunc(func() {
		fell = true
		if err := b.wire.sim.SetRules(rule); err != nil {
			t.Error(err)
		}
	})
	result, err := b.run(func(what string, _ int) {
		if what == when.moment {
			begin()
		}
	})
	if when.moment == "GET /folders" && when.folders != nil && when.lasts == "" {
		if looker.Class(err) != looker.FaultUnsure { // nobody knows what lies in the folders
			t.Errorf("ended with %v, want the list of folders unsure", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if !fell {
		t.Fatal("there was no outage")
	}
	var changed, missing []string
	have := b.bodies()
	for ref, body := range have {
		if want[ref] != body {
			changed = append(changed, ref.String())
		}
	}
	for ref := range want {
		if _, ok := have[ref]; !ok {
			missing = append(missing, ref.String())
		}
	}
	if when.later && len(changed)+len(missing) > 0 {
		t.Errorf("changed %v, missing %v", changed, missing)
	}
	nothingMissingSilently(t, result.Run.Kinds, append(changed, missing...))
	for _, k := range result.Run.Kinds {
		if when.lasts != "" && !when.zeros && !strings.Contains(k.Reason, ", and may have some: ") && k.Listing != record.Complete {
			t.Errorf("%s is %s (%s), want the outage ridden out", k.Kind, k.Listing, k.Reason)
		}
	}
}

// askRoles makes the call that tells who calls.
func askRoles(t *testing.T, client *looker.Client) {
	t.Helper()
	if _, err := client.Get(t.Context(), looker.Request{Route: "GET /roles", Class: "administrative", Path: "/roles"}); err != nil {
		t.Fatal(err)
	}
}
