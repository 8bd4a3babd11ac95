package ui

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/lookervault/lookervault/internal/duration"
	"github.com/lookervault/lookervault/internal/record"
)

// Lines lays a frame out for a terminal of so many columns and rows: a head, what
// calls cost, a bar for the whole and one for each kind that is being worked on, a
// line each for the kinds that are finished and that wait, where it is wanted a line a
// stage, and the last failure.
// It is never higher than the terminal less one row, and no line is wider than
// the terminal less one column.
func (f Frame) Lines(width, height int) []string {
	room := max(height-1, 1)
	head := []string{f.head(), f.cost(), f.Total.line(width)}
	var tail []string
	switch {
	case f.Detailed && room >= 12:
		tail = f.stageLines(width)
	case f.Bottleneck != "":
		tail = []string{f.bottleneckLine()}
	}
	if f.Failed > 0 {
		tail = append(tail, fmt.Sprintf("%s failed, last %s", Count(f.Failed), PlainText(f.LastFault)))
	}
	lines := slices.Concat(head, f.kindLines(width, room-len(head)-len(tail)), tail)
	if len(lines) > room {
		lines = lines[:room]
	}
	for i := range lines {
		lines[i] = fit(lines[i], width-1)
	}
	return lines
}

// head is which job it is and how fast it goes.
func (f Frame) head() string {
	all := Count(f.Listed) + f.more()
	if f.Total.Things > f.Listed && !f.Total.Bound {
		all = "about " + Count(f.Total.Things)
	}
	parts := []string{f.Job, clock(f.Elapsed), fmt.Sprintf("%s of %s %s", Count(f.Done), all, f.Things), perSecond(f.ItemsPerSecond)}
	if f.Things != Actions { // which are not measured in bytes
		parts = append(parts, Size(int64(f.BytesPerSecond))+"/s")
	}
	return strings.Join(parts, " · ")
}

// more is "+" while listings are open: there may be more.
func (f Frame) more() string {
	for _, k := range f.Kinds {
		if k.Listing == record.Open {
			return "+"
		}
	}
	return ""
}

// cost is what calls were made and what slowed them down.
func (f Frame) cost() string {
	calls := Plural(f.Calls, "call", "calls")
	if f.MaxCalls > 0 {
		calls = fmt.Sprintf("%s of %s calls", Count(f.Calls), Count(f.MaxCalls))
	}
	rate := perSecond(f.CallsPerSecond)
	if f.Rate > 0 {
		rate += " of " + perSecond(f.Rate)
	}
	parts := []string{calls, rate}
	if f.Throttled > 0 {
		parts = append(parts, fmt.Sprintf("%s × 429, paused %s", Count(f.Throttled), duration.Text(f.Paused)))
	}
	if f.Retries > 0 {
		parts = append(parts, Plural(f.Retries, "retry", "retries"))
	}
	return strings.Join(parts, " · ")
}

// kindLines shows the kinds in at most room lines.
func (f Frame) kindLines(width, room int) []string {
	var active []KindFrame
	var finished, waiting []string
	for _, k := range f.Kinds {
		switch k.State {
		case Active:
			active = append(active, k)
		case Finished:
			finished = append(finished, string(k.Kind))
		case Waiting:
			name := string(k.Kind)
			if k.Listed > 0 {
				name += " " + Count(k.Listed)
			}
			waiting = append(waiting, name)
		}
	}
	var folded []string
	fold := func(what string, names []string) {
		if len(names) > 0 {
			folded = append(folded, fmt.Sprintf("%s %d: %s", what, len(names), strings.Join(names, ", ")))
		}
	}
	fold("done", finished)
	fold("waiting", waiting)
	if space := room - len(folded); len(active) > max(space, 1) {
		// Those with the most to do stay; one line is for the others.
		most := slices.SortedStableFunc(slices.Values(active), func(a, b KindFrame) int {
			return cmp.Compare(b.Listed-b.Committed, a.Listed-a.Committed)
		})
		shown, hidden := most[:max(space-1, 0)], most[max(space-1, 0):]
		var names []string
		for _, k := range hidden {
			names = append(names, fmt.Sprintf("%s %s", k.Kind, percent(k.Committed, k.Listed)))
		}
		fold("also", names)
		active = slices.DeleteFunc(active, func(k KindFrame) bool {
			return !slices.ContainsFunc(shown, func(s KindFrame) bool { return s.Kind == k.Kind })
		})
	}
	bars := kindBars(active, width)
	if len(folded) > max(room-len(bars), 0) {
		folded = folded[:max(room-len(bars), 0)]
	}
	return append(bars, folded...)
}

