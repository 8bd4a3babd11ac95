package main

import (
	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/record"
)

func (a *app) catCommand() *cobra.Command {
	var run int64
	r := &reading{app: a}
	cmd := &cobra.Command{
		Use: "cat KIND ID", Short: "Print one document, exactly as Looker sent it",
		Long: `Print one document: the exact bytes that Looker sent, nothing added, not even
a line break. Only values that redaction replaced differ.`,
		Example: `  lookervault cat dashboards 17 | jq .title
  lookervault cat lookml_models thelook`,
		Args: arguments(cobra.ExactArgs(2)), ValidArgsFunction: completeKinds,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			kind, err := kindArgument(cmd, args[0])
			if err != nil {
				return err
			}
			reader, instance, err := r.open(cmd)
			if err != nil {
				return err
			}
			defer closing(&err, reader)
			document, err := reader.Document(cmd.Context(), instance, record.Ref{Kind: kind, ID: args[1]}, run)
			if err != nil {
				where := "list " + string(kind)
				if run != 0 {
					where = "runs"
				}
				return absent(err, reader, where)
			}
			_, err = a.stdout.Write(document.Body)
			return err
		},
	}
	r.flags(cmd)
	cmd.Flags().Int64Var(&run, "run", 0, "as of that run (default the newest version)")
	return cmd
}
