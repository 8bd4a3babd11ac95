package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/view"
)

// salvageOptions are what salvage works with.
type salvageOptions struct {
	streams *streams
	load    loadConfig
	table   tableFlags
	to      string // the new vault
}

func newSalvageCommand(env *environment) *cobra.Command {
	o := salvageOptions{streams: env.streams}
	cmd := &cobra.Command{
		Use: "salvage NEW", Short: "Copy everything that is sound in a damaged vault into a new one",
		Long: `Copy everything that is sound in a damaged vault into a new one, and list what is left
out: the table, the document, and why. The damaged vault stays as it is, and NEW must not
be there yet. What can be read of the file at all is read, around torn pages and a cut off
end. The new vault verifies; runs from which something is missing are not complete in it.

A run afterwards fetches what the instance still has.

In a pipe the columns are table, kind, id, problem, key; with --json one array.`,
		Annotations: map[string]string{exitNote: "0 when nothing was left out, 4 when something was."},
		Example: `  lookervault salvage rescued.db
  lookervault salvage rescued.db --db damaged.db --json | jq -r '.[] | "\(.kind)/\(.id)"'`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.to = args[0]
			return runSalvage(cmd.Context(), o)
		},
	}
	o.load = env.settings.reader(cmd.Flags(), dbKey)
	cmd.Flags().String("db", "", "the damaged vault (default the configuration's sink.path)")
	o.table.add(cmd)
	return cmd
}

// runSalvage copies what is sound.
func runSalvage(ctx context.Context, o salvageOptions) error {
	choice, err := chosen(&o.table, damageTable)
	if err != nil {
		return err
	}
	loaded, err := o.load(nil, nil)
	if err != nil {
		return err
	}
	from := loaded.Config.Sink.Path
	progress := &stepProgress{streams: o.streams}
	s, err := sqlite.Salvage(ctx, from, o.to, progress.step("Copying: %d%%"))
	progress.clear()
	if errors.Is(err, vault.ErrMissing) {
		return fmt.Errorf("%w%s", err, hintDemo(from))
	}
	if err != nil {
		return err
	}
	views := view.DamageOf(s.LeftOut)
	if len(views) > 0 || choice.Format != "" {
		if err := show(o.streams, damageTable, choice, table.Each(views)); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("%s holds %s in %s of %s, %s, and verifies", o.to, plural(s.Documents, "document", "documents"),
		plural(s.Versions, "version", "versions"), plural(s.Runs, "run", "runs"), ui.Size(s.Bytes))
	if len(views) == 0 {
		fmt.Fprintf(o.streams.err, "%s; nothing was left out.\n", text)
		return nil
	}
	fmt.Fprintf(o.streams.err.loud(), "%s; %s above. lookervault run%s fetches what Looker still has.\n",
		text, plural(int64(len(views)), "thing was left out or made anew, named", "things were left out or made anew, named"), dbFlag(o.to))
	return said(errPartial)
}
