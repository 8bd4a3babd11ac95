package extract_test

import (
	"context"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/sinks"
)

// counting is a sink that counts its transactions and their records.
type counting struct {
	sinks.Sink
	commits, records int
}

func (c *counting) Commit(ctx context.Context, batch record.Batch) error {
	c.commits++
	c.records += len(batch)
	return c.Sink.Commit(ctx, batch)
}

// TestLargePagesMakeNoSmallBatches: asks for half of what may be in flight wait for
// each other, and what is committed meanwhile is committed by the batch all the same.
func TestLargePagesMakeNoSmallBatches(t *testing.T) {
	sizes := simtest.Small()
	sizes.Users = 600
	r := newRig(t, lookersim.Options{Seed: 4, Sizes: sizes})
	r.config.Stages.List.PageSize, r.config.Limits.InFlightItems = 100, 200
	r.config.Stages.Batch.Records = 20
	var sink *counting
	r.wrap = func(s sinks.Sink) sinks.Sink {
		sink = &counting{Sink: s}
		return sink
	}
	r.run(record.RunComplete, start("users"))
	if sink.records != 600 {
		t.Fatalf("%d records, want 600", sink.records)
	}
	// 30 full ones, and some for pages that had to wait, 7 at most in hundreds of runs; batches of
	// two would be 300.
	if sink.commits > 60 {
		t.Errorf("%d commits for 600 records, want batches of 20", sink.commits)
	}
}
