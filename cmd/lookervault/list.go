package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

// listOptions are what list works with.
type listOptions struct {
	streams     *streams
	reading     reading
	kind        record.Kind // "" for all
	table       tableFlags
	filter      filterFlags
	name, since string
	deleted     bool
}

func newListCommand(env *environment) *cobra.Command {
	o := listOptions{streams: env.streams}
	cmd := &cobra.Command{
		Use: "list [KIND]", Short: "List the documents that the vault holds",
		Long: `List the documents that the vault holds: what the last run saw, the trash
included. With --deleted, what is in the trash or gone. With --run, what was known
by that run: as it saw it, and what it did not look at as the newest run before it
did.

On a terminal this is a table; in a pipe it is tab-separated without a head, with
the columns kind, id, state, name, folder, owner, updated, bytes; with --json one
array.`,
		Example: `  lookervault list dashboards
  lookervault list --folder "Shared / Finance" --owner ann@example.com
  lookervault list --changed-since 7d --sort -size --limit 20
  lookervault list looks --deleted`,
		Args: arguments(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if len(args) == 1 {
				if o.kind, err = kindArgument(args[0]); err != nil {
					return err
				}
			}
			return runList(cmd.Context(), o)
		},
	}
	o.reading.flags(cmd, env)
	o.table.add(cmd)
	cmd.Flags().BoolVar(&o.deleted, "deleted", false, "what is in the trash or gone")
	o.filter.add(cmd)
	cmd.Flags().StringVar(&o.name, "name", "", "only names that match a pattern, as in \"*sales*\", whatever their case")
	cmd.Flags().StringVar(&o.since, "changed-since", "", "only what changed after a run (its number, or latest-1) or a time: 2026-03-01, or 7d")
	o.reading.moment.add(cmd)
	return cmd
}

// runList lists documents.
func runList(ctx context.Context, o listOptions) (err error) {
	query := vault.Query{Kind: o.kind, Deleted: o.deleted}
	names, seen := &history.Names{}, observations{}
	entries := entryTable(names, &seen.key, o.deleted && isTerminal(o.streams.out))
	choice, err := chosen(&o.table, entries)
	if err != nil {
		return err
	}
	m, err := o.reading.openMoment(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, m.Reader)
	query.Instance, query.At = m.Instance, m.At
	if err := lookedAt(ctx, m, query.Kind); err != nil {
		return err
	}
	if err := names.Read(ctx, m); err != nil {
		return err
	}
	filter, err := o.compile(ctx, m, names)
	if err != nil {
		return err
	}
	seen.run = m.Run
	if seen.key, err = lesserKeyOf(ctx, m); err != nil {
		return err
	}
	query.Sort = table.SortNames
	rest := func() error { return m.Reader.NothingLost(ctx, m.Instance, query.Kind) }
	if query.Deleted || !m.At.IsNow() {
		rest = nil
	}
	var unseen error
	err = show(o.streams, entries, choice, noting(filter.Only(checkingRest(m.Reader.Entries(ctx, query), rest, &unseen)), seen.note))
	if err == nil {
		seen.tell(o.streams.err)
	}
	return cmp.Or(err, unseen, names.Damage())
}

// checkingRest yields entries. Where nobody wants more of them, one may be missing in front:
// what is wrong with the rest is put into unseen, which rest tells, or, where that is nil,
// reading the entries to their end.
func checkingRest(entries iter.Seq2[vault.Entry, error], rest func() error, unseen *error) iter.Seq2[vault.Entry, error] {
	return func(yield func(vault.Entry, error) bool) {
		wanted := true
		for e, err := range entries {
			switch {
			case wanted:
				if wanted = yield(e, err); !wanted && rest != nil {
					*unseen = rest()
					return
				}
			case err != nil:
				*unseen = err
			}
		}
	}
}

// compile makes a filter of the flags.
func (o listOptions) compile(ctx context.Context, m history.Moment, names *history.Names) (*history.Filter, error) {
	filter, err := o.filter.compile(ctx, m, names)
	if err == nil && o.name != "" {
		if err = filter.Named(o.name); err != nil {
			err = usage(fmt.Errorf("--name: %w", err))
		}
	}
	if err == nil && o.since != "" {
		filter.Since, err = changedSince(ctx, m, o.since, o.reading.now())
	}
	return filter, err
}

