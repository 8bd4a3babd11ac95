package job_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/job"
)

// reader is somebody who takes a second for a value, or never takes one.
type reader struct {
	got     []string
	took    time.Duration
	stalled bool
	err     error
}

func (r *reader) deliver(ctx context.Context, v string) error {
	if r.stalled {
		<-ctx.Done()
		return job.ErrUndelivered
	}
	time.Sleep(r.took)
	if r.err != nil {
		return r.err
	}
	r.got = append(r.got, v)
	return nil
}

func queue(r *reader) *job.Queue[string] {
	return job.NewQueue(job.QueueOptions[string]{
		Deliver: r.deliver, MaxValues: 32, MaxSize: 100, Size: func(s string) int { return len(s) },
	})
}

// TestQueueBounds puts values while the first one is under way.
func TestQueueBounds(t *testing.T) {
	for _, test := range []struct {
		name    string
		put     func(q *job.Queue[string])
		want    []string
		dropped int64
	}{
		{"everything in its order", func(q *job.Queue[string]) { q.Put("a"); q.Put("b") }, []string{"first", "a", "b"}, 0},
		{"no room for another value", func(q *job.Queue[string]) {
			for range 33 {
				q.Put("")
			}
		}, append([]string{"first"}, make([]string, 32)...), 1},
		{"no room for its size", func(q *job.Queue[string]) {
			q.Put(strings.Repeat("a", 99))
			q.Put("bb")
			q.Put("c")
		}, []string{"first", strings.Repeat("a", 99), "c"}, 1},
		{"larger than all room", func(q *job.Queue[string]) { q.Put(strings.Repeat("a", 101)) }, []string{"first", strings.Repeat("a", 101)}, 0},
		{"minor values keep nothing out", func(q *job.Queue[string]) {
			q.PutMinor("1")
			q.PutMinor("2")
			q.PutMinor("3")
			q.Put("a")
			q.PutMinor("4")
		}, []string{"first", "1", "2", "a"}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &reader{took: time.Second}
				q := queue(r)
				q.Put("first")
				synctest.Wait()
				test.put(q)
				if err := q.Drain(t.Context()); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, r.got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if got := q.Dropped(); got != test.dropped || !q.Idle() {
					t.Errorf("%d dropped, idle %v; want %d, true", got, q.Idle(), test.dropped)
				}
			})
		})
	}
}

// TestStalledReaderHoldsNobodyUp gives a reader up, and goes on with the next values.
func TestStalledReaderHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &reader{stalled: true}
		q := queue(r)
		began := time.Now()
		q.Put("a")
		q.Put("b")
		if time.Since(began) != 0 {
			t.Error("Put waits")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		if err := q.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 4*time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		q.Abandon()
		synctest.Wait()
		if q.Dropped() != 2 || !q.Idle() {
			t.Errorf("%d dropped, idle %v; want 2, true", q.Dropped(), q.Idle())
		}
		r.stalled = false
		q.Put("c")
		if err := q.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"c"}, r.got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestQueueEndsAtTheFirstError covers a reader that is gone, and an observer that panics.
func TestQueueEndsAtTheFirstError(t *testing.T) {
	gone := errors.New("gone")
	for _, test := range []struct {
		name    string
		deliver func(context.Context, string) error
		want    string
	}{
		{"error", func(context.Context, string) error { return gone }, "gone"},
		{"panic", func(context.Context, string) error { panic("oh") }, "observer: panic: oh"},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := job.NewQueue(job.QueueOptions[string]{Deliver: test.deliver, MaxValues: 8, MaxSize: 8})
			q.Put("a")
			err := q.Drain(t.Context())
			if err == nil || err.Error() != test.want || q.Err() == nil {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if q.Put("b") || q.Dropped() != 1 {
				t.Errorf("%d dropped after the end, want 1", q.Dropped())
			}
		})
	}
}
