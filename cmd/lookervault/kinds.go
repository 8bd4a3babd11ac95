package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/view"
)

// kindsOptions are what kinds works with.
type kindsOptions struct {
	streams *streams
	table   tableFlags
}

func newKindsCommand(env *environment) *cobra.Command {
	o := kindsOptions{streams: env.streams}
	cmd := &cobra.Command{
		Use: "kinds", Short: "List the kinds of documents, what they cost, and what no backup holds",
		Long: `List the kinds of documents that a backup can hold and what each costs in API
calls; what is read from other kinds without a call; and what Looker's API does
not give at all. It needs neither a Looker nor a vault.

In a pipe there is a line a kind, tab-separated, with the columns kind, what,
restorable or reference, default or opt-in, calls, remark.`,
		Args: arguments(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return runKinds(o) },
	}
	o.table.add(cmd)
	cmd.Flags().Lookup("json").Usage = "as one JSON object"
	return cmd
}

// runKinds says what can be backed up, and what cannot.
func runKinds(o kindsOptions) error {
	choice, err := chosen(&o.table, kindTable)
	if err != nil {
		return err
	}
	kinds := view.KindsOf(config.Default(1).Stages.List.PageSize)
	width, height := ui.TerminalSize(o.streams.out)
	switch {
	case choice.IsObject() && !choice.Picks():
		return o.streams.writeObject(view.CatalogueOf(kinds), choice.Format)
	case width > 0 && choice.Format == "":
		return o.streams.paged(height, func(text *strings.Builder) error {
			return kindsText(table.Output{Out: text, Screen: o.streams.screen(width), Color: o.streams.colors(o.streams.out)}, choice, kinds)
		})
	}
	return show(o.streams, kindTable, choice, table.Each(kinds))
}

var kindTable = table.Table[view.Kind]{
	One: "kind", Many: "kinds", View: func(k view.Kind) any { return k },
	Columns: []table.Column[view.Kind]{
		{Name: "kind", Whole: true, Value: func(k view.Kind) string { return string(k.Kind) }},
		{Name: "what", Wraps: true, Value: func(k view.Kind) string { return k.What }},
		{Name: "restorable", Head: "restore", Whole: true, Spare: 2, Value: func(k view.Kind) string { return choose(k.Restorable, "restorable", "reference") }},
		{Name: "default", Head: "run", Whole: true, Spare: 1, Value: func(k view.Kind) string { return choose(k.Default, "default", "opt-in") }},
		{Name: "calls", Wraps: true, Value: func(k view.Kind) string { return k.Calls }},
		{Name: "remark", Wraps: true, Spare: 1, Value: func(k view.Kind) string { return k.Remark }},
	},
}

func choose(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}

// kindsText is the table for people, with what no table of kinds would tell.
func kindsText(o table.Output, choice table.Choice, kinds []view.Kind) error {
	if err := kindTable.Write(o, choice, table.Each(kinds)); err != nil {
		return err
	}
	said := fmt.Sprintf("Calls are counted by run; a page holds %d documents unless stages.list.page_size says otherwise. Opt-in kinds are "+
		"backed up when they are named: lookervault run dashboards explores, or kinds: [all, explores].", config.Default(1).Stages.List.PageSize)
	fmt.Fprintf(o.Out, "\n%s\n\nRead from other kinds, without a call:\n\n", strings.Join(table.Wrap(said, o.Screen.Width), "\n"))
	if err := viewTable.Write(o, table.Choice{}, table.Each(catalogue.Views())); err != nil {
		return err
	}
	fmt.Fprint(o.Out, "\nWhat no backup holds:\n\n")
	return gapTable.Write(o, table.Choice{}, table.Each(catalogue.Gaps()))
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
