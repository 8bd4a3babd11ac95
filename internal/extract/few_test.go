package extract_test

import (
	"testing"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// TestFewDocumentsTakeOnePage: a paged list of few documents takes one call for whole rows in a
// first and in a later run, one more where the server says no total, or where it is the longest of
// a first run, and is read in pages where the page is not all of it.
func TestFewDocumentsTakeOnePage(t *testing.T) {
	sizes := lookersim.Sizes{Dashboards: 5, Users: 40, Groups: 12, Alerts: 9, LookmlDashboards: 4}
	for _, test := range []struct {
		name    string
		options lookersim.Options
		want    int // calls for the list of users
		behind  int // of a first run besides, for what stands behind the longest list
	}{
		{"totals", lookersim.Options{}, 1, 1},
		{"no totals", lookersim.Options{Quirks: lookersim.Quirks{NoTotals: true}}, 2, 0},
		// the page, seven of ids and seven of documents
		{"short pages", lookersim.Options{Quirks: lookersim.Quirks{PageCap: 7}}, 15, 0},
		// more stands behind the page, which only a call for it tells; the last document waits
		// for a page that turns out to be empty
		{"short pages without totals", lookersim.Options{Quirks: lookersim.Quirks{PageCap: 7, NoTotals: true}}, 19, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.options.Seed, test.options.Sizes = 4, sizes
			r := newRig(t, test.options)
			r.limits, r.config.Stages.List.PageSize, r.config.Stages.Fetch.Workers = plan.Limits{}, 100, 1 // nobody else takes room
			for run := range 2 {
				r.sim.ResetCounts()
				r.run(record.RunComplete, start(defaults()...))
				routes := r.sim.Counts().Routes
				if got, want := routes["GET /users"], test.want+(1-run)*test.behind; got != want {
					t.Errorf("%d calls for the list of users, want %d", got, want)
				}
				if got := routes["GET /alerts/search"]; test.want < 3 && got != test.want {
					t.Errorf("%d calls for the list of alerts, want %d", got, test.want)
				}
				compare(t, r, "users", "groups", "alerts", "lookml_dashboards", "agents")
			}
		})
	}
}

// TestOneAskIsForTwiceAsManyWhereCallsAreCounted: of small documents, whose size the first run tells.
func TestOneAskIsForTwiceAsManyWhereCallsAreCounted(t *testing.T) {
	for quota, want := range map[int]int{0: 5, 1000: 3} {
		r := newRig(t, lookersim.Options{Seed: 4, Sizes: lookersim.Sizes{Users: 36}})
		r.limits, r.config.Stages.List.PageSize = plan.Limits{PerAsk: 10}, 5
		r.config.Looker.Quota = config.Quota{Administrative: quota, Query: quota}
		r.run(record.RunComplete, start("users"))
		r.sim.ResetCounts()
		r.run(record.RunComplete, start("users"))
		if got := r.sim.Counts().Routes["GET /users"]; got != want {
			t.Errorf("a quota of %d: %d calls, want %d", quota, got, want)
		}
	}
}
