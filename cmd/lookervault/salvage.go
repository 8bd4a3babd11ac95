package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/view"
)

func newSalvageCommand(a *environment) *cobra.Command {
	var flags tableFlags
	cmd := &cobra.Command{
		Use: "salvage NEW", Short: "Copy everything that is sound in a damaged vault into a new one",
		Long: `Copy everything that is sound in a damaged vault into a new one, and list what is left
out: the table, the document, and why. The damaged vault stays as it is, and NEW must not
be there yet. What can be read of the file at all is read, around torn pages and a cut off
end. The new vault verifies; runs from which something is missing are not complete in it.

Exit code 0 means that nothing was left out, 4 that something was. A run afterwards fetches
what the instance still has.

In a pipe the columns are table, kind, id, problem, key; with --json one array.`,
		Example: `  lookervault salvage rescued.db
  lookervault salvage rescued.db --db damaged.db --json | jq -r '.[] | "\(.kind)/\(.id)"'`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runSalvage(cmd, flags, args[0]) },
	}
	cmd.Flags().String("db", "", "the damaged vault (default the configuration's sink.path)")
	flags.add(cmd)
	return cmd
}

func (a *environment) runSalvage(cmd *cobra.Command, flags tableFlags, to string) error {
	choice, err := chosen(cmd, &flags, damageTable)
	if err != nil {
		return err
	}
	loaded, err := a.settings.load(cmd.Flags(), true, map[string]string{"db": "sink.path"}, nil, nil)
	if err != nil {
		return err
	}
	from := loaded.Config.Sink.Path
	progress := &stepProgress{app: a}
	s, err := sqlite.Salvage(cmd.Context(), from, to, progress.step("Copying: %d%%"))
	progress.clear()
	if errors.Is(err, vault.ErrMissing) {
		return fmt.Errorf("%w%s", err, hintDemo(from))
	}
	if err != nil {
		return err
	}
	views := view.DamageOf(s.LeftOut)
	if len(views) > 0 || choice.Format != "" {
		if err := show(a.streams, damageTable, choice, each(views)); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("%s holds %s in %s of %s, %s, and verifies", to, plural(s.Documents, "document", "documents"),
		plural(s.Versions, "version", "versions"), plural(s.Runs, "run", "runs"), ui.Size(s.Bytes))
	if len(views) == 0 {
		fmt.Fprintf(a.streams.err, "%s; nothing was left out.\n", text)
		return nil
	}
	fmt.Fprintf(a.streams.err.loud(), "%s; %s above. lookervault run%s fetches what Looker still has.\n",
		text, plural(int64(len(views)), "thing was left out or made anew, named", "things were left out or made anew, named"), dbFlag(to))
	return said(errPartial)
}
