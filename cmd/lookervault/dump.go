package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

func (a *app) dumpCommand() *cobra.Command {
	r := &reading{app: a}
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
			kinds, err := dumpKinds(cmd, args)
			if err != nil {
				return err
			}
			m, err := r.openMoment(cmd)
			if err != nil {
				return err
			}
			defer closing(&err, m.reader)
			for _, kind := range kinds {
				if err := m.lookedAt(cmd.Context(), kind); err != nil {
					return err
				}
			}
			out, seen := bufio.NewWriterSize(a.stdout, 1<<16), observations{run: m.run}
			for _, kind := range kinds {
				for document, err := range m.reader.Documents(cmd.Context(), vault.Query{Instance: m.instance, Kind: kind, At: m.at}) {
					if err != nil {
						// What is printed ends with a whole line.
						return errors.Join(err, out.Flush())
					}
					seen.note(document.Entry)
					if err := dumpLine(out, m, document); err != nil {
						return err
					}
				}
			}
			seen.tell(a.stderr)
			return out.Flush()
		},
	}
	r.flags(cmd)
	r.pointFlag(cmd)
	return cmd
}

// dumpKinds are the kinds to dump in the order of the catalogue; none named
// means all that the vault holds, also those that this version does not know.
func dumpKinds(cmd *cobra.Command, args []string) ([]record.Kind, error) {
	if len(args) == 0 {
		return []record.Kind{""}, nil
	}
	var named []record.Kind
	for _, arg := range args {
		kind, err := kindArgument(cmd, arg)
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

func dumpLine(out *bufio.Writer, m moment, d vault.Document) error {
	observed := int64(0)
	if m.run != 0 {
		observed = d.LastRun
	}
	head, err := encodeJSON(struct {
		Instance string          `json:"instance"`
		Kind     record.Kind     `json:"kind"`
		ID       string          `json:"id"`
		Run      int64           `json:"run"`
		Observed int64           `json:"observed_run,omitempty"`
		Body     json.RawMessage `json:"body"`
	}{m.instance, d.Kind, d.ID, d.LastRun, observed, json.RawMessage("0")})
	if err != nil {
		return err
	}
	// encoding/json would spell the body anew; a line break inside a string is
	// always escaped, so every raw one stands between tokens.
	for i, c := range d.Body {
		if c == '\n' || c == '\r' {
			d.Body[i] = ' '
		}
	}
	_, err = fmt.Fprintf(out, "%s%s}\n", head[:len(head)-len("0}")], d.Body)
	return err
}
