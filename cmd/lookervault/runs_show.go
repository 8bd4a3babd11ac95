package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/plain"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

// runsShowOptions are what runs show works with.
type runsShowOptions struct {
	streams *streams
	reading reading
	table   tableFlags
	run     vault.Point
}

func newRunsShowCommand(env *environment) *cobra.Command {
	o := runsShowOptions{streams: env.streams}
	cmd := &cobra.Command{
		Use: "show [RUN]", Short: "Show one run, kind by kind", Args: arguments(cobra.MaximumNArgs(1)),
		Long: `Show one run, kind by kind: by its number, latest (also when none is named), or
latest-1 for the one before. Of these only backups count, not the looks of restores.

It is a page for people, in a pipe too. With --format tsv or csv it is the table of kinds
alone; with --json or --format yaml one object with all that is known of the run.`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.run, err = backupArgument(args); err != nil {
				return err
			}
			return runRunsShow(cmd.Context(), o)
		},
	}
	o.reading.flags(cmd, env)
	o.table.add(cmd)
	cmd.Flags().Lookup("json").Usage = "as one JSON object"
	cmd.Flags().Lookup("format").Usage = "table, tsv, csv, json or yaml (default table)"
	return cmd
}

// runRunsShow shows a run.
func runRunsShow(ctx context.Context, o runsShowOptions) (err error) {
	choice, err := chosen(&o.table, ui.KindTable())
	if err != nil {
		return err
	}
	if choice.IsObject() && choice.Picks() {
		return usage(fmt.Errorf("--columns, --sort and --limit are for the table of kinds, and --format %s shows the whole run", choice.Format))
	}
	reader, err := o.reading.open(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, reader)
	run, err := reader.RunAt(ctx, o.reading.instance, o.run)
	if err != nil && !errors.Is(err, vault.ErrPruned) {
		return absent(err, reader, "runs")
	}
	if err := reader.CheckRows(ctx, vault.RunTables); err != nil {
		return err
	}
	switch choice.Format {
	case table.FormatJSON, table.FormatYAML:
		return o.streams.writeObject(view.RunOf(run), choice.Format)
	case table.FormatTabs, table.FormatCSV:
		return show(o.streams, ui.KindTable(), choice, table.Each(ui.KindRows(view.KindsInOrder(run.Ends()))))
	}
	return writeRun(o.streams, run, choice)
}

// writeObject writes one object as JSON on a line, or as YAML.
func (s *streams) writeObject(v any, format string) error {
	line, err := plain.Encode(v)
	if err != nil {
		return err
	}
	if format == table.FormatYAML {
		text, err := table.YAML([]byte(line))
		if err != nil {
			return err
		}
		_, err = s.out.Write(text)
		return err
	}
	_, err = fmt.Fprintln(s.out, line)
	return err
}

// writeRun writes all that is known of a run, for people: kind by kind, then what each
// session of it measured.
func writeRun(s *streams, run record.Run, choice table.Choice) error {
	width, height := ui.TerminalSize(s.out)
	if width == 0 {
		height = noPage
	}
	return s.paged(height, func(text *strings.Builder) error {
		var said strings.Builder
		fmt.Fprintf(&said, "Run %d of %s: %s.\n", run.ID, plainText(run.Instance), run.OutcomeText())
		fmt.Fprintf(&said, "Scope: %s.\n", run.Scope)
		if run.Pruned {
			fmt.Fprintln(&said, "It was pruned: only its numbers are left, and what other runs saw as well.")
		}
		text.WriteString(table.WrapLines(said.String(), width))
		out := table.Output{Out: text, Screen: s.screen(width), Color: s.colors(s.out)}
		if err := ui.WriteKinds(out, choice, view.KindsInOrder(run.Ends()), view.NotesOf(run), false); err != nil {
			return err
		}
		said.Reset()
		for _, session := range run.Sessions {
			fmt.Fprintln(&said)
			ui.WriteSession(&said, session, width > 0)
		}
		text.WriteString(table.WrapLines(said.String(), width))
		return nil
	})
}
