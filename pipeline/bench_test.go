package pipeline_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/lookervault/lookervault/pipeline"
)

// BenchmarkFiveStages measures what the engine itself costs an item that goes through five stages which do
// nothing: the figure is ns/item, for the source and all five stages together.
func BenchmarkFiveStages(b *testing.B) {
	const items = 20_000
	for _, workers := range []int{1, 2, 4, 8} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			values := make([]int, items)
			b.ReportAllocs()
			for b.Loop() {
				run := pipeline.NewRun(b.Context(), pipeline.Options{})
				c := pipeline.From(run, values)
				for i := range 4 {
					c = pipeline.Then(run, stage(fmt.Sprint("pass", i), workers, 64, pass[int]), c)
				}
				var got int
				count := func(context.Context, int, pipeline.Emit[struct{}]) error {
					got++
					return nil
				}
				pipeline.Into(run, stage("count", 1, 0, count), c)
				if err := run.Wait(); err != nil || got != items {
					b.Fatalf("got %d items and %v, want %d", got, err, items)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/items, "ns/item")
		})
	}
}
