package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

// faultsOptions are what faults works with.
type faultsOptions struct {
	streams *streams
	reading reading
	table   tableFlags
	run     *vault.Point // whose faults are listed; nil: those that no run has settled
}

func newFaultsCommand(env *environment) *cobra.Command {
	o := faultsOptions{streams: env.streams}
	cmd := &cobra.Command{
		Use: "faults [RUN]", Short: "List what could not be fetched",
		Long: `List the documents, and listings, that could not be fetched and that no later run
has settled. With RUN, all of that run, settled or not. One of the class dangling is
a document that another one names and that Looker does not have: nothing failed.

In a pipe the columns are run, kind, id, class, status, attempts, message, at,
resolved by. A fault without an id is the listing of its kind, and #3 is the
third row of that listing, which is no document.`,
		Example: `  lookervault faults
  lookervault faults 12 --json | jq -r '.[] | select(.class == "denied") | .id'`,
		Args: arguments(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				run, err := pointArgument(args[0])
				if err != nil {
					return err
				}
				o.run = &run
			}
			return runFaults(cmd.Context(), o)
		},
	}
	o.reading.flags(cmd, env)
	o.table.add(cmd)
	return cmd
}

// runFaults lists what could not be fetched.
func runFaults(ctx context.Context, o faultsOptions) (err error) {
	choice, err := chosen(&o.table, faultTable)
	if err != nil {
		return err
	}
	reader, faults, err := o.read(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, reader)
	if err := show(o.streams, faultTable, choice, table.Each(faults)); err != nil {
		return err
	}
	if o.run == nil && len(faults) > 0 && isTerminal(o.streams.out) {
		fmt.Fprintln(o.streams.err, "The next run asks for them again: lookervault run.")
	}
	return nil
}

// read opens the vault and reads the faults of the run that is named, or the unresolved
// ones of an instance.
func (o faultsOptions) read(ctx context.Context) (reader vault.Reader, faults []vault.Fault, err error) {
	if o.run == nil {
		var instance string
		if reader, instance, err = o.reading.openInstance(ctx); err != nil {
			return nil, nil, err
		}
		faults, err = reader.OpenFaults(ctx, instance)
		faults = newestOf(faults)
	} else {
		if reader, err = o.reading.open(ctx); err != nil {
			return nil, nil, err
		}
		faults, err = o.readAt(ctx, reader)
	}
	if err == nil {
		err = reader.CheckRows(ctx, vault.FaultTables)
	}
	if err != nil {
		return nil, nil, errors.Join(err, reader.Close())
	}
	slices.SortStableFunc(faults, func(x, y vault.Fault) int {
		return cmp.Or(cmp.Compare(x.Run, y.Run), cmp.Compare(x.Kind, y.Kind), table.Compare(x.ID, y.ID))
	})
	return reader, faults, nil
}

// newestOf keeps of several faults of one document the newest: every run that could not
// have it left one.
func newestOf(faults []vault.Fault) []vault.Fault {
	newest := make(map[record.Ref]int64)
	for _, f := range faults {
		ref := record.Ref{Kind: f.Kind, ID: f.ID}
		newest[ref] = max(newest[ref], f.Run)
	}
	return slices.DeleteFunc(faults, func(f vault.Fault) bool { return newest[record.Ref{Kind: f.Kind, ID: f.ID}] != f.Run })
}

// readAt reads the faults of the run that is named, also of one that was pruned.
func (o faultsOptions) readAt(ctx context.Context, reader vault.Reader) ([]vault.Fault, error) {
	run, err := reader.RunAt(ctx, o.reading.instance, *o.run)
	if err != nil && !errors.Is(err, vault.ErrPruned) {
		return nil, absent(err, reader, "runs")
	}
	return reader.Faults(ctx, run.ID)
}

var faultTable = table.Table[vault.Fault]{
	One: "fault", Many: "faults", View: func(f vault.Fault) any { return view.FaultOf(f) },
	Columns: []table.Column[vault.Fault]{
		{Name: "run", Number: true, Varies: true, Spare: 2, Value: func(f vault.Fault) string { return strconv.FormatInt(f.Run, 10) }},
		{Name: "kind", Whole: true, Value: func(f vault.Fault) string { return string(f.Kind) }},
		{Name: "id", Whole: true, Value: func(f vault.Fault) string { return f.ID }},
		{Name: "class", Whole: true, Spare: 1, Value: func(f vault.Fault) string { return f.Class }},
		{Name: "status", Number: true, Spare: 5, Value: func(f vault.Fault) string { return strconv.Itoa(f.Status) }, Show: blankZero(func(f vault.Fault) int64 { return int64(f.Status) })},
		{Name: "attempts", Number: true, Spare: 6, Value: func(f vault.Fault) string { return strconv.Itoa(f.Attempts) }},
		{Name: "message", Wraps: true, Value: func(f vault.Fault) string { return f.Message }},
		{Name: "at", Whole: true, Spare: 4, Time: func(f vault.Fault) time.Time { return f.At }},
		{
			Name: "resolved_run", Head: "resolved by", Number: true, Varies: true, Spare: 3,
			Value: func(f vault.Fault) string { return cmp.Or(runText(f.Resolved), "-") },
			Show:  func(f vault.Fault, _ table.Screen) string { return runText(f.Resolved) },
		},
	},
}
