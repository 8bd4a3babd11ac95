package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

// diffOptions are what diff works with.
type diffOptions struct {
	streams                        *streams
	reading                        reading
	looking                        looking
	asked                          moments
	table                          tableFlags
	filter                         filterFlags
	stat, volatile, exitCode, lost bool
	live                           bool
}

func newDiffCommand(env *environment) *cobra.Command {
	o := diffOptions{streams: env.streams}
	cmd := &cobra.Command{
		Use: "diff [A [B]] [KIND [ID]]", Short: "Show what changed between two moments",
		Long: `Show what changed between two moments: between the last two complete runs of the
whole instance, between run A and now, or between A and B. A moment is the number of a
run, latest, latest-1, or a time as --at takes it elsewhere: 2026-03-01 or 7d.

With a kind, of that kind; with an id, how that document changed, member by member.
Tiles and filters are matched by their id, then by their title; queries by what they ask
for. What only counts views is left out.

With --live the newest run is compared with the instance now: a run is made into a copy of
the vault that is thrown away, with the slim lists first, so it costs what the next run
would; one document costs one call. What could not be had is said.

In a pipe the columns are change, kind, id, name, folder, owner, who, what; with --json
one array, of one document one object.`,
		Annotations: map[string]string{exitNote: "4 when a part could not be had with --live, 6 when something changed with --exit-code."},
		Example: `  lookervault diff
  lookervault diff 12 latest dashboards
  lookervault diff 7d dashboards 17
  lookervault diff 30d --lost --owner ann@example.com
  lookervault diff --live dashboards 17
  lookervault diff --exit-code --json | jq -r '.[].name'`,
		Args: arguments(cobra.MaximumNArgs(4)),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.asked, err = momentsOf(cmd, args, env.clock.now()); err != nil {
				return err
			}
			return runDiff(cmd.Context(), o)
		},
	}
	o.reading.flags(cmd, env)
	o.looking = newLooking(env, cmd.Flags())
	o.table.add(cmd)
	o.filter.add(cmd)
	cmd.Flags().BoolVar(&o.stat, "stat", false, "only how many documents of each kind changed")
	cmd.Flags().BoolVar(&o.lost, "lost", false, "only what went away: whose it was, what it went with, and what depended on it")
	cmd.Flags().BoolVar(&o.volatile, "volatile", false, "also what only counts views and the like")
	cmd.Flags().BoolVar(&o.live, "live", false, "what changed since the newest run: compare the vault with the instance now, by as few calls as a run makes; of one document by one")
	cmd.Flags().BoolVar(&o.exitCode, "exit-code", false, "exit with 6 when something changed")
	return cmd
}

// moments are what diff compares.
type moments struct {
	points []vault.Point
	kind   record.Kind
	id     string
}

// momentsOf reads the arguments of diff: moments first, then a kind and an id.
func momentsOf(cmd *cobra.Command, args []string, now time.Time) (m moments, err error) {
	for len(args) > 0 && len(m.points) < 2 {
		point, ok := momentArgument(args[0], now)
		if !ok {
			break
		}
		m.points, args = append(m.points, point), args[1:]
	}
	switch kind, id, whole := strings.Cut(strings.Join(args, "/"), "/"); {
	case len(args) > 2:
		return m, usage(fmt.Errorf("%q is no moment: give the number of a run, latest, latest-1, or a time as 2026-03-01 or 7d", args[0]))
	case len(args) == 0:
	case whole && id == "":
		_, err = refArgument(cmd, args)
	default:
		if m.kind, err = kindArgument(kind); err != nil && len(m.points) < 2 {
			err = usage(fmt.Errorf("%q is neither a kind nor a moment: give a kind, the number of a run, latest, latest-1, or a time as 2026-03-01 or 7d", kind))
			if _, known := nearKind(kind); known {
				_, err = kindArgument(kind)
			}
		}
		m.id = id
	}
	return m, err
}

