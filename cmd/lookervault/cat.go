package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/view"
)

// catFormats are the forms in which a document is printed.
var catFormats = []string{"raw", "json", "yaml"}

// formatted is a body as somebody wants to read it. Only raw is what Looker sent.
func formatted(body []byte, format string) ([]byte, error) {
	switch format {
	case "json":
		var indented bytes.Buffer
		if err := json.Indent(&indented, body, "", "  "); err != nil {
			return nil, err
		}
		return append(bytes.TrimSpace(indented.Bytes()), '\n'), nil
	case "yaml":
		return table.YAML(body)
	}
	return body, nil
}

// catOptions are what cat works with.
type catOptions struct {
	streams *streams
	reading reading
	ref     record.Ref
	format  string
	last    bool
}

func newCatCommand(env *environment) *cobra.Command {
	o := catOptions{streams: env.streams}
	cmd := &cobra.Command{
		Use: "cat KIND ID", Short: "Print one document, exactly as Looker sent it",
		Long: `Print one document: the exact bytes that Looker sent, nothing added, not even
a line break. Only values that redaction replaced differ. With --format json it is
indented, with --format yaml as YAML.

With --run, the document as it was known by that run: as it saw it, or where it did
not look, as the newest run before it did; standard error says so. So it is with
what a key without the Admin role may not see of a document.`,
		Annotations: map[string]string{exitNote: "1 where the document was gone by then, or was not seen until later."},
		Example: `  lookervault cat dashboards 17 | jq .title
  lookervault cat look/12
  lookervault cat lookml_models thelook
  lookervault cat dashboards 17 --run latest-1`,
		Args: arguments(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			switch moment := o.reading.moment; {
			case !slices.Contains(catFormats, o.format):
				return usage(fmt.Errorf("--format: unknown format %q; there are %s", o.format, strings.Join(catFormats, ", ")))
			case o.last && (moment.run.given || moment.at.given):
				return usage(errors.New("--last is the newest version of all; leave out --run and --at"))
			}
			if o.ref, err = refArgument(cmd, args); err != nil {
				return err
			}
			return runCat(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.format, "format", "raw", "raw (the exact bytes), json (indented) or yaml")
	cmd.Flags().BoolVar(&o.last, "last", false, "the newest version that was ever held, also of what is gone")
	o.reading.flags(cmd, env)
	o.reading.moment.add(cmd)
	return cmd
}

// runCat prints a document.
func runCat(ctx context.Context, o catOptions) (err error) {
	m, err := o.reading.openMoment(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, m.Reader)
	document, err := m.Reader.Document(ctx, m.Instance, o.ref, m.At)
	if err != nil {
		where := "list " + string(o.ref.Kind)
		if m.Run != 0 {
			where += fmt.Sprintf(" --run %d", m.Run)
		}
		return absent(err, m.Reader, where)
	}
	key, err := lesserKeyOf(ctx, m)
	if err != nil {
		return err
	}
	switch key.inPart(document.Entry) {
	case view.SeenInPart:
		fmt.Fprintf(o.streams.err, "The key of run %d is no administrator's: what it may not see of %s is as run %d saw it.\n",
			document.LastRun, document.Ref, document.FirstRun)
	case view.StoredInPart:
		fmt.Fprintf(o.streams.err, "The key of run %d is no administrator's: what it does not see is missing in this version of %s.\n",
			document.FirstRun, document.Ref)
	}
	switch {
	case document.LastRun < m.Run:
		fmt.Fprintf(o.streams.err, "Run %d did not look at %s: this is what run %d saw, the newest before it.\n",
			m.Run, document.Ref, document.LastRun)
	case document.State == record.Gone && !o.last:
		fmt.Fprintf(o.streams.err, "%s is gone since run %d: this is what run %d saw last.\n", document.Ref, document.GoneRun, document.LastRun)
	}
	body, err := formatted(document.Body, o.format)
	if err != nil {
		return fmt.Errorf("%s: %w", document.Ref, err)
	}
	_, err = o.streams.out.Write(body)
	return err
}
