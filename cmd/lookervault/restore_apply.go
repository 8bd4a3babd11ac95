package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/duration"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
)

func newRestoreApplyCommand(env *environment) *cobra.Command {
	o := newRestoreOptions(env)
	cmd := &cobra.Command{
		Use: "apply PLAN", Short: "Carry out a plan, or go on with one that was interrupted",
		Long: `Carry out a plan, and nothing else; or go on where an interrupted one ended. Right before
a document is written it is read again: where it is not what the plan saw any more, it
is left as it is, and so is what needs it. Afterwards everything that was written is
read back and compared.

Without a terminal --yes is needed.`,
		Annotations: map[string]string{exitNote: "0 when every action is done and was read back as wanted, 4 when something is not."},
		Example: `  lookervault restore apply 4
  lookervault restore apply 4 --yes --json | jq -c 'select(.event == "action")'`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.number, err = planNumber(args[0]); err != nil {
				return err
			}
			return runRestoreApply(cmd.Context(), o)
		},
	}
	o.connectFlags(cmd, env)
	o.applyFlags(cmd)
	cmd.Flags().BoolVar(&o.stale, "stale", false, "also when what the plan saw of the instance is older than restore.max_age")
	return cmd
}

// runRestore plans to give one document back, shows that, asks, and applies it.
func runRestore(ctx context.Context, o restoreOptions, ref record.Ref) (err error) {
	o.ref = ref
	r, err := openRestoring(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	request, err := r.request(ctx, []record.Ref{ref})
	if err != nil {
		return err
	}
	plan, err := r.plan(ctx, request)
	if err != nil {
		return err
	}
	return r.showAndApply(ctx, plan)
}

// showAndApply shows a plan that was just made, asks, and applies it.
func (r *restoring) showAndApply(ctx context.Context, plan record.Restore) error {
	events := r.events()
	if events == nil {
		if err := r.printAgreed(ctx, plan); err != nil {
			return err
		}
	} else {
		v, err := planView(plan)
		if err != nil {
			return err
		}
		events.Of(plan.ID)
		events.Write("plan", v)
	}
	if planIsDone(plan) {
		return planCode(plan, false)
	}
	if err := r.affords(plan); err != nil {
		return err
	}
	if yes, err := r.asking().agreed(ctx); err != nil || !yes {
		return err
	}
	return r.apply(ctx, plan, nil, events)
}

// planIsDone reports whether a plan has nothing to do.
func planIsDone(plan record.Restore) bool {
	for _, action := range plan.Actions {
		if action.State == record.ActionPlanned || action.State == record.ActionRunning {
			return false
		}
	}
	return true
}

// aboutStored opens the vault and the instance for something about a restore or plan
// that is stored, and hands it over.
func aboutStored(ctx context.Context, o restoreOptions, do func(*restoring, record.Restore) error) (err error) {
	r, err := openRestoring(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	stored, err := r.file.Reader().Restore(ctx, o.number)
	if errors.Is(err, vault.ErrCorrupt) {
		return usagef("plan %d is not what was stored: %s; plan anew", o.number, oneLine(err))
	}
	if err != nil {
		return noPlan(err, r.file.Reader())
	}
	if err := r.reaches(stored); err != nil {
		return err
	}
	return do(r, stored)
}

// runRestoreApply applies a plan that is stored.
func runRestoreApply(ctx context.Context, o restoreOptions) error {
	return aboutStored(ctx, o, func(r *restoring, plan record.Restore) error { return r.applyStored(ctx, plan) })
}

func (r *restoring) applyStored(ctx context.Context, plan record.Restore) error {
	if done, err := r.alreadyApplied(plan); done {
		return err
	}
	if err := r.fits(ctx, plan, r.options.stale); err != nil {
		return err
	}
	if err := r.affords(plan); err != nil {
		return err
	}
	if err := r.identify(ctx, plan); err != nil {
		return err
	}
	events := r.events()
	if events == nil {
		if err := r.printAgreed(ctx, plan); err != nil {
			return err
		}
	} else {
		events.Of(plan.ID)
	}
	if yes, err := r.asking().agreed(ctx); err != nil || !yes {
		return err
	}
	if !r.options.yes.given {
		r.first = nil // read before somebody thought it over
	}
	return r.apply(ctx, plan, nil, events)
}

// identify refuses a plan where another Looker answers at the address. Planning has asked that
// already of a plan that was just made.
func (r *restoring) identify(ctx context.Context, plan record.Restore) (err error) {
	r.first, err = restore.Identify(ctx, r.client, r.file.Reader(), plan)
	if isAnother(err) {
		err = r.anotherLooker(err)
	}
	return err
}

// alreadyApplied reports whether a plan was applied to its end, and what that came to: no call
// is made for it again.
func (r *restoring) alreadyApplied(plan record.Restore) (bool, error) {
	switch plan.State {
	case record.RestoreComplete, record.RestoreUndone:
		fmt.Fprintf(r.options.streams.err, "Restore %d is %s: there is nothing to do.\n", plan.ID, plan.State)
		return true, nil
	case record.RestoreDiscarded:
		return true, usagef("plan %d was discarded; plan anew", plan.ID)
	}
	if planIsDone(plan) && plan.State == record.RestorePlanned {
		fmt.Fprintf(r.options.streams.err, "Plan %d has nothing to do.\n", plan.ID)
		return true, planCode(plan, false)
	}
	ended := plan.State == record.RestorePartial // else its check, or the waking, is still to come
	if planIsDone(plan) && ended {
		if onlyImpossible(plan) {
			fmt.Fprintf(r.options.streams.err, "Restore %d was applied to its end and is %s: what is impossible stays so until it is planned anew, see lookervault restore show %d%s.\n", plan.ID, plan.State, plan.ID, dbFlag(r.config.Sink.Path))
			return true, planOutcome(plan)
		}
		if onlyLeft(plan) {
			fmt.Fprintf(r.options.streams.err, "Restore %d was applied to its end and is %s: it left what somebody has changed since, see lookervault restore show %d%s.\n", plan.ID, plan.State, plan.ID, dbFlag(r.config.Sink.Path))
			return true, planOutcome(plan)
		}
		fmt.Fprintf(r.options.streams.err, "Restore %d was applied to its end and is %s: lookervault restore retry %d%s tries again what failed.\n", plan.ID, plan.State, plan.ID, r.where())
		return true, planOutcome(plan)
	}
	return false, nil
}

// onlyImpossible reports whether nothing but what was impossible from the beginning is not as it was to be: no
// retry makes it so.
func onlyImpossible(plan record.Restore) bool {
	request, err := restore.RequestOf(plan)
	if err != nil || len(request.Invited) > 0 {
		return false // a retry mails whom Looker refused to mail
	}
	impossible := false
	for _, a := range plan.Actions {
		if state, _ := notAsWanted(&request, a); state != "" && a.State != record.ActionImpossible {
			return false
		}
		impossible = impossible || a.State == record.ActionImpossible
	}
	return impossible
}

// onlyLeft reports whether nothing but what an undo has left on purpose is not as it was to be: no retry
// makes it so.
func onlyLeft(plan record.Restore) bool {
	request, err := restore.RequestOf(plan)
	if err != nil {
		return false
	}
	left := false
	for _, a := range plan.Actions {
		leaves := request.Leaves(a)
		if state, _ := notAsWanted(&request, a); state != "" && !leaves {
			return false
		}
		left = left || leaves
	}
	return left
}

// planOutcome is the exit code of a restore that was applied to its end.
func planOutcome(plan record.Restore) error {
	if plan.State == record.RestoreComplete {
		return nil
	}
	return said(errPartial)
}

// storedOutcome is how a plan or restore ended, as far as the vault tells: of one that was
// interrupted not by what.
func storedOutcome(plan record.Restore) error {
	switch plan.State {
	case record.RestoreComplete, record.RestoreUndone:
		return nil
	case record.RestorePlanned:
		return planCode(plan, false)
	case record.RestoreFailed:
		return errors.New("failed")
	default:
		return errPartial
	}
}

// reaches refuses a plan for another instance.
func (r *restoring) reaches(plan record.Restore) error {
	if plan.Target != r.instance {
		return usagef("plan %d is for %s, and the configuration reaches %s; looker.base_url and looker.name say which instance it is", plan.ID, plan.Target, r.instance)
	}
	return nil
}

// fits refuses a plan that is not of this instance or key, or saw it too long ago.
func (r *restoring) fits(ctx context.Context, plan record.Restore, stale bool) error {
	if err := r.sameAddress(ctx, plan); err != nil {
		return err
	}
	if err := r.holdsSecrets(plan); err != nil {
		return err
	}
	if plan.WritePolicy != catalogue.WritePolicy {
		return usagef("plan %d was made by a program that writes other members than this one; plan anew", plan.ID)
	}
	age := r.options.now().Sub(plan.PlannedAt)
	if most := r.config.Restore.MaxAge.Std(); age > most && plan.State == record.RestorePlanned && !stale {
		return usagef("plan %d saw the instance %s ago, longer than restore.max_age (%s); plan anew, or say --stale", plan.ID, duration.Text(age), r.config.Restore.MaxAge)
	}
	if err := r.recallWhoCalls(ctx, plan); err != nil {
		return err
	}
	if plan.CallerID != r.server.caller.ID {
		return usagef("plan %d was made with the API key of user %s, and this one is user %s's; plan anew", plan.ID, plan.CallerID, r.server.caller.ID)
	}
	return nil
}

// sameAddress refuses a plan that saw an instance of this name at another address. The
// demo's is another one each time.
func (r *restoring) sameAddress(ctx context.Context, plan record.Restore) error {
	if plan.Look == 0 || r.demo {
		return nil
	}
	look, err := r.file.Reader().Run(ctx, plan.Look)
	if err == nil && look.BaseURL != r.client.BaseURL() {
		err = usagef("plan %d saw %s at %s, and the configuration reaches %s; plan anew", plan.ID, plan.Target, look.BaseURL, r.client.BaseURL())
	}
	return err
}

// events is where --json goes, nil without it.
func (r *restoring) events() *ui.EventLog {
	if !r.options.json {
		return nil
	}
	return ui.NewEventLog(wholeLines(r.options.streams.out), r.options.now, "restore")
}

// apply carries out a plan, and tells how it went. again are actions that were tried
// before and are to be tried once more.
func (r *restoring) apply(ctx context.Context, plan record.Restore, again []record.Action, events *ui.EventLog) error {
	mode, err := r.options.streams.progressMode(r.options.progress, r.options.json)
	if err != nil {
		return usage(err)
	}
	journal, err := r.file.Apply(ctx, plan.ID, r.meter.Drain)
	if err != nil {
		return err
	}
	if len(again) > 0 {
		if err := journal.Settle(ctx, nil, again, nil); err != nil {
			return err
		}
	}
	r.toldNotes = plan.Notes
	show := newRestoreWatch(r, journal.Plan(), journal.Calls(), mode, events)
	show.begin(ctx)
	began := time.Now()
	sealed, err := restore.Apply(r.options.interrupts.kill, restore.ApplyOptions{
		Journal: journal, Reader: r.file.Reader(), Client: r.client, Caller: r.server.caller, Secrets: r.gives,
		Workers: r.config.Restore.Workers, Inner: r.config.Restore.Inner, Settle: r.config.Restore.Settle.Std(), Stop: ctx, Grace: r.config.Shutdown.Grace.Std(),
		Look: r.look, First: r.first, Observe: show.action, Doubted: show.doubt, Now: r.options.now, Settling: r.settling,
	})
	show.close()
	return r.tell(sealed, err, time.Since(began), events)
}

// failuresShown is how many actions that are not done the summary names.
const failuresShown = 10
