package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) catCommand() *cobra.Command {
	r := &reading{app: a}
	cmd := &cobra.Command{
		Use: "cat KIND ID", Short: "Print one document, exactly as Looker sent it",
		Long: `Print one document: the exact bytes that Looker sent, nothing added, not even
a line break. Only values that redaction replaced differ.

With --run, the document as it was known by that run: as it saw it, or where it did
not look, as the newest run before it did; standard error says so. What was gone by
then, or was not seen until later, is exit code 1.`,
		Example: `  lookervault cat dashboards 17 | jq .title
  lookervault cat look/12
  lookervault cat lookml_models thelook
  lookervault cat dashboards 17 --run latest-1`,
		Args: arguments(cobra.RangeArgs(1, 2)), ValidArgsFunction: completeKinds,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			ref, err := refArgument(cmd, args)
			if err != nil {
				return err
			}
			m, err := r.openMoment(cmd)
			if err != nil {
				return err
			}
			defer closing(&err, m.reader)
			document, err := m.reader.Document(cmd.Context(), m.instance, ref, m.at)
			if err != nil {
				where := "list " + string(ref.Kind)
				if m.run != 0 {
					where += fmt.Sprintf(" --run %d", m.run)
				}
				return absent(err, m.reader, where)
			}
			if document.LastRun < m.run {
				fmt.Fprintf(a.stderr, "Run %d did not look at %s: this is what run %d saw, the newest before it.\n",
					m.run, document.Ref, document.LastRun)
			}
			_, err = a.stdout.Write(document.Body)
			return err
		},
	}
	r.flags(cmd)
	r.pointFlag(cmd)
	return cmd
}