// runDiff shows what changed.
func runDiff(ctx context.Context, o diffOptions) (err error) {
	choice, err := o.choice()
	if err != nil {
		return err
	}
	if o.live {
		return diffLive(ctx, o, choice)
	}
	reader, err := o.reading.open(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, reader)
	instance, err := o.reading.instanceOf(ctx, reader, o.asked)
	if err != nil {
		return err
	}
	span, err := spanOf(ctx, reader, instance, o.asked)
	if err != nil {
		return err
	}
	if span.ID != "" {
		if _, err := reader.Versions(ctx, instance, record.Ref{Kind: span.Kind, ID: span.ID}); err != nil {
			return absent(err, reader, "list "+string(span.Kind))
		}
	}
	names, filter, err := o.documents(ctx, reader, span)
	if err != nil {
		return err
	}
	if len(o.asked.points) == 0 && !choice.IsObject() {
		if err := tellCompared(ctx, o.streams.err, reader, span); err != nil {
			return err
		}
	}
	if err := tellUnseen(ctx, o.streams.err, reader, span); err != nil {
		return err
	}
	return showDiff(ctx, o, choice, reader, span, names, filter, func(c *history.Changer, span vault.Span) iter.Seq2[vault.Passage, error] {
		return history.Between(ctx, reader, span)
	})
}

// instanceOf is the instance to compare: the named one, else that of a run which is named by
// its number, else the only one.
func (r *reading) instanceOf(ctx context.Context, reader vault.Reader, asked moments) (string, error) {
	for _, point := range asked.points {
		if r.instance != "" || point.Run == 0 {
			continue
		}
		run, err := reader.RunAt(ctx, "", point)
		if err != nil {
			return "", absent(err, reader, "runs")
		}
		return run.Instance, nil
	}
	found, err := reader.Resolve(ctx, r.instance)
	return found.Name, err
}

// documents reads what a vault calls folders and users, and which documents the flags choose.
func (o *diffOptions) documents(ctx context.Context, reader vault.Reader, span vault.Span) (*history.Names, *history.Filter, error) {
	m := history.Moment{Reader: reader, Instance: span.Instance}
	names := &history.Names{}
	if err := names.Read(ctx, m); err != nil {
		return nil, nil, err
	}
	filter, err := o.filter.compile(ctx, m, names)
	return names, filter, err
}

// showDiff shows what passages say of a span, of the documents that a filter chooses.
func showDiff(ctx context.Context, o diffOptions, choice table.Choice, reader vault.Reader, span vault.Span, names *history.Names, filter *history.Filter,
	passages func(*history.Changer, vault.Span) iter.Seq2[vault.Passage, error],
) error {
	m := history.Moment{Reader: reader, Instance: span.Instance}
	found := 0
	err := history.Changes(ctx, m, names, o.volatile, func(c *history.Changer) error {
		if o.lost {
			whole := span
			whole.Kind, whole.ID = "", ""
			lost, err := c.Losses(ctx, reader, span, passages(c, whole), filter)
			if err != nil {
				return err
			}
			found = len(lost)
			return showLosses(o.streams, choice, lost)
		}
		list := counting(c.All(passages(c, span), filter), &found)
		switch {
		case o.stat:
			return showStat(o.streams, choice, list)
		case span.ID != "":
			return showDocument(o.streams, choice, span, list)
		}
		return show(o.streams, changeTable(false), choice, list)
	})
	if err == nil && found > 0 && o.exitCode {
		return said(errDifferent)
	}
	return err
}

// diffLive compares the vault's newest with the instance now.
func diffLive(ctx context.Context, o diffOptions, choice table.Choice) (err error) {
	asked := o.asked
	if len(asked.points) > 0 {
		return usage(errors.New("--live compares the newest run with the instance now; name no moment"))
	}
	var set map[record.Kind][]string
	var kinds []record.Kind
	if asked.kind != "" {
		kinds = []record.Kind{asked.kind}
	}
	if asked.id != "" && canBeAskedFor(asked.kind) {
		set = map[record.Kind][]string{asked.kind: {asked.id}}
	}
	l, err := o.looking.lookNow(ctx, o.reading.instance, set, kinds)
	if err != nil {
		return err
	}
	defer closing(&err, l)
	incomplete := l.incomplete()
	if incomplete != nil && set != nil {
		return incomplete // nothing is known of the document
	}
	span := vault.Span{Instance: l.instance, Kind: asked.kind, ID: asked.id, After: l.before}
	if err := l.holdsOne(ctx, span); err != nil {
		return err
	}
	l.tellCalls()
	names, filter, err := o.documents(ctx, l.reader, span)
	if err != nil {
		return err
	}
	err = showDiff(ctx, o, choice, l.reader, span, names, filter, func(_ *history.Changer, span vault.Span) iter.Seq2[vault.Passage, error] {
		return l.passages(ctx, span)
	})
	incomplete = cmp.Or(incomplete, l.partlySeen())
	if incomplete != nil && (err == nil || errors.Is(err, errDifferent)) {
		return incomplete
	}
	return err
}

