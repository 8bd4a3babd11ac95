package forecast_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/forecast"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
)

const aDay = 24 * time.Hour

// night is when the next nightly run begins.
func (r *rig) night() time.Time {
	return time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC).Add(time.Duration(r.nights) * aDay)
}

// month makes a run each night.
func (r *rig) month(nights int) {
	r.t.Helper()
	for range nights {
		at, began := r.night(), time.Now()
		r.now = func() time.Time { return at.Add(time.Since(began)) }
		r.nights++
		r.sim.ResetCounts()
		r.made(record.RunComplete, start(defaults()...))
	}
}

// TestForecastOfNights: what nights will cost in which only a part is asked for is known
// before each.
func TestForecastOfNights(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 3, PersonalFolders: true})
	r.refresh = map[record.Kind]time.Duration{
		"settings": 7 * aDay, "themes": 5 * aDay, "connections": 2 * aDay, "role_users": 3 * aDay, "content_metadata": 4 * aDay,
		"roles": 6 * aDay, "user_attributes": 6 * aDay, refresh.Trash: 4 * aDay,
	}
	r.month(2)
	ahead := forecast.Ahead{
		Config: r.config, Scope: start(defaults()...).Scope, Caller: start().Caller, Instance: "test", Kinds: catalogue.Default(), Refresh: r.refresh,
		Now: time.Date(2026, 4, 3, 2, 0, 0, 0, time.UTC),
	}
	ahead.Vault = r.reader()
	foreseen, known, err := forecast.Nights(t.Context(), ahead, 9)
	if err != nil || !known {
		t.Fatal(known, err)
	}
	for class := range foreseen.Calls {
		if class != catalogue.Administrative && class != catalogue.Query {
			t.Errorf("calls of class %q", class)
		}
	}
	made := make(map[catalogue.Activity]int64)
	defer func() {
		for class, n := range made {
			if math.Abs(float64(foreseen.Calls[class]-n)) > 0.05*float64(n) {
				t.Errorf("nine nights: forecast %d %s calls, made %d", foreseen.Calls[class], class, n)
			}
		}
	}()
	for range 9 {
		r.now = func() time.Time { return r.night() }
		f, err := r.foresee(start(defaults()...))
		if err != nil {
			t.Fatal(err)
		}
		r.month(1)
		made[catalogue.Administrative] += int64(r.sim.Counts().Admin)
		made[catalogue.Query] += int64(r.sim.Counts().Query)
		if made, total := int64(r.sim.Counts().Calls), f.Total(); math.Abs(float64(total.Likely-made)) > 0.05*float64(made) {
			t.Errorf("night %d: forecast %d calls, made %d", r.nights, total.Likely, made)
			for _, k := range f.Kinds {
				t.Logf("%s: %+v", k.Kind, k.Calls())
			}
			for route, n := range r.sim.Counts().Routes {
				t.Logf("made %d %s", n, route)
			}
		}
	}
}

// TestForecastOfNightsThatChange: a month ahead takes as much for changed as the nights before
// have seen change.
func TestForecastOfNightsThatChange(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 3, Sizes: lookersim.Sizes{Dashboards: 40, Looks: 200, Folders: 20, Users: 8, Groups: 5, Roles: 4}})
	edited := 0
	night := func() {
		for range 9 { // of looks that are not in the trash
			for edited++; ; edited++ {
				ids := r.sim.IDs("looks")
				change := lookersim.Change{Op: lookersim.OpEdit, Kind: "looks", ID: ids[edited%len(ids)], Value: fmt.Sprintf(`{"title":"Title %d"}`, edited)}
				if _, err := r.sim.Mutate(change); err == nil {
					break
				}
			}
		}
		r.month(1)
	}
	foresee := func() forecast.Month {
		ahead := forecast.Ahead{
			Config: r.config, Scope: start(defaults()...).Scope, Caller: start().Caller, Instance: "test", Kinds: catalogue.Default(), Refresh: r.refresh,
			Now: r.night(), Vault: r.reader(),
		}
		month, known, err := forecast.Nights(t.Context(), ahead, 6)
		if err != nil || !known {
			t.Fatal(known, err)
		}
		return month
	}
	r.month(1)
	if month := foresee(); month.Observed != 0 || month.Changes[catalogue.Administrative] != 0 {
		t.Errorf("after one run: %+v, want that nothing is known of what changes", month)
	}
	for range 5 {
		night()
	}
	month, made := foresee(), int64(0)
	if month.Observed.Round(time.Hour) != 5*aDay || month.Changes[catalogue.Administrative] != 6*9 {
		t.Errorf("changes of %d administrative calls, seen over %s; want 54 over 5 days", month.Changes[catalogue.Administrative], month.Observed)
	}
	for range 6 {
		night()
		made += int64(r.sim.Counts().Admin)
	}
	if foreseen := month.Calls[catalogue.Administrative]; math.Abs(float64(foreseen-made)) > 0.05*float64(made) {
		t.Errorf("six nights: forecast %d administrative calls, made %d", foreseen, made)
	}
}

