package restore

import (
	"context"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/pipeline"
)

// levels carries out the actions, one level after the other: what an action needs is of
// a level before its own.
func (a *applier) levels(ctx context.Context) error {
	for level := range levelsOf(a.plan.Actions) {
		if a.waves.Stopped() {
			return job.ErrInterrupted
		}
		if err := a.listAgain(ctx, level); err != nil {
			return err
		}
		err := a.Reader.VersionBodies(ctx, func(read func(int64) (vault.Document, error)) error {
			return a.waves.Run(ctx, func(run *pipeline.Run) { a.sentence(run, level, read) })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sentence is the application of a level: draft, act, settle. read reads versions, for
// one goroutine.
func (a *applier) sentence(run *pipeline.Run, level []record.Action, read func(int64) (vault.Document, error)) {
	drafts := pipeline.Then(run, pipeline.Stage[record.Action, *task]{
		Name: "draft", Workers: 1, Intake: true,
		New: pipeline.Shared(func(ctx context.Context, action record.Action, emit pipeline.Emit[*task]) error {
			return a.draft(ctx, action, read, emit)
		}),
	}, pipeline.From(run, level))
	results := pipeline.Then(run, pipeline.Stage[*task, *task]{
		Name: "act", Workers: a.Workers, Buffer: a.Workers, New: pipeline.Shared(a.act),
	}, drafts)
	pipeline.Into(run, pipeline.Stage[*task, struct{}]{
		Name: "settle", Workers: a.Workers, New: pipeline.Shared(a.settle),
	}, results)
}

// levelsOf yields the open actions of each level, the lowest first.
func levelsOf(actions []record.Action) func(yield func([]record.Action) bool) {
	return func(yield func([]record.Action) bool) {
		var level []record.Action
		for _, action := range actions {
			if len(level) > 0 && action.Level != level[0].Level {
				if !yield(level) {
					return
				}
				level = nil
			}
			if action.State == record.ActionPlanned || action.State == record.ActionRunning {
				level = append(level, action)
			}
		}
		if len(level) > 0 {
			yield(level)
		}
	}
}

// taskOf is an action with the body that is wanted, and with what is known of earlier attempts.
func (a *applier) taskOf(ctx context.Context, action record.Action, read func(int64) (vault.Document, error)) (*task, error) {
	spec, err := knownSpec(action.Ref)
	if err != nil {
		return nil, err
	}
	t := a.task(action, spec)
	if action.Version != 0 {
		d, err := read(action.Version)
		if err != nil {
			return nil, err
		}
		if t.wanted, err = a.wantedOf(action.Ref, d.Body); err != nil {
			return nil, err
		}
	}
	t.spec = canon.RowFor(spec, action.ID, t.wanted)
	t.steps, err = a.Journal.Steps(ctx, action.Seq)
	return t, err
}
