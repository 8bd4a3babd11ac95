package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

// restoreStatusOptions are what restore status works with.
type restoreStatusOptions struct {
	streams *streams
	reading reading
	table   tableFlags
	number  int64 // of the restore; 0 for all of them
	failed  bool
}

func newRestoreStatusCommand(env *environment) *cobra.Command {
	o := restoreStatusOptions{streams: env.streams}
	cmd := &cobra.Command{
		Use: "status [RESTORE]", Short: "Show all plans and restores, or what became of each action of one",
		Example: `  lookervault restore status
  lookervault restore status 4 --failed
  lookervault restore status 4 --json`,
		Args: arguments(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if len(args) == 0 {
				if o.failed {
					return usage(errors.New("--failed is of one restore: name its number"))
				}
				return runRestoreList(cmd.Context(), o)
			}
			if o.number, err = planNumber(args[0]); err != nil {
				return err
			}
			return runRestoreStatus(cmd.Context(), o)
		},
	}
	o.reading.flags(cmd, env)
	o.table.add(cmd)
	cmd.Flags().BoolVar(&o.failed, "failed", false, "only what is not done, with what Looker says of each member")
	return cmd
}

var restoresTable = table.Table[record.Restore]{
	One: "restore", Many: "restores", View: func(r record.Restore) any { return view.RestoreOf(r) },
	Columns: []table.Column[record.Restore]{
		{Name: "restore", Number: true, Value: func(r record.Restore) string { return strconv.FormatInt(r.ID, 10) }},
		{Name: "state", Whole: true, Value: func(r record.Restore) string { return string(r.State) }, Tone: func(r record.Restore) table.Tone { return restoreTone(string(r.State)) }},
		{Name: "purpose", Whole: true, Value: func(r record.Restore) string { return string(r.Purpose) }},
		{Name: "target", Varies: true, Obvious: true, Spare: 3, Value: func(r record.Restore) string { return r.Target }},
		{Name: "planned_at", Head: "planned", Whole: true, Time: func(r record.Restore) time.Time { return r.PlannedAt }},
		{Name: "as_of", Head: "as of run", Number: true, Spare: 2, Value: func(r record.Restore) string { return orDash(r.AsOf) }},
		{Name: "look", Number: true, Spare: 1, Value: func(r record.Restore) string { return orDash(r.Look) }},
		{Name: "check", Number: true, Spare: 1, Value: func(r record.Restore) string { return orDash(r.Verdict) }},
	},
}

func orDash(run int64) string {
	if run == 0 {
		return "-"
	}
	return strconv.FormatInt(run, 10)
}

func restoreTone(state string) table.Tone {
	switch record.RestoreState(state) {
	case record.RestoreComplete:
		return table.Good
	case record.RestoreFailed:
		return table.Bad
	case record.RestorePartial, record.RestoreInterrupted, record.RestoreRunning:
		return table.Unsure
	default:
		return table.Plain
	}
}

// openRestores opens a vault, and checks what is read of restores besides themselves: the
// instances, the runs, and the calls that were made.
func openRestores(ctx context.Context, reading reading) (vault.Reader, error) {
	reader, err := reading.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := reader.CheckRows(ctx, vault.RunTables); err != nil {
		return nil, errors.Join(err, reader.Close())
	}
	return reader, nil
}

// runRestoreList shows all plans and restores.
func runRestoreList(ctx context.Context, o restoreStatusOptions) (err error) {
	choice, err := chosen(&o.table, restoresTable)
	if err != nil {
		return err
	}
	reader, err := openRestores(ctx, o.reading)
	if err != nil {
		return err
	}
	defer closing(&err, reader)
	all, err := reader.Restores(ctx, o.reading.instance)
	if err != nil {
		return err
	}
	return show(o.streams, restoresTable, choice, table.Each(all))
}

