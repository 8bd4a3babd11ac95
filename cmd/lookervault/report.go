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

func newReportCommand(a *environment) *cobra.Command {
	var to string
	r := &reading{app: a}
	cmd := &cobra.Command{
		Use: "report [RUN]", Short: "Make a page of a run: how it went, what changed, what failed",
		Long: `Make a page of a run, the newest backup unless another is named: a verdict in a sentence,
the last 60 runs, how the vault grew, the calls of the month, what is covered and what
is not, what was deleted by whom since the vault began, what changed, what failed and is
still open; and folded, for whoever tunes it, throughput, stages and sizes.

The vault is checked for the page, as verify does it: every byte, of a vault above
512 MiB every row and a part of the documents. Where it is damaged the page says so,
and the exit code is 5.

The page is one HTML file that loads nothing from anywhere. It holds names of
documents: keep it like the vault.`,
		Example: `  lookervault report -o report.html
  lookervault report 12 -o - | less`,
		Args: arguments(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runReport(cmd, r, to, args)
		},
	}
	r.flags(cmd)
	cmd.Flags().StringVarP(&to, "output", "o", "report.html", "the file to write; - for standard output")
	return cmd
}

// runReport writes the page of a run.
func (a *environment) runReport(cmd *cobra.Command, r *reading, to string, args []string) (err error) {
	if to == "" {
		return usage(cmd, errors.New("--output is empty: name a file, or - for standard output"))
	}
	if !config.IsOutput(to) {
		return usage(cmd, errors.New("--output is an address, but a report is written to a file: give its path, or - for standard output"))
	}
	point, err := backupArgument(cmd, args)
	if err != nil {
		return err
	}
	reader, instance, err := r.open(cmd)
	if err != nil {
		return err
	}
	defer closing(&err, reader)
	run, err := reader.RunAt(cmd.Context(), instance, point)
	if err != nil && !errors.Is(err, vault.ErrPruned) {
		return absent(err, reader, "runs")
	}
	data, err := report.Read(cmd.Context(), reader, instance, run.ID)
	if err != nil {
		return fmt.Errorf("%s: %w; lookervault runs shows what there is", reader.Path(), err)
	}
	data.Made, data.Tool = a.clock.now(), toolVersion()
	checked, findings, err := report.Check(cmd.Context(), reader, data.Made)
	if err != nil {
		return err
	}
	data.Checked = checked
	if err := a.writeReport(cmd.Context(), data, to); err != nil {
		return err
	}
	return vault.DamageOf(findings)
}

// writeReport writes the page to a file, or to standard output where that is "-".
func (a *environment) writeReport(ctx context.Context, data report.Data, to string) error {
	var page bytes.Buffer
	if err := report.Write(&page, data); err != nil {
		return err
	}
	if to == "-" {
		_, err := page.WriteTo(a.streams.out)
		return err
	}
	if err := outfile.Write(ctx, to, page.Bytes(), 0o600); err != nil {
		return err
	}
	// What went into a pipe or a device lies nowhere.
	if info, err := os.Stat(to); err == nil && info.Mode().IsRegular() {
		fmt.Fprintf(a.streams.err, "Run %d of %s: open %s in a browser.\n", data.Run.ID, data.Run.Instance, to)
	}
	return nil
}
