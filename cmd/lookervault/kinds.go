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
)

func (a *app) kindsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "kinds", Short: "List the kinds of documents, what they cost, and what no backup holds",
		Long: `List the kinds of documents that a backup can hold and what each costs in API
calls; what is read from other kinds without a call; and what Looker's API does
not give at all. It needs neither a Looker nor a vault.

In a pipe there is a line a kind, tab-separated, with the columns kind, what,
restorable or reference, default or opt-in, calls, remark.`,
		Args: arguments(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			kinds := kindViews(config.Default(1).Stages.List.PageSize)
			if asJSON {
				return kindsJSON(a.stdout, kinds)
			}
			if !isTerminal(a.stdout) {
				return renderTabs(a.stdout, kindColumns, each(kinds))
			}
			kindsText(a.stdout, terminalColumns(a.stdout), kinds)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as one JSON object")
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
	Calls      string      `json:"calls"`
	Quotas     []string    `json:"quotas"` // that its calls are drawn from
	Remark     string      `json:"remark"`
}

func kindViews(pageSize int) []kindView {
	var kinds []kindView
	for _, k := range catalogue.All() {
		kinds = append(kinds, kindView{
			Kind: k.Name, What: k.Title, Restorable: !k.Reference, Default: !k.OptIn, Optional: k.Optional, Admin: k.Admins,
			Calls: callsOf(k, pageSize), Quotas: quotasOf(k), Remark: k.Remark,
		})
	}
	return kinds
}

// callsOf says what a kind costs in calls, as its row has it.
func callsOf(k catalogue.Kind, pageSize int) string {
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
		for _, p := range k.Refs {
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
func quotasOf(k catalogue.Kind) []string {
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

var kindColumns = []column[kindView]{
	{head: "kind", cell: func(k kindView) string { return string(k.Kind) }},
	{head: "what", cell: func(k kindView) string { return k.What }},
	{head: "restore", cell: func(k kindView) string { return choose(k.Restorable, "restorable", "reference") }},
	{head: "run", cell: func(k kindView) string { return choose(k.Default, "default", "opt-in") }},
	{head: "calls", cell: func(k kindView) string { return k.Calls }},
	{head: "remark", cell: func(k kindView) string { return k.Remark }},
}

func choose(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}

// kindsText is the table for people, with what no table of kinds would tell.
func kindsText(out io.Writer, width int, kinds []kindView) {
	renderWrapped(out, width, kindColumns, kinds)
	fmt.Fprintf(out, "\nCalls are counted by run; a page holds %d documents unless stages.list.page_size says otherwise. Opt-in kinds are\n"+
		"backed up when they are named: lookervault run dashboards explores, or kinds: [all, explores].\n", config.Default(1).Stages.List.PageSize)
	fmt.Fprint(out, "\nRead from other kinds, without a call:\n\n")
	renderWrapped(out, width, viewColumns, catalogue.Views())
	fmt.Fprint(out, "\nWhat no backup holds:\n\n")
	renderWrapped(out, width, gapColumns, catalogue.Gaps())
}

var viewColumns = []column[catalogue.View]{
	{head: "view", cell: func(v catalogue.View) string { return v.Name }},
	{head: "what", cell: func(v catalogue.View) string { return v.Title }},
	{head: "from", cell: func(v catalogue.View) string { return v.From }},
}

var gapColumns = []column[catalogue.Gap]{
	{head: "what", cell: func(g catalogue.Gap) string { return g.What }},
	{head: "why", cell: func(g catalogue.Gap) string { return g.Why }},
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
