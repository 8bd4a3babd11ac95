package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/vault"
)

func (a *app) faultsCommand() *cobra.Command {
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
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			run, err := runArgument(cmd, args)
			if err != nil {
				return err
			}
			choice, err := chosen(cmd, &flags, faultTable)
			if err != nil {
				return err
			}
			reader, faults, err := r.faults(cmd, run)
			if err != nil {
				return err
			}
			defer closing(&err, reader)
			return show(a, faultTable, choice, each(faults))
		},
	}
	r.flags(cmd)
	flags.add(cmd)
	return cmd
}

// faults opens the vault and reads the faults of a run, or the unresolved ones of
// an instance.
func (r *reading) faults(cmd *cobra.Command, run int64) (reader *vault.Reader, faults []vault.Fault, err error) {
	if run != 0 {
		if reader, err = r.openAll(cmd); err != nil {
			return nil, nil, err
		}
		faults, err = reader.Faults(cmd.Context(), run)
		err = absent(err, reader, "runs")
	} else {
		var instance string
		if reader, instance, err = r.open(cmd); err != nil {
			return nil, nil, err
		}
		faults, err = reader.OpenFaults(cmd.Context(), instance)
	}
	if err == nil {
		err = reader.CheckRows(cmd.Context(), vault.FaultTables)
	}
	if err != nil {
		return nil, nil, errors.Join(err, reader.Close())
	}
	return reader, faults, nil
}

// runArgument is the number of a run, 0 when none is given.
func runArgument(cmd *cobra.Command, args []string) (int64, error) {
	if len(args) == 0 {
		return 0, nil
	}
	id, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil || id < 1 {
		return 0, usage(cmd, fmt.Errorf("%q is not the number of a run", args[0]))
	}
	return id, nil
}

var faultTable = table.Table[vault.Fault]{
	One: "fault", Many: "faults", View: faultJSON,
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
		{Name: "resolved_run", Head: "resolved by", Number: true, Varies: true, Spare: 3, Value: func(f vault.Fault) string {
			if f.Resolved == 0 {
				return "-"
			}
			return strconv.FormatInt(f.Resolved, 10)
		}},
	},
}

// faultJSON is a fault under stable names.
func faultJSON(f vault.Fault) any {
	return struct {
		Run      int64       `json:"run"`
		Instance string      `json:"instance"`
		Kind     record.Kind `json:"kind"`
		ID       string      `json:"id"` // "": the listing of the kind; "#3": a row of it
		Class    string      `json:"class"`
		Status   int         `json:"status"`
		Attempts int         `json:"attempts"`
		Message  string      `json:"message"`
		At       time.Time   `json:"at"`
		Resolved int64       `json:"resolved_run,omitempty"`
	}{f.Run, f.Instance, f.Kind, f.ID, f.Class, f.Status, f.Attempts, f.Message, f.At.UTC(), f.Resolved}
}
