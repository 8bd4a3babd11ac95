package stages_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lookervault/lookervault/internal/budget"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

func TestWriteIsAlwaysOneWorker(t *testing.T) {
	if n := stages.Write(stages.WriteOptions{}).Workers; n != 1 {
		t.Errorf("write has %d workers", n)
	}
}

func TestWriteReleasesAfterTheCommit(t *testing.T) {
	limits := budget.New(budget.Load{Bytes: 1000, Items: 10})
	st := &stagestest.Store{}
	var told int
	write := stages.Write(stages.WriteOptions{Store: st, Committed: func(b record.Batch) {
		told += len(b)
		if len(st.Batches) == 0 {
			t.Error("told before the commit")
		}
	}})
	run := pipeline.NewRun(t.Context(), pipeline.Options{})
	batch := record.Batch{
		{Lease: limits.Hold(budget.Load{Bytes: 10, Items: 1})}, {Lease: limits.Hold(budget.Load{Bytes: 20, Items: 1})}, {Same: true}, {Fault: &record.Fault{}},
	}
	pipeline.Into(run, write, pipeline.From(run, []record.Batch{batch}))
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}
	if now, _ := limits.Used(); now != (budget.Load{}) || told != 4 {
		t.Errorf("in flight %+v, told of %d records", now, told)
	}
	if diff := cmp.Diff([]record.Batch{batch}, st.Batches, cmpopts.IgnoreFields(record.Record{}, "Lease")); diff != "" {
		t.Errorf("committed (-want +got):\n%s", diff)
	}
}

func TestWriteFailureEndsTheRun(t *testing.T) {
	full := errors.New("disk full")
	limits := budget.New(budget.Load{Bytes: 1000, Items: 10})
	held := func() record.Record { return record.Record{Lease: limits.Hold(budget.Load{Bytes: 9, Items: 1})} }
	write := stages.Write(stages.WriteOptions{Store: &stagestest.Store{Err: full}, Committed: func(record.Batch) { t.Error("told of a batch that is not durable") }})
	run := pipeline.NewRun(t.Context(), pipeline.Options{})
	pipeline.Into(run, write, pipeline.From(run, []record.Batch{{held(), held()}}))
	if err := run.Wait(); !errors.Is(err, full) || run.Killed() == nil {
		t.Errorf("Wait = %v, killed = %v; want the sink's error and a kill", err, run.Killed())
	}
	if now, _ := limits.Used(); now != (budget.Load{}) {
		t.Errorf("in flight %+v when the run is over", now)
	}
}