// TestForecastOfRoutesThatAreNotServed: settings that the server does not have rest like those that
// it has, and a forecast knows that of each night and of a month of them.
func TestForecastOfRoutesThatAreNotServed(t *testing.T) {
	t.Parallel()
	var rules []lookersim.Rule
	for _, route := range []string{"/ldap_config", "/saml_config", "/oidc_config", "/smtp_status", "/ssh_servers", "/ssh_tunnels"} {
		rules = append(rules, lookersim.Rule{Route: "GET " + route, Do: lookersim.FaultStatus, Status: 404})
	}
	r := newRig(t, lookersim.Options{Seed: 3, Rules: rules, Sizes: lookersim.Sizes{Dashboards: 3, Looks: 2, Folders: 2, Users: 2, Groups: 2}})
	r.refresh = map[record.Kind]time.Duration{"settings": 7 * aDay}
	r.month(1)
	settings, _ := catalogue.Find("settings")
	ahead := forecast.Ahead{
		Config: r.config, Scope: start("settings").Scope, Caller: start().Caller, Instance: "test", Kinds: []*catalogue.Spec{settings},
		Refresh: r.refresh, Now: r.night(), Vault: r.reader(),
	}
	ahead.Caller = start(defaults()...).Caller
	const nights = 14
	month, known, err := forecast.Nights(t.Context(), ahead, nights)
	if err != nil || !known {
		t.Fatal(known, err)
	}
	var made, foreseen int64
	for range nights {
		r.now = func() time.Time { return r.night() }
		f, err := r.foresee(start("settings"))
		if err != nil {
			t.Fatal(err)
		}
		foreseen += f.Total().Likely
		at := r.night()
		r.now, r.nights = func() time.Time { return at }, r.nights+1
		r.sim.ResetCounts()
		r.made(record.RunComplete, start("settings"))
		made += int64(r.sim.Counts().Calls)
		if n := int64(r.sim.Counts().Calls); n != f.Total().Likely {
			t.Errorf("night %d: forecast %d calls, made %d", r.nights, f.Total().Likely, n)
		}
	}
	if got := month.Calls[catalogue.Administrative]; got != made || foreseen != made {
		t.Errorf("forecast %d calls a month ahead, %d before each night, made %d", got, foreseen, made)
	}
}

// TestProposalThatFitsTightly: ages that leave nothing of a licence for more changes are proposed as
// what fits it where no others leave more.
func TestProposalThatFitsTightly(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 3, PersonalFolders: true, Sizes: lookersim.Sizes{Dashboards: 5, Looks: 3, Folders: 6, Users: 12, Groups: 3}})
	r.month(2)
	ahead := forecast.Ahead{
		Config: r.config, Scope: start(defaults()...).Scope, Caller: start().Caller, Instance: "test", Kinds: catalogue.Default(), Now: r.night(), Vault: r.reader(),
	}
	ahead.Refresh = map[record.Kind]time.Duration{}
	propose := func(calls int64) forecast.Proposal {
		t.Helper()
		p, err := forecast.Propose(t.Context(), ahead, 30, map[catalogue.Activity]int64{catalogue.Administrative: calls})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	least := propose(1).Calls[catalogue.Administrative]
	for calls, fits := range map[int64]bool{1: false, least - 1: false, least: true, least + least/20: true, 2 * least: true} {
		if p := propose(calls); p.Fits != fits {
			t.Errorf("of %d calls, which %d need: fits %t, want %t", calls, p.Calls[catalogue.Administrative], p.Fits, fits)
		}
	}
}
