package pipeline_test

import (
	"context"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lookervault/lookervault/pipeline"
)

// arrive yields 1, 2, 3... each after the next of the pauses.
func arrive(pauses ...time.Duration) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i, pause := range pauses {
			time.Sleep(pause)
			if !yield(i+1, nil) {
				return
			}
		}
	}
}

// flushed is one call of Flush: when it came, and the values since the last one.
type flushed struct {
	At     time.Duration
	Values []int
}

// holder is a last stage that takes took for a value and notes what each Flush finds.
func holder(log *shelf[flushed], took time.Duration) pipeline.Stage[int, struct{}] {
	start := time.Now()
	return pipeline.Stage[int, struct{}]{Name: "batch", Workers: 1, New: func() pipeline.Worker[int, struct{}] {
		var held []int
		return methods[int, struct{}]{
			do: func(_ context.Context, v int, _ pipeline.Emit[struct{}]) error {
				time.Sleep(took)
				held = append(held, v)
				return nil
			},
			flush: func(context.Context, pipeline.Emit[struct{}]) error {
				log.put(flushed{time.Since(start), held})
				held = nil
				return nil
			},
		}
	}}
}

func TestEvery(t *testing.T) {
	const second = time.Second
	tests := []struct {
		name   string
		every  time.Duration
		took   time.Duration
		pauses []time.Duration
		want   []flushed
	}{
		{
			name:   "0: at the end of input only",
			pauses: []time.Duration{second, 59 * second},
			want:   []flushed{{60 * second, []int{1, 2}}},
		},
		{
			name:  "counts from the first value since the last flush, and not at all while nothing is held",
			every: 10 * second,
			// 1s, 4s | 60s, 65s, 69s | 71s
			pauses: []time.Duration{second, 3 * second, 56 * second, 5 * second, 4 * second, 2 * second},
			want:   []flushed{{11 * second, []int{1, 2}}, {70 * second, []int{3, 4, 5}}, {71 * second, []int{6}}},
		},
		{
			name:  "comes also while there is always another value, when the one under way is done",
			every: 10 * second,
			took:  3 * second,
			// All values wait already; each takes 3s.
			pauses: make([]time.Duration, 9),
			want:   []flushed{{12 * second, []int{1, 2, 3, 4}}, {24 * second, []int{5, 6, 7, 8}}, {27 * second, []int{9}}},
		},
		{
			name: "nothing at all is one flush",
			want: []flushed{{0, nil}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				run := pipeline.NewRun(t.Context(), pipeline.Options{})
				var log shelf[flushed]
				s := holder(&log, tt.took)
				s.Every = tt.every
				values := pipeline.Then(run, stage("pass", 1, 99, pass[int]), pipeline.FromSeq(run, arrive(tt.pauses...)))
				pipeline.Into(run, s, values)
				isError(t, "Wait", nil, wait(t, run))
				equal(t, "flushes", tt.want, log.all())
			})
		})
	}
}

func TestNudge(t *testing.T) {
	const second = time.Second
	tests := []struct {
		name   string
		buffer int             // of the channel
		nudges []time.Duration // when they come
		took   time.Duration
		pauses []time.Duration
		want   []flushed
	}{
		{
			name:   "flushes at once",
			nudges: []time.Duration{5 * second},
			pauses: []time.Duration{second, second, 60 * second},
			want:   []flushed{{5 * second, []int{1, 2}}, {62 * second, []int{3}}},
		},
		{
			name:   "that finds nothing waits for the first value",
			buffer: 1,
			nudges: []time.Duration{second},
			pauses: []time.Duration{9 * second, second},
			want:   []flushed{{9 * second, []int{1}}, {10 * second, []int{2}}},
		},
		{
			name:   "is seen while there is always another value",
			buffer: 1,
			nudges: []time.Duration{4 * second},
			took:   3 * second,
			pauses: make([]time.Duration, 3),
			want:   []flushed{{6 * second, []int{1, 2}}, {9 * second, []int{3}}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				run := pipeline.NewRun(t.Context(), pipeline.Options{})
				var log shelf[flushed]
				nudge := make(chan struct{}, tt.buffer)
				s := holder(&log, tt.took)
				s.Nudge = nudge
				values := pipeline.Then(run, stage("pass", 1, 99, pass[int]), pipeline.FromSeq(run, arrive(tt.pauses...)))
				pipeline.Into(run, s, values)
				for _, at := range tt.nudges {
					time.AfterFunc(at, func() { nudge <- struct{}{} })
				}
				isError(t, "Wait", nil, wait(t, run))
				equal(t, "flushes", tt.want, log.all())
			})
		})
	}
}

// One nudge is one Flush of one worker.
func TestNudgeOfManyWorkers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		var log shelf[flushed]
		nudge := make(chan struct{})
		s := holder(&log, time.Second)
		s.Workers, s.Nudge = 3, nudge
		pipeline.Into(run, s, pipeline.FromSeq(run, arrive(0, 0, 0, time.Minute)))
		go func() {
			for want := range 4 {
				time.Sleep(5 * time.Second)
				synctest.Wait()
				equal(t, "flushes", want, len(log.all()))
				if want < 3 {
					nudge <- struct{}{}
				}
			}
		}()
		isError(t, "Wait", nil, wait(t, run))
	})
}

// Flush can emit, waits for room like Do, and its emit gives up at Kill.
func TestFlushEmits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		var sum int
		gaveUp := make(chan error, 1)
		add := pipeline.Stage[int, int]{Name: "add", Workers: 1, Every: time.Second, New: func() pipeline.Worker[int, int] {
			return methods[int, int]{
				do: func(_ context.Context, v int, _ pipeline.Emit[int]) error { sum += v; return nil },
				flush: func(_ context.Context, emit pipeline.Emit[int]) error {
					err := emit(sum)
					if err != nil {
						gaveUp <- err
					}
					sum = 0
					return err
				},
			}
		}}
		var got shelf[int]
		write := func(ctx context.Context, v int, _ pipeline.Emit[struct{}]) error {
			got.put(v)
			if v == 9 {
				return hang(ctx)
			}
			return nil
		}
		sums := pipeline.Then(run, add, pipeline.FromSeq(run, arrive(0, 2*time.Second, 0, 0, 2*time.Second)))
		pipeline.Into(run, stage("write", 1, 0, write), sums)
		time.AfterFunc(time.Minute, func() { run.Kill(errSecond) })
		isError(t, "Wait", errSecond, wait(t, run))
		equal(t, "delivered", []int{1, 9}, got.all())
		isError(t, "error of emit", errSecond, <-gaveUp)
	})
}
