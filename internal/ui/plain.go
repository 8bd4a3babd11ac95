package ui

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/lookervault/lookervault/internal/record"
)

// How often a plain line comes when nothing else does, and how long a milestone
// waits for the next one to share its line.
const (
	plainEvery = 10 * time.Second
	plainWaits = 3 * time.Second
)

// Plain shows a run in lines for a log: one every ten seconds, and one at
// milestones: when everything is listed and when kinds are finished, several of
// which share a line, at once at the first failure of a kind and when Looker
// begins to refuse calls. It is used by one goroutine.
type Plain struct {
	out      io.Writer
	last     time.Duration // when the last line came
	finished map[record.Kind]bool
	failed   map[record.Kind]bool
	listed   bool
	refused  int64
	pending  []string // milestones that wait for their line
	done     []string // kinds that were finished meanwhile
	urgent   bool
}

// NewPlain writes its lines to out.
func NewPlain(out io.Writer) *Plain {
	return &Plain{out: out, finished: make(map[record.Kind]bool), failed: make(map[record.Kind]bool)}
}

// Show writes what is new in a frame, if anything is. Call it about once a
// second.
func (p *Plain) Show(f Frame) {
	p.pending = append(p.pending, p.news(f)...)
	since := f.Elapsed - p.last
	if since < plainEvery && !p.urgent && (len(p.pending)+len(p.done) == 0 || since < plainWaits) {
		return
	}
	news := p.pending
	if len(p.done) > 0 {
		news = append(news, "finished "+strings.Join(p.done, ", "))
	}
	p.line(f, news)
	p.last, p.pending, p.done, p.urgent = f.Elapsed, nil, nil, false
}

func (p *Plain) line(f Frame, news []string) {
	parts := []string{f.head(), f.cost(), f.Total.text()}
	if f.Failed > 0 {
		parts = append(parts, fmt.Sprintf("%s failed, last %s", Count(f.Failed), PlainText(f.LastFault)))
	}
	if f.Bottleneck != "" {
		parts = append(parts, f.bottleneckLine())
	}
	fmt.Fprintln(p.out, strings.Join(append(parts, news...), " · "))
}

// news are the milestones that were reached since the last frame; kinds that are
// finished are gathered apart.
func (p *Plain) news(f Frame) []string {
	var news, failing []string
	for _, k := range f.Kinds {
		if k.State == Finished && !p.finished[k.Kind] {
			p.finished[k.Kind] = true
			p.done = append(p.done, string(k.Kind))
		}
		if k.Failed > 0 && !p.failed[k.Kind] {
			p.failed[k.Kind] = true
			failing = append(failing, string(k.Kind))
		}
	}
	if !p.listed && f.Things != Actions && f.more() == "" && len(f.Kinds) > 0 {
		p.listed = true
		news = append(news, "everything is listed")
	}
	if len(failing) > 0 {
		p.urgent = true
		news = append(news, "first failure in "+strings.Join(failing, ", "))
	}
	if p.refused == 0 && f.Throttled > 0 {
		p.urgent = true
		news = append(news, "Looker begins to answer 429, going slower")
	}
	p.refused = f.Throttled
	return news
}
