package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

// rankedShown is how many of the largest and most changed documents are shown.
const rankedShown = 5

// statsOptions are what stats works with.
type statsOptions struct {
	streams *streams
	reading reading
	table   tableFlags
}

func newStatsCommand(env *environment) *cobra.Command {
	o := statsOptions{streams: env.streams}
	cmd := &cobra.Command{
		Use: "stats", Short: "Show what the vault holds, and what makes it as large as it is",
		Long: `Show what the vault holds of each kind, how much smaller it is than the JSON, how it
grew month by month, and which documents are the largest and change most.

In a pipe there is a line a kind, with the columns kind, present, trashed, gone, bytes;
with --json or --format yaml one object with everything, or, where --columns, --sort or
--limit choose, an array with the kinds.`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runStats(cmd.Context(), o) },
	}
	o.reading.flags(cmd, env)
	o.table.add(cmd)
	cmd.Flags().Lookup("json").Usage = "as one JSON object"
	return cmd
}

// runStats says what makes the vault as large as it is.
func runStats(ctx context.Context, o statsOptions) (err error) {
	choice, err := chosen(&o.table, kindSizes)
	if err != nil {
		return err
	}
	reader, instance, err := o.reading.openInstance(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, reader)
	stats, err := readStats(ctx, reader, instance)
	if err != nil {
		return err
	}
	if choice.IsObject() && !choice.Picks() {
		return o.streams.writeObject(stats, choice.Format)
	}
	width, height := ui.TerminalSize(o.streams.out)
	if width == 0 || choice.Format != "" {
		return show(o.streams, kindSizes, choice, table.Each(stats.Kinds))
	}
	return o.streams.paged(height, func(text *strings.Builder) error {
		return writeStats(table.Output{Out: text, Screen: o.streams.screen(width), Color: o.streams.colors(o.streams.out)}, choice, stats)
	})
}

var kindSizes = table.Table[view.KindSize]{
	One: "kind", Many: "kinds", View: func(k view.KindSize) any { return k },
	Columns: []table.Column[view.KindSize]{
		{Name: "kind", Whole: true, Value: func(k view.KindSize) string { return string(k.Kind) }},
		numberColumn("present", func(k view.KindSize) int64 { return k.Present }),
		numberColumn("trashed", func(k view.KindSize) int64 { return k.Trashed }),
		numberColumn("gone", func(k view.KindSize) int64 { return k.Gone }),
		{Name: "bytes", Head: "size", Number: true, Amount: func(k view.KindSize) int64 { return k.Bytes }, Unit: ui.Size},
	},
}

// numberColumn is a column with a number that people read with separators.
func numberColumn[T any](name string, n func(T) int64) table.Column[T] {
	return table.Column[T]{Name: name, Number: true, Amount: n, Unit: count}
}

func readStats(ctx context.Context, reader vault.Reader, instance string) (v view.Stats, err error) {
	s, err := reader.Stats(ctx)
	if err != nil {
		return v, err
	}
	v = view.Stats{
		Instance: instance, FileBytes: s.FileBytes + s.LogBytes, FreeBytes: s.FreeBytes, Versions: s.Versions,
		Bodies: s.Bodies, BodyBytes: s.BodyBytes, StoredBytes: s.StoredBytes, Shared: s.Versions - s.Bodies,
		Kinds: []view.KindSize{}, Months: []view.MonthSize{}, Largest: []view.Ranked{}, MostChanged: []view.Ranked{},
	}
	if s.StoredBytes > 0 {
		v.Compression = float64(s.BodyBytes*100/s.StoredBytes) / 100
	}
	for _, k := range s.Kinds {
		if k.Instance == instance {
			v.Kinds = append(v.Kinds, view.KindSize{Kind: k.Kind, Present: k.Present, Trashed: k.Trashed, Gone: k.Gone, Bytes: k.Bytes})
		}
	}
	runs, err := reader.RunsInBrief(ctx, instance, 0)
	if err != nil {
		return v, err
	}
	v.Runs = int64(len(runs))
	for _, run := range runs {
		month := run.Started.UTC().Format("2006-01")
		if len(v.Months) == 0 || v.Months[len(v.Months)-1].Month != month {
			v.Months = append(v.Months, view.MonthSize{Month: month})
		}
		m := &v.Months[len(v.Months)-1]
		m.Runs++
		m.Calls += view.Calls(run.Calls)
		m.Stored += view.TotalsOf(run.Kinds).Stored
	}
	for _, ranking := range []struct {
		read func() ([]vault.Ranked, error)
		to   *[]view.Ranked
	}{
		{func() ([]vault.Ranked, error) { return reader.Largest(ctx, instance, rankedShown) }, &v.Largest},
		{func() ([]vault.Ranked, error) { return reader.MostChanged(ctx, instance, rankedShown) }, &v.MostChanged},
	} {
		list, err := ranking.read()
		if err != nil {
			return v, err
		}
		for _, r := range list {
			*ranking.to = append(*ranking.to, view.Ranked{Kind: r.Kind, ID: r.ID, Name: r.Name, N: r.N})
		}
	}
	return v, nil
}

