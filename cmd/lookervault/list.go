package main

import (
	"iter"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

func (a *app) listCommand() *cobra.Command {
	var query vault.Query
	r := &reading{app: a}
	cmd := &cobra.Command{
		Use: "list [KIND]", Short: "List the documents that the vault holds",
		Long: `List the documents that the vault holds: what the last run saw, the trash
included. With --deleted, what is in the trash or gone. With --run, what was known
by that run: as it saw it, and what it did not look at as the newest run before it
did.

On a terminal this is a table; in a pipe it is tab-separated without a head, with
the columns kind, id, state, name, folder, owner, updated, bytes; with --json one
array.`,
		Args: arguments(cobra.MaximumNArgs(1)), ValidArgsFunction: completeKinds,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if len(args) == 1 {
				if query.Kind, err = kindArgument(cmd, args[0]); err != nil {
					return err
				}
			}
			m, err := r.openMoment(cmd)
			if err != nil {
				return err
			}
			defer closing(&err, m.reader)
			query.Instance, query.At = m.instance, m.at
			seen := observations{run: m.run}
			err = render(a.stdout, r.json, entryJSON, entryColumns, noting(m.reader.Entries(cmd.Context(), query), seen.note))
			if err == nil {
				seen.tell(a.stderr)
			}
			return err
		},
	}
	r.flags(cmd)
	cmd.Flags().BoolVar(&r.json, "json", false, "as one JSON array")
	cmd.Flags().BoolVar(&query.Deleted, "deleted", false, "what is in the trash or gone")
	r.pointFlag(cmd)
	return cmd
}

var entryColumns = []column[vault.Entry]{
	{head: "kind", cell: func(e vault.Entry) string { return string(e.Kind) }},
	{head: "id", cell: func(e vault.Entry) string { return e.ID }},
	{head: "state", cell: func(e vault.Entry) string { return string(e.State) }},
	{head: "name", cell: func(e vault.Entry) string { return e.Name }},
	{head: "folder", cell: func(e vault.Entry) string { return e.Folder }},
	{head: "owner", cell: func(e vault.Entry) string { return e.Owner }},
	{head: "updated", cell: func(e vault.Entry) string { return e.Updated }},
	{head: "bytes", cell: func(e vault.Entry) string { return strconv.FormatInt(e.Size, 10) }, number: true},
}

// entryJSON is an entry under stable names.
func entryJSON(e vault.Entry) any {
	return struct {
		Kind     record.Kind  `json:"kind"`
		ID       string       `json:"id"`
		State    record.State `json:"state"`
		Name     string       `json:"name"`
		Folder   string       `json:"folder"`
		Owner    string       `json:"owner"`
		Updated  string       `json:"updated_at"`
		Bytes    int64        `json:"bytes"`
		SHA256   string       `json:"sha256"`
		FirstRun int64        `json:"first_run"`
		LastRun  int64        `json:"last_run"`
		Observed int64        `json:"observed_run"` // the run whose observation this is
		GoneRun  int64        `json:"gone_run,omitempty"`
		Route    string       `json:"route"`
	}{
		e.Kind, e.ID, e.State, e.Name, e.Folder, e.Owner, e.Updated, e.Size, e.Hash.String(),
		e.FirstRun, e.LastRun, e.LastRun, e.GoneRun, e.Route,
	}
}

// noting yields the entries, each after note was told of it.
func noting(entries iter.Seq2[vault.Entry, error], note func(vault.Entry)) iter.Seq2[vault.Entry, error] {
	return func(yield func(vault.Entry, error) bool) {
		for e, err := range entries {
			if err == nil {
				note(e)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// closing closes what was read, and reports that only if nothing else failed.
func closing(err *error, closer interface{ Close() error }) {
	if failed := closer.Close(); *err == nil {
		*err = failed
	}
}

// each yields the values of a slice that was read without an error.
func each[T any](values []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range values {
			if !yield(v, nil) {
				return
			}
		}
	}
}
