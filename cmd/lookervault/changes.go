package main

import (
	"strconv"
	"strings"

	"github.com/lookervault/lookervault/internal/table"
)

// changeTable is the table of changes. With runs, each has the run that saw it.
func changeTable(runs bool) table.Table[change] {
	columns := []table.Column[change]{
		{Name: "change", Whole: true, Value: func(c change) string { return strings.Join(c.Change, ",") }, Tone: changeTone},
		{Name: "kind", Whole: true, Varies: true, Value: func(c change) string { return string(c.Kind) }},
		{Name: "id", Whole: true, Value: func(c change) string { return c.ID }},
		{Name: "name", Value: func(c change) string { return c.Name }},
		{
			Name: "folder", Tail: true, Varies: true, Spare: 3, Value: func(c change) string { return c.Folder },
			Show: func(c change, _ table.Screen) string { return orID(c.FolderPath, c.Folder) },
		},
		{
			Name: "owner", Varies: true, Spare: 4, Value: func(c change) string { return c.Owner },
			Show: func(c change, _ table.Screen) string { return orID(c.OwnerName, c.Owner) },
		},
		{Name: "who", Varies: true, Spare: 2, Value: func(c change) string { return c.Who }},
		{Name: "bytes", Head: "size", Number: true, Spare: 5, Extra: !runs, Value: func(c change) string { return strconv.FormatInt(c.Bytes, 10) }, Show: sizeShown},
		{Name: "what", Wraps: true, Value: func(c change) string { return c.what }},
	}
	if runs {
		columns = append([]table.Column[change]{
			{Name: "run", Number: true, Value: func(c change) string { return strconv.FormatInt(c.Run, 10) }},
			{
				Name: "time", Head: "when", Whole: true, Spare: 1, Value: func(c change) string { return c.Time },
				Show: func(c change, screen table.Screen) string { return table.When(c.at, screen) },
			},
		}, columns...)
	}
	return table.Table[change]{One: "change", Many: "changes", View: func(c change) any { return c }, Columns: columns}
}

func orID(name, id string) string {
	if name != "" {
		return name
	}
	return id
}

func changeTone(c change) table.Tone {
	switch c.Change[0] {
	case changeAdded, changeRestored:
		return table.Good
	case changeRemoved:
		return table.Bad
	case changeTrashed:
		return table.Unsure
	default:
		return table.Plain
	}
}
