package lookersim_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/lookersim"
)

func TestTimesAreWrittenAsTheLayoutSays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		ms := 1_546_300_800_000 + r.Int64N((20 * 365 * 24 * time.Hour).Milliseconds())
		got := string(lookersim.AppendTime(nil, ms))
		at := time.UnixMilli(ms)
		zone := time.FixedZone("", -8*3600)
		if m := at.UTC().Month(); m > time.March && m < time.November {
			zone = time.FixedZone("", -7*3600)
		}
		if want := at.In(zone).Format(`"2006-01-02T15:04:05.000-07:00"`); got != want {
			t.Fatalf("%d is written %s, want %s", ms, got, want)
		}
	}
}
