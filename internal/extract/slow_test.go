package extract_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// Routes that are known to be slow are given five minutes where others get the two of
// the configuration.
func TestSlowRoutesGetLonger(t *testing.T) {
	for _, test := range []struct {
		name    string
		route   string
		takes   time.Duration
		set     time.Duration // looker.timeout, 0 for its default
		want    record.Outcome
		folders []string // of the scope
	}{
		{"a slow route", "GET /dashboards/search", 200 * time.Second, 0, record.RunComplete, nil},
		{"a slow route that takes even longer", "GET /dashboards/search", 310 * time.Second, 0, record.RunPartial, nil},
		{"another route", "GET /roles", 200 * time.Second, 0, record.RunPartial, nil},
		{"a slow route with a longer timeout", "GET /dashboards/search", 310 * time.Second, 400 * time.Second, record.RunComplete, nil},
		{"the folders of a scope", "GET /folders", 200 * time.Second, 0, record.RunComplete, []string{"1"}},
		{"the folders of a scope with a longer timeout", "GET /folders", 310 * time.Second, 400 * time.Second, record.RunComplete, []string{"1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(t, 1)
				sim, err := lookersim.New(lookersim.Options{
					Seed: 1, SmallTiles: true, TrashShare: -1, Sizes: lookersim.Sizes{Dashboards: 3, Folders: 2, Users: 2, Roles: 2},
				})
				if err != nil {
					t.Fatal(err)
				}
				b.timeout, b.folders = test.set, test.folders
				b.wire.sim, b.kinds = sim, []record.Kind{"dashboards", "roles"}
				result, err := b.run(func(what string, _ int) {
					if strings.HasPrefix(what, test.route) {
						time.Sleep(test.takes)
					}
				})
				if err != nil || result.Run.Outcome != test.want {
					t.Errorf("%v, outcome %s, want %s: %+v", err, result.Run.Outcome, test.want, result.Run.Kinds)
				}
			})
		})
	}
}
