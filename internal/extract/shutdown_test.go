package extract_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/pipeline"
	"github.com/lookervault/lookervault/sinks"
)

// stuck is how long a run may take to end before it counts as one that hangs.
const stuck = 5 * time.Minute

// handles is what a situation of a shutdown is made with.
type handles struct {
	*rig
	stop, kill func()        // the first signal and the second one
	gate       chan struct{} // nil, or commits wait until it is closed

	arrived    func(n int, path string)    // the n-th request to a path has come
	answered   func(path string, code int) // a request was answered
	committing func(n int)

	mu           sync.Mutex
	counts       map[string]int
	acknowledged map[record.Ref]bool // what a commit said is durable
}

func newHandles(t *testing.T) *handles {
	t.Helper()
	sizes := simtest.Small()
	sizes.Dashboards, sizes.Looks, sizes.Folders = 20, 20, 12
	return newHandlesOf(t, lookersim.Options{Seed: 9, Sizes: sizes})
}

func newHandlesOf(t *testing.T, options lookersim.Options) *handles {
	t.Helper()
	h := &handles{counts: make(map[string]int), acknowledged: make(map[record.Ref]bool)}
	options.Observe = func(c lookersim.Call) {
		h.mu.Lock()
		answered := h.answered
		h.mu.Unlock()
		if answered != nil {
			answered(strings.TrimPrefix(c.Path, "/api/4.0"), c.Status)
		}
	}
	h.rig = newRig(t, options)
	front := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/api/4.0")
		h.mu.Lock()
		h.counts[path]++
		n, arrived := h.counts[path], h.arrived
		h.mu.Unlock()
		if arrived != nil {
			arrived(n, path)
		}
		h.sim.ServeHTTP(w, r)
	})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = front.Serve(listener) }()
	simtest.Cleanup(t, func() { _ = front.Close() })
	h.url = "http://" + listener.Addr().String()
	h.config.Stages.Batch.Records = 10
	// Nothing but what a test does ends a wait before the run counts as stuck.
	hour := config.Duration(time.Hour)
	h.config.Retry.MaxWait, h.config.Looker.Timeout, h.config.Shutdown.Grace, h.timeout = hour, hour, hour, time.Hour
	stop, stopNow := context.WithCancelCause(t.Context())
	kill, killNow := context.WithCancelCause(t.Context())
	h.rig.stop, h.rig.kill = stop, kill
	h.stop, h.kill = func() { stopNow(job.ErrInterrupted) }, func() { killNow(job.ErrInterrupted) }
	h.wrap = h.sink
	return h
}

// on calls do when the n-th request to a path has come.
func (h *handles) on(n int, path string, do func()) {
	h.arrived = func(m int, p string) {
		if m == n && p == path {
			do()
		}
	}
}

// once calls do when a request to a path was answered with that status.
func (h *handles) once(path string, status int, do func()) {
	h.answered = func(p string, s int) {
		if p == path && s == status {
			do()
		}
	}
}

// blocked makes commits wait from the n-th on, at which it calls do.
func (h *handles) blocked(n int, do func()) {
	h.committing = func(m int) {
		if m == n {
			h.gate = make(chan struct{})
			do()
		}
	}
}

func (h *handles) sink(s sinks.Sink) sinks.Sink {
	var batch record.Batch
	return &sinks.Faulty{
		Sink: s,
		BeforeCommit: func(ctx context.Context, n int, b record.Batch) error {
			batch = b
			if h.committing != nil {
				h.committing(n)
			}
			if h.gate == nil {
				return nil
			}
			select {
			case <-h.gate:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
		AfterCommit: func(context.Context, int) error {
			for _, rec := range batch {
				if rec.Fault == nil && rec.State != record.Gone {
					h.acknowledged[rec.Ref] = true
				}
			}
			return nil
		},
	}
}

// end waits for a run to end.
func (h *handles) end(s record.Start) (result extract.Result, err error) {
	h.t.Helper()
	over := make(chan struct{})
	go func() {
		defer close(over)
		result, err = h.try(s)
	}()
	select {
	case <-over:
	case <-time.After(stuck):
		var dump bytes.Buffer
		_ = pprof.Lookup("goroutine").WriteTo(&dump, 1)
		h.t.Fatalf("the run does not end:\n%s", dump.String())
	}
	return result, err
}

// saying is a logger that calls do when something is said.
func saying(text string, do func()) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Level: hclog.Info, Output: listener(func(line []byte) {
		if bytes.Contains(line, []byte(text)) {
			do()
		}
	})})
}

