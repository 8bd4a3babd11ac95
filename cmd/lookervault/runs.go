package main

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/duration"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

// runsOptions are what runs works with.
type runsOptions struct {
	streams *streams
	reading reading
	table   tableFlags
}

func newRunsCommand(env *environment) *cobra.Command {
	o := runsOptions{streams: env.streams}
	cmd := &cobra.Command{
		Use: "runs", Short: "List the runs that the vault holds, newest first",
		Long: `List the runs that the vault holds, newest first.

In a pipe the columns are run, instance, started, took, outcome, new, changed,
same, gone, failed, calls, scope.`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runRuns(cmd.Context(), o) },
	}
	o.reading.flags(cmd, env)
	o.table.add(cmd)
	cmd.AddCommand(newRunsShowCommand(env))
	return cmd
}

// runRuns lists runs.
func runRuns(ctx context.Context, o runsOptions) (err error) {
	choice, err := chosen(&o.table, runTable)
	if err != nil {
		return err
	}
	reader, err := o.reading.open(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, reader)
	// One that is damaged is no reason not to show the others.
	read := reader.RunsInBrief
	if choice.IsObject() {
		read = reader.NewestRuns
	}
	runs, damage := read(ctx, o.reading.instance, runsToRead(choice))
	if damage == nil {
		damage = reader.CheckRows(ctx, vault.RunTables)
	} else if !errors.Is(damage, vault.ErrCorrupt) {
		return damage
	}
	err = show(o.streams, runTable, choice, table.Each(runs))
	return cmp.Or(err, damage)
}

// runsToRead is how many of the newest runs a choice shows, and one more, to see
// whether others are left out; 0 for all.
func runsToRead(choice table.Choice) int {
	if choice.Limit == 0 || choice.Sort != "" {
		return 0
	}
	return choice.Limit + 1
}

var runTable = table.Table[record.Run]{
	One: "run", Many: "runs", View: func(run record.Run) any { return view.RunOf(run) },
	Columns: []table.Column[record.Run]{
		{Name: "run", Number: true, Value: func(r record.Run) string { return strconv.FormatInt(r.ID, 10) }},
		{Name: "instance", Varies: true, Obvious: true, Spare: 3, Value: func(r record.Run) string { return r.Instance }},
		{Name: "started_at", Head: "started", Whole: true, Time: func(r record.Run) time.Time { return r.Started }},
		{Name: "took", Number: true, Spare: 6, Value: took, Show: tookShown, Order: tookSeconds},
		{Name: "outcome", Whole: true, Value: func(r record.Run) string { return r.OutcomeText() }, Show: outcomeShown, Tone: outcomeTone},
		runCount("new", 2, func(t view.Totals) int64 { return t.New }),
		runCount("changed", 1, func(t view.Totals) int64 { return t.Changed }),
		runCount("same", 7, func(t view.Totals) int64 { return t.Same }),
		runCount("gone", 1, func(t view.Totals) int64 { return t.Gone }),
		runCount("failed", 0, func(t view.Totals) int64 { return t.FailedDocuments() }),
		{Name: "calls", Number: true, Spare: 5, Amount: func(r record.Run) int64 { return view.Calls(r.Calls) }, Unit: count},
		{Name: "scope", Spare: 4, Varies: true, Value: func(r record.Run) string { return r.Scope.String() }},
	},
}

// outcomeShown is the outcome for people, who also see of which runs only the numbers
// are left.
func outcomeShown(r record.Run, _ table.Screen) string {
	if r.Pruned {
		return r.OutcomeText() + ", pruned"
	}
	return r.OutcomeText()
}

// runCount is a column with a number of documents.
func runCount(name string, spare int, of func(view.Totals) int64) table.Column[record.Run] {
	return table.Column[record.Run]{
		Name: name, Number: true, Spare: spare, Amount: func(r record.Run) int64 { return of(view.TotalsOf(r.Kinds)) }, Unit: count,
	}
}

func outcomeTone(r record.Run) table.Tone {
	switch r.Outcome {
	case record.RunComplete:
		return table.Good
	case record.RunFailed:
		return table.Bad
	default:
		return table.Unsure
	}
}

// took is how long a run lasted, as programs have always read it; "-" while it is open.
func took(r record.Run) string {
	if r.Finished.IsZero() {
		return "-"
	}
	return r.Took().Round(100 * time.Millisecond).String()
}

// tookShown is took for people.
func tookShown(r record.Run, _ table.Screen) string {
	if r.Finished.IsZero() {
		return "-"
	}
	return duration.Text(r.Took())
}

// tookSeconds is what runs are sorted by for how long they took: open ones come last.
func tookSeconds(r record.Run) string {
	if r.Finished.IsZero() {
		return ""
	}
	return strconv.FormatFloat(r.Took().Seconds(), 'f', -1, 64)
}
