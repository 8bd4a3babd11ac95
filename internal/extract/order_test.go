package extract_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// TestCallsGoToWhatMattersMost: where calls are counted and end, content has them before
// people, people before access, and access before settings; the rest is done by a resume.
func TestCallsGoToWhatMattersMost(t *testing.T) {
	t.Parallel()
	whole := newRig(t, lookersim.Options{Seed: 3})
	all := int(whole.run(record.RunComplete, start(defaults()...)).API.Calls)
	for _, part := range []float64{0.2, 0.5, 0.8, 0.95} {
		r := newRig(t, lookersim.Options{Seed: 3})
		r.config.RateLimit.MaxCalls = int(part * float64(all))
		result := r.run(record.RunPartial, start(defaults()...))
		cut := 9 // the most important kinds that were not done
		for _, k := range result.Run.Kinds {
			// Of the longest list all may be read but for the proof that it ends there, which comes last.
			if k.Listing == record.Open || k.Listing == record.Budget && (k.Listed == 0 || k.Settled() < k.Listed) {
				cut = min(cut, catalogue.Importance(k.Kind))
			}
		}
		for _, k := range result.Run.Kinds {
			if catalogue.Importance(k.Kind) > cut && k.Settled() > 0 {
				t.Errorf("%.0f %% of the calls: %d %s were read, though more important kinds were not done", 100*part, k.Settled(), k.Kind)
			}
		}
		if part > 0.9 && cut != 3 {
			t.Errorf("%.0f %% of the calls do not reach the settings: %d", 100*part, cut)
		}
		r.config.RateLimit.MaxCalls = 0
		resume := start(defaults()...)
		resume.Resume = true
		r.run(record.RunComplete, resume)
		compareWith(t, r)
	}
}