var actionTable = table.Table[view.Action]{
	One: "action", Many: "actions", View: func(e view.Action) any { return e },
	Columns: []table.Column[view.Action]{
		{Name: "state", Whole: true, Value: func(e view.Action) string { return string(e.State) }, Tone: actionTone},
		{Name: "action", Whole: true, Value: func(e view.Action) string { return string(e.Action) }},
		{Name: "kind", Whole: true, Varies: true, Value: func(e view.Action) string { return string(e.Kind) }},
		{Name: "id", Whole: true, Value: func(e view.Action) string { return e.ID }},
		{Name: "target_id", Head: "target", Whole: true, Spare: 2, Value: func(e view.Action) string { return e.TargetID }},
		{Name: "name", Value: func(e view.Action) string { return e.Name }},
		{Name: "checked", Whole: true, Spare: 3, Value: func(e view.Action) string { return e.Checked }},
		{Name: "calls", Number: true, Spare: 4, Value: func(e view.Action) string { return strconv.Itoa(e.Calls) }},
		{Name: "message", Wraps: true, Value: whyOf},
	},
}

func actionTone(e view.Action) table.Tone {
	switch e.State {
	case record.ActionDone, record.ActionSame:
		return table.Good
	case record.ActionFailed, record.ActionImpossible:
		return table.Bad
	case record.ActionDrifted, record.ActionBlocked, record.ActionRunning:
		return table.Unsure
	default:
		return table.Plain
	}
}

// whyOf is what is to say of an action: Looker's own reasons, else the plan's.
func whyOf(e view.Action) string {
	if len(e.Errors) > 0 {
		var said []string
		for _, reason := range e.Errors {
			said = append(said, fmt.Sprintf("%s: %s", reason.Field, reason.Message))
		}
		return strings.Join(said, "; ")
	}
	if e.Message != "" {
		return e.Message
	}
	return e.Reason
}

// runRestoreStatus shows what became of each action of a restore.
func runRestoreStatus(ctx context.Context, o restoreStatusOptions) (err error) {
	choice, err := chosen(&o.table, actionTable)
	if err != nil {
		return err
	}
	reader, err := openRestores(ctx, o.reading)
	if err != nil {
		return err
	}
	defer closing(&err, reader)
	plan, err := reader.Restore(ctx, o.number)
	if err != nil {
		return noPlan(err, reader)
	}
	status := view.RestoreStatus{Restore: plan.ID, Plan: plan.ID, State: string(plan.State), Actions: []view.Action{}}
	if status.Summary, err = restoreSummary(ctx, reader, o.reading.now(), plan, storedOutcome(plan), plan.FinishedAt.Sub(plan.StartedAt)); err != nil {
		return err
	}
	for _, action := range plan.Actions {
		switch action.State {
		case record.ActionDone, record.ActionSame, record.ActionSkipped:
			if o.failed && action.Checked != record.CheckedDifferent && action.Checked != record.CheckedMissing {
				continue
			}
		}
		status.Actions = append(status.Actions, view.ActionOf(action))
	}
	if choice.Format == table.FormatJSON {
		return o.streams.writeObject(status, choice.Format)
	}
	if width, _ := ui.TerminalSize(o.streams.out); width > 0 && choice.Format == "" {
		said := fmt.Sprintf("Restore %d of %s is %s: %s.\n", plan.ID, plainText(plan.Target), plan.State, restoreWords(status.Summary))
		fmt.Fprint(o.streams.out, table.WrapSentences(said, width))
	}
	actions := actionTable
	if o.failed {
		actions.One, actions.Many = "action that is not done", "actions that are not done"
	}
	if choice.Format == "" {
		names := newPlanNames(ctx, reader, plan.Target)
		for i := range status.Actions {
			said := &status.Actions[i]
			said.Message, said.Reason = names.in(said.Message), names.in(said.Reason)
		}
		if err := names.failed(); err != nil {
			return err
		}
	}
	return show(o.streams, actions, choice, table.Each(status.Actions))
}
