package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/find"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// reindexOptions are what reindex works with.
type reindexOptions struct {
	streams *streams
	open    openVault
	now     func() time.Time
}

func newReindexCommand(env *environment) *cobra.Command {
	o := reindexOptions{streams: env.streams, now: env.clock.now}
	cmd := &cobra.Command{
		Use: "reindex", Short: "Make the index anew that find searches by",
		Long: `Make the index anew that find searches by: of the words and uses in every version that
the vault holds. Runs keep it up to date by themselves, and what it lacks is searched
without it: this is for one that is damaged, or that an older vault does not have yet.
The vault is locked meanwhile, as by a run.`,
		Example: `  lookervault reindex
  lookervault reindex --db nightly.db`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runReindex(cmd.Context(), o) },
	}
	o.open = env.opener(cmd.Flags())
	cmd.Flags().String("db", "", "the vault (default the configuration's sink.path)")
	return cmd
}

// runReindex makes the index anew.
func runReindex(ctx context.Context, o reindexOptions) (err error) {
	// A reader says what is wrong with a file that is no vault, and makes none.
	reader, err := o.open(ctx)
	if err != nil {
		return err
	}
	path := reader.Path()
	if err := reader.Close(); err != nil {
		return err
	}
	writer, err := sqlite.Open(ctx, path, sqlite.Options{Now: o.now, Warn: func(text string) { fmt.Fprintln(o.streams.err, "lookervault: "+text) }})
	if err != nil {
		return err
	}
	versions, err := writer.Reindex(ctx, find.TermRules, canon.Terms())
	if err := errors.Join(err, writer.Close()); err != nil {
		return err
	}
	fmt.Fprintf(o.streams.err, "Indexed %s.\n", plural(versions, "version", "versions"))
	return nil
}
