package extract_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/forecast"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/vault"
)

// thrifty are ages that a small licence can pay for: content, people and schedules are
// asked for every night.
var thrifty = map[record.Kind]time.Duration{
	"content_access": 30 * aDay, "content_metadata": 30 * aDay, "user_attribute_group_values": 30 * aDay, "role_users": 30 * aDay,
	"settings": 30 * aDay, "themes": 30 * aDay, "color_collections": 30 * aDay, "connections": 14 * aDay, "datagroups": 30 * aDay,
	"integration_hubs": 30 * aDay, "integrations": 30 * aDay, "permission_sets": 14 * aDay, "model_sets": 14 * aDay, "projects": 30 * aDay,
	"homepage_sections": 30 * aDay, "lookml_dashboards": 7 * aDay, "lookml_models": 14 * aDay, "user_attributes": 14 * aDay,
	"agents": 7 * aDay, refresh.Trash: 7 * aDay,
}

const (
	// nights are those after the first one.
	nights = 29
	// whoCalls is how many calls a run makes besides, to find out who calls: GET /user. GET /roles
	// brings the list that is counted with the others.
	whoCalls = 1
)

// TestMonth plays a month of nights through, in which 0.5 % of the documents change each
// night, or 0.1 %, and counts the calls on the server: task month.
func TestMonth(t *testing.T) {
	if os.Getenv("LOOKERVAULT_TEST_MONTH") == "" {
		t.Skip("a month on large instances: task month sets LOOKERVAULT_TEST_MONTH")
	}
	standard := lookersim.StandardSizes()
	few, large := standard, standard
	few.Users = 300
	large.Dashboards = 20_000
	for _, test := range []struct {
		name    string
		options lookersim.Options
		dates   string
		most    int // administrative calls of these nights; 0: only told
		oneIn   int // so many documents changes in a night; 0: 200
		// proposed plays the month with the ages that a forecast proposes after the second night.
		proposed bool
	}{
		{"standard, 0.1 % changing", lookersim.Options{Sizes: standard}, config.DatesNever, 1000, 1000, false},
		{"standard", lookersim.Options{Sizes: standard}, config.DatesNever, 1000, 0, false},
		{"standard", lookersim.Options{Sizes: standard}, config.DatesLearned, 0, 0, false},
		{"300 own personal folders, 0.1 % changing", lookersim.Options{Sizes: few, PersonalFolders: true}, config.DatesNever, 1000, 1000, false},
		{"300 own personal folders", lookersim.Options{Sizes: few, PersonalFolders: true}, config.DatesNever, 1250, 0, false},
		{"300 own personal folders as proposed, 0.1 % changing", lookersim.Options{Sizes: few, PersonalFolders: true}, config.DatesNever, 1000, 1000, true},
		{"300 own personal folders as proposed", lookersim.Options{Sizes: few, PersonalFolders: true}, config.DatesNever, 0, 0, true},
		{"300 own personal folders", lookersim.Options{Sizes: few, PersonalFolders: true}, config.DatesLearned, 0, 0, false},
		{"500 own personal folders", lookersim.Options{Sizes: standard, PersonalFolders: true}, config.DatesNever, 0, 0, false},
		{"500 own personal folders", lookersim.Options{Sizes: standard, PersonalFolders: true}, config.DatesLearned, 0, 0, false},
		{"20,000 dashboards", lookersim.Options{Sizes: large, DashboardBytes: 8000}, config.DatesNever, 0, 0, false},
		{"20,000 dashboards", lookersim.Options{Sizes: large, DashboardBytes: 8000}, config.DatesLearned, 0, 0, false},
	} {
		t.Run(test.name+", dates "+test.dates, func(t *testing.T) {
			test.options.Seed = 1
			r := newRig(t, test.options)
			r.config.TrustDates = test.dates
			m := r.playMonth(cmp.Or(test.oneIn, 200), test.proposed)
			t.Logf("| %s | %s | %d + %d | %d + %d | %.0f, %d at most | %+.1f %% |", test.name, test.dates, m.first.Admin, m.first.Query,
				m.administrative, m.query, float64(m.administrative)/nights, m.busiest, 100*m.off/float64(m.administrative+m.query))
			t.Logf("oldest observations in days: %v", m.oldest)
			for route, n := range m.routes {
				if n > 2*nights {
					t.Logf("%6d %s", n, route)
				}
			}
			if test.most > 0 && (m.administrative > test.most || m.query > 1000) {
				t.Errorf("%d administrative and %d query calls in the nights after the first, want at most %d and 1000", m.administrative, m.query, test.most)
			}
		})
	}
}

