package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/view"
)

// progressModes are the words of --progress.
var progressModes = []string{"auto", "bar", "plain", "none"}

// progressMode resolves --progress: bars need a terminal, and one that does not
// carry the events of --json as well.
func (s *streams) progressMode(wanted string, asJSON bool) (string, error) {
	if !slices.Contains(progressModes, wanted) {
		return "", fmt.Errorf("--progress %q is none of auto, bar, plain, none", wanted)
	}
	shared := asJSON && isTerminal(s.out)
	switch {
	case s.quiet:
		return "none", nil
	case wanted == "auto" && shared:
		return "none", nil
	case (wanted == "auto" || wanted == "bar") && s.err.tty && !shared:
		return "bar", nil
	case wanted == "none":
		return "none", nil
	}
	return "plain", nil
}

// tick is the time between two looks at a run. Bars are drawn after each.
const tick = 250 * time.Millisecond

// A watch shows a job while it goes on, and keeps its course.
type watch struct {
	streams *streams
	mode    string
	limits  ui.Limits
	bars    *ui.Bars
	plain   *ui.Plain
	events  *ui.EventLog // nil without --json
	began   time.Time
	stop    chan struct{}
	done    sync.WaitGroup
	quiet   func() bool // takes back the notice about Ctrl-C
	// stopping is that notice, "" for that of a backup.
	stopping string

	mu      sync.Mutex // everything below
	view    observed
	tracker *ui.Tracker
	sampler ui.Sampler
	frame   ui.Frame
}

// observed is a job under way, which may be asked by any goroutine.
type observed interface{ Snapshot() job.Snapshot }

// A backupWatch is the watch of a run.
type backupWatch struct {
	watch
	events  *ui.Events // those of watch, nil without --json
	clock   *clock
	run     int64 // guarded by mu, as session
	session record.Session
}

// newBackupWatch makes a watch of a run that has not begun.
func newBackupWatch(c config.Config, o runOptions, mode string) *backupWatch {
	w := &backupWatch{watch: watch{streams: o.streams, mode: mode, limits: limitsOf(c), began: time.Now()}, clock: o.clock}
	if o.json {
		w.events = ui.NewEvents(wholeLines(o.streams.out), o.clock.now)
		w.watch.events = w.events.EventLog
	}
	return w
}

// newLookWatch makes a watch of a look that has not begun: on a terminal, or as progress says.
// Elsewhere the log tells of it. The error is about progress.
func newLookWatch(s *streams, c config.Config, progress string, asJSON bool) (*watch, error) {
	mode, err := s.progressMode(progress, asJSON)
	if err != nil {
		return nil, err
	}
	if mode == "plain" && progress == "auto" {
		mode = "none"
	}
	return &watch{
		streams: s, mode: mode, limits: limitsOf(c), began: time.Now(),
		stopping: "Stopping: calls that are under way are finished. Ctrl-C again ends at once.",
	}, nil
}

// showing shows a look until close once it has begun. ctx ends with the first interrupt.
func (w *watch) showing(ctx context.Context) func(record.Begun, *extract.View) {
	return func(_ record.Begun, view *extract.View) {
		w.start(ctx, ui.Subject{Job: "look", Things: "documents"}, view)
	}
}

// limitsOf is what the configuration allows a run.
func limitsOf(c config.Config) ui.Limits {
	limits := ui.Limits{Calls: int64(c.RateLimit.MaxCalls), PerSecond: float64(c.RateLimit.PerSecond)}
	if minute := float64(c.RateLimit.PerMinute) / 60; minute > 0 && (limits.PerSecond == 0 || minute < limits.PerSecond) {
		limits.PerSecond = minute
	}
	return limits
}

