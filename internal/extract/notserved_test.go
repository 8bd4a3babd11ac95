package extract_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
)

// without makes the simulated edition lack some settings.
func without(t *testing.T, routes ...string) (rules []lookersim.Rule) {
	t.Helper()
	for _, route := range routes {
		rules = append(rules, simtest.Rules(t, "route=GET "+route+" status=404")...)
	}
	return rules
}

// TestRoutesThatAreNotServedRest: settings that this edition does not have are asked for as
// seldom as those that it has, the run says so, and what it gets is found within that time.
func TestRoutesThatAreNotServedRest(t *testing.T) {
	t.Parallel()
	lacking := []string{"/ldap_config", "/saml_config", "/oidc_config"}
	for _, tt := range []struct {
		name    string
		refresh map[record.Kind]time.Duration
		quota   int
		full    bool
		age     int // days that they rest; 0: they are asked for every night
	}{
		{name: "an age of the kind", refresh: map[record.Kind]time.Duration{"settings": 7 * aDay}, age: 7},
		{name: "a quota, and no age", refresh: map[record.Kind]time.Duration{}, quota: 1000, age: 30},
		{name: "a quota, and each run is to ask", refresh: map[record.Kind]time.Duration{"settings": 0}, quota: 1000},
		{name: "neither", refresh: map[record.Kind]time.Duration{}},
		{name: "everything is asked for", refresh: map[record.Kind]time.Duration{"settings": 7 * aDay}, full: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 3, Rules: without(t, lacking...)})
			r.refresh, r.config.Looker.Quota = tt.refresh, config.Quota{Administrative: tt.quota}
			night := func(full bool) (made int64, notes []string) {
				at := time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC).Add(time.Duration(r.nights) * aDay)
				r.now, r.nights = func() time.Time { return at }, r.nights+1
				r.sim.ResetCounts()
				s := start("settings")
				s.Full = full
				notes = r.run(record.RunComplete, s).Run.Notes
				for route, n := range r.sim.Counts().Routes {
					if slices.Contains(lacking, strings.TrimPrefix(route, "GET ")) {
						made += int64(n)
					}
				}
				return made, notes
			}
			night(tt.full)
			nights, made, told := max(14, tt.age), int64(0), 0
			for range nights {
				calls, notes := night(tt.full)
				made += calls
				if slices.ContainsFunc(notes, func(note string) bool { return strings.Contains(note, " settings that the server did not have") }) {
					told++
				}
			}
			want := int64(len(lacking) * nights)
			if tt.age > 0 {
				want = int64(len(lacking) * nights / tt.age)
			}
			if made < want-int64(len(lacking)) || made > want+int64(len(lacking)) {
				t.Errorf("%d calls in %d nights, want about %d", made, nights, want)
			}
			if tt.age == 0 {
				if told > 0 {
					t.Errorf("%d runs tell of routes that were asked", told)
				}
				return
			}
			if told < nights/2 {
				t.Errorf("%d of %d runs tell of it", told, nights)
			}
			r.rules()
			for range tt.age {
				night(false)
			}
			for _, route := range lacking {
				if _, ok := r.stored()[record.Ref{Kind: "settings", ID: route[1:]}]; !ok {
					t.Errorf("%s was not found within %d days", route, tt.age)
				}
			}
		})
	}
}
