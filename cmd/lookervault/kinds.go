package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
)

func (a *app) kindsCommand() *cobra.Command {
	var flags tableFlags
	cmd := &cobra.Command{
		Use: "kinds", Short: "List the kinds of documents, what they cost, and what no backup holds",
		Long: `List the kinds of documents that a backup can hold and what each costs in API
calls; what is read from other kinds without a call; and what Looker's API does
not give at all. It needs neither a Looker nor a vault.

In a pipe there is a line a kind, tab-separated, with the columns kind, what,
restorable or reference, default or opt-in, calls, remark.`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			choice, err := chosen(cmd, &flags, kindTable)
			if err != nil {
				return err
			}
			kinds := kindViews(config.Default(1).Stages.List.PageSize)
			width, height := ui.TerminalSize(a.stdout)
			switch {
			case choice.Format == table.FormatJSON && len(choice.Columns) == 0 && choice.Sort == "" && choice.Limit == 0:
				return kindsJSON(a.stdout, kinds)
			case width > 0 && choice.Format == "":
				return a.paged(height, func(text *strings.Builder) error {
					return kindsText(table.Output{Out: text, Screen: a.screen(width), Color: a.colors(a.stdout)}, choice, kinds)
				})
			}
			return show(a, kindTable, choice, each(kinds))
		},
	}
	flags.add(cmd)
	cmd.Flags().Lookup("json").Usage = "as one JSON object"
	return cmd
}

// kindView is a row of the catalogue under stable names.
type kindView struct {
	Kind       record.Kind `json:"kind"`
	What       string      `json:"what"`
	Restorable bool        `json:"restorable"` // false: kept to be looked at
	Default    bool        `json:"default"`    // false: only when it is named
	Optional   bool        `json:"optional"`   // not on every instance
	Admin      bool        `json:"admin_only"`
	// WithoutAdmin is what a key without the Admin role sees; "" for all of it.
	WithoutAdmin string `json:"without_admin"`

	Calls  string   `json:"calls"`
	Quotas []string `json:"quotas"` // that its calls are drawn from
	Remark string   `json:"remark"`
}

func kindViews(pageSize int) []kindView {
	var kinds []kindView
	for _, k := range catalogue.All() {
		kinds = append(kinds, kindView{
			Kind: k.Name, What: k.Title, Restorable: !k.Reference, Default: !k.OptIn, Optional: k.Optional, Admin: k.Admins, WithoutAdmin: k.WithoutAdmin,
			Calls: callsOf(k, pageSize), Quotas: quotasOf(k), Remark: k.Remark,
		})
	}
	return kinds
}

// callsOf says what a kind costs in calls, as its row has it.
func callsOf(k *catalogue.Spec, pageSize int) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	ways := make(map[record.How]bool)
	for _, way := range k.Many {
		ways[way.How] = true
	}
	switch l := k.Listing; {
	case l.Whole:
		add("1 for the list")
	case len(l.Fixed) > 0:
		add("%d, one each", len(l.Fixed))
	case l.Followed && ways[record.Folder]:
		add("1 per folder above several, else 1 each")
	case l.Followed && k.Immutable:
		add("1 each, once in a vault's life")
	case l.Followed:
		add("1 each%s", ownersOf(k.Name))
	default:
		pages := fmt.Sprintf("1 per %s ids", count(int64(l.Page)))
		if l.Trash {
			pages += ", again for the trash"
		}
		parts = append(parts, pages)
		if ways[record.Page] {
			add("1 per %d documents", pageSize)
		}
		if ways[record.Folder] {
			add("1 per folder with several new or changed ones, else 1 each")
		}
	}
	if !k.Detail.IsZero() && (k.Listing.Whole || len(k.Many) > 0) {
		add("1 to prove the list")
	}
	return strings.Join(parts, " + ")
}

// ownersOf names what there is one document for each of.
func ownersOf(kind record.Kind) string {
	var owners []string
	for _, k := range catalogue.All() {
		for p := range k.Leads() {
			if p.Kind == kind && p.Path == "id" && p.Unless == "" {
				owners = append(owners, string(k.Name))
			}
		}
	}
	if len(owners) == 0 {
		return ""
	}
	return ", as many as " + strings.Join(owners, " and ")
}

