package stages

import (
	"context"
	"fmt"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// WriteOptions are what write needs.
type WriteOptions struct {
	Store Store
	// Committed is told of every batch once it is durable. Nil: nobody.
	Committed func(record.Batch)
}

// Write commits batches, one after the other. It is always one worker: a second
// one could only wait for the first.
func Write(o WriteOptions) pipeline.Stage[record.Batch, struct{}] {
	return pipeline.Stage[record.Batch, struct{}]{
		Name: "write", Workers: 1,
		New: pipeline.Shared(o.commit),
	}
}

func (o WriteOptions) commit(ctx context.Context, batch record.Batch, _ pipeline.Emit[struct{}]) error {
	defer batch.Drop() // durable or not, its room is free
	if err := o.Store.Commit(ctx, batch); err != nil {
		return fmt.Errorf("commit %d records: %w", len(batch), err)
	}
	if o.Committed != nil {
		o.Committed(batch)
	}
	return nil
}
