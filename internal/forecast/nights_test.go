package forecast_test

import (
	"math"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/forecast"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
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
	r := newRig(t, lookersim.Options{Seed: 3, PersonalFolders: true})
	r.refresh = map[record.Kind]time.Duration{
		"settings": 7 * aDay, "themes": 5 * aDay, "connections": 2 * aDay, "role_users": 3 * aDay, "content_metadata": 4 * aDay,
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
	made := make(map[catalogue.Activity]int64)
	defer func() {
		for class, n := range made {
			if math.Abs(float64(foreseen[class]-n)) > 0.05*float64(n) {
				t.Errorf("nine nights: forecast %d %s calls, made %d", foreseen[class], class, n)
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