// changedSince chooses documents whose newest version a run after the given moment
// brought, or which one found gone.
func changedSince(ctx context.Context, m history.Moment, since string, now time.Time) (func(vault.Entry) bool, error) {
	point, ok := momentArgument(since, now)
	if !ok {
		return nil, usage(fmt.Errorf("--changed-since: %q is neither a run nor a time: give a number, latest-1, 2026-03-01 or 7d", since))
	}
	run, err := m.Reader.RunAt(ctx, m.Instance, point)
	switch _, notRun := vault.ParsePoint(since); {
	case err == nil, errors.Is(err, vault.ErrPruned):
	case notRun != nil && errors.Is(err, vault.ErrNotFound):
		// The time is before the first run: since then everything came.
	default:
		return nil, absent(err, m.Reader, "runs")
	}
	return func(e vault.Entry) bool { return e.FirstRun > run.ID || e.GoneRun > run.ID }, nil
}

// entryTable is the table of documents, with names for folders and owners.
// Deleted, people see when and in which run each of them went.
func entryTable(names *history.Names, key *lesserKey, deleted bool) table.Table[vault.Entry] {
	type entry = vault.Entry
	return table.Table[entry]{
		One: "document", Many: "documents",
		View: func(e entry) any { return view.EntryOf(e, names, key.inPart(e)) },
		Columns: []table.Column[entry]{
			{Name: "kind", Whole: true, Varies: true, Value: func(e entry) string { return string(e.Kind) }},
			{Name: "id", Whole: true, Value: func(e entry) string { return e.ID }},
			{Name: "state", Whole: true, Varies: true, Spare: 1, Value: func(e entry) string { return string(e.State) }, Tone: stateTone},
			{
				Name: "name", Value: func(e entry) string { return e.Name },
				Show: func(e entry, _ table.Screen) string { return cmp.Or(e.Name, names.Whole(e.Ref)) },
			},
			{
				Name: "folder", Varies: true, Tail: true, Spare: 3, Value: func(e entry) string { return e.Folder },
				Show: func(e entry, _ table.Screen) string { return cmp.Or(names.Folder(history.FolderOf(e)), e.Folder) },
			},
			{
				Name: "owner", Varies: true, Spare: 4, Value: func(e entry) string { return e.Owner },
				Show: func(e entry, _ table.Screen) string { return cmp.Or(names.User(e.Owner), e.Owner) },
			},
			{
				Name: "updated_at", Head: "updated", Whole: true, Varies: true, Spare: 2, Extra: deleted, Value: view.Updated,
				Order: func(e entry) string { return inOneZone(e.Updated) },
				Show:  func(e entry, screen table.Screen) string { return whenWritten(e.Updated, screen) },
			},
			{Name: "bytes", Head: "size", Number: true, Spare: 5, Amount: func(e entry) int64 { return e.Size }, Unit: ui.Size},
			{Name: "observed", Whole: true, Extra: true, Time: func(e entry) time.Time { return names.RunTime(e.LastRun) }},
			{
				Name: "deleted_run", Head: "in run", Number: true, Spare: 1, Extra: !deleted,
				Value: func(e entry) string { return runText(history.DeletedRun(e)) },
			},
			{
				Name: "deleted_at", Head: "deleted", Whole: true, Spare: 1, Extra: !deleted,
				Time: func(e entry) time.Time { return names.RunTime(history.DeletedRun(e)) },
			},
		},
	}
}

func runText(run int64) string {
	if run == 0 {
		return ""
	}
	return strconv.FormatInt(run, 10)
}

func stateTone(e vault.Entry) table.Tone {
	switch e.State {
	case record.Trashed:
		return table.Unsure
	case record.Gone:
		return table.Bad
	default:
		return table.Plain
	}
}

// whenWritten is a time as the server wrote it, for people.
func whenWritten(written string, screen table.Screen) string {
	at, err := time.Parse(time.RFC3339, written)
	if err != nil {
		return written
	}
	return table.When(at, screen)
}

// inOneZone is a time as the server wrote it, in UTC: times are sorted by it.
func inOneZone(written string) string {
	at, err := time.Parse(time.RFC3339, written)
	if err != nil {
		return written
	}
	return at.UTC().Format("2006-01-02T15:04:05.000000000Z")
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
