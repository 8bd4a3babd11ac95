package forecast_test

import (
	"testing"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/plan"
)

// TestPagesThatAreLarger: a page may be a third larger than it should be, where there is one
// page less then. The forecast counts on that, as a run does: users, of which each is taken for
// 3 KB, come in pages of 2.6 MiB.
func TestPagesThatAreLarger(t *testing.T) {
	t.Parallel()
	for users, want := range map[int]int64{1800: 6, 1950: 7} {
		r := newRig(t, lookersim.Options{Seed: 7, Sizes: lookersim.Sizes{Users: users}})
		r.config.Stages.List.PageSize = 100
		f, err := r.foresee(start("users"))
		if err != nil {
			t.Fatal(err)
		}
		if likely := f.Total().Likely; likely != want {
			t.Errorf("%d users: the forecast is of %d calls, want %d", users, likely, want)
		}
	}
}

// TestTwiceAsManyWhereCallsAreCounted: one ask is for so many small documents, and for twice as many
// where calls are counted. The forecast counts on that, as a run does.
func TestTwiceAsManyWhereCallsAreCounted(t *testing.T) {
	t.Parallel()
	for quota, want := range map[int]int64{0: 13, 1000: 9} {
		r := newRig(t, lookersim.Options{Seed: 7, Sizes: lookersim.Sizes{Users: 180}})
		r.limits, r.config.Stages.List.PageSize = plan.Limits{PerAsk: 20}, 10
		r.config.Looker.Quota = config.Quota{Administrative: quota, Query: quota}
		f, err := r.foresee(start("users"))
		if err != nil {
			t.Fatal(err)
		}
		if likely := f.Total().Likely; likely != want {
			t.Errorf("a quota of %d: the forecast is of %d calls, want %d", quota, likely, want)
		}
	}
}
