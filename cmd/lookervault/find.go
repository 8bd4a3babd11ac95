package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/find"
	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

// findOptions are what find works with.
type findOptions struct {
	streams *streams
	reading reading
	table   tableFlags
	filter  filterFlags
	kind    record.Kind // "" for all
	history bool
	query   find.Query
	user    string
}

func newFindCommand(env *environment) *cobra.Command {
	o := findOptions{streams: env.streams}
	kind := ""
	cmd := &cobra.Command{
		Use: "find [TEXT...]", Short: "Find documents by their text, or by what they use",
		Long: `Find documents by their text: titles, names, descriptions, notes, the text of tiles and
addresses. Several words mean all of them, whatever their case; any text is only text.
Or find what uses a field, an explore, a model, a look or a user: tiles, filters,
queries, merged results, alerts and schedules.

What is present or in the trash is looked into, with --history every version that the
vault holds. The best come first, each with the matching words in the best of its places.
Runs keep an index of words and uses in the vault; what it does not know yet is read, and
lookervault reindex makes it anew.

In a pipe the columns are kind, id, name, run, where; with --json one array.`,
		Example: `  lookervault find churn rate
  lookervault find --field orders.total --kind dashboards
  lookervault find --explore thelook::orders
  lookervault find --user ann@example.com --history`,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			o.query.Words = find.New(strings.Join(args, " ")).Words
			if kind != "" {
				if o.kind, err = kindArgument(kind); err != nil {
					return err
				}
			}
			return runFind(cmd.Context(), o)
		},
	}
	o.reading.flags(cmd, env)
	o.table.add(cmd)
	o.filter.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&kind, "kind", "", "only documents of this kind")
	flags.BoolVar(&o.history, "history", false, "also in older versions, and in what is gone")
	flags.StringVar(&o.query.Field, "field", "", "what uses this field, as orders.total")
	flags.StringVar(&o.query.Explore, "explore", "", "what uses this explore, as thelook::orders")
	flags.StringVar(&o.query.Model, "model", "", "what uses this model")
	flags.StringVar(&o.query.Look, "look", "", "what uses the look of this id")
	flags.StringVar(&o.user, "user", "", "what names this user as owner, editor or recipient: id, name or mail address")
	return cmd
}

// hit is a version of a document that holds what was looked for, and how well.
type hit struct {
	view.Hit
	whole string // see [history.Names.Whole]
	score int
}

// best is the excerpt of the best place.
func (h hit) best() string {
	if len(h.Matches) == 0 {
		return ""
	}
	return h.Matches[0].Excerpt
}

// hitTable is the table of what was found. People see the matching words.
func hitTable(people bool) table.Table[hit] {
	return table.Table[hit]{
		One: "document", Many: "documents", View: func(h hit) any { return h.Hit },
		Columns: []table.Column[hit]{
			{Name: "kind", Whole: true, Value: func(h hit) string { return string(h.Kind) }},
			{Name: "id", Whole: true, Value: func(h hit) string { return h.ID }},
			{
				Name: "name", Value: func(h hit) string { return h.Name },
				Show: func(h hit, _ table.Screen) string { return cmp.Or(h.Name, h.whole) },
			},
			{Name: "folder_path", Head: "in", Tail: true, Varies: true, Spare: 2, Extra: true, Value: func(h hit) string { return h.FolderPath }},
			{Name: "run", Number: true, Varies: true, Spare: 1, Value: func(h hit) string { return strconv.FormatInt(h.Run, 10) }},
			{
				Name: "where", Value: func(h hit) string { return strings.Join(h.Where, " ") },
				Show: func(h hit, _ table.Screen) string {
					if len(h.Where) > 1 && len(h.Matches) > 0 {
						return fmt.Sprintf("%s and %d more", h.Matches[0].Path, len(h.Where)-1)
					}
					return strings.Join(h.Where, "")
				},
			},
			{Name: "matches", Head: "match", Extra: !people, Spare: 3, Value: hit.best},
		},
	}
}

// runFind finds documents.
func runFind(ctx context.Context, o findOptions) (err error) {
	found := hitTable(isTerminal(o.streams.out))
	choice, err := chosen(&o.table, found)
	if err != nil {
		return err
	}
	if o.query.Empty() && o.user == "" {
		return usage(errors.New("what to find? Give words, or --field, --explore, --model, --look or --user"))
	}
	if o.query.Explore != "" && !strings.Contains(o.query.Explore, "::") {
		return usage(fmt.Errorf("--explore: %q is not model::name", o.query.Explore))
	}
	m, err := o.reading.openMoment(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, m.Reader)
	names := &history.Names{}
	if err := names.Read(ctx, m); err != nil {
		return err
	}
	if o.user != "" {
		if o.query.User, err = names.FindUser(ctx, m, o.user); err != nil {
			return absent(err, m.Reader, "list users")
		}
		if o.query.Address, err = history.AddressOf(ctx, m, o.query.User); err != nil {
			return err
		}
	}
	filter, err := o.filter.compile(ctx, m, names)
	if err != nil {
		return err
	}
	hits, err := lookInto(ctx, m, o, filter, names)
	if err != nil {
		return err
	}
	slices.SortStableFunc(hits, func(x, y hit) int { return cmp.Compare(y.score, x.score) })
	err = show(o.streams, found, choice, table.Each(hits))
	return cmp.Or(err, names.Damage())
}

// lookInto reads the documents that may hold what is looked for, in all their versions
// where that is wanted, and keeps those that do.
func lookInto(ctx context.Context, m history.Moment, o findOptions, filter *history.Filter, names *history.Names) (hits []hit, err error) {
	hits = []hit{}
	searcher := find.NewSearcher(o.query)
	search := vault.Search{Instance: m.Instance, Kind: o.kind, History: o.history, Rules: find.TermRules, Entry: filter.Matches}
	for _, need := range o.query.Needs() {
		search.Needs = append(search.Needs, vault.Need(need))
	}
	for d, err := range m.Reader.Candidates(ctx, search) {
		if err != nil {
			return nil, err
		}
		if match, ok := searcher.In(d.Body); ok {
			hits = append(hits, hit{view.HitOf(d.Entry, names, match), names.Whole(d.Ref), match.Score})
		}
	}
	return hits, nil
}