// quotasOf are the quotas that a kind's calls are drawn from.
func quotasOf(k *catalogue.Spec) []string {
	routes := append([]catalogue.Route{k.Listing.Route, k.Detail}, k.Listing.Fixed...)
	for _, way := range k.Many {
		routes = append(routes, way.Route)
	}
	var quotas []string
	for _, r := range routes {
		if !r.IsZero() {
			quotas = append(quotas, string(r.Activity))
		}
	}
	slices.Sort(quotas)
	return slices.Compact(quotas)
}

var kindTable = table.Table[kindView]{
	One: "kind", Many: "kinds", View: func(k kindView) any { return k },
	Columns: []table.Column[kindView]{
		{Name: "kind", Whole: true, Value: func(k kindView) string { return string(k.Kind) }},
		{Name: "what", Wraps: true, Value: func(k kindView) string { return k.What }},
		{Name: "restorable", Head: "restore", Whole: true, Spare: 2, Value: func(k kindView) string { return choose(k.Restorable, "restorable", "reference") }},
		{Name: "default", Head: "run", Whole: true, Value: func(k kindView) string { return choose(k.Default, "default", "opt-in") }},
		{Name: "calls", Wraps: true, Value: func(k kindView) string { return k.Calls }},
		{Name: "remark", Wraps: true, Spare: 1, Value: func(k kindView) string { return k.Remark }},
	},
}

func choose(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}

// kindsText is the table for people, with what no table of kinds would tell.
func kindsText(o table.Output, choice table.Choice, kinds []kindView) error {
	if err := kindTable.Write(o, choice, each(kinds)); err != nil {
		return err
	}
	said := fmt.Sprintf("Calls are counted by run; a page holds %d documents unless stages.list.page_size says otherwise. Opt-in kinds are "+
		"backed up when they are named: lookervault run dashboards explores, or kinds: [all, explores].", config.Default(1).Stages.List.PageSize)
	fmt.Fprintf(o.Out, "\n%s\n\nRead from other kinds, without a call:\n\n", strings.Join(table.Wrap(said, o.Screen.Width), "\n"))
	if err := viewTable.Write(o, table.Choice{}, each(catalogue.Views())); err != nil {
		return err
	}
	fmt.Fprint(o.Out, "\nWhat no backup holds:\n\n")
	return gapTable.Write(o, table.Choice{}, each(catalogue.Gaps()))
}

var viewTable = table.Table[catalogue.View]{
	View: func(v catalogue.View) any { return v },
	Columns: []table.Column[catalogue.View]{
		{Name: "view", Whole: true, Value: func(v catalogue.View) string { return v.Name }},
		{Name: "what", Wraps: true, Value: func(v catalogue.View) string { return v.Title }},
		{Name: "from", Wraps: true, Value: func(v catalogue.View) string { return v.From }},
	},
}

var gapTable = table.Table[catalogue.Gap]{
	View: func(g catalogue.Gap) any { return g },
	Columns: []table.Column[catalogue.Gap]{
		{Name: "what", Wraps: true, Value: func(g catalogue.Gap) string { return g.What }},
		{Name: "why", Wraps: true, Value: func(g catalogue.Gap) string { return g.Why }},
	},
}

func kindsJSON(out io.Writer, kinds []kindView) error {
	type view struct {
		View string `json:"view"`
		What string `json:"what"`
		From string `json:"from"`
	}
	type gap struct {
		What string `json:"what"`
		Why  string `json:"why"`
	}
	var object struct {
		Kinds []kindView `json:"kinds"`
		Views []view     `json:"views"`
		Gaps  []gap      `json:"gaps"`
	}
	object.Kinds = kinds
	for _, v := range catalogue.Views() {
		object.Views = append(object.Views, view{v.Name, v.Title, v.From})
	}
	for _, g := range catalogue.Gaps() {
		object.Gaps = append(object.Gaps, gap(g))
	}
	line, err := encodeJSON(object)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, line)
	return err
}
