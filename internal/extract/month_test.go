package extract_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/forecast"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// thrifty are ages that a small licence can pay for: content, people and schedules are
// asked for every night.
var thrifty = map[record.Kind]time.Duration{
	"content_access": 30 * aDay, "content_metadata": 30 * aDay, "user_attribute_group_values": 30 * aDay, "role_users": 14 * aDay,
	"settings": 30 * aDay, "themes": 30 * aDay, "color_collections": 30 * aDay, "connections": 14 * aDay, "datagroups": 30 * aDay,
	"integration_hubs": 30 * aDay, "integrations": 30 * aDay, "permission_sets": 14 * aDay, "model_sets": 14 * aDay, "projects": 30 * aDay,
	"homepage_sections": 30 * aDay, "lookml_dashboards": 7 * aDay,
}

// nights are those after the first one.
const nights = 29

// TestMonth plays a month of nights through, in which 0.5 % of the documents change each
// night, and counts the calls on the server: task month.
func TestMonth(t *testing.T) {
	if os.Getenv("LOOKERVAULT_TEST_MONTH") == "" {
		t.Skip("a month on large instances: task month sets LOOKERVAULT_TEST_MONTH")
	}
	standard := lookersim.StandardSizes()
	few, large := standard, standard
	few.Users = 300
	large.Dashboards = 20_000
	for _, test := range []struct {
		name     string
		sizes    lookersim.Sizes
		personal bool
		most     int // administrative calls of these nights; 0: only told
	}{
		{"standard", standard, false, 0},
		{"300 own personal folders", few, true, 2000},
		{"500 own personal folders", standard, true, 0},
		{"20,000 dashboards", large, false, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 1, Sizes: test.sizes, PersonalFolders: test.personal})
			r.config.Stages.List.PageSize = 100
			r.config.Looker.Quota = config.Quota{Administrative: 1000, Query: 1000}
			r.refresh = thrifty
			r.month(1, nil)
			first := r.sim.Counts()
			random := rand.New(rand.NewPCG(1, 2))
			administrative, query, busiest := 0, 0, 0
			off := 0.0
			routes := make(map[string]int)
			for range nights {
				r.changeSome(random)
				at := time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC).Add(time.Duration(r.nights) * aDay)
				r.now = func() time.Time { return at }
				f, err := r.foresee()
				if err != nil {
					t.Fatal(err)
				}
				r.month(1, nil)
				c := r.sim.Counts()
				administrative, query, busiest = administrative+c.Admin, query+c.Query, max(busiest, c.Admin)
				for route, n := range c.Routes {
					routes[route] += n
				}
				off += float64(f.Total().Likely - int64(c.Calls))
				for _, kind := range []record.Kind{"dashboards", "looks", "users", "groups", "scheduled_plans", "group_groups"} {
					compare(t, r, kind)
				}
			}
			t.Logf("| %s | %d + %d | %d + %d | %.0f, %d at most | %+.1f %% |", test.name, first.Admin, first.Query, administrative, query,
				float64(administrative)/nights, busiest, 100*off/float64(administrative+query))
			for route, n := range routes {
				if n > 2*nights {
					t.Logf("%6d %s", n, route)
				}
			}
			if test.most > 0 && (administrative > test.most || query > 1000) {
				t.Errorf("%d administrative and %d query calls in the nights after the first, want at most %d and 1000", administrative, query, test.most)
			}
		})
	}
}

// foresee forecasts the next run of all kinds.
func (r *rig) foresee() (forecast.Forecast, error) {
	r.t.Helper()
	client := r.client(&extract.Meter{})
	defer client.Close()
	reader, err := sqlite.OpenReader(r.t.Context(), r.path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer reader.Close()
	s := start(defaults()...)
	return forecast.Foresee(r.t.Context(), forecast.Ahead{
		Config: r.config, Scope: s.Scope, Caller: s.Caller, Client: client, Instance: s.Instance, Kinds: catalogue.Default(), Vault: reader,
		Refresh: r.refresh, Now: r.now(),
	})
}

// changeSome changes one in two hundred dashboards and looks, and now and then a group.
func (r *rig) changeSome(random *rand.Rand) {
	r.t.Helper()
	for _, kind := range []string{"dashboards", "looks"} {
		ids := r.sim.IDs(kind)
		for range len(ids) / 200 {
			mutate(r.t, r, lookersim.Change{Op: lookersim.OpTitle, Kind: kind, ID: ids[random.IntN(len(ids))], Value: fmt.Sprint("Title ", random.IntN(1e6))})
		}
	}
	if random.IntN(4) == 0 {
		ids := r.sim.IDs("groups")
		mutate(r.t, r, lookersim.Change{Op: lookersim.OpTitle, Kind: "groups", ID: ids[1+random.IntN(len(ids)-1)], Value: fmt.Sprint("Group ", random.IntN(1e6))})
	}
}

// TestThrift: where calls are counted, rows of lists are compared once in a month, and of
// small documents one call brings more.
func TestThrift(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 3, Sizes: lookersim.Sizes{Dashboards: 120, Folders: 8, Users: 6, Groups: 4, Boards: 3}})
	r.refresh = map[record.Kind]time.Duration{}
	r.config.Looker.Quota = config.Quota{Administrative: 1000, Query: 1000}
	r.month(1, nil)
	alone := []string{"GET /dashboards/{id}", "GET /boards/{id}", "GET /users/{id}", "GET /folders/{id}"}
	compared := make(map[string]int64)
	for night, calls := range r.month(31, nil) {
		for _, route := range alone {
			compared[route] += calls[route]
		}
		if got := calls["GET /dashboards/search"]; got > 5 { // two for ids, in and out of the trash, and pages
			t.Errorf("night %d: %d calls for dashboards", night, got)
		}
	}
	for _, route := range alone {
		if n := compared[route]; n < 1 || n > 3 {
			t.Errorf("%s: %d calls in a month", route, n)
		}
	}
	compare(t, r, "dashboards", "boards", "users")
}
