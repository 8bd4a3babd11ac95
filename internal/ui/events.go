package ui

import (
	"context"
	"errors"
	"io"
	"math"
	"sync"
	"time"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/record"
)

// What may wait for the reader of events: minutes of a large run.
const (
	maxEvents     = 8192
	maxEventBytes = 4 << 20
)

// lastWords is how long the last event has once nobody waits for the reader any more.
const lastWords = time.Second

// ErrUnread means that the reader of events did not take them in time.
var ErrUnread = errors.New("nobody reads the events")

// Events writes a run as JSON lines, as docs/EVENTS.md describes them. No method but
// Finished waits for the reader: a line that there is no room for is dropped and
// counted. It is safe for use by many goroutines. The first error of the writer
// stays: nothing is written after it.
type Events struct {
	now   func() time.Time
	out   io.Writer
	lines *job.Queue[string]

	mu       sync.Mutex
	err      error // of encoding
	run      int64
	listed   map[record.Kind]bool
	finished map[record.Kind]bool
	refused  int64
	progress time.Time // of the last progress event
}

// progressEvery is how often a progress event comes: at least once a second
// however late the frame is.
const progressEvery = 700 * time.Millisecond

// Roomy is a writer that never leaves a line half written, and can make room for one
// although nobody reads.
type Roomy interface {
	io.Writer
	// WriteLine writes a line whole or not at all: then, when ctx ends before there
	// is room, it returns [job.ErrUndelivered].
	WriteLine(ctx context.Context, line string) error
	// MakeRoom lets a line of n bytes be written without waiting, and reports whether
	// that is possible.
	MakeRoom(n int) bool
}

// NewEvents writes to out, stamped by now, each line by one Write; to a [Roomy] by one
// WriteLine.
func NewEvents(out io.Writer, now func() time.Time) *Events {
	deliver := func(_ context.Context, line string) error {
		_, err := io.WriteString(out, line)
		return err
	}
	if roomy, ok := out.(Roomy); ok {
		deliver = roomy.WriteLine
	}
	return &Events{
		now: now, out: out, listed: make(map[record.Kind]bool), finished: make(map[record.Kind]bool),
		lines: job.NewQueue(job.QueueOptions[string]{
			Deliver: deliver, MaxValues: maxEvents, MaxSize: maxEventBytes, Size: func(line string) int { return len(line) },
		}),
	}
}

// head is what every event begins with.
type head struct {
	Event string    `json:"event"`
	Time  time.Time `json:"time"`
	Run   int64     `json:"run"`
}

func (e *Events) head(event string) head { return head{event, e.now().UTC(), e.run} }

// Started is what is known of a run when it begins.
type Started struct {
	Instance string        `json:"instance"`
	Origin   string        `json:"origin"`
	Resumed  bool          `json:"resumed"`
	Full     bool          `json:"full"`
	Vault    string        `json:"vault"` // path
	Started  time.Time     `json:"started_at"`
	Kinds    []record.Kind `json:"kinds"`
	Folders  []string      `json:"folders"`
	Looker   string        `json:"looker_version"`
	Tool     string        `json:"tool_version"`
	MaxCalls int64         `json:"calls_max"`  // 0 = no budget
	Before   int64         `json:"items_done"` // by the sessions before, when the run is resumed
}

// Started writes run_started. It comes before every other event.
func (e *Events) Started(run int64, s Started) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.run = run
	if s.Folders == nil {
		s.Folders = []string{}
	}
	e.write(struct {
		head
		Started
	}{e.head("run_started"), s})
}

// Committed writes a fault event for every fault of a batch that is durable. It does
// not keep the batch.
func (e *Events) Committed(batch record.Batch) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, rec := range batch {
		if rec.Fault == nil {
			continue
		}
		e.write(struct {
			head
			Kind     record.Kind `json:"kind"`
			ID       string      `json:"id"` // "" when the listing failed
			Class    string      `json:"class"`
			Status   int         `json:"status"`
			Attempts int         `json:"attempts"`
			Message  string      `json:"message"`
		}{e.head("fault"), rec.Kind, rec.ID, rec.Fault.Class, rec.Fault.Status, rec.Fault.Attempts, rec.Fault.Message})
	}
}