// start shows a job until close. ctx ends with the first interrupt.
func (w *watch) start(ctx context.Context, subject ui.Subject, view observed) {
	w.mu.Lock()
	w.began, w.view, w.stop = time.Now(), view, make(chan struct{})
	w.tracker = ui.NewTracker(subject, w.limits, w.began)
	w.mu.Unlock()
	switch w.mode {
	case "bar":
		w.bars = ui.NewBars(w.streams.err.canvas(), w.streams.err.Size)
		w.streams.err.divert(w.bars)
	case "plain":
		w.plain = ui.NewPlain(w.streams.err)
	}
	w.quiet = context.AfterFunc(ctx, func() {
		fmt.Fprintln(w.streams.err, cmp.Or(w.stopping, "Stopping: what was fetched is being committed. Ctrl-C again ends at once."))
	})
	w.update()
	w.done.Go(func() {
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		for n := 1; ; n++ {
			select {
			case <-ticker.C:
				frame := w.update()
				if w.plain != nil && n%4 == 0 {
					w.plain.Show(frame)
				}
			case <-w.stop:
				return
			}
		}
	})
}

// expect takes the forecast of the job; it may come at any time.
func (w *watch) expect(kinds map[record.Kind]ui.Expected) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tracker != nil {
		w.tracker.Expect(kinds)
	}
}

// update takes a snapshot and shows it everywhere but in plain lines.
func (w *watch) update() ui.Frame {
	w.mu.Lock()
	defer w.mu.Unlock()
	snapshot, now := w.view.Snapshot(), time.Now()
	w.frame = w.tracker.Frame(snapshot, now)
	w.frame.Detailed = w.streams.verbose > 0
	w.sampler.Add(snapshot, now.Sub(w.began))
	if w.bars != nil && w.streams.err.ready() {
		w.bars.Show(w.frame)
	}
	if w.events != nil {
		w.events.Show(w.frame)
	}
	return w.frame
}

// failed is told of every fault that is durable.
func (w *backupWatch) failed(rec record.Record) {
	if w.events != nil {
		w.events.Committed(record.Batch{rec})
	}
}

// measured is what is kept with the run, which is over.
func (w *backupWatch) measured(view *extract.View, _ error) *record.Session {
	w.mu.Lock()
	defer w.mu.Unlock()
	snapshot, took := view.Snapshot(), time.Since(w.began)
	w.session = ui.SessionOf(snapshot, w.sampler.All(snapshot, took), w.clock.now().Add(-took), took, w.limits, peakMemory())
	return &w.session
}

// latest is the newest frame; it may be asked for by any goroutine.
func (w *watch) latest() ui.Frame {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.frame
}

// state is what metrics are made of; it may be asked for by any goroutine.
func (w *backupWatch) state() (run int64, s job.Snapshot, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.view == nil {
		return 0, s, false
	}
	return w.run, w.view.Snapshot(), true
}

// close ends the show; it may be called again.
func (w *watch) close() {
	if w.stop == nil {
		return
	}
	close(w.stop)
	w.done.Wait()
	w.stop = nil
	w.quiet()
	w.update()
	if w.bars != nil {
		w.bars.Close()
		w.streams.err.divert(nil)
	}
}

// finished writes the last events, and waits for their reader until patience ends.
// unobserved is how many of them were dropped before they came here.
func (w *backupWatch) finished(patience context.Context, s view.Summary, unobserved int64) error {
	if w.events == nil {
		return nil
	}
	if w.view != nil {
		w.events.Close(w.latest(), s.Kinds)
	}
	return w.events.Finished(patience, s, unobserved, func(s *view.Summary) {
		s.ExitCode = codeInterrupted // patience ends by a signal only
	})
}

// started writes the first event.
func (w *backupWatch) started(begun record.Begun, start record.Start, path string) {
	w.mu.Lock()
	w.run = begun.Run
	w.mu.Unlock()
	if w.events == nil {
		return
	}
	w.events.Started(begun.Run, view.Started{
		Instance: start.Instance, Origin: start.Origin, Resumed: begun.Resumed, Full: begun.Full, Vault: absolute(path),
		Started: begun.Started.UTC(), Kinds: begun.Scope.Kinds, Folders: begun.Scope.Folders, Looker: start.Looker, Tool: start.Tool,
		MaxCalls: w.limits.Calls, Before: view.TotalsOf(begun.Kinds).Settled(),
	})
}
