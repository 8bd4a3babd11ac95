package stages_test

import (
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

func TestBatchIsNotHeldBackWhenSomebodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := make(chan record.Record)
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		limits := stages.NewLimits(stages.Load{Bytes: 10, Items: 10})
		options := stages.BatchOptions{Records: 100, Bytes: 1000, Every: time.Hour, Limits: limits}
		got := collect(run, pipeline.Then(run, stages.Batch(options), slowly(run, in)))
		done := make(chan error)
		go func() { done <- run.Wait() }()
		in <- record.Record{}
		synctest.Wait()
		all, _ := limits.Reserve(t.Context(), stages.Load{Bytes: 10, Items: 1})
		go func() {
			if _, err := limits.Reserve(t.Context(), stages.Load{Bytes: 1, Items: 1}); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		if diff := cmp.Diff([]int{1}, sizes(*got)); diff != "" {
			t.Errorf("batches while somebody waits (-want +got):\n%s", diff)
		}
		limits.Release(all)
		close(in)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