// writeStats writes the statistics for people.
func writeStats(o table.Output, choice table.Choice, v view.Stats) error {
	if err := kindSizes.Write(o, choice, table.Each(v.Kinds)); err != nil {
		return err
	}
	said := fmt.Sprintf("%s in the file, of which %s hold nothing: %s of %s in %s, %s of JSON (%.1f : 1).",
		ui.Size(v.FileBytes), ui.Size(v.FreeBytes), plural(v.Versions, "version", "versions"), plural(documentsOf(v.Kinds), "document", "documents"),
		plural(v.Runs, "run", "runs"), ui.Size(v.BodyBytes), v.Compression)
	fmt.Fprintf(o.Out, "\n%s\n", strings.Join(table.Wrap(said, o.Screen.Width), "\n"))
	months := table.Table[view.MonthSize]{
		View: func(m view.MonthSize) any { return m },
		Columns: []table.Column[view.MonthSize]{
			{Name: "month", Whole: true, Value: func(m view.MonthSize) string { return m.Month }},
			numberColumn("runs", func(m view.MonthSize) int64 { return m.Runs }),
			numberColumn("calls", func(m view.MonthSize) int64 { return m.Calls }),
			{Name: "stored_bytes", Head: "added", Number: true, Amount: func(m view.MonthSize) int64 { return m.Stored }, Unit: ui.Size},
		},
	}
	fmt.Fprintln(o.Out)
	if err := months.Write(o, table.Choice{}, table.Each(v.Months)); err != nil {
		return err
	}
	for _, ranking := range []struct {
		head string
		list []view.Ranked
		show func(int64) string
	}{{"largest", v.Largest, ui.Size}, {"most changed", v.MostChanged, func(n int64) string { return plural(n, "body", "bodies") }}} {
		if len(ranking.list) == 0 {
			continue
		}
		fmt.Fprintln(o.Out)
		if err := rankedTable(ranking.head, ranking.show).Write(o, table.Choice{}, table.Each(ranking.list)); err != nil {
			return err
		}
	}
	return nil
}

func rankedTable(head string, show func(int64) string) table.Table[view.Ranked] {
	return table.Table[view.Ranked]{
		Fixed: true, // --format is for the table of kinds
		View:  func(r view.Ranked) any { return r },
		Columns: []table.Column[view.Ranked]{
			{Name: "document", Head: head, Whole: true, Value: func(r view.Ranked) string { return record.Ref{Kind: r.Kind, ID: r.ID}.String() }},
			{Name: "name", Value: func(r view.Ranked) string { return r.Name }},
			{Name: "n", Head: " ", Number: true, Value: func(r view.Ranked) string { return show(r.N) }},
		},
	}
}

func documentsOf(kinds []view.KindSize) (n int64) {
	for _, k := range kinds {
		n += k.Present + k.Trashed + k.Gone
	}
	return n
}
