package stages_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/budget"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

func sizes(batches []record.Batch) []int {
	var n []int
	for _, b := range batches {
		n = append(n, len(b))
	}
	return n
}

func records(n, bytes int) []record.Record {
	all := make([]record.Record, n)
	for i := range all {
		all[i].Body = make([]byte, bytes)
	}
	return all
}

func TestBatchCloses(t *testing.T) {
	tests := []struct {
		name    string
		options stages.BatchOptions
		in      []record.Record
		want    []int
	}{
		{"by records", stages.BatchOptions{Records: 3, Bytes: 1000}, records(7, 10), []int{3, 3, 1}},
		{"by bytes", stages.BatchOptions{Records: 100, Bytes: 25}, records(7, 10), []int{3, 3, 1}},
		{"nothing", stages.BatchOptions{Records: 3, Bytes: 25}, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.options.Budget = budget.New(budget.Load{Bytes: 1, Items: 1})
			got := through(t, stages.Batch(tt.options), tt.in...)
			if diff := cmp.Diff(tt.want, sizes(got)); diff != "" {
				t.Errorf("batches (-want +got):\n%s", diff)
			}
		})
	}
}

// slowly sends records one by one when told.
func slowly(run *pipeline.Run, in <-chan record.Record) <-chan record.Record {
	return pipeline.FromSeq(run, func(yield func(record.Record, error) bool) {
		for rec := range in {
			if !yield(rec, nil) {
				return
			}
		}
	})
}

func TestBatchClosesByAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := make(chan record.Record)
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		limits := budget.New(budget.Load{Bytes: 1, Items: 1})
		options := stages.BatchOptions{Records: 100, Bytes: 1000, Every: time.Second, Budget: limits}
		got := stagestest.Collect(run, pipeline.Then(run, stages.Batch(options), slowly(run, in)))
		done := make(chan error)
		go func() { done <- run.Wait() }()
		in <- record.Record{}
		in <- record.Record{}
		time.Sleep(time.Second)
		synctest.Wait()
		if diff := cmp.Diff([]int{2}, sizes(*got)); diff != "" {
			t.Errorf("after a second (-want +got):\n%s", diff)
		}
		in <- record.Record{}
		close(in)
		if err := <-done; err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]int{2, 1}, sizes(*got)); diff != "" {
			t.Errorf("at the end (-want +got):\n%s", diff)
		}
	})
}

// TestBatchIsNotHeldBackWhenSomebodyWaits: a batch is closed as soon as its commit
// would let in who waits, and not for less: a large ask would else have every record
// committed alone.
func TestBatchIsNotHeldBackWhenSomebodyWaits(t *testing.T) {
	tests := []struct {
		name   string
		limit  budget.Load
		others budget.Load // in flight besides the records
		wants  budget.Load // what is waited for
		in     int         // records of one byte that come, one by one
		want   []int       // batches that are closed then
	}{
		{"all that is in flight is in the batch", budget.Load{Bytes: 10, Items: 10}, budget.Load{}, budget.Load{Bytes: 10, Items: 1}, 3, []int{3}},
		{"one record is enough", budget.Load{Bytes: 10, Items: 10}, budget.Load{Bytes: 9}, budget.Load{Bytes: 1, Items: 1}, 1, []int{1}},
		{"four are", budget.Load{Bytes: 100, Items: 10}, budget.Load{Items: 6}, budget.Load{Bytes: 1, Items: 4}, 4, []int{4}},
		{"none would be", budget.Load{Bytes: 100, Items: 10}, budget.Load{Items: 8}, budget.Load{Bytes: 1, Items: 4}, 2, nil},
		{"nobody waits", budget.Load{Bytes: 10, Items: 10}, budget.Load{}, budget.Load{}, 3, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in := make(chan record.Record)
				run := pipeline.NewRun(t.Context(), pipeline.Options{})
				limits := budget.New(tt.limit)
				options := stages.BatchOptions{Records: 100, Bytes: 1000, Every: time.Hour, Budget: limits}
				got := stagestest.Collect(run, pipeline.Then(run, stages.Batch(options), slowly(run, in)))
				done := make(chan error)
				go func() { done <- run.Wait() }()
				limits.Hold(tt.others)
				var records []record.Record
				for range tt.in {
					records = append(records, record.Record{Lease: limits.Hold(budget.Load{Bytes: 1, Items: 1})})
				}
				ctx, leave := context.WithCancel(t.Context())
				if tt.wants != (budget.Load{}) {
					go func() { _, _ = limits.Reserve(ctx, tt.wants) }()
				}
				for _, rec := range records {
					synctest.Wait()
					in <- rec
				}
				synctest.Wait()
				if diff := cmp.Diff(tt.want, sizes(*got)); diff != "" {
					t.Errorf("batches (-want +got):\n%s", diff)
				}
				leave()
				close(in)
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}
