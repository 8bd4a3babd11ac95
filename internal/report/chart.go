package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/lookervault/lookervault/internal/duration"
	"github.com/lookervault/lookervault/internal/record"
)

// The charts are drawn in a box of these units and stretched to the width of the
// page; text stands beside them as HTML, so that it keeps its size on a phone.
const (
	boxWidth  = 600.0
	boxHeight = 120.0
)

// line is one curve over time.
type line struct {
	Title string
	Class string // of the style sheet
	Path  string // of the curve
	Area  string // below it, "" for none
}

// timeChart is curves over the time of a session.
type timeChart struct {
	Title string
	Unit  string
	Ticks []string // of the upright axis, from the top
	End   string   // what the right edge means
	Lines []line
	Marks []mark
	Steps []column // what each step of time was, told when pointed at
}

// mark is a moment in which something happened.
type mark struct {
	X     float64
	Title string
}

// point is a value at a moment, both in their own units.
type point struct{ at, value float64 }

// A curve has at most so many points, and none for less time than that: commits
// come in batches about a second apart, which makes a comb of what is really
// even.
const (
	maxSteps = 60
	minStep  = 1.5 // seconds
)

// rates are what was done a second in each of equal steps of time, of a counter
// that is taken to grow evenly between samples.
func rates(samples []record.Sample, of func(record.Sample) float64) []point {
	end := samples[len(samples)-1].At
	n := min(maxSteps, max(4, int(end/minStep)), len(samples)-1)
	width := end / float64(n)
	points := make([]point, n)
	before, next := 0.0, 0
	for i := range points {
		at := float64(i+1) * width
		for next < len(samples)-1 && samples[next].At < at {
			next++
		}
		now := of(samples[next])
		if a, b := samples[max(next-1, 0)], samples[next]; b.At > at && b.At > a.At {
			now = of(a) + (of(b)-of(a))*max(at-a.At, 0)/(b.At-a.At)
		}
		points[i] = point{at - width/2, max(0, (now-before)/width)}
		before = now
	}
	return points
}

// curve is a path through points in the box.
func curve(points []point, end, top float64) string {
	var b strings.Builder
	for i, p := range points {
		command := "L"
		if i == 0 {
			command = "M"
		}
		fmt.Fprintf(&b, "%s%.1f %.1f", command, p.at/end*boxWidth, boxHeight-min(p.value/top, 1)*boxHeight)
	}
	return b.String()
}

// below closes a curve down to the axis.
func below(points []point, end, top float64) string {
	if len(points) == 0 {
		return ""
	}
	first, last := points[0].at/end*boxWidth, points[len(points)-1].at/end*boxWidth
	return fmt.Sprintf("%sL%.1f %.1fL%.1f %.1fZ", curve(points, end, top), last, boxHeight, first, boxHeight)
}

// ceiling is a round number that is not below v.
func ceiling(v float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, step := range []float64{1, 1.5, 2, 3, 4, 5, 6, 8} {
		if step*power >= v {
			return step * power
		}
	}
	return 10 * power
}

func highest(points []point) (top float64) {
	for _, p := range points {
		top = max(top, p.value)
	}
	return top
}

// charts are the curves of a session; a session too short for curves has none.
func charts(s record.Session) []timeChart {
	samples := s.Samples
	if len(samples) < 3 || samples[len(samples)-1].At <= 0 {
		return nil
	}
	end := samples[len(samples)-1].At
	items := rates(samples, func(s record.Sample) float64 { return float64(s.Items) })
	bytes := rates(samples, func(s record.Sample) float64 { return float64(s.Bytes) })
	calls := rates(samples, func(s record.Sample) float64 { return float64(s.Calls) })
	var allowed []point
	for _, s := range samples {
		if s.Rate > 0 {
			allowed = append(allowed, point{s.At, s.Rate})
		}
	}
	single := func(title, unit, class string, points []point, format func(float64) string) timeChart {
		top := ceiling(highest(points))
		return timeChart{
			Title: title, Unit: unit, Ticks: ticks(top, format), End: duration.Seconds(end),
			Lines: []line{{title, class, curve(points, end, top), below(points, end, top)}}, Steps: steps(points, unit, format),
		}
	}
	rate := timeChart{Title: "API calls", Unit: "per second", End: duration.Seconds(end), Marks: refusals(samples, end), Steps: steps(calls, "per second", number)}
	// What is allowed begins far above what is done where there is no limit; it
	// may leave the chart, what is done may not.
	made := highest(calls)
	top := ceiling(max(made, min(highest(allowed), 1.5*made)))
	rate.Ticks = ticks(top, number)
	rate.Lines = append(rate.Lines, line{"calls made", "calls", curve(calls, end, top), below(calls, end, top)})
	if len(allowed) > 1 {
		rate.Lines = append(rate.Lines, line{"calls allowed", "allowed", curve(allowed, end, top), ""})
	}
	return []timeChart{
		single("Documents committed", "per second", "items", items, number),
		single("Bytes committed", "per second", "bytes", bytes, func(v float64) string { return size(int64(v)) }),
		rate,
	}
}

// ticks are what the upright axis says: the top, the middle and nothing.
func ticks(top float64, format func(float64) string) []string {
	return []string{format(top), format(top / 2), "0"}
}

// steps are the columns over which a chart tells its values.
func steps(points []point, unit string, format func(float64) string) (columns []column) {
	width := boxWidth / float64(max(len(points), 1))
	for i, p := range points {
		columns = append(columns, column{
			X: float64(i) * width, Width: width, Height: boxHeight, Class: "hit",
			Title: fmt.Sprintf("%s: %s %s", duration.Seconds(p.at), format(p.value), unit),
		})
	}
	return columns
}

// refusals are the moments at which Looker answered 429.
func refusals(samples []record.Sample, end float64) (marks []mark) {
	for i := 1; i < len(samples); i++ {
		if n := samples[i].Refused - samples[i-1].Refused; n > 0 {
			marks = append(marks, mark{samples[i].At / end * boxWidth, fmt.Sprintf("%d × 429", n)})
		}
	}
	return marks
}

// part is a piece of a bar, in hundredths of its width.
type part struct {
	X, Width float64
	Class    string
	Title    string
}

// pieces puts values side by side in a bar that stands for whole.
func pieces(whole float64, values ...piece) (parts []part) {
	x := 0.0
	for _, v := range values {
		if v.value > 0 && whole > 0 {
			width := min(v.value/whole*100, 100-x)
			parts = append(parts, part{x, width, v.class, v.title})
			x += width
		}
	}
	return parts
}

type piece struct {
	value        float64
	class, title string
}
