package lookersim_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
)

// digest sums up everything that a server holds.
func digest(t *testing.T, opts lookersim.Options) map[string]string {
	t.Helper()
	s := newSim(t, opts)
	sums := map[string]string{}
	for _, kind := range s.Kinds() {
		h := sha256.New()
		for item := range s.Items(kind) {
			fmt.Fprintf(h, "%s %s %d %s\n", item.ID, item.State, len(item.Body), item.Body)
			if !json.Valid(item.Body) {
				t.Fatalf("%s %s is not valid JSON: %.300s", kind, item.ID, item.Body)
			}
		}
		sums[kind] = fmt.Sprintf("%x", h.Sum(nil))
	}
	return sums
}

// seedless kinds say the same on every server.
var seedless = []string{"settings", "oauth_client_apps", "integration_hubs", "role_groups", "explores"}

func TestSeedDecidesEverything(t *testing.T) {
	for _, opts := range []lookersim.Options{{Seed: 7}, {Seed: 7, SmallTiles: true}, {Seed: 7, DashboardBytes: 30_000}} {
		one, same := digest(t, opts), digest(t, opts)
		opts.Seed = 8
		other := digest(t, opts)
		for kind := range one {
			if one[kind] != same[kind] {
				t.Errorf("%s: the same seed gave other content", kind)
			}
			if one[kind] == other[kind] && !slices.Contains(seedless, kind) {
				t.Errorf("%s: another seed gave the same content", kind)
			}
		}
	}
}

func TestSizesAreTotals(t *testing.T) {
	sizes := lookersim.Sizes{Dashboards: 500, Looks: 333, Folders: 77, Boards: 5, Users: 120, Groups: 9, Roles: 12, PermissionSets: 11, ModelSets: 4,
		LookmlModels: 5, ScheduledPlans: 31, Alerts: 17, LookmlDashboards: 3, MergedTiles: 40, MergeQueries: 40, SourceQueries: 100, UserAttributes: 8, Themes: 3,
		ColorCollections: 5, Connections: 2, Projects: 3, Datagroups: 2, IntegrationHubs: 1, Integrations: 2}
	s := newSim(t, lookersim.Options{Sizes: sizes, SmallTiles: true})
	want := map[string]int{"dashboards": 500, "looks": 333, "folders": 77, "boards": 5, "users": 120, "groups": 9, "roles": 12, "permission_sets": 11,
		"model_sets": 4, "lookml_models": 5, "scheduled_plans": 31, "alerts": 17, "lookml_dashboards": 3, "user_attributes": 8, "themes": 3,
		"color_collections": 5, "connections": 2, "projects": 3, "datagroups": 2, "integration_hubs": 1, "integrations": 2}
	for kind, n := range want {
		ids := s.IDs(kind)
		if len(ids) != n {
			t.Errorf("%s: %d items, want %d", kind, len(ids), n)
		}
		slices.Sort(ids)
		if len(slices.Compact(ids)) != n {
			t.Errorf("%s: ids are not unique", kind)
		}
	}
	trashed := 0
	for item := range s.Items("dashboards") {
		if item.State == "trashed" {
			trashed++
			if !bytes.Contains(item.Body, []byte(`"deleted":true`)) || item.Needs != "deleted=true" {
				t.Errorf("dashboard %s is in the trash but does not say so", item.ID)
			}
		}
	}
	if trashed != 20 {
		t.Errorf("%d trashed dashboards, want 20 of 500", trashed)
	}
}

// TestStandardInstance checks what the standard sizes promise about tiles.
func TestStandardInstance(t *testing.T) {
	s := newSim(t, lookersim.Options{Sizes: lookersim.StandardSizes(), SmallTiles: true, Tiles: [2]int{1, 25}})
	merged := 0
	for item := range s.Items("dashboards") {
		var d struct {
			Elements []struct {
				Merge *string `json:"merge_result_id"`
			} `json:"dashboard_elements"`
		}
		if err := json.Unmarshal(item.Body, &d); err != nil {
			t.Fatal(err)
		}
		if n := len(d.Elements); n < 1 || n > 25 {
			t.Errorf("dashboard %s has %d tiles", item.ID, n)
		}
		for _, e := range d.Elements {
			if e.Merge != nil {
				merged++
			}
		}
	}
	sources := 0
	for item := range s.Items("queries") {
		if strings.HasPrefix(item.Path, "/queries/") {
			sources++
		}
	}
	if merged != 250 || sources < 680 || sources > 730 {
		t.Errorf("%d merged tiles over %d queries, want 250 over about 700", merged, sources)
	}
}

// TestDashboardBytes checks that bodies come out about as large as asked for.
func TestDashboardBytes(t *testing.T) {
	for _, want := range []int{8_000, 20_000, 150_000, 10 << 20} {
		n := 200
		if want > 1<<20 {
			n = 3
		}
		s := newSim(t, lookersim.Options{Sizes: lookersim.Sizes{Dashboards: n, Looks: 10}, DashboardBytes: want})
		sum := 0
		for item := range s.Items("dashboards") {
			sum += len(item.Body)
		}
		if mean := sum / n; mean < want*8/10 || mean > want*12/10 {
			t.Errorf("mean size %d, want about %d", mean, want)
		}
	}
}

// TestOddSizes makes servers of next to nothing, and of one kind without the
// others that it usually leans on.
func TestOddSizes(t *testing.T) {
	for _, sizes := range []lookersim.Sizes{{Dashboards: 1}, {Looks: 1}, {Alerts: 2, ScheduledPlans: 5, Boards: 3}, {LookmlDashboards: 2, MergedTiles: 9},
		{Dashboards: 2, MergedTiles: 9}, {Integrations: 3, Agents: 1, Users: 1}, {Folders: 7, Users: 40}} {
		digest(t, lookersim.Options{Sizes: sizes, SmallTiles: true})
	}
}
