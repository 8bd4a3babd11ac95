package ui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/view"
)

// shortBelow is the width of a terminal on which the table of kinds has no column
// for listings: their names, where they are not complete, go with the kind's.
const shortBelow = 90

// KindRow is a row of the table of kinds: one kind, several without news, or all.
type KindRow struct {
	Name    string
	Listing record.Listing // "" of all kinds
	view.Totals
	counts record.Counts
}

// KindRows are the rows of kinds, in their order.
func KindRows(kinds []record.Counts) []KindRow {
	rows := make([]KindRow, 0, len(kinds))
	for _, k := range kinds {
		rows = append(rows, KindRow{Name: string(k.Kind), Listing: k.Listing, Totals: view.TotalsOf([]record.Counts{k}), counts: k})
	}
	return rows
}

// foldedRows are the rows of kinds, of which those without news share a row.
func foldedRows(kinds []record.Counts) []KindRow {
	loud, folded := partQuiet(kinds)
	rows := KindRows(loud)
	for i, quiet := range folded {
		if len(quiet) > 0 {
			rows = append(rows, KindRow{Name: fmt.Sprintf("%d %s", len(quiet), folds[i].name), Listing: quiet[0].Listing, Totals: view.TotalsOf(quiet)})
		}
	}
	return rows
}

// totalRow is the row of all kinds.
func totalRow(rows []KindRow) KindRow {
	total := KindRow{Name: "total"}
	for _, r := range rows {
		total.Add(r.Totals)
	}
	return total
}

// KindTable is the table of what a run did kind by kind.
func KindTable() table.Table[KindRow] {
	return table.Table[KindRow]{
		One: "kind", Many: "kinds", View: func(r KindRow) any { return r.counts },
		Columns: []table.Column[KindRow]{
			{Name: "kind", Whole: true, Value: func(r KindRow) string { return r.Name }, Show: kindShown},
			{
				Name: "listing", Whole: true, Varies: true, Spare: 6, Value: func(r KindRow) string { return string(r.Listing) },
				Show: func(r KindRow, screen table.Screen) string {
					if isShort(screen) {
						return "" // it stands beside the kind
					}
					return listingText(r.Listing)
				},
			},
			kindNumber("listed", 3, func(t view.Totals) int64 { return t.Listed }),
			kindNumber("new", 1, func(t view.Totals) int64 { return t.New }),
			kindNumber("changed", 1, func(t view.Totals) int64 { return t.Changed }),
			kindNumber("same", 4, func(t view.Totals) int64 { return t.Same }),
			kindNumber("gone", 1, func(t view.Totals) int64 { return t.Gone }),
			kindNumber("failed", 0, func(t view.Totals) int64 { return t.FailedDocuments() }),
			kindNumber("dangling", 2, func(t view.Totals) int64 { return t.Dangling }),
			{Name: "bytes", Number: true, Spare: 5, Amount: func(r KindRow) int64 { return r.Bytes }, Unit: Size},
		},
	}
}

// isShort reports whether a screen has no room for a column of listings.
func isShort(screen table.Screen) bool { return screen.Width > 0 && screen.Width < shortBelow }

func kindShown(r KindRow, screen table.Screen) string {
	if isShort(screen) && r.Listing != "" && r.Listing != record.Complete {
		return fmt.Sprintf("%s (%s)", r.Name, listingText(r.Listing))
	}
	return r.Name
}

func kindNumber(name string, spare int, of func(view.Totals) int64) table.Column[KindRow] {
	return table.Column[KindRow]{
		Name: name, Number: true, Spare: spare,
		Amount: func(r KindRow) int64 { return of(r.Totals) }, Unit: Count,
		Tone: func(r KindRow) table.Tone {
			switch n := of(r.Totals); {
			case n == 0:
				return table.Dim
			case name == "failed", name == "gone":
				return table.Bad
			}
			return table.Plain
		},
	}
}

// WriteKinds writes a run kind by kind, with the reasons of listings that are not
// complete and with its notes, on a screen that is as wide as a terminal, or 0. The choice
// is that of the table. Folded, kinds without news share a row.
func WriteKinds(out table.Output, choice table.Choice, kinds []record.Counts, notes []string, folded bool) error {
	rows, t := KindRows(kinds), KindTable()
	if folded {
		rows = foldedRows(kinds)
		t.One, t.Many, t.Fixed = "", "", true
	}
	if view.TotalsOf(kinds).Dangling == 0 && len(choice.Columns) == 0 {
		t.Columns = slices.DeleteFunc(t.Columns, func(c table.Column[KindRow]) bool { return c.Name == "dangling" })
	}
	choice.Format = table.FormatTable
	t.Total = func([]KindRow) KindRow { return totalRow(rows) } // of all, also where --limit leaves some out
	if len(rows) > 0 {
		if err := t.Write(out, choice, table.Each(rows)); err != nil {
			return err
		}
	}
	width := 0
	if out.Screen != nil {
		width = out.Screen.Width
	}
	said := slices.DeleteFunc(slices.Clone(kinds), func(k record.Counts) bool { return k.Reason == "" })
	for _, s := range record.Shortfalls(said) {
		fmt.Fprint(out.Out, table.WrapLines(fmt.Sprintf("%s: %s\n", s.Who(0), PlainText(s.Why())), width))
	}
	for _, note := range notes {
		fmt.Fprint(out.Out, table.WrapLines(PlainText(note)+"\n", width))
	}
	return nil
}

// listingText is how a listing ended, as people read it.
func listingText(listing record.Listing) string {
	return strings.ReplaceAll(string(listing), "_", " ")
}
