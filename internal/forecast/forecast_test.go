package forecast_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/forecast"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// foretold compares a forecast with the run that follows it, in calls as the
// server counts them. Off is the largest error that is allowed.
func (r *rig) foretold(off float64, s record.Start) {
	r.t.Helper()
	f, err := r.foresee(s)
	if err != nil {
		r.t.Fatal(err)
	}
	r.sim.ResetCounts()
	result := r.made(record.RunComplete, s)
	made, total := int64(r.sim.Counts().Calls), f.Total()
	is := float64(total.Likely-made) / float64(made)
	r.t.Logf("forecast %d (%d to %d), made %d: %+.1f %%", total.Likely, total.Low, total.High, made, 100*is)
	if math.Abs(is) > off {
		r.t.Errorf("forecast %d calls, the run made %d: %+.1f %%, want at most %.0f %%", total.Likely, made, 100*is, 100*off)
		for _, k := range f.Kinds {
			r.t.Logf("%s: calls %+v, documents %+v %q", k.Kind, k.Calls(), k.Items, k.Notes)
		}
		for _, c := range result.Run.Calls {
			r.t.Logf("made %d %s", c.N, c.Route)
		}
	}
	if made < total.Low || made > total.High {
		r.t.Errorf("the run made %d calls, the forecast's bounds are %d and %d", made, total.Low, total.High)
	}
	for _, k := range f.Kinds {
		n := countsOf(r.t, result, k.Kind).Settled()
		if n < k.Items.Low || n > k.Items.High {
			r.t.Errorf("%s: %d documents, the forecast's bounds are %+v", k.Kind, n, k.Items)
		}
	}
}

func TestForecastOfLargeInstances(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		sizes lookersim.Sizes
	}{
		{"default sizes", lookersim.DefaultSizes()},
		{"standard sizes", lookersim.StandardSizes()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if testing.Short() {
				t.Skip("a large instance")
			}
			r := newRig(t, lookersim.Options{Seed: 1, Sizes: tt.sizes})
			r.config.Stages.List.PageSize = 100
			r.foretold(0.30, start(defaults()...)) // an empty vault
			r.foretold(0.10, start(defaults()...)) // one that holds a complete run
		})
	}
}

func TestForecastComesTrue(t *testing.T) {
	t.Parallel()
	scoped := func() record.Start {
		s := start()
		s.Scope.Folders, s.Scope.Recursive = []string{"1"}, true
		return s
	}
	full := func() record.Start {
		s := start()
		s.Full = true
		return s
	}
	plain := func() record.Start { return start() }
	for _, tt := range []struct {
		name    string
		quirks  lookersim.Quirks
		exclude []record.Ref
		first   func() record.Start
		second  func() record.Start
		changes []lookersim.Change // between the runs
		off     [2]float64
	}{
		{name: "nothing changed", first: plain, second: plain, off: [2]float64{0.1, 0}},
		{name: "everything again", first: plain, second: full, off: [2]float64{0.1, 0}},
		{name: "a scope", first: scoped, second: scoped, off: [2]float64{0.2, 0.05}},
		{
			name: "some kinds, then what they lead to", off: [2]float64{0.25, 0.1},
			first:  func() record.Start { return start("dashboards", "folders") },
			second: func() record.Start { return start("merge_queries", "queries", "content_metadata") },
		},
		{
			name: "left out", first: plain, second: plain, off: [2]float64{0.1, 0},
			exclude: []record.Ref{{Kind: "dashboards", ID: "5"}, {Kind: "looks", ID: "4"}, {Kind: "roles", ID: "2"}},
		},
		{
			name: "some changed", first: plain, second: plain, off: [2]float64{0.1, 0.05},
			changes: []lookersim.Change{
				{Op: lookersim.OpAdd, Kind: "dashboards"},
				{Op: lookersim.OpAdd, Kind: "looks"},
				{Op: lookersim.OpAdd, Kind: "users"},
				{Op: lookersim.OpTouch, Kind: "looks", ID: "10", Value: "2026-01-02T03:04:05.000+00:00"},
				{Op: lookersim.OpTrash, Kind: "looks", ID: "13"},
				{Op: lookersim.OpDelete, Kind: "dashboards", ID: "17"},
			},
		},
		{
			name: "some renamed", first: plain, second: plain, off: [2]float64{0.1, 0},
			changes: []lookersim.Change{
				{Op: lookersim.OpTitle, Kind: "looks", ID: "10", Value: "one"},
				{Op: lookersim.OpTitle, Kind: "looks", ID: "11", Value: "two"},
				{Op: lookersim.OpTitle, Kind: "looks", ID: "13", Value: "three"},
			},
		},
		{
			name: "owners are gone", first: plain, second: plain, off: [2]float64{0.1, 0},
			changes: []lookersim.Change{
				{Op: lookersim.OpDelete, Kind: "roles", ID: "4"},
				{Op: lookersim.OpDelete, Kind: "folders", ID: "9"},
				{Op: lookersim.OpDelete, Kind: "folders", ID: "12"},
				{Op: lookersim.OpDelete, Kind: "folders", ID: "16"},
				{Op: lookersim.OpDelete, Kind: "folders", ID: "20"},
				{Op: lookersim.OpDelete, Kind: "folders", ID: "24"},
				{Op: lookersim.OpDelete, Kind: "user_attributes", ID: "3"},
			},
		},
		{name: "no totals", quirks: lookersim.Quirks{NoTotals: true}, first: plain, second: plain, off: [2]float64{0.1, 0}},
		{name: "id lists are ignored", quirks: lookersim.Quirks{IgnoreIDs: true}, first: plain, second: plain, off: [2]float64{0.1, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 7, Quirks: tt.quirks})
			r.exclude = tt.exclude
			r.foretold(tt.off[0], tt.first())
			mutate(t, r, tt.changes...)
			r.foretold(tt.off[1], tt.second())
		})
	}
}

