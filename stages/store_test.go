package stages_test

import (
	"errors"
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// TestAStoreThatFailsEndsTheRun: whatever list asks the store for, a call that fails ends the run.
func TestAStoreThatFailsEndsTheRun(t *testing.T) {
	settled := func(r *stagestest.Rig) {
		r.Store.Stored = map[string]record.Known{"1": {State: record.Present, Settled: true}, "2": {State: record.Present}}
	}
	for _, test := range []struct {
		name  string
		kind  record.Kind
		set   func(*stagestest.Rig, *stages.ListOptions)
		calls int64 // of the store, at least
	}{
		{"listed", "dashboards", func(*stagestest.Rig, *stages.ListOptions) {}, 1},
		{"followed", "role_users", func(r *stagestest.Rig, _ *stages.ListOptions) { r.Store.FollowedRows = stagestest.Want("1", "2") }, 2},
		{"missing", "dashboards", func(r *stagestest.Rig, o *stages.ListOptions) {
			o.Missing, r.Store.UnsettledIDs = true, []string{"2", "3", "77"}
		}, 2},
		{"doubted", "dashboards", func(r *stagestest.Rig, o *stages.ListOptions) {
			settled(r)
			o.Doubted = true
		}, 2},
		{"unclear", "dashboards", func(r *stagestest.Rig, o *stages.ListOptions) {
			settled(r)
			o.Unclear = true
			r.Ledger.Unclear("dashboards", stagestest.Want("1", "2")...)
		}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			failed := errors.New("the disk is full")
			kind := stagestest.KindOf(t, test.kind)
			for call := int64(1); ; call++ {
				r := stagestest.NewRig(&stagestest.Looker{Things: stagestest.Things(4)}, kind)
				r.Store.Err, r.Store.ErrAt = failed, call
				options := r.ListOptions()
				options.Workers = 1
				test.set(r, &options)
				run := pipeline.NewRun(t.Context(), pipeline.Options{})
				stagestest.Collect(run, pipeline.Then(run, stages.List(options), pipeline.From(run, []*catalogue.Spec{kind})))
				err := run.Wait()
				if calls := r.Store.Calls(); calls < call {
					if err != nil || calls < test.calls {
						t.Errorf("the store was called %d times, want %d at least: %v", calls, test.calls, err)
					}
					return
				}
				if !errors.Is(err, failed) {
					t.Fatalf("call %d failed: %v", call, err)
				}
			}
		})
	}
}