// Show writes what is new in a frame: kind_listed, kind_finished, throttled and,
// often enough, progress.
func (e *Events) Show(f Frame) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.kinds(f)
	if f.Throttled > e.refused {
		e.write(struct {
			head
			Answers int64   `json:"answers"` // with 429 since the last such event
			Total   int64   `json:"throttled"`
			Rate    float64 `json:"rate_limit"` // calls a second that are allowed now
			Paused  float64 `json:"paused_seconds"`
		}{e.head("throttled"), f.Throttled - e.refused, f.Throttled, round(f.Rate), round(f.Paused.Seconds())})
		e.refused = f.Throttled
	}
	if now := e.now(); now.Sub(e.progress) >= progressEvery {
		e.progress = now
		if line, ok := e.encode(progressOf(e.head("progress"), f)); ok {
			e.lines.PutMinor(line)
		}
	}
}

// Close writes what the last frame tells, progress included however soon, and of
// a run that went to its end that every kind is finished.
func (e *Events) Close(f Frame, ends []record.Counts) {
	for i := range f.Kinds {
		k := &f.Kinds[i]
		for _, end := range ends {
			if end.Kind == k.Kind && end.Listing != record.Open {
				k.State, k.Listing, k.Listed = Finished, end.Listing, end.Listed
			}
		}
	}
	e.mu.Lock()
	e.progress = time.Time{}
	e.mu.Unlock()
	e.Show(f)
}

// Finished writes run_finished, the last event, and waits until everything is written
// or patience ends. Then what waits is dropped, and where the writer is [Roomy] the
// last event still follows what the reader has not read; the error is [ErrUnread].
// unread is called, when that happens, before the event is made. Lines that others
// dropped before they became events are added to those of this queue.
func (e *Events) Finished(patience context.Context, s Summary, othersDropped int64, unread func(*Summary)) error {
	err := e.lines.Drain(patience)
	s.Dropped = othersDropped + e.lines.Dropped()
	if err == nil {
		e.put(s)
		if err = e.lines.Drain(patience); err == nil {
			return e.failure()
		}
	}
	if patience.Err() == nil {
		return e.failure()
	}
	return e.finishUnread(s, othersDropped, unread)
}

// finishUnread leaves the last event to a reader who may wake up some time.
func (e *Events) finishUnread(s Summary, othersDropped int64, unread func(*Summary)) error {
	unread(&s)
	e.lines.Abandon()
	roomy, ok := e.out.(Roomy)
	if !ok {
		return ErrUnread
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	s.Dropped = math.MaxInt64 // the longest that it can become
	if !roomy.MakeRoom(e.length(s)) || e.lines.Drain(ctx) != nil {
		return ErrUnread
	}
	// Only now is it known what became of the line that was under way.
	s.Dropped = othersDropped + e.lines.Dropped()
	e.put(s)
	_ = e.lines.Drain(ctx) // either way it is not known whether anybody will read it
	return errors.Join(ErrUnread, e.failure())
}

func (e *Events) length(v any) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	line, _ := e.encode(v)
	return len(line)
}

// Drain waits until what was written has reached the writer.
func (e *Events) Drain(ctx context.Context) error { return e.lines.Drain(ctx) }

// Err is the first error of the writer.
func (e *Events) Err() error { return e.failure() }

func (e *Events) failure() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err != nil {
		return e.err
	}
	return e.lines.Err()
}

func (e *Events) kinds(f Frame) {
	for _, k := range f.Kinds {
		if k.Listing != record.Open && !e.listed[k.Kind] {
			e.listed[k.Kind] = true
			e.write(struct {
				head
				Kind    record.Kind    `json:"kind"`
				Listing record.Listing `json:"listing"`
				Listed  int64          `json:"listed"`
			}{e.head("kind_listed"), k.Kind, k.Listing, k.Listed})
		}
		if k.State == Finished && !e.finished[k.Kind] {
			e.finished[k.Kind] = true
			e.write(struct {
				head
				kindView
			}{e.head("kind_finished"), kindViewOf(k)})
		}
	}
}

