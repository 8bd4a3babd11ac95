package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/lookervault/lookervault/internal/forecast"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/view"
)

// foreseenLines say what lists tell of changes: a line a kind, with the first names.
func foreseenLines(v view.Forecast) (lines []string) {
	told, whole := false, true
	for _, k := range v.Kinds {
		if k.Changes == nil {
			continue
		}
		told, whole = true, whole && k.Changes.Whole
		if said := foreseenText(k.Changes, k.Kind); said != "" {
			lines = append(lines, fmt.Sprintf("  %s: %s", k.Kind, said))
		}
	}
	doubt := ""
	if !whole {
		doubt = " Some lists were not looked at to their end."
	}
	switch {
	case !told:
		return nil
	case len(lines) == 0:
		return []string{"Lists tell of no change since the vault was filled; what changes without a trace in them only a run sees." + doubt}
	}
	return append([]string{"What a run would find changed, as far as lists tell:"}, append(lines, "What changes without a trace in lists only a run sees."+doubt)...)
}

// foreseenText is like "1 new (Sales), 2 changed (Costs, Churn)", "" where nothing differs.
func foreseenText(v *view.Foreseen, kind record.Kind) string {
	words := map[string]string{forecast.Trashed: "in the trash", forecast.Restored: "back"}
	var said []string
	for _, way := range forecast.Ways() {
		n := *v.Count(way)
		if n == 0 {
			continue
		}
		var names []string
		for _, item := range v.First {
			if item.Change == way && len(names) < namesShown {
				names = append(names, plainText(cmp.Or(item.Name, string(kind)+"/"+item.ID)))
			}
		}
		if left := n - int64(len(names)); left > 0 && len(names) > 0 {
			names[len(names)-1] += fmt.Sprintf(" and %s more", count(left))
		}
		part := count(n) + " " + cmp.Or(words[way], way)
		if len(names) > 0 {
			part += " (" + strings.Join(names, ", ") + ")"
		}
		said = append(said, part)
	}
	return strings.Join(said, ", ")
}

func writeForeseen(out io.Writer, v view.Forecast) {
	if lines := foreseenLines(v); len(lines) > 0 {
		fmt.Fprintf(out, "\n%s\n", strings.Join(lines, "\n"))
	}
}
