package main

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/view"
)

// changeTable is the table of changes. With runs, each has the run that saw it.
func changeTable(runs bool) table.Table[history.Change] {
	columns := []table.Column[history.Change]{
		{Name: "change", Whole: true, Value: func(c history.Change) string { return strings.Join(c.Change, ",") }, Tone: changeTone},
		{Name: "kind", Whole: true, Varies: true, Value: func(c history.Change) string { return string(c.Kind) }},
		{Name: "id", Whole: true, Value: func(c history.Change) string { return c.ID }},
		{
			Name: "name", Value: func(c history.Change) string { return c.Name },
			Show: func(c history.Change, _ table.Screen) string { return c.Title() },
		},
		{
			Name: "folder", Tail: true, Varies: true, Spare: 3, Value: func(c history.Change) string { return c.Folder },
			Show: func(c history.Change, _ table.Screen) string { return cmp.Or(c.FolderPath, c.Folder) },
		},
		{
			Name: "owner", Varies: true, Spare: 4, Value: func(c history.Change) string { return c.Owner },
			Show: func(c history.Change, _ table.Screen) string { return cmp.Or(c.OwnerName, c.Owner) },
		},
		{Name: "who", Varies: true, Spare: 2, Value: func(c history.Change) string { return c.Who }},
		{Name: "bytes", Head: "size", Number: true, Spare: 5, Extra: !runs, Amount: func(c history.Change) int64 { return c.Bytes }, Unit: ui.Size},
		{Name: "what", Wraps: true, Value: func(c history.Change) string { return c.What }},
	}
	if runs {
		columns = append([]table.Column[history.Change]{
			{Name: "run", Number: true, Value: func(c history.Change) string { return strconv.FormatInt(c.Run, 10) }},
			{Name: "time", Head: "when", Whole: true, Spare: 1, Time: func(c history.Change) time.Time { return c.At }},
		}, columns...)
	}
	return table.Table[history.Change]{One: "change", Many: "changes", View: func(c history.Change) any { return view.ChangeOf(c) }, Columns: columns}
}

func changeTone(c history.Change) table.Tone {
	switch c.Change[0] {
	case history.Added, history.Restored:
		return table.Good
	case history.Removed:
		return table.Bad
	case history.Trashed:
		return table.Unsure
	default:
		return table.Plain
	}
}
