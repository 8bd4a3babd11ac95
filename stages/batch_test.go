package stages_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
	"github.com/lookervault/lookervault/stages"
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
			tt.options.Limits = stages.NewLimits(stages.Load{Bytes: 1, Items: 1})
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
		limits := stages.NewLimits(stages.Load{Bytes: 1, Items: 1})
		options := stages.BatchOptions{Records: 100, Bytes: 1000, Every: time.Second, Limits: limits}
		got := collect(run, pipeline.Then(run, stages.Batch(options), slowly(run, in)))
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
		limit  stages.Load
		others stages.Load // in flight besides the records
		wants  stages.Load // what is waited for
		in     int         // records of one byte that come, one by one
		want   []int       // batches that are closed then
	}{
		{"all that is in flight is in the batch", stages.Load{Bytes: 10, Items: 10}, stages.Load{}, stages.Load{Bytes: 10, Items: 1}, 3, []int{3}},
		{"one record is enough", stages.Load{Bytes: 10, Items: 10}, stages.Load{Bytes: 9}, stages.Load{Bytes: 1, Items: 1}, 1, []int{1}},
		{"four are", stages.Load{Bytes: 100, Items: 10}, stages.Load{Items: 6}, stages.Load{Bytes: 1, Items: 4}, 4, []int{4}},
		{"none would be", stages.Load{Bytes: 100, Items: 10}, stages.Load{Items: 8}, stages.Load{Bytes: 1, Items: 4}, 2, nil},
		{"nobody waits", stages.Load{Bytes: 10, Items: 10}, stages.Load{}, stages.Load{}, 3, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in := make(chan record.Record)
				run := pipeline.NewRun(t.Context(), pipeline.Options{})
				limits := stages.NewLimits(tt.limit)
				options := stages.BatchOptions{Records: 100, Bytes: 1000, Every: time.Hour, Limits: limits}
				got := collect(run, pipeline.Then(run, stages.Batch(options), slowly(run, in)))
				done := make(chan error)
				go func() { done <- run.Wait() }()
				all := stages.Load{Bytes: tt.others.Bytes + int64(tt.in), Items: tt.others.Items + int64(tt.in)}
				limits.Correct(stages.Load{}, all)
				ctx, leave := context.WithCancel(t.Context())
				if tt.wants != (stages.Load{}) {
					go func() { _, _ = limits.Reserve(ctx, tt.wants) }()
				}
				for range tt.in {
					synctest.Wait()
					in <- record.Record{Held: 1}
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
