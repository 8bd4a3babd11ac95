package ui_test

import (
	"slices"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
)

// However long a session lasts, its samples are few and cover all of it.
func TestSampler(t *testing.T) {
	for _, ticks := range []int{1, 10, 239, 240, 241, 5000, 100_000} {
		var s ui.Sampler
		for i := range ticks {
			s.Add(job.Snapshot{Items: int64(i)}, time.Duration(i)*250*time.Millisecond)
		}
		end := time.Duration(ticks)*250*time.Millisecond + time.Millisecond
		all := s.All(job.Snapshot{Items: int64(ticks)}, end)
		if len(all) > 250 || ticks > 240 && len(all) < 100 {
			t.Errorf("%d ticks: %d samples", ticks, len(all))
		}
		if all[0].At != 0 || all[len(all)-1].Items != int64(ticks) {
			t.Errorf("%d ticks: from %v to %v", ticks, all[0], all[len(all)-1])
		}
		widest := 0.0
		for i := range len(all) - 1 {
			widest = max(widest, all[i+1].At-all[i].At)
		}
		if most := max(0.26, 4*end.Seconds()/240); widest > most {
			t.Errorf("%d ticks: a gap of %.2f s, want %.2f at most", ticks, widest, most)
		}
		if !slices.IsSortedFunc(all, func(a, b record.Sample) int { return int(1000 * (a.At - b.At)) }) {
			t.Errorf("%d ticks: out of order", ticks)
		}
	}
}