// kindBars are the bars of kinds in columns that fit them all.
func kindBars(kinds []KindFrame, width int) []string {
	cells := make([][5]string, len(kinds))
	var widths [5]int
	for i, k := range kinds {
		total := Count(k.Listed)
		if k.Listing == record.Open {
			total += "+"
		}
		eta := ""
		if k.Left > 0 {
			eta = remaining(k.Left)
		}
		cells[i] = [5]string{string(k.Kind), Count(k.Committed) + "/" + total, percent(k.Committed, k.Listed), perSecond(k.PerSecond), eta}
		if k.Failed > 0 {
			cells[i][4] += fmt.Sprintf(" %s failed", Count(k.Failed))
		}
		for c, cell := range cells[i] {
			widths[c] = max(widths[c], len(cell))
		}
	}
	bar := width - 1
	for _, w := range widths {
		bar -= w + 1
	}
	bar = min(bar, 60)
	var lines []string
	for i, k := range kinds {
		c := cells[i]
		parts := []string{left(c[0], widths[0])}
		if bar >= 8 {
			parts = append(parts, drawBar(k.Committed, k.Listed, bar))
		}
		parts = append(parts, right(c[1], widths[1]), right(c[2], widths[2]), right(c[3], widths[3]), left(c[4], widths[4]))
		lines = append(lines, strings.TrimRight(strings.Join(parts, " "), " "))
	}
	return lines
}

// drawBar is a bar of so many columns.
func drawBar(done, total int64, width int) string {
	var b bytes.Buffer
	filler := mpb.BarStyle().Lbound("▕").Rbound("▏").Filler("█").Tip("█").Padding("░").Build()
	// A buffer does not fail.
	_ = filler.Fill(&b, decor.Statistics{AvailableWidth: width, Total: max(total, 1), Current: min(done, max(total, 1)), Completed: done >= total})
	return b.String()
}

// stageLines is a head and a line a stage, the bottleneck marked.
func (f Frame) stageLines(width int) []string {
	if len(f.Stages) == 0 {
		return nil
	}
	name, wide := len("stage"), width >= 100
	for _, s := range f.Stages {
		name = max(name, len(s.Name))
	}
	bar := ""
	if wide {
		bar = strings.Repeat(" ", 20)
	}
	lines := []string{fmt.Sprintf("%s workers %s   queue  busy held up   idle", left("stage", name), bar)}
	for _, s := range f.Stages {
		if wide {
			bar = drawBar(int64(s.Busy*100+0.5), 100, 20)
		}
		queue := "-"
		if s.Capacity > 0 {
			queue = fmt.Sprintf("%d/%d", s.Queued, s.Capacity)
		}
		workers := fmt.Sprintf("%d/%d", s.Working, s.Workers)
		line := fmt.Sprintf("%s %7s %s %7s  %4s    %4s    %4s", left(s.Name, name), workers, bar, queue, share(s.Busy), share(s.Blocked), share(s.Starved))
		if s.Name == f.Bottleneck {
			line += " ◀ " + limits[f.Reason]
		}
		lines = append(lines, line)
	}
	return lines
}

// bottleneckLine is what is shown instead of a line a stage, where there is a bottleneck.
func (f Frame) bottleneckLine() string {
	return "held up by " + limits[f.Reason]
}

// limits are the reasons of a bottleneck in few words.
var limits = map[string]string{
	ReasonRateLimit: "the rate limit", ReasonServerLimit: "Looker's 429s", ReasonAtOnce: "the calls that Looker takes at once", ReasonRetries: "retries",
	ReasonLatency: "the time of an answer", ReasonSlowKind: "one slow kind", ReasonWrite: "the disk", ReasonMachine: "the processor",
}