// TestForecastLearns forecasts servers that do not play along: the first run
// finds out, and the vault tells.
func TestForecastLearns(t *testing.T) {
	t.Parallel()
	t.Run("poor rows", func(t *testing.T) {
		r := newRig(t, lookersim.Options{Seed: 7, Quirks: lookersim.Quirks{PoorRows: []string{"dashboards", "users", "roles"}}})
		r.made(record.RunComplete, start())
		r.foretold(0.05, start())
	})
	t.Run("short pages", func(t *testing.T) {
		r := newRig(t, lookersim.Options{Seed: 7, Quirks: lookersim.Quirks{PageCap: 7}})
		s := start("dashboards", "looks", "users", "merge_queries", "queries")
		r.foretold(0.30, s)
		r.foretold(0.05, s)
	})
	t.Run("not an administrator", func(t *testing.T) {
		r := newRig(t, lookersim.Options{Seed: 7, Restricted: true})
		r.config.Looker.PartialView = true
		s, no := start(), false
		s.Caller.Admin = &no
		r.foretold(0.10, s)
		r.foretold(0, s)
	})
}

func TestForecastOfAResume(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 7})
	r.config.RateLimit.MaxCalls = 90
	r.made(record.RunPartial, start())
	r.config.RateLimit.MaxCalls = 0
	s := start()
	s.Resume = true
	f, err := r.foresee(s)
	if err != nil {
		t.Fatal(err)
	}
	r.sim.ResetCounts()
	r.made(record.RunComplete, s)
	// Which calls a budget paid for is chance, so the bounds may miss by a few.
	made, likely := float64(r.sim.Counts().Calls), float64(f.Total().Likely)
	if math.Abs(likely-made) > 0.20*made {
		t.Errorf("forecast %.0f calls, the resumed run made %.0f, want at most 20 %% between them", likely, made)
	}
}

// TestForecastSeesTheTrash: what lies in the trash is counted before the first run, and it
// costs nothing to guess.
func TestForecastSeesTheTrash(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 7, TrashShare: 0.3})
	f, err := r.foresee(start("dashboards", "looks"))
	if err != nil {
		t.Fatal(err)
	}
	result := r.made(record.RunComplete, start("dashboards", "looks"))
	for _, k := range f.Kinds {
		if n := countsOf(t, result, k.Kind).Settled(); k.Items != (forecast.Span{Low: n, Likely: n, High: n}) {
			t.Errorf("%s: forecast %+v, the run found %d", k.Kind, k.Items, n)
		}
	}
}

