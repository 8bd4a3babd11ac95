package report

import (
	"fmt"

	"github.com/lookervault/lookervault/internal/record"
)

// column is a bar of a chart over runs.
type column struct {
	X, Y, Width, Height float64
	Class, Title        string
}

// runChart is a number of each run, with axes.
type runChart struct {
	Title, Unit   string
	Ticks         []string // of the upright axis, from the top
	From, To      string   // of the axis along
	Columns       []column
	Width, Height float64
}

// fewRuns is how many runs a chart has room for at least, so that two of them are no
// barn doors.
const fewRuns = 12

// perRun draws a number of each run, the oldest first.
func perRun(d Data, title, unit, class string, number func(record.Run) float64, format func(float64) string) runChart {
	c := runChart{Title: title, Unit: unit, Width: boxWidth, Height: boxHeight}
	most := 0.0
	for _, r := range d.Runs {
		most = max(most, number(r))
	}
	top := ceiling(most)
	c.Ticks = ticks(top, format)
	n := len(d.Runs)
	step := boxWidth / float64(max(n, fewRuns))
	for i := range d.Runs {
		r := d.Runs[n-1-i]
		v := number(r)
		height := v / top * boxHeight
		c.Columns = append(c.Columns, column{
			X: float64(i)*step + step*0.1, Width: step * 0.8, Y: boxHeight - height, Height: height, Class: class,
			Title: fmt.Sprintf("run %d, %s: %s %s", r.ID, moment(r.Started), format(v), unit),
		})
	}
	first, last := d.Runs[n-1].ID, d.Runs[0].ID
	switch {
	case n == 1:
		c.From = fmt.Sprintf("run %d", first)
	case n < fewRuns:
		c.From = fmt.Sprintf("runs %d to %d", first, last)
	default:
		c.From, c.To = fmt.Sprintf("run %d", first), fmt.Sprintf("run %d", last)
	}
	return c
}

// overRuns are the charts over the runs of a page.
func overRuns(d Data) []runChart {
	if len(d.Runs) == 0 {
		return nil
	}
	bytes := func(v float64) string { return size(int64(v)) }
	return []runChart{
		perRun(d, "Growth of the vault", "added", "bytes", func(r record.Run) float64 { return float64(sum(r.Kinds).Stored) }, bytes),
		perRun(d, "Documents", "stored", "items", func(r record.Run) float64 { return float64(sum(r.Kinds).Settled()) }, number),
		perRun(d, "API calls", "calls", "calls", func(r record.Run) float64 { return float64(callsOf(r)) }, number),
	}
}
