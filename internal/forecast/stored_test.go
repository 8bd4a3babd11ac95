package forecast_test

import (
	"math"
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/forecast"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
)

// The vault alone tells what the next run does, without a call.
func TestForecastFromTheVault(t *testing.T) {
	t.Parallel()
	scoped := start()
	scoped.Scope.Folders, scoped.Scope.Recursive = []string{"1"}, true
	full := start()
	full.Full = true
	for _, test := range []struct {
		name  string
		start record.Start
		off   float64
	}{
		{"everything", start(), 0.05},
		{"everything again", full, 0.15},
		{"a scope", scoped, 0.10},
		{"some kinds", start("dashboards", "folders"), 0.05},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 7})
			ahead := forecast.Ahead{Config: r.config, Scope: test.start.Scope, Full: test.start.Full, Caller: test.start.Caller, Instance: test.start.Instance, Kinds: kindsOf(test.start)}
			f, err := forecast.FromVault(t.Context(), ahead)
			if err != nil || len(f.Kinds) != 0 {
				t.Fatalf("without a vault: %v, %+v", err, f.Kinds)
			}
			r.made(record.RunComplete, start())
			reader := simtest.Reader(t, r.path)
			ahead.Vault = reader
			f, err = forecast.FromVault(t.Context(), ahead)
			if err != nil {
				t.Fatal(err)
			}
			if err := reader.Close(); err != nil {
				t.Fatal(err)
			}
			r.sim.ResetCounts()
			result := r.made(record.RunComplete, test.start)
			made, likely := float64(r.sim.Counts().Calls), float64(f.Total().Likely)
			if math.Abs(likely-made) > test.off*made {
				t.Errorf("forecast %.0f calls, the run made %.0f", likely, made)
				for _, k := range f.Kinds {
					t.Logf("%s: calls %+v, documents %+v", k.Kind, k.Calls(), k.Items)
				}
			}
			for _, k := range f.Kinds {
				if kind, _ := catalogue.Find(k.Kind); kind.Listing.Followed && !test.start.Scope.Unscoped() {
					continue
				}
				if n := countsOf(t, result, k.Kind).Settled(); n < k.Items.Low || n > k.Items.High {
					t.Errorf("%s: %d documents, the forecast's bounds are %+v", k.Kind, n, k.Items)
				}
			}
		})
	}
}
