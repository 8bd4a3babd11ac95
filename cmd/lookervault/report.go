package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/outfile"
	"github.com/lookervault/lookervault/internal/report"
	"github.com/lookervault/lookervault/internal/vault"
)

// reportOptions are what report works with.
type reportOptions struct {
	streams *streams
	reading reading
	run     vault.Point
	to      string // a file, "-" for standard output
}

func newReportCommand(env *environment) *cobra.Command {
	o := reportOptions{streams: env.streams}
	cmd := &cobra.Command{
		Use: "report [RUN]", Short: "Make a page of a run: how it went, what changed, what failed",
		Long: `Make a page of a run, the newest backup unless another is named: a verdict in a sentence,
the last 60 runs, how the vault grew, the calls of the month, what is covered and what
is not, what was deleted by whom since the vault began, what changed, what failed and is
still open; and folded, for whoever tunes it, throughput, stages and sizes.

The vault is checked for the page, as verify does it: every byte, of a vault above
512 MiB every row and a part of the documents. Where it is damaged the page says so.

The page is one HTML file that loads nothing from anywhere. It holds names of
documents: keep it like the vault.`,
		Annotations: map[string]string{exitNote: "5 when the vault is damaged; the page is written all the same."},
		Example: `  lookervault report -o report.html
  lookervault report 12 -o - | less`,
		Args: arguments(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			switch {
			case o.to == "":
				return usage(errors.New("--output is empty: name a file, or - for standard output"))
			case !config.IsOutput(o.to):
				return usage(errors.New("--output is an address, but a report is written to a file: give its path, or - for standard output"))
			}
			if o.run, err = backupArgument(args); err != nil {
				return err
			}
			return runReport(cmd.Context(), o)
		},
	}
	o.reading.flags(cmd, env)
	cmd.Flags().StringVarP(&o.to, "output", "o", "report.html", "the file to write; - for standard output")
	return cmd
}

// runReport writes the page of a run.
func runReport(ctx context.Context, o reportOptions) (err error) {
	reader, instance, err := o.reading.openInstance(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, reader)
	run, err := reader.RunAt(ctx, instance, o.run)
	if err != nil && !errors.Is(err, vault.ErrPruned) {
		return absent(err, reader, "runs")
	}
	data, err := report.Read(ctx, reader, instance, run.ID)
	if err != nil {
		return absent(err, reader, "runs")
	}
	data.Made, data.Tool = o.reading.now(), toolVersion()
	checked, findings, err := report.Check(ctx, reader, data.Made)
	if err != nil {
		return err
	}
	data.Checked = checked
	if err := writeReport(ctx, o, data); err != nil {
		return err
	}
	return vault.DamageOf(reader.Path(), findings)
}

// writeReport writes the page to a file, or to standard output where that is "-".
func writeReport(ctx context.Context, o reportOptions, data report.Data) error {
	var page bytes.Buffer
	if err := report.Write(&page, data); err != nil {
		return err
	}
	if o.to == "-" {
		_, err := page.WriteTo(o.streams.out)
		return err
	}
	if err := outfile.Write(ctx, o.to, page.Bytes(), 0o600); err != nil {
		return err
	}
	// What went into a pipe or a device lies nowhere.
	if info, err := os.Stat(o.to); err == nil && info.Mode().IsRegular() {
		fmt.Fprintf(o.streams.err, "Run %d of %s: open %s in a browser.\n", data.Run.ID, data.Run.Instance, o.to)
	}
	return nil
}