// playedMonth is what a month came to: the first night, and the others together.
type playedMonth struct {
	first                          lookersim.Counts
	administrative, query, busiest int
	off                            float64 // calls that were foreseen too many
	routes                         map[string]int
	oldest                         map[record.Kind]int // days that an observation was old at most, where it was older than a day
}

// playMonth makes the nights of a month, and checks after each that every change was found
// that should be, and that nothing is older than it may be.
func (r *rig) playMonth(oneIn int, proposed bool) playedMonth {
	r.t.Helper()
	r.limits, r.config.Stages.List.PageSize = plan.Limits{}, 100
	r.config.Looker.Quota = config.Quota{Administrative: 1000, Query: 1000}
	r.refresh = thrifty
	r.release = "25.6.1"
	r.month(1, nil)
	m := playedMonth{first: r.sim.Counts(), routes: make(map[string]int), oldest: make(map[record.Kind]int)}
	m.first.Admin += whoCalls
	random := rand.New(rand.NewPCG(1, 2))
	if proposed {
		r.refresh = map[record.Kind]time.Duration{}
		r.changeSome(random, oneIn)
		r.month(1, nil)
		r.refresh = r.proposal()
	}
	for range nights {
		r.changeSome(random, oneIn)
		at := time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC).Add(time.Duration(r.nights) * aDay)
		r.now = func() time.Time { return at }
		f, err := r.foresee()
		if err != nil {
			r.t.Fatal(err)
		}
		r.month(1, nil)
		c := r.sim.Counts()
		c.Admin += whoCalls
		m.administrative, m.query, m.busiest = m.administrative+c.Admin, m.query+c.Query, max(m.busiest, c.Admin)
		for route, n := range c.Routes {
			m.routes[route] += n
		}
		m.off += float64(f.Total().Likely - int64(c.Calls))
		r.checkNight(&m)
	}
	return m
}

// checkNight compares what is asked for each night with the server, and holds the age of
// every observation against what it may be. Where dates are trusted, dashboards that show
// a changed look are found by the rotation.
func (r *rig) checkNight(m *playedMonth) {
	r.t.Helper()
	nightly := []record.Kind{"looks", "users", "groups", "scheduled_plans", "group_groups"}
	if r.config.TrustDates == config.DatesNever {
		nightly = append(nightly, "dashboards")
	}
	compare(r.t, r, nightly...)
	reader := simtest.Reader(r.t, r.path)
	defer reader.Close()
	started, err := reader.RunStarts(r.t.Context(), "test")
	if err != nil {
		r.t.Fatal(err)
	}
	now := r.now()
	for e, err := range reader.Entries(r.t.Context(), vault.Query{Instance: "test"}) {
		if err != nil {
			r.t.Fatal(err)
		}
		kind, _ := catalogue.Find(e.Kind)
		age, limit := now.Sub(started[e.LastRun].Began), r.refresh[e.Kind]
		switch {
		case kind.Immutable || e.GoneRun != 0:
			continue
		case kind.Dated() && r.config.TrustDates == config.DatesLearned:
			limit = refresh.Rotation
			if title := canon.Text(canon.Member(r.sim.Document(string(e.Kind), e.ID), kind.Fields.Name)); title != e.Name && e.State == record.Present {
				r.t.Errorf("%s is called %q, in the vault %q", e.Ref, title, e.Name)
			}
		case limit == 0 && kind.Calm != nil:
			limit = kind.Calm.Age
		}
		if e.State == record.Trashed {
			limit = r.refresh[refresh.Trash]
			if own := r.refresh[e.Kind]; own > 0 {
				limit = own
			}
		}
		if age > limit+time.Hour {
			r.t.Errorf("%s was seen %s ago, %s is the most", e.Ref, age, limit)
		}
		if days := int(age / aDay); days > m.oldest[e.Kind] {
			m.oldest[e.Kind] = days
		}
	}
}