// choice is what the flags choose of the table that is shown.
func (o *diffOptions) choice() (table.Choice, error) {
	switch {
	case o.stat && o.lost:
		return table.Choice{}, usage(errors.New("--stat and --lost exclude each other"))
	case o.stat:
		return chosen(&o.table, statTable)
	case o.lost:
		return chosen(&o.table, lossTable)
	}
	return chosen(&o.table, changeTable(false))
}

// spanOf finds the runs that the moments mean. The order of the two is kept by
// [history.Between].
func spanOf(ctx context.Context, reader vault.Reader, instance string, asked moments) (vault.Span, error) {
	span := vault.Span{Instance: instance, Kind: asked.kind, ID: asked.id}
	if len(asked.points) == 0 {
		runs, err := reader.LastComplete(ctx, instance, 2)
		if err != nil {
			return span, err
		}
		if len(runs) < 2 {
			return span, tooFew(ctx, reader, instance, len(runs))
		}
		span.After, span.Until = runs[1].ID, runs[0].ID
		return span, nil
	}
	for i, to := range []*int64{&span.After, &span.Until} {
		if i == len(asked.points) {
			break
		}
		run, err := reader.RunAt(ctx, instance, asked.points[i])
		if err != nil {
			return span, absent(err, reader, "runs")
		}
		*to = run.ID
	}
	return span, nil
}

// tooFew is the error about fewer than the two complete runs that are compared by default.
// It names moments that can be compared, where there are any.
func tooFew(ctx context.Context, reader vault.Reader, instance string, complete int) error {
	runs, err := reader.Runs(ctx, instance)
	if err != nil {
		return err
	}
	runs = slices.DeleteFunc(runs, func(run record.Run) bool { return run.Pruned })
	instead := fmt.Sprintf("lookervault runs%s shows what there is", dbFlag(reader.Path()))
	if len(runs) > 1 {
		instead = fmt.Sprintf("name moments, as in lookervault diff %d latest%s", runs[len(runs)-1].ID, dbFlag(reader.Path()))
	}
	return fmt.Errorf("%s holds %s of all of %s, and a diff needs two; %s",
		reader.Path(), plural(int64(complete), "complete run", "complete runs"), instance, instead)
}

func counting[T any](rows iter.Seq2[T, error], n *int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for row, err := range rows {
			if err == nil {
				*n++
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

var statTable = table.Table[view.KindChanges]{
	One: "kind", Many: "kinds", View: func(s view.KindChanges) any { return s },
	Columns: []table.Column[view.KindChanges]{
		{Name: "kind", Whole: true, Value: func(s view.KindChanges) string { return string(s.Kind) }},
		statColumn(history.Added, 0, func(s view.KindChanges) int { return s.Added }),
		statColumn(history.Removed, 0, func(s view.KindChanges) int { return s.Removed }),
		statColumn(history.Trashed, 2, func(s view.KindChanges) int { return s.Trashed }),
		statColumn(history.Restored, 3, func(s view.KindChanges) int { return s.Restored }),
		statColumn(history.Changed, 0, func(s view.KindChanges) int { return s.Changed }),
		statColumn(history.Moved, 1, func(s view.KindChanges) int { return s.Moved }),
	},
}

func statColumn(name string, spare int, n func(view.KindChanges) int) table.Column[view.KindChanges] {
	return table.Column[view.KindChanges]{Name: name, Number: true, Spare: spare, Value: func(s view.KindChanges) string { return strconv.Itoa(n(s)) }}
}

// showStat shows how many documents of each kind changed.
func showStat(s *streams, choice table.Choice, list iter.Seq2[history.Change, error]) error {
	var stats []view.KindChanges
	for c, err := range list {
		if err != nil {
			return err
		}
		if len(stats) == 0 || stats[len(stats)-1].Kind != c.Kind {
			stats = append(stats, view.KindChanges{Kind: c.Kind})
		}
		stats[len(stats)-1].Count(c)
	}
	return show(s, statTable, choice, table.Each(stats))
}
