package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/lookervault/lookervault/internal/forecast"
	"github.com/lookervault/lookervault/internal/record"
)

// foreseenNamed is how many documents of a kind JSON names of those that a run would find
// changed.
const foreseenNamed = 100

// foreseenView is what lists tell of changes in a kind, under stable names.
type foreseenView struct {
	Whole    bool           `json:"whole"` // the lists were seen to their end
	New      int64          `json:"new"`
	Changed  int64          `json:"changed"` // another date, name or folder
	Trashed  int64          `json:"trashed"`
	Restored int64          `json:"restored"`
	Gone     int64          `json:"gone"`
	First    []foreseenItem `json:"first"`
}

type foreseenItem struct {
	Change string `json:"change"`
	ID     string `json:"id"`
	Name   string `json:"name"`
}

// foreseenOf is nil where lists tell nothing.
func foreseenOf(f *forecast.Changes) *foreseenView {
	if f == nil {
		return nil
	}
	v := &foreseenView{Whole: f.Whole, First: []foreseenItem{}}
	for _, d := range f.Documents {
		*v.count(d.Way)++
		if len(v.First) < foreseenNamed {
			v.First = append(v.First, foreseenItem{d.Way, d.ID, d.Name})
		}
	}
	return v
}

// count is the number of documents that differ in that way.
func (v *foreseenView) count(way string) *int64 {
	switch way {
	case forecast.New:
		return &v.New
	case forecast.Changed:
		return &v.Changed
	case forecast.Trashed:
		return &v.Trashed
	case forecast.Restored:
		return &v.Restored
	}
	return &v.Gone
}

// foreseenLines say what lists tell of changes: a line a kind, with the first names.
func (v forecastView) foreseenLines() (lines []string) {
	told, whole := false, true
	for _, k := range v.Kinds {
		if k.Changes == nil {
			continue
		}
		told, whole = true, whole && k.Changes.Whole
		if said := k.Changes.text(k.Kind); said != "" {
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

// text is like "1 new (Sales), 2 changed (Costs, Churn)", "" where nothing differs.
func (v *foreseenView) text(kind record.Kind) string {
	words := map[string]string{forecast.Trashed: "in the trash", forecast.Restored: "back"}
	var said []string
	for _, way := range forecast.Ways() {
		n := *v.count(way)
		if n == 0 {
			continue
		}
		var names []string
		for _, item := range v.First {
			if item.Change == way && len(names) < namesShown {
				names = append(names, plainText(orID(item.Name, string(kind)+"/"+item.ID)))
			}
		}
		if left := n - int64(len(names)); left > 0 && len(names) > 0 {
			names[len(names)-1] += fmt.Sprintf(" and %s more", count(left))
		}
		part := count(n) + " " + orID(words[way], way)
		if len(names) > 0 {
			part += " (" + strings.Join(names, ", ") + ")"
		}
		said = append(said, part)
	}
	return strings.Join(said, ", ")
}

func (v forecastView) writeForeseen(out io.Writer) {
	if lines := v.foreseenLines(); len(lines) > 0 {
		fmt.Fprintf(out, "\n%s\n", strings.Join(lines, "\n"))
	}
}