// changeSome changes one in so many dashboards and looks, now and then a group, and throws
// a dashboard or a look away now and then.
func (r *rig) changeSome(random *rand.Rand, oneIn int) {
	r.t.Helper()
	for _, kind := range []string{"dashboards", "looks"} {
		ids := r.sim.IDs(kind)
		for edited := 0; edited < len(ids)/oneIn; {
			id, title := ids[random.IntN(len(ids))], fmt.Sprint("Title ", random.IntN(1e6))
			edit := lookersim.Change{Op: lookersim.OpEdit, Kind: kind, ID: id, Value: fmt.Sprintf(`{"title":%q}`, title)}
			if _, err := r.sim.Mutate(edit); err == nil { // what lies in the trash is not edited
				edited++
			}
		}
	}
	if kind := []string{"dashboards", "looks"}[random.IntN(2)]; random.IntN(4) == 0 {
		ids := r.sim.IDs(kind)
		mutate(r.t, r, lookersim.Change{Op: lookersim.OpTrash, Kind: kind, ID: ids[random.IntN(len(ids))]})
	}
	if random.IntN(4) == 0 {
		ids := r.sim.IDs("groups")
		mutate(r.t, r, lookersim.Change{Op: lookersim.OpTitle, Kind: "groups", ID: ids[1+random.IntN(len(ids)-1)], Value: fmt.Sprint("Group ", random.IntN(1e6))})
	}
}

// proposal is how old observations of kinds may grow, as a forecast of a month proposes.
func (r *rig) proposal() map[record.Kind]time.Duration {
	r.t.Helper()
	reader := simtest.Reader(r.t, r.path)
	defer reader.Close()
	ahead := r.ahead(reader)
	ahead.Now = ahead.Now.Add(aDay)
	ahead.Besides = []record.Calls{{Route: "GET /user", Class: string(catalogue.Administrative), N: whoCalls}}
	quota := map[catalogue.Activity]int64{catalogue.Administrative: 1000, catalogue.Query: 1000}
	p, err := forecast.Propose(r.t.Context(), ahead, nights, quota)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Logf("proposed, fits %t: %v, of them for changes %v", p.Fits, p.Calls, p.Changes)
	for kind, age := range p.Ages {
		r.t.Logf("  %s: %dd", kind, age/aDay)
	}
	return p.Ages
}

// ahead is the next run of all kinds.
func (r *rig) ahead(reader vault.Reader) forecast.Ahead {
	s := start(defaults()...)
	return forecast.Ahead{
		Config: r.config, Scope: s.Scope, Caller: s.Caller, Instance: s.Instance, Kinds: catalogue.Default(), Vault: reader,
		Refresh: r.refresh, Now: r.now(), Limits: r.limits,
	}
}

// foresee forecasts the next run of all kinds.
func (r *rig) foresee() (forecast.Forecast, error) {
	r.t.Helper()
	client := r.client(&extract.Meter{})
	defer client.Close()
	reader := simtest.Reader(r.t, r.path)
	defer reader.Close()
	ahead := r.ahead(reader)
	ahead.Client = client
	return forecast.Foresee(r.t.Context(), ahead)
}

// TestThrift: where calls are counted, rows of lists are compared once in a month, and so is what
// an overview tells; of small documents one call brings more.
func TestThrift(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 3, Sizes: lookersim.Sizes{Dashboards: 120, Folders: 8, Users: 6, Groups: 4, Boards: 3}})
	r.limits, r.refresh = plan.Limits{}, map[record.Kind]time.Duration{}
	r.config.Looker.Quota = config.Quota{Administrative: 1000, Query: 1000}
	r.month(1, nil)
	alone := []string{"GET /dashboards/{id}", "GET /boards/{id}", "GET /users/{id}", "GET /folders/{id}", "GET /groups/{id}/groups", "GET /roles/{id}/groups"}
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
