package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/record"
)

// progress tells how far a run is: on a terminal in one line that is drawn over,
// elsewhere in a line every ten seconds. It shows what is committed.
type progress struct {
	out   *terminal
	begun time.Time
	stop  chan struct{}
	done  sync.WaitGroup
}

func newProgress(out *terminal) *progress { return &progress{out: out} }

// start shows a run until close.
func (p *progress) start(view *extract.View) {
	p.begun, p.stop = time.Now(), make(chan struct{})
	every := 10 * time.Second
	if p.out.tty {
		every = 250 * time.Millisecond
	}
	p.done.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.show(view.Snapshot())
			case <-p.stop:
				return
			}
		}
	})
}

// close ends it; it may be called again.
func (p *progress) close() {
	if p.stop == nil {
		return
	}
	close(p.stop)
	p.done.Wait()
	p.stop = nil
	p.out.Status("")
}

func (p *progress) show(s extract.Snapshot) {
	line := progressLine(s, time.Since(p.begun))
	if p.out.tty {
		p.out.Status(line)
		return
	}
	fmt.Fprintln(p.out, line)
}

// progressLine is where a run stands: what is being worked on, then totals.
func progressLine(s extract.Snapshot, elapsed time.Duration) string {
	var busy []string
	done := 0
	for _, k := range s.Kinds {
		switch {
		case k.Listing == record.Complete && k.Answered >= k.Asked:
			done++
		case k.Listed > 0:
			busy = append(busy, fmt.Sprintf("%s %s/%s", k.Kind, count(k.Committed), count(k.Listed)))
		}
	}
	parts := []string{fmt.Sprintf("%d/%d kinds", done, len(s.Kinds))}
	parts = append(parts, busy...)
	parts = append(parts,
		count(s.Items)+" documents",
		fmt.Sprintf("%s/s", count(int64(float64(s.Items)/max(elapsed.Seconds(), 0.001)))),
		plural(s.API.Calls, "call", "calls"))
	if s.Faults > 0 {
		parts = append(parts, count(s.Faults)+" failed, last "+plainText(s.LastFault))
	}
	return strings.Join(parts, " · ")
}
