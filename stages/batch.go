package stages

import (
	"context"
	"time"

	"github.com/lookervault/lookervault/internal/budget"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// BatchOptions say when a batch is closed: at so many records, so many encoded
// bytes, or so long after its first record.
type BatchOptions struct {
	Records int
	Bytes   int64
	Every   time.Duration
	Buffer  int

	Budget *budget.Budget
}

// Batch gathers records into what one transaction commits. It holds nothing
// back when somebody waits for the room that its records take.
func Batch(o BatchOptions) pipeline.Stage[record.Record, record.Batch] {
	return pipeline.Stage[record.Record, record.Batch]{
		Name: "batch", Workers: 1, Buffer: o.Buffer, Every: o.Every, Nudge: o.Budget.Wanted(),
		New: func() pipeline.Worker[record.Record, record.Batch] { return &batcher{BatchOptions: o} },
	}
}

type batcher struct {
	BatchOptions
	batch record.Batch
	bytes int64
}

// Do adds a record and closes the batch when it is full.
func (b *batcher) Do(_ context.Context, rec record.Record, emit pipeline.Emit[record.Batch]) error {
	if b.batch == nil {
		b.batch = make(record.Batch, 0, b.Records)
	}
	b.batch = append(b.batch, rec)
	b.bytes += int64(len(rec.Body))
	if rec.Lease != nil {
		b.Budget.Gathered(rec.Lease.Load())
	}
	if len(b.batch) >= b.Records || b.bytes >= b.Bytes {
		return b.close(emit)
	}
	return nil
}

// Flush closes the batch, however small.
func (b *batcher) Flush(_ context.Context, emit pipeline.Emit[record.Batch]) error {
	if len(b.batch) == 0 {
		return nil
	}
	return b.close(emit)
}

// Drop gives the room of a batch back that a killed run does not commit.
func (b *batcher) Drop() {
	b.batch.Drop()
	b.batch = nil
}

func (b *batcher) close(emit pipeline.Emit[record.Batch]) error {
	batch := b.batch
	b.batch, b.bytes = nil, 0
	b.Budget.Committing()
	return emit(batch)
}
