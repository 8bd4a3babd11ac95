package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/plain"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/view"
)

var lossTable = table.Table[history.Loss]{
	One: "loss", Many: "losses", View: func(l history.Loss) any { return view.LossOf(l) },
	Columns: []table.Column[history.Loss]{
		{Name: "change", Whole: true, Value: func(l history.Loss) string { return strings.Join(l.Change.Change, ",") }, Tone: func(l history.Loss) table.Tone { return changeTone(l.Change) }},
		{Name: "kind", Whole: true, Value: func(l history.Loss) string { return string(l.Kind) }},
		{Name: "id", Whole: true, Value: func(l history.Loss) string { return l.ID }},
		{
			Name: "name", Value: func(l history.Loss) string { return l.Name },
			Show: func(l history.Loss, _ table.Screen) string { return l.Title() },
		},
		{
			Name: "folder", Tail: true, Spare: 3, Value: func(l history.Loss) string { return l.Folder },
			Show: func(l history.Loss, _ table.Screen) string { return cmp.Or(l.FolderPath, l.Folder) },
		},
		{
			Name: "owner", Spare: 2, Value: func(l history.Loss) string { return l.Owner },
			Show: func(l history.Loss, _ table.Screen) string { return cmp.Or(l.OwnerName, l.Owner) },
		},
		{Name: "because", Value: func(l history.Loss) string { return because(l.Because) }},
		{Name: "dependents", Number: true, Value: func(l history.Loss) string { return strconv.Itoa(len(l.Dependents)) }},
	},
}

// because says what a document went with.
func because(with []history.Dependent) string {
	var said []string
	for _, d := range with {
		said = append(said, fmt.Sprintf("its %s %s is gone", d.How, d))
	}
	return strings.Join(said, "; ")
}

// showLosses shows who lost what: for people grouped by owner and folder.
func showLosses(s *streams, choice table.Choice, list []history.Loss) error {
	width, height := ui.TerminalSize(s.out)
	if width == 0 || choice.Format != "" || choice.Picks() {
		return show(s, lossTable, choice, table.Each(list))
	}
	slices.SortStableFunc(list, func(x, y history.Loss) int {
		return strings.Compare(cmp.Or(x.OwnerName, x.Owner)+"\x00"+x.FolderPath, cmp.Or(y.OwnerName, y.Owner)+"\x00"+y.FolderPath)
	})
	return s.paged(height, func(text *strings.Builder) error {
		if len(list) == 0 {
			fmt.Fprintln(text, "Nothing was lost.")
		}
		group := ""
		for _, l := range list {
			of := plain.Text(fmt.Sprintf("%s, %s", cmp.Or(l.OwnerName, l.Owner, "nobody"), cmp.Or(l.FolderPath, l.Folder, "no folder")))
			if of != group {
				group = of
				fmt.Fprintf(text, "%s\n", of)
			}
			writeLoss(text, l, width, s.colors(s.out))
		}
		return nil
	})
}

// dependentsShown is how many dependents of a loss people see.
const dependentsShown = 5

func writeLoss(text *strings.Builder, l history.Loss, width int, color bool) {
	wrapped := func(indent, sentence string) []string {
		lines := table.Wrap(plain.Text(sentence), max(20, width-len(indent)))
		for i := range lines {
			lines[i] = indent + lines[i] + "\n"
		}
		return lines
	}
	what := strings.Join(l.Change.Change, ", ")
	first := strings.Join(wrapped("  ", what+" "+history.Dependent{Ref: l.Ref, Name: l.Title()}.String()), "")
	text.WriteString(strings.Replace(first, what, table.Paint(what, changeTone(l.Change), color), 1))
	say := func(sentence string) { text.WriteString(strings.Join(wrapped("    ", sentence), "")) }
	if len(l.Because) > 0 {
		say(because(l.Because))
	}
	for i, d := range l.Dependents {
		if i == dependentsShown {
			say(fmt.Sprintf("and %d more that depended on it", len(l.Dependents)-i))
			break
		}
		if d.Lost {
			say(d.String() + " went with it")
		} else {
			say(d.String() + " leads nowhere now")
		}
	}
}