// TestForecastForeseesChanges: of a filled vault it is told what lists show to be new, gone
// and changed, and nothing else; before the first run nothing.
func TestForecastForeseesChanges(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 7})
	foreseen := func() (found []string) {
		t.Helper()
		f, err := r.foresee(start())
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range f.Kinds {
			if k.Changes == nil {
				continue
			}
			if !k.Changes.Whole {
				t.Errorf("%s: not whole", k.Kind)
			}
			for _, d := range k.Changes.Documents {
				if d.Name == "" && k.Kind != "alerts" && k.Kind != "scheduled_plans" {
					t.Errorf("%s %s has no name", k.Kind, d.ID)
				}
				found = append(found, d.Way+" "+string(k.Kind)+"/"+d.ID)
			}
		}
		return found
	}
	if got := foreseen(); got != nil {
		t.Errorf("without a vault: %v", got)
	}
	r.made(record.RunComplete, start())
	if got := foreseen(); got != nil {
		t.Errorf("nothing has changed: %v", got)
	}
	trashed := r.sim.IDs("dashboards")[3]
	mutate(t, r,
		lookersim.Change{Op: lookersim.OpTitle, Kind: "dashboards", ID: "5", Value: "Renamed"},
		lookersim.Change{Op: lookersim.OpTrash, Kind: "dashboards", ID: trashed},
		lookersim.Change{Op: lookersim.OpTouch, Kind: "looks", ID: "10", Value: "2026-01-02T03:04:05.000+00:00"},
		lookersim.Change{Op: lookersim.OpDelete, Kind: "looks", ID: "11"},
		lookersim.Change{Op: lookersim.OpDelete, Kind: "users", ID: "9"},
	)
	want := []string{"changed dashboards/5", "trashed dashboards/" + trashed, "changed looks/10", "gone looks/11", "gone users/9"}
	if diff := cmp.Diff(want, foreseen()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestForecastLearnsFromTheNewestCompleteRun(t *testing.T) {
	t.Parallel()
	counts := func(kind record.Kind, fresh, same int64) record.Counts {
		return record.Counts{Kind: kind, Listing: record.Complete, New: fresh, Same: same}
	}
	learnt := forecast.Learn([]record.Run{
		{Outcome: record.RunInterrupted, Kinds: []record.Counts{counts("users", 9, 0)}, Calls: []record.Calls{{Route: "GET /users/{user_id}", N: 10}}},
		{
			Outcome: record.RunComplete,
			Kinds: []record.Counts{
				counts("dashboards", 20, 0), counts("lookml_dashboards", 5, 0), counts("users", 9, 0), counts("roles", 1, 0),
				counts("merge_queries", 7, 3), counts("queries", 0, 30),
			},
			Calls: []record.Calls{
				{Route: "GET /dashboards/{dashboard_id}", N: 22}, {Route: "GET /users/{user_id}", N: 1}, {Route: "GET /roles/{role_id}", N: 1},
				{Route: "GET /merge_queries/{merge_query_id}", N: 9},
			},
		},
	}, []record.Learnt{{Kind: "dashboards", Code: record.RowsPoor}, {Kind: "users", Code: record.RowsStored}})
	got := make(map[record.Kind][2]any)
	for kind, p := range learnt {
		got[kind] = [2]any{p.Poor(), p.Dangling()}
	}
	want := map[record.Kind][2]any{
		"dashboards": {true, 0}, "lookml_dashboards": {false, 0}, "users": {false, 0}, "roles": {false, 0},
		"merge_queries": {false, 2}, "queries": {false, 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("learnt (-want +got):\n%s", diff)
	}
}

func TestStampsCountWhileRedactionStays(t *testing.T) {
	t.Parallel()
	now := config.RedactStage{Enabled: true, Paths: []string{"looks.public_slug", "users.email"}}
	for stored, want := range map[string]bool{
		``:   true,
		`{}`: true,
		`{"stages":{"redact":{"enabled":true,"paths":["users.email","looks.public_slug"]}}}`: true,
		`{"stages":{"redact":{"enabled":true,"paths":["users.email"]}}}`:                     false,
		`{"stages":{"redact":{"enabled":false,"paths":[]}}}`:                                 false,
	} {
		if got := forecast.RedactedAs([]byte(stored), now); got != want {
			t.Errorf("%s: %t, want %t", stored, got, want)
		}
	}
}