type listener func([]byte)

func (l listener) Write(p []byte) (int, error) {
	l(p)
	return len(p), nil
}

// TestShutdown stops and kills runs in every situation that a run may be in.
// Each ends, none loses what was committed, and a resume makes up for the rest.
func TestShutdown(t *testing.T) {
	scoped := start()
	scoped.Scope.Folders = []string{"1"}
	tests := []struct {
		name  string
		rules []string
		start record.Start
		set   func(h *handles)
		err   error // besides ErrInterrupted
	}{
		{name: "before the first call", set: func(h *handles) { h.stop() }},
		{name: "killed before the first call", set: func(h *handles) { h.kill() }},
		{
			name: "while the folders of a scope are looked for", rules: []string{"route=GET /folders do=hang"}, start: scoped,
			set: func(h *handles) { h.on(1, "/folders", h.stop) },
		},
		{
			name: "while a list hangs", rules: []string{"route=GET /users do=hang"},
			set: func(h *handles) { h.on(1, "/users", h.stop) },
		},
		{
			name: "while a list in one answer hangs", rules: []string{"route=GET /roles do=hang"},
			set: func(h *handles) { h.on(1, "/roles", h.stop) },
		},
		{
			name: "while all workers of fetch hang", rules: []string{"route=GET /dashboards/search after=1 do=hang", "route=GET /folders/{id}/looks do=hang"},
			set: func(h *handles) { h.on(2, "/dashboards/search", h.stop) },
		},
		{
			name: "while a body drips", rules: []string{"route=GET /users after=1 do=drip bytes=1 delay=50ms"},
			set: func(h *handles) { h.on(2, "/users", h.stop) },
		},
		{
			name: "while a row is compared with its document", rules: []string{"route=GET /users/{id} do=hang"},
			set: func(h *handles) {
				h.arrived = func(_ int, path string) {
					if strings.HasPrefix(path, "/users/") {
						h.stop()
					}
				}
			},
		},
		{
			name: "while everybody waits an hour because of a 429", rules: []string{"route=GET /users status=429 retry-after=3600s"},
			set: func(h *handles) { h.once("/users", 429, h.stop) },
		},
		{
			name: "killed while everybody waits an hour because of a 429", rules: []string{"route=GET /users status=429 retry-after=date:3600s"},
			set: func(h *handles) { h.once("/users", 429, h.kill) },
		},
		{
			name: "while a request waits an hour to be repeated", rules: []string{"route=GET /users status=500 retry-after=3600s"},
			set: func(h *handles) { h.once("/users", 500, h.stop) },
		},
		{
			name: "while a silent server is waited for", rules: []string{"route=GET /versions do=hang", "route=GET * do=reset"},
			set: func(h *handles) { h.config.Retry.Attempts = 50; h.on(1, "/versions", h.stop) },
		},
		{
			name: "while a new login hangs", rules: []string{"route=POST /login after=1 do=hang"},
			set: func(h *handles) {
				h.once("/users", 200, h.sim.ForgetTokens)
				h.on(2, "/login", h.stop)
			},
		},
		{
			name: "while a commit takes its time",
			set: func(h *handles) {
				h.blocked(3, func() {
					h.stop()
					close(h.gate)
				})
			},
		},
		{
			name: "while a commit never ends: until the grace period does", err: pipeline.ErrGrace,
			set: func(h *handles) {
				h.config.Shutdown.Grace = config.Duration(50 * time.Millisecond)
				h.blocked(3, h.stop)
			},
		},
		{
			name: "while a commit never ends, without a grace period",
			set: func(h *handles) {
				h.config.Shutdown.Grace = 0
				h.blocked(3, h.stop)
			},
		},
		{
			name: "while a commit never ends: until the second signal",
			set: func(h *handles) {
				h.blocked(3, func() {
					h.stop()
					h.kill()
				})
			},
		},
		{
			name: "while fetch waits for room",
			set: func(h *handles) {
				h.config.Limits.InFlightItems, h.config.Stages.Batch.Records = 1, 1
				h.blocked(5, func() {
					h.stop()
					close(h.gate)
				})
			},
		},
		{
			name: "killed while fetch waits for room",
			set: func(h *handles) {
				h.config.Limits.InFlightBytes, h.config.Stages.Batch.Records = 100, 1
				h.blocked(5, h.kill)
			},
		},
		{name: "between two waves", set: func(h *handles) { h.log = saying("wave done", h.stop) }},
		{name: "killed between two waves", set: func(h *handles) { h.log = saying("wave done", h.kill) }},
		{
			name: "twice while requests hang", rules: []string{"route=GET /folders/{id}/looks do=hang"},
			set: func(h *handles) {
				h.arrived = func(_ int, path string) {
					if strings.HasSuffix(path, "/looks") {
						h.stop()
						h.kill()
					}
				}
			},
		},
		{name: "killed in the middle", set: func(h *handles) { h.on(2, "/users", h.kill) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHandles(t)
			h.rules(tt.rules...)
			tt.set(h)
			if tt.start.Instance == "" {
				tt.start = start()
			}
			result, err := h.end(tt.start)
			if !errors.Is(err, job.ErrInterrupted) || tt.err != nil && !errors.Is(err, tt.err) {
				t.Fatalf("run: %v, want ErrInterrupted and %v", err, tt.err)
			}
			if result.Run.ID > 0 && (result.Run.Outcome != record.RunInterrupted || !result.Run.Resumable()) {
				t.Errorf("outcome %s", result.Run.Outcome)
			}
			h.afterwards(result.Run.ID > 0)
		})
	}
}

