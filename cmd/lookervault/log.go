package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
)

// logOptions are the flags of log.
type logOptions struct {
	table    tableFlags
	filter   filterFlags
	kind     string
	volatile bool
}

// logRows is how many changes of an instance people see at first.
const logRows = 50

func newLogCommand(a *environment) *cobra.Command {
	r := &reading{app: a}
	var o logOptions
	cmd := &cobra.Command{
		Use: "log [KIND ID]", Short: "Show what changed, run by run, newest first",
		Long: `Show what changed, run by run, newest first: of one document all its versions, with
who changed it as far as the document tells, and when it vanished; without one the
changes of the whole instance. What only counts views is no change.

In a pipe the columns are run, time, change, kind, id, name, folder, owner, who,
bytes, what; with --json one array, with each changed member before and after.`,
		Example: `  lookervault log dashboards 17
  lookervault log --folder "Shared / Finance" --limit 20
  lookervault log --kind users --json`,
		Args: arguments(cobra.MaximumNArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runLog(cmd, r, o, args) },
	}
	r.flags(cmd)
	o.table.add(cmd)
	o.filter.add(cmd)
	cmd.Flags().StringVar(&o.kind, "kind", "", "only documents of this kind")
	cmd.Flags().BoolVar(&o.volatile, "volatile", false, "also what only counts views and the like")
	return cmd
}

func (a *environment) runLog(cmd *cobra.Command, r *reading, o logOptions, args []string) (err error) {
	changed := changeTable(true)
	choice, err := chosen(cmd, &o.table, changed)
	if err != nil {
		return err
	}
	span, err := o.span(cmd, args)
	if err != nil {
		return err
	}
	m, err := r.openMoment(cmd)
	if err != nil {
		return err
	}
	defer closing(&err, m.Reader)
	if span.ID != "" {
		if _, err := m.Reader.Versions(cmd.Context(), m.Instance, record.Ref{Kind: span.Kind, ID: span.ID}); err != nil {
			return absent(err, m.Reader, "list "+string(span.Kind))
		}
	}
	names := &history.Names{}
	if err := names.Read(cmd.Context(), m); err != nil {
		return err
	}
	filter, err := o.filter.compile(cmd.Context(), m, names)
	if err != nil {
		return err
	}
	if width, _ := ui.TerminalSize(a.streams.out); width > 0 && span.ID == "" && choice.Limit == 0 && choice.Sort == "" && choice.Format == "" {
		choice.Limit = logRows
	}
	span.Instance = m.Instance
	return history.Changes(cmd.Context(), m, names, o.volatile, func(c *history.Changer) error {
		return show(a.streams, changed, choice, c.All(m.Reader.Events(cmd.Context(), span), filter))
	})
}

// span is the document that args name, else the kind of --kind.
func (o logOptions) span(cmd *cobra.Command, args []string) (span vault.Span, err error) {
	switch {
	case len(args) == 0 && o.kind != "":
		span.Kind, err = kindArgument(cmd, o.kind)
	case len(args) > 0 && o.kind != "":
		err = usage(cmd, errors.New("--kind is for the changes of many documents, and the arguments name one"))
	case len(args) > 0:
		var ref record.Ref
		ref, err = refArgument(cmd, args)
		span.Kind, span.ID = ref.Kind, ref.ID
	}
	return span, err
}

func sizeShown(c history.Change, _ table.Screen) string { return ui.Size(c.Bytes) }
