package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
)

func (a *app) restoreStatusCommand() *cobra.Command {
	r := &reading{app: a}
	var flags tableFlags
	var failed bool
	cmd := &cobra.Command{
		Use: "status [RESTORE]", Short: "Show all plans and restores, or what became of each action of one",
		Example: `  lookervault restore status
  lookervault restore status 4 --failed
  lookervault restore status 4 --json`,
		Args: arguments(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				if failed {
					return usage(cmd, errors.New("--failed is of one restore: name its number"))
				}
				return a.restores(cmd, r, &flags)
			}
			return a.restoreStatus(cmd, r, &flags, args[0], failed)
		},
	}
	r.flags(cmd)
	flags.add(cmd)
	cmd.Flags().BoolVar(&failed, "failed", false, "only what is not done, with what Looker says of each member")
	return cmd
}

// restoreRow is a restore in the table of all, under stable names.
type restoreRow struct {
	Restore int64  `json:"restore"`
	State   string `json:"state"`
	Purpose string `json:"purpose"`
	Target  string `json:"target"`
	Planned string `json:"planned_at"`
	Ended   string `json:"finished_at"`
	AsOf    int64  `json:"as_of"`
	Look    int64  `json:"look"`
	Check   int64  `json:"check"`
	Of      int64  `json:"of"`

	planned time.Time
}

var restoresTable = table.Table[restoreRow]{
	One: "restore", Many: "restores", View: func(r restoreRow) any { return r },
	Columns: []table.Column[restoreRow]{
		{Name: "restore", Number: true, Value: func(r restoreRow) string { return strconv.FormatInt(r.Restore, 10) }},
		{Name: "state", Whole: true, Value: func(r restoreRow) string { return r.State }, Tone: func(r restoreRow) table.Tone { return restoreTone(r.State) }},
		{Name: "purpose", Whole: true, Value: func(r restoreRow) string { return r.Purpose }},
		{Name: "target", Varies: true, Spare: 3, Value: func(r restoreRow) string { return r.Target }},
		{
			Name: "planned_at", Head: "planned", Whole: true, Value: func(r restoreRow) string { return r.Planned },
			Show: func(r restoreRow, screen table.Screen) string { return table.When(r.planned, screen) },
		},
		{Name: "as_of", Head: "as of run", Number: true, Spare: 2, Value: func(r restoreRow) string { return orDash(r.AsOf) }},
		{Name: "look", Number: true, Spare: 1, Value: func(r restoreRow) string { return orDash(r.Look) }},
		{Name: "check", Number: true, Spare: 1, Value: func(r restoreRow) string { return orDash(r.Check) }},
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

// restores shows all plans and restores.
func (a *app) restores(cmd *cobra.Command, r *reading, flags *tableFlags) (err error) {
	choice, err := chosen(cmd, flags, restoresTable)
	if err != nil {
		return err
	}
	reader, err := r.openAll(cmd)
	if err != nil {
		return err
	}
	defer closing(&err, reader)
	all, err := reader.Restores(cmd.Context(), r.instance)
	if err != nil {
		return err
	}
	var rows []restoreRow
	for _, one := range all {
		row := restoreRow{
			Restore: one.ID, State: string(one.State), Purpose: string(one.Purpose), Target: one.Target, Planned: stamp(one.PlannedAt),
			Ended: stamp(one.FinishedAt), AsOf: one.AsOf, Look: one.Look, Check: one.Verdict, Of: one.Of, planned: one.PlannedAt,
		}
		rows = append(rows, row)
	}
	return show(a, restoresTable, choice, each(rows))
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// statusView is a restore with its actions under stable names.
type statusView struct {
	Restore int64          `json:"restore"`
	Plan    int64          `json:"plan"`
	State   string         `json:"state"`
	Actions []actionEvent  `json:"actions"`
	Summary restoreSummary `json:"summary"`
}

var actionTable = table.Table[actionEvent]{
	One: "action", Many: "actions", View: func(e actionEvent) any { return e },
	Columns: []table.Column[actionEvent]{
		{Name: "state", Whole: true, Value: func(e actionEvent) string { return string(e.State) }, Tone: actionTone},
		{Name: "action", Whole: true, Value: func(e actionEvent) string { return string(e.Action) }},
		{Name: "kind", Whole: true, Varies: true, Value: func(e actionEvent) string { return string(e.Kind) }},
		{Name: "id", Whole: true, Value: func(e actionEvent) string { return e.ID }},
		{Name: "target_id", Head: "target", Whole: true, Spare: 2, Value: func(e actionEvent) string { return e.TargetID }},
		{Name: "name", Value: func(e actionEvent) string { return e.Name }},
		{Name: "checked", Whole: true, Spare: 3, Value: func(e actionEvent) string { return e.Checked }},
		{Name: "calls", Number: true, Spare: 4, Value: func(e actionEvent) string { return strconv.Itoa(e.Calls) }},
		{Name: "message", Wraps: true, Value: whyOf},
	},
}

func actionTone(e actionEvent) table.Tone {
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
func whyOf(e actionEvent) string {
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

// restoreStatus shows what became of each action of a restore.
func (a *app) restoreStatus(cmd *cobra.Command, r *reading, flags *tableFlags, text string, failed bool) (err error) {
	number, err := planNumber(cmd, text)
	if err != nil {
		return err
	}
	choice, err := chosen(cmd, flags, actionTable)
	if err != nil {
		return err
	}
	reader, err := r.openAll(cmd)
	if err != nil {
		return err
	}
	defer closing(&err, reader)
	plan, err := reader.Restore(cmd.Context(), number)
	if err != nil {
		return noPlan(err, reader)
	}
	view := statusView{Restore: plan.ID, Plan: plan.ID, State: string(plan.State), Actions: []actionEvent{}, Summary: restoreSummaryOf(a.now(), plan, nil, plan.FinishedAt.Sub(plan.StartedAt))}
	if view.Summary.Asleep, err = restore.Asleep(cmd.Context(), reader, plan); err != nil {
		return err
	}
	for _, action := range plan.Actions {
		switch action.State {
		case record.ActionDone, record.ActionSame, record.ActionSkipped:
			if failed && action.Checked != record.CheckedDifferent && action.Checked != record.CheckedMissing {
				continue
			}
		}
		view.Actions = append(view.Actions, actionEventOf(action))
	}
	if choice.Format == table.FormatJSON {
		text, err := ui.EncodeJSON(view)
		if err == nil {
			_, err = fmt.Fprintln(a.stdout, text)
		}
		return err
	}
	if isTerminal(a.stdout) && choice.Format == "" {
		fmt.Fprintf(a.stdout, "Restore %d of %s is %s: %s.\n", plan.ID, plainText(plan.Target), plan.State, view.Summary.words())
	}
	return show(a, actionTable, choice, each(view.Actions))
}