// afterwards checks that nothing is lost of what was committed, and that a resume
// brings the rest, and only that.
func (h *handles) afterwards(begun bool) {
	t := h.t
	t.Helper()
	h.undisturbed()
	h.rules()
	h.mu.Lock()
	h.arrived, h.answered = nil, nil // requests that were cut may still be on their way
	h.mu.Unlock()
	h.rig.kill, h.log = nil, hclog.NewNullLogger()
	s := start()
	if begun {
		s = resume()
		settled := h.settled(1)
		for ref := range h.acknowledged {
			if !settled[ref] {
				t.Errorf("%s was committed and is lost", ref)
			}
		}
		if faults := h.faults(); len(faults) > 0 {
			t.Errorf("a request that was cut is no fault: %+v", faults)
		}
		h.sim.ResetCounts()
		defer h.notAgain(settled)
	}
	if result, err := h.end(s); err != nil || result.Run.Outcome != record.RunComplete {
		t.Fatalf("afterwards: %v, outcome %s", err, result.Run.Outcome)
	}
	compare(t, h.rig)
}

// TestStopThatComesTooLate leaves a run as it is: everything was done.
func TestStopThatComesTooLate(t *testing.T) {
	h := newHandles(t)
	h.config.Stages.Fetch.Workers = 1 // else the order of pages decides whether there is one wave more
	waves := 0
	h.log = saying("wave done", func() {
		if waves++; waves == 3 {
			h.stop()
		}
	})
	if result, err := h.end(start()); err != nil || result.Run.Outcome != record.RunComplete {
		t.Fatalf("run: %v, outcome %s", err, result.Run.Outcome)
	}
	compare(t, h.rig)
}
