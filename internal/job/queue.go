package job

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/lookervault/lookervault/pipeline"
)

// ErrUndelivered is what a Deliver returns when it was given up before any part of the
// value arrived: the value counts as dropped, and the queue goes on.
var ErrUndelivered = errors.New("undelivered")

// QueueOptions say what a queue holds and who gets it.
type QueueOptions[T any] struct {
	// Deliver is called for one value at a time, in the order of Put, on a goroutine
	// of the queue. It may block for as long as it likes; Abandon ends ctx. After an
	// error other than ErrUndelivered nothing more is delivered.
	Deliver func(ctx context.Context, v T) error
	// MaxValues and MaxSize bound what waits, the sum of Size over it. Size may be nil:
	// then only the number counts.
	MaxValues int
	MaxSize   int
	Size      func(v T) int
}

// Queue stands between a job and somebody who watches it: a reader who stalls, a slow
// terminal. Put never waits. What there is no room for is dropped and counted. A
// queue at rest has no goroutine, so it needs no Close. It is safe for use by many
// goroutines.
//
// A backup once ended for nobody: its events were written on the goroutine that commits,
// and the pipe was full.
type Queue[T any] struct {
	options QueueOptions[T]

	mu      sync.Mutex
	waiting []T
	size    int           // of waiting
	dropped int64         // also of what was given up
	err     error         // the first of Deliver
	idle    chan struct{} // closed when all is delivered; nil while nothing is under way
	ctx     context.Context
	giveUp  context.CancelFunc
}

// NewQueue makes an empty queue.
func NewQueue[T any](o QueueOptions[T]) *Queue[T] {
	if o.Size == nil {
		o.Size = func(T) int { return 0 }
	}
	q := &Queue[T]{options: o}
	q.ctx, q.giveUp = context.WithCancel(context.Background())
	return q
}

// Put queues a value and reports whether there was room for it. An empty queue has
// room for any value.
func (q *Queue[T]) Put(v T) bool { return q.put(v, 1) }

// PutMinor is Put for a value that the next one of its sort makes obsolete: it is
// dropped when a sixteenth of the room is taken, so that it does not keep others out.
func (q *Queue[T]) PutMinor(v T) bool { return q.put(v, 16) }

func (q *Queue[T]) put(v T, share int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	size := q.options.Size(v)
	full := len(q.waiting) >= q.options.MaxValues/share || q.size+size > q.options.MaxSize/share
	if q.err != nil || full && len(q.waiting) > 0 {
		q.dropped++
		return false
	}
	q.waiting = append(q.waiting, v)
	q.size += size
	if q.idle == nil {
		q.idle = make(chan struct{})
		pipeline.Async(func() struct{} {
			q.deliver()
			return struct{}{}
		})
	}
	return true
}

// deliver hands over what waits, until nothing does.
func (q *Queue[T]) deliver() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) > 0 {
		v, ctx := q.waiting[0], q.ctx
		var none T
		q.waiting[0] = none // the array behind it must not keep the value
		q.waiting = q.waiting[1:]
		q.size -= q.options.Size(v)
		q.mu.Unlock()
		err := q.try(ctx, v)
		q.mu.Lock()
		switch {
		case errors.Is(err, ErrUndelivered):
			q.dropped++
		case err != nil:
			q.err = err
			q.dropWaiting()
		}
	}
	q.waiting = nil
	close(q.idle)
	q.idle = nil
}

// try delivers a value. A panic of the observer is its own, not the job's.
func (q *Queue[T]) try(ctx context.Context, v T) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("observer: panic: %v", p)
		}
	}()
	return q.options.Deliver(ctx, v)
}

func (q *Queue[T]) dropWaiting() {
	q.dropped += int64(len(q.waiting))
	q.waiting, q.size = nil, 0
}

// Drain waits until everything that was put is delivered or dropped, or ctx ends. It
// returns the error of Deliver, or that of ctx.
func (q *Queue[T]) Drain(ctx context.Context) error {
	for {
		q.mu.Lock()
		idle, err := q.idle, q.err
		q.mu.Unlock()
		if idle == nil {
			return err
		}
		select {
		case <-idle:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Abandon drops what waits and ends the context of the Deliver under way. Values that
// are put later are delivered after that one.
func (q *Queue[T]) Abandon() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dropWaiting()
	q.giveUp()
	q.ctx, q.giveUp = context.WithCancel(context.Background())
}

// Dropped returns how many values were dropped until now.
func (q *Queue[T]) Dropped() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// Idle reports whether everything that was put is delivered or dropped.
func (q *Queue[T]) Idle() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.idle == nil
}

// Err returns the error of Deliver that ended the queue, nil while there is none.
func (q *Queue[T]) Err() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.err
}