type kindView struct {
	Kind      record.Kind    `json:"kind"`
	Listing   record.Listing `json:"listing"`
	Listed    int64          `json:"listed"`
	Committed int64          `json:"committed"` // failures included
	Failed    int64          `json:"failed"`
	Bytes     int64          `json:"bytes"`
}

func kindViewOf(k KindFrame) kindView {
	return kindView{k.Kind, k.Listing, k.Listed, k.Committed, k.Failed, k.Bytes}
}

type stageShare struct {
	Name     string  `json:"name"`
	Workers  int     `json:"workers"`
	Working  int     `json:"working"`
	Queued   int     `json:"queued"`
	Capacity int     `json:"capacity"`
	Busy     float64 `json:"busy"`
	Blocked  float64 `json:"blocked"`
	Starved  float64 `json:"starved"`
}

type progressView struct {
	head
	Elapsed        float64      `json:"elapsed_seconds"`
	Left           *float64     `json:"left_seconds"` // null when nobody can tell
	Done           int64        `json:"done"`
	Listed         int64        `json:"listed"`
	Items          int64        `json:"items"`
	Failed         int64        `json:"failed"`
	LastFault      string       `json:"last_fault,omitempty"`
	Bytes          int64        `json:"bytes"`
	ItemsPerSecond float64      `json:"items_per_second"`
	BytesPerSecond float64      `json:"bytes_per_second"`
	Calls          int64        `json:"calls"`
	MaxCalls       int64        `json:"calls_max"`
	CallsPerSecond float64      `json:"calls_per_second"`
	Rate           float64      `json:"rate_limit"` // 0 = no limit
	Throttled      int64        `json:"throttled"`
	Retries        int64        `json:"retries"`
	Paused         float64      `json:"paused_seconds"`
	Bottleneck     string       `json:"bottleneck"` // a reason
	Kinds          []kindView   `json:"kinds"`      // that are being worked on
	Stages         []stageShare `json:"stages"`
}

func progressOf(h head, f Frame) progressView {
	v := progressView{
		head: h, Elapsed: round(f.Elapsed.Seconds()), Done: f.Done, Listed: f.Listed, Items: f.Items, Failed: f.Failed,
		LastFault: f.LastFault, Bytes: f.Bytes, ItemsPerSecond: round(f.ItemsPerSecond), BytesPerSecond: round(f.BytesPerSecond),
		Calls: f.Calls, MaxCalls: f.MaxCalls, CallsPerSecond: round(f.CallsPerSecond), Rate: round(f.Rate), Throttled: f.Throttled,
		Retries: f.Retries, Paused: round(f.Paused.Seconds()), Bottleneck: f.Reason, Kinds: []kindView{}, Stages: []stageShare{},
	}
	if v.Bottleneck == "" {
		v.Bottleneck = ReasonNone
	}
	if f.Left >= 0 {
		left := round(f.Left.Seconds())
		v.Left = &left
	}
	for _, k := range f.Kinds {
		if k.State == Active {
			v.Kinds = append(v.Kinds, kindViewOf(k))
		}
	}
	for _, s := range f.Stages {
		v.Stages = append(v.Stages, stageShare{
			s.Name, s.Workers, s.Working, s.Queued, s.Capacity, round(s.Busy), round(s.Blocked), round(s.Starved),
		})
	}
	return v
}

// round leaves three digits behind the point.
func round(f float64) float64 { return float64(int64(f*1000+0.5)) / 1000 }

func (e *Events) put(v any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.write(v)
}

func (e *Events) write(v any) {
	if line, ok := e.encode(v); ok {
		e.lines.Put(line)
	}
}

// encode makes a line of an event. It needs e.mu.
func (e *Events) encode(v any) (line string, ok bool) {
	line, err := EncodeJSON(v)
	if err != nil && e.err == nil {
		e.err = err
	}
	return line + "\n", e.err == nil
}
