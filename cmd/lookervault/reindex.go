package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/find"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

func newReindexCommand(a *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use: "reindex", Short: "Make the index anew that find searches by",
		Long: `Make the index anew that find searches by: of the words and uses in every version that
the vault holds. Runs keep it up to date by themselves, and what it lacks is searched
without it: this is for one that is damaged, or that an older vault does not have yet.
The vault is locked meanwhile, as by a run.`,
		Example: `  lookervault reindex
  lookervault reindex --db nightly.db`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runReindex(cmd) },
	}
	cmd.Flags().String("db", "", "the vault (default the configuration's sink.path)")
	return cmd
}

func (a *environment) runReindex(cmd *cobra.Command) (err error) {
	// A reader says what is wrong with a file that is no vault, and makes none.
	reader, err := (&reading{app: a}).openAll(cmd)
	if err != nil {
		return err
	}
	path := reader.Path()
	if err := reader.Close(); err != nil {
		return err
	}
	writer, err := sqlite.Open(a.interrupts.stop, path, sqlite.Options{Now: a.clock.now, Warn: func(text string) { fmt.Fprintln(a.streams.err, "lookervault: "+text) }})
	if err != nil {
		return err
	}
	versions, err := writer.Reindex(a.interrupts.stop, find.TermRules, canon.Terms())
	if err := errors.Join(err, writer.Close()); err != nil {
		return err
	}
	fmt.Fprintf(a.streams.err, "Indexed %s.\n", plural(versions, "version", "versions"))
	return nil
}
