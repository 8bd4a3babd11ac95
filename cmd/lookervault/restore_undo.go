package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
	"github.com/lookervault/lookervault/internal/vault"
)

func newRestoreUndoCommand(env *environment) *cobra.Command {
	o := newRestoreOptions(env)
	cmd := &cobra.Command{
		Use: "undo RESTORE", Short: "Take back what a restore did",
		Long: `Plan the way back to what the instance was when a restore looked at it, show that, ask,
and apply it. What was made goes into the trash, or is deleted for good where Looker has no
trash for it; the plan says which. What was changed becomes what it was.
What somebody else has changed since is left as it is, and named.`,
		Example: `  lookervault restore undo 4
  lookervault restore undo 4 --hard --yes`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.number, err = planNumber(args[0]); err != nil {
				return err
			}
			return restoreAgain(cmd.Context(), o, func(_ *restoring, done record.Restore) (restore.Request, error) {
				return restore.Request{Undo: done.ID, Hard: o.hard, Trash: restore.Undelete, Wake: restore.WakeAsWas, ExactMembers: true}, nil
			})
		},
	}
	o.connectFlags(cmd, env)
	o.applyFlags(cmd)
	cmd.Flags().BoolVar(&o.hard, "hard", false, "delete for good what was made, instead of putting it in the trash")
	return cmd
}

func newRestoreWakeCommand(env *environment) *cobra.Command {
	o := newRestoreOptions(env)
	cmd := &cobra.Command{
		Use: "wake RESTORE", Short: "Wake the schedules and alerts that a restore left asleep",
		Long: `Plan to make the schedules and alerts active that were so in the backup and that a restore
left asleep, show that, ask, and apply it. Nothing else of them is changed, and what is not
there any more is not made anew.`,
		Example: `  lookervault restore wake 4`,
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.number, err = planNumber(args[0]); err != nil {
				return err
			}
			return restoreAgain(cmd.Context(), o, asleepIn)
		},
	}
	o.connectFlags(cmd, env)
	o.applyFlags(cmd)
	return cmd
}

// asleepIn asks for what a restore made that is made asleep.
func asleepIn(r *restoring, done record.Restore) (restore.Request, error) {
	request := restore.Request{Run: done.AsOf, Waking: true, Trash: restore.LeaveThem, Wake: restore.WakeAsWas, Only: true}
	for _, action := range done.Actions {
		spec := catalogue.Lookup(action.Kind)
		// Also what failed, which it does where it was made and could not be woken.
		made := action.State == record.ActionDone || action.State == record.ActionSame || action.State == record.ActionFailed
		if made && action.Deed == record.DeedCreate && action.Target != "" && spec.Write != nil && !spec.Write.Asleep.IsZero() {
			request.Items = append(request.Items, action.Ref)
		}
	}
	if len(request.Items) == 0 {
		return request, fmt.Errorf("restore %d of %s made no schedules or alerts", done.ID, r.instance)
	}
	return request, nil
}

func newRestoreRetryCommand(env *environment) *cobra.Command {
	o := newRestoreOptions(env)
	cmd := &cobra.Command{
		Use: "retry RESTORE", Short: "Try again what a restore could not do",
		Long: `Try once more the actions of a restore that failed, and those that waited for them, read
back once more what was not as it should be, and mail whom Looker refused to mail. What
somebody changed since the plan is planned anew: that plan is printed, and applied by
lookervault restore apply.`,
		Example: `  lookervault restore retry 4`,
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.number, err = planNumber(args[0]); err != nil {
				return err
			}
			return runRestoreRetry(cmd.Context(), o)
		},
	}
	o.connectFlags(cmd, env)
	o.applyFlags(cmd)
	return cmd
}

// restoreAgain plans something about a restore that was applied, shows that, asks, and
// applies it.
func restoreAgain(ctx context.Context, o restoreOptions, request func(*restoring, record.Restore) (restore.Request, error)) error {
	return aboutStored(ctx, o, func(r *restoring, done record.Restore) error {
		if done.State == record.RestorePlanned {
			return r.neverApplied(done)
		}
		if done.Released {
			return &vault.PlanError{ID: done.ID, Kind: vault.ErrReleased, Detail: "plan what is to come back anew, with lookervault restore plan --run" + r.where()}
		}
		wanted, err := request(r, done)
		if err != nil {
			return err
		}
		plan, err := r.plan(ctx, wanted)
		if err != nil {
			return err
		}
		return r.showAndApply(ctx, plan)
	})
}

// neverApplied is the error of a command about what became of a plan.
func (r *restoring) neverApplied(plan record.Restore) error {
	return usagef("plan %d was never applied; lookervault restore apply %d%s does that", plan.ID, plan.ID, r.where())
}

// runRestoreRetry tries again what a restore could not do.
func runRestoreRetry(ctx context.Context, o restoreOptions) error {
	return aboutStored(ctx, o, func(r *restoring, plan record.Restore) error { return r.retry(ctx, plan) })
}

func (r *restoring) retry(ctx context.Context, plan record.Restore) error {
	if err := r.fits(ctx, plan, true); err != nil {
		return err
	}
	again, drifted := notDone(plan)
	switch {
	case plan.State == record.RestorePlanned:
		return r.neverApplied(plan)
	case len(again)+len(drifted) == 0 && planOutcome(plan) == nil:
		fmt.Fprintf(r.options.streams.err, "Nothing of restore %d failed.\n", plan.ID)
		return nil
	}
	if err := r.identify(ctx, plan); err != nil {
		return err
	}
	if len(drifted) > 0 {
		if err := r.planAnew(ctx, plan, drifted); err != nil {
			return err
		}
	}
	if len(again) == 0 && len(drifted) > 0 {
		return nil
	}
	// With nothing that failed it is to be read back once more, or somebody to be mailed.
	if yes, err := r.asking().agreed(ctx); err != nil || !yes {
		return err
	}
	events := r.events()
	if events != nil {
		events.Of(plan.ID)
	}
	return r.apply(ctx, plan, again, events)
}

// notDone are the actions of a restore that can be tried again, and those whose document
// was changed since the plan.
func notDone(plan record.Restore) (again []record.Action, drifted []record.Ref) {
	for _, action := range plan.Actions {
		if once, ok := restore.Again(action); ok {
			again = append(again, once)
		} else if action.State == record.ActionDrifted {
			drifted = append(drifted, action.Ref)
		}
	}
	return again, drifted
}

// planAnew plans again what was changed since the plan.
func (r *restoring) planAnew(ctx context.Context, plan record.Restore, refs []record.Ref) error {
	request, err := restore.RequestOf(plan)
	if err != nil {
		return err
	}
	request.PlanAnew(refs)
	anew, err := r.plan(ctx, request)
	if err != nil {
		return err
	}
	return printPlan(ctx, r.options.streams, r.file.Reader(), anew, r.options.json, r.config.RateLimit.PerSecond)
}
