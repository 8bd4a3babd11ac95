package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
)

// logOptions are what log works with.
type logOptions struct {
	streams  *streams
	reading  reading
	span     vault.Span // the document, or the kind, whose changes are shown
	table    tableFlags
	filter   filterFlags
	volatile bool
}

// logRows is how many changes of an instance people see at first.
const logRows = 50

func newLogCommand(env *environment) *cobra.Command {
	o := logOptions{streams: env.streams}
	kind := ""
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
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.span, err = logSpan(cmd, kind, args); err != nil {
				return err
			}
			return runLog(cmd.Context(), o)
		},
	}
	o.reading.flags(cmd, env)
	o.table.add(cmd)
	o.filter.add(cmd)
	cmd.Flags().StringVar(&kind, "kind", "", "only documents of this kind")
	cmd.Flags().BoolVar(&o.volatile, "volatile", false, "also what only counts views and the like")
	return cmd
}

// runLog shows what changed.
func runLog(ctx context.Context, o logOptions) (err error) {
	changed := changeTable(true)
	choice, err := chosen(&o.table, changed)
	if err != nil {
		return err
	}
	span := o.span
	m, err := o.reading.openMoment(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, m.Reader)
	if span.ID != "" {
		if _, err := m.Reader.Versions(ctx, m.Instance, record.Ref{Kind: span.Kind, ID: span.ID}); err != nil {
			return absent(err, m.Reader, "list "+string(span.Kind))
		}
	}
	names := &history.Names{}
	if err := names.Read(ctx, m); err != nil {
		return err
	}
	filter, err := o.filter.compile(ctx, m, names)
	if err != nil {
		return err
	}
	if width, _ := ui.TerminalSize(o.streams.out); width > 0 && span.ID == "" && choice.Limit == 0 && choice.Sort == "" && choice.Format == "" {
		choice.Limit = logRows
	}
	span.Instance = m.Instance
	return history.Changes(ctx, m, names, o.volatile, func(c *history.Changer) error {
		return show(o.streams, changed, choice, c.All(m.Reader.Events(ctx, span), filter))
	})
}

// logSpan is the document that args name, else the kind of --kind.
func logSpan(cmd *cobra.Command, kind string, args []string) (span vault.Span, err error) {
	switch {
	case len(args) == 0 && kind != "":
		span.Kind, err = kindArgument(kind)
	case len(args) > 0 && kind != "":
		err = usage(errors.New("--kind is for the changes of many documents, and the arguments name one"))
	case len(args) > 0:
		var ref record.Ref
		ref, err = refArgument(cmd, args)
		span.Kind, span.ID = ref.Kind, ref.ID
	}
	return span, err
}
