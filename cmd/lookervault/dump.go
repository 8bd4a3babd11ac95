package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

// dumpOptions are what dump works with.
type dumpOptions struct {
	streams *streams
	reading reading
	kinds   []record.Kind // in the order in which they are printed; "" is all of them
}

func newDumpCommand(env *environment) *cobra.Command {
	o := dumpOptions{streams: env.streams}
	cmd := &cobra.Command{
		Use: "dump [KIND...]", Short: "Print every current document as JSON lines",
		Long: `Print every current document, one JSON object a line:

  {"instance":...,"kind":...,"id":...,"run":...,"body":...}

The body is the stored one, byte for byte, but that line breaks between its
tokens are spaces. run is the last run that saw this version.

With --run, every document that was known by that run: as it saw it, and what it
did not look at as the newest run before it did; observed_run, behind run, is that
run.`,
		Example: `  lookervault dump dashboards | jq -r 'select(.body.deleted) | .id'`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.kinds, err = dumpKinds(args); err != nil {
				return err
			}
			return runDump(cmd.Context(), o)
		},
	}
	o.reading.flags(cmd, env)
	o.reading.moment.add(cmd)
	return cmd
}

// runDump prints documents, one a line.
func runDump(ctx context.Context, o dumpOptions) (err error) {
	m, err := o.reading.openMoment(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, m.Reader)
	for _, kind := range o.kinds {
		if err := lookedAt(ctx, m, kind); err != nil {
			return err
		}
	}
	out, seen := bufio.NewWriterSize(o.streams.out, 1<<16), observations{run: m.Run}
	if seen.key, err = lesserKeyOf(ctx, m); err != nil {
		return err
	}
	for _, kind := range o.kinds {
		for document, err := range m.Reader.Documents(ctx, vault.Query{Instance: m.Instance, Kind: kind, At: m.At}) {
			if err != nil {
				// What is printed ends with a whole line.
				return errors.Join(err, out.Flush())
			}
			seen.note(document.Entry)
			line, err := view.Dumped(m.Instance, m.Run, document, seen.key.inPart(document.Entry))
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintln(out, line); err != nil {
				return err
			}
		}
	}
	seen.tell(o.streams.err)
	return out.Flush()
}

// dumpKinds are the kinds to dump in the order of the catalogue; none named
// means all that the vault holds, also those that this version does not know.
func dumpKinds(args []string) ([]record.Kind, error) {
	if len(args) == 0 {
		return []record.Kind{""}, nil
	}
	var named []record.Kind
	for _, arg := range args {
		kind, err := kindArgument(arg)
		if err != nil {
			return nil, err
		}
		named = append(named, kind)
	}
	var kinds []record.Kind
	for _, k := range catalogue.All() {
		if slices.Contains(named, k.Name) {
			kinds = append(kinds, k.Name)
		}
	}
	return kinds, nil
}
