package main

import (
	"cmp"
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

func newFaultsCommand(a *environment) *cobra.Command {
	r := &reading{app: a}
	var flags tableFlags
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
			return a.runFaults(cmd, r, &flags, args)
		},
	}
	r.flags(cmd)
	flags.add(cmd)
	return cmd
}

// runFaults lists what could not be fetched.
func (a *environment) runFaults(cmd *cobra.Command, r *reading, flags *tableFlags, args []string) (err error) {
	choice, err := chosen(cmd, flags, faultTable)
	if err != nil {
		return err
	}
	reader, faults, err := r.faults(cmd, args)
	if err != nil {
		return err
	}
	defer closing(&err, reader)
	if err := show(a.streams, faultTable, choice, each(faults)); err != nil {
		return err
	}
	if len(args) == 0 && len(faults) > 0 && isTerminal(a.streams.out) {
		fmt.Fprintln(a.streams.err, "The next run asks for them again: lookervault run.")
	}
	return nil
}

// faults opens the vault and reads the faults of the run that args name, or the
// unresolved ones of an instance.
func (r *reading) faults(cmd *cobra.Command, args []string) (reader vault.Reader, faults []vault.Fault, err error) {
	if len(args) == 0 {
		var instance string
		if reader, instance, err = r.open(cmd); err != nil {
			return nil, nil, err
		}
		faults, err = reader.OpenFaults(cmd.Context(), instance)
		faults = newestOf(faults)
	} else {
		var point vault.Point
		if point, err = pointArgument(cmd, args[0]); err != nil {
			return nil, nil, err
		}
		if reader, err = r.openAll(cmd); err != nil {
			return nil, nil, err
		}
		faults, err = r.faultsAt(cmd, reader, point)
	}
	if err == nil {
		err = reader.CheckRows(cmd.Context(), vault.FaultTables)
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

// faultsAt reads the faults of the run at a point, also of one that was pruned.
func (r *reading) faultsAt(cmd *cobra.Command, reader vault.Reader, point vault.Point) ([]vault.Fault, error) {
	run, err := reader.RunAt(cmd.Context(), r.instance, point)
	if err != nil && !errors.Is(err, vault.ErrPruned) {
		return nil, absent(err, reader, "runs")
	}
	return reader.Faults(cmd.Context(), run.ID)
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
		{
			Name: "at", Whole: true, Spare: 4, Value: func(f vault.Fault) string { return f.At.UTC().Format(time.RFC3339) },
			Show: func(f vault.Fault, screen table.Screen) string { return table.When(f.At, screen) },
		},
		{
			Name: "resolved_run", Head: "resolved by", Number: true, Varies: true, Spare: 3,
			Value: func(f vault.Fault) string { return cmp.Or(runText(f.Resolved), "-") },
			Show:  func(f vault.Fault, _ table.Screen) string { return runText(f.Resolved) },
		},
	},
}
