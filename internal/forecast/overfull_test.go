package forecast_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
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
