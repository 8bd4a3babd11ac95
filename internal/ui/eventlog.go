package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/plain"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/view"
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

// EventLog writes the events of a job as JSON lines. What is the same for every job
// comes from frames, see Show; what is its own it writes by Write and End. No method
// but End and Drain waits for the reader: a line that there is no room for is dropped
// and counted. It is safe for use by many goroutines. The first error of the writer
// stays: nothing is written after it.
type EventLog struct {
	now    func() time.Time
	member string // of every event: the number of the job
	out    io.Writer
	lines  *job.Queue[string]

	mu       sync.Mutex
	err      error // of encoding
	number   int64
	listed   map[record.Kind]bool
	finished map[record.Kind]bool
	refused  int64
	progress time.Time // of the last progress event
}

// progressEvery is the time between two progress events: at least one comes each second,
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

// NewEventLog writes to out, stamped by now, each line by one Write; to a [Roomy] by
// one WriteLine. Member is how every event names the number of the job: "run".
func NewEventLog(out io.Writer, now func() time.Time, member string) *EventLog {
	deliver := func(_ context.Context, line string) error {
		_, err := io.WriteString(out, line)
		return err
	}
	if roomy, ok := out.(Roomy); ok {
		deliver = roomy.WriteLine
	}
	return &EventLog{
		now: now, member: member, out: out, listed: make(map[record.Kind]bool), finished: make(map[record.Kind]bool),
		lines: job.NewQueue(job.QueueOptions[string]{
			Deliver: deliver, MaxValues: maxEvents, MaxSize: maxEventBytes, Size: func(line string) int { return len(line) },
		}),
	}
}

// Of says which number the job has. It comes before the first event.
func (e *EventLog) Of(number int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.number = number
}

// Write writes an event with the members of an object, which may be an empty struct.
func (e *EventLog) Write(event string, members any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.write(event, members)
}

// Show writes what is new in a frame: kind_listed, kind_finished, throttled and,
// often enough, progress.
func (e *EventLog) Show(f Frame) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.kinds(f)
	if f.Throttled > e.refused {
		e.write("throttled", view.Throttled{
			Answers: f.Throttled - e.refused, Total: f.Throttled, Rate: view.Round(f.Rate), Paused: view.Round(f.Paused.Seconds()),
		})
		e.refused = f.Throttled
	}
	if now := e.now(); now.Sub(e.progress) >= progressEvery {
		e.progress = now
		if line, ok := e.encode("progress", progressOf(f)); ok {
			e.lines.PutMinor(line)
		}
	}
}

// Last is Show for the last frame: progress is written however soon.
func (e *EventLog) Last(f Frame) {
	e.mu.Lock()
	e.progress = time.Time{}
	e.mu.Unlock()
	e.Show(f)
}

// End writes the last event, which last makes of the number of those that were
// dropped, and waits until everything is written or patience ends. Then what waits is
// dropped, and where the writer is [Roomy] the last event still follows what the
// reader has not read; the error is [ErrUnread], and unread is called before the event
// is made. The last event is an object with all its members, the common ones included.
func (e *EventLog) End(patience context.Context, last func(dropped int64) any, unread func()) error {
	err := e.lines.Drain(patience)
	if err == nil {
		e.put(last(e.lines.Dropped()))
		if err = e.lines.Drain(patience); err == nil {
			return e.failure()
		}
	}
	if patience.Err() == nil {
		return e.failure()
	}
	unread()
	return e.endUnread(last)
}

// endUnread leaves the last event to a reader who may wake up some time.
func (e *EventLog) endUnread(last func(dropped int64) any) error {
	e.lines.Abandon()
	roomy, ok := e.out.(Roomy)
	if !ok {
		return ErrUnread
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	longest := last(math.MaxInt64 / 2) // no number is longer, and others may be added
	if !roomy.MakeRoom(e.length(longest)) || e.lines.Drain(ctx) != nil {
		return ErrUnread
	}
	// Only now is it known what became of the line that was under way.
	e.put(last(e.lines.Dropped()))
	_ = e.lines.Drain(ctx) // either way it is not known whether anybody will read it
	return errors.Join(ErrUnread, e.failure())
}

func (e *EventLog) length(v any) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.line(v))
}

// Drain waits until what was written has reached the writer.
func (e *EventLog) Drain(ctx context.Context) error { return e.lines.Drain(ctx) }

// Err is the first error of the writer.
func (e *EventLog) Err() error { return e.failure() }

func (e *EventLog) failure() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err != nil {
		return e.err
	}
	return e.lines.Err()
}

func (e *EventLog) kinds(f Frame) {
	for _, k := range f.Kinds {
		if k.Listing != record.Open && !e.listed[k.Kind] {
			e.listed[k.Kind] = true
			e.write("kind_listed", struct {
				Kind    record.Kind    `json:"kind"`
				Listing record.Listing `json:"listing"`
				Listed  int64          `json:"listed"`
			}{k.Kind, k.Listing, k.Listed})
		}
		if k.State == Finished && !e.finished[k.Kind] {
			e.finished[k.Kind] = true
			e.write("kind_finished", kindViewOf(k))
		}
	}
}

// put writes an object that has all members already.
func (e *EventLog) put(v any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if line := e.line(v); e.err == nil {
		e.lines.Put(line)
	}
}

// write writes an event. It needs e.mu, as the functions below do.
func (e *EventLog) write(event string, members any) {
	if line, ok := e.encode(event, members); ok {
		e.lines.Put(line)
	}
}

// encode makes a line of an event: what every event begins with, and its members.
func (e *EventLog) encode(event string, members any) (line string, ok bool) {
	common := struct {
		Event string    `json:"event"`
		Time  time.Time `json:"time"`
	}{event, e.now().UTC()}
	first := strings.TrimSuffix(e.line(common), "}\n")
	rest := strings.TrimPrefix(e.line(members), "{")
	if rest != "}\n" {
		rest = "," + rest
	}
	return fmt.Sprintf("%s,%q:%d%s", first, e.member, e.number, rest), e.err == nil
}

// line is an object as a line.
func (e *EventLog) line(v any) string {
	line, err := plain.Encode(v)
	if err != nil && e.err == nil {
		e.err = err
	}
	return line + "\n"
}
