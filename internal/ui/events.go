package ui

import (
	"io"
	"sync"
	"time"

	"github.com/lookervault/lookervault/internal/record"
)

// Events writes a run as JSON lines, as docs/EVENTS.md describes them. Every line
// is written at once. It is safe for use by many goroutines. The first error of
// the writer stays: nothing is written after it.
type Events struct {
	now func() time.Time

	mu       sync.Mutex
	out      io.Writer
	err      error
	run      int64
	listed   map[record.Kind]bool
	finished map[record.Kind]bool
	refused  int64
	progress time.Time // of the last progress event
}

// progressEvery is how often a progress event comes: at least once a second
// however late the frame is.
const progressEvery = 700 * time.Millisecond

// NewEvents writes to out, stamped by now.
func NewEvents(out io.Writer, now func() time.Time) *Events {
	return &Events{out: out, now: now, listed: make(map[record.Kind]bool), finished: make(map[record.Kind]bool)}
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

// Committed writes a fault event for every fault of a batch that is durable.
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
		e.write(progressOf(e.head("progress"), f))
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

// Finished writes run_finished, the last event.
func (e *Events) Finished(s Summary) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.write(s)
}

// Err is the first error of the writer.
func (e *Events) Err() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
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

func (e *Events) write(v any) {
	if e.err != nil {
		return
	}
	line, err := EncodeJSON(v)
	if err == nil {
		_, err = io.WriteString(e.out, line+"\n")
	}
	e.err = err
}
