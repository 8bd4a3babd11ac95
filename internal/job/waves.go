package job

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/lookervault/lookervault/pipeline"
)

// ErrInterrupted is the error of a job that was asked to stop. What was worked on until
// then is done.
var ErrInterrupted = errors.New("interrupted")

// WavesOptions are what all waves of a job share.
type WavesOptions struct {
	// Stop ends the intake of the wave under way, and with that the job, when it is
	// done. Nil: never.
	Stop context.Context
	// Grace is how long after that a wave may work off what it has; then it is killed.
	// 0: at once.
	Grace time.Duration
	// Begins and Ended, when not nil, are told of each wave before it starts and after
	// it has ended.
	Begins, Ended func(*pipeline.Run)
}

// Waves are the pipelines of a job, one after the other: a wave works on what the ones
// before have made known. A stop, a kill and the statistics are of the job. Stats,
// Stopped and Killed may be called from any goroutine.
type Waves struct {
	options WavesOptions

	mu     sync.Mutex
	run    *pipeline.Run         // of the wave under way
	past   []pipeline.StageStats // of the waves before
	killed bool
}

// NewWaves makes a job without any wave yet.
func NewWaves(o WavesOptions) *Waves { return &Waves{options: o} }

// Stopped reports whether no further wave should begin.
func (w *Waves) Stopped() bool { return w.options.Stop != nil && w.options.Stop.Err() != nil }

// Run adds the stages of a wave by build, runs them to their end, and returns what
// [pipeline.Run.Wait] does. The end of ctx kills the wave.
func (w *Waves) Run(ctx context.Context, build func(*pipeline.Run)) error {
	run := pipeline.NewRun(ctx, pipeline.Options{Grace: w.options.Grace})
	build(run)
	if w.options.Stop != nil {
		defer context.AfterFunc(w.options.Stop, func() {
			run.Stop(ErrInterrupted)
			if w.options.Grace == 0 { // which means none here, and without end there
				run.Kill(ErrInterrupted)
			}
		})()
	}
	w.enter(run)
	if w.options.Begins != nil {
		w.options.Begins(run)
	}
	err := run.Wait()
	if w.options.Ended != nil {
		w.options.Ended(run)
	}
	w.leave(run)
	return err
}

// Killed reports whether a wave was killed: what it had under way was dropped.
func (w *Waves) Killed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.killed
}

// Stats returns what each stage did in all waves until now.
func (w *Waves) Stats() []pipeline.StageStats {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.run == nil {
		return slices.Clone(w.past)
	}
	return merge(w.past, w.run.Stats())
}

func (w *Waves) enter(run *pipeline.Run) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.run = run
}

func (w *Waves) leave(run *pipeline.Run) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.killed = w.killed || run.Killed() != nil
	w.past = merge(w.past, run.Stats())
	w.run = nil
}

// merge adds the statistics of one wave to those of the waves before. Stages are told
// apart by their names; one that only earlier waves had stays, behind the others.
func merge(past, now []pipeline.StageStats) []pipeline.StageStats {
	sum := slices.Clone(now)
	for _, before := range past {
		i := slices.IndexFunc(sum, func(s pipeline.StageStats) bool { return s.Name == before.Name })
		if i < 0 {
			sum = append(sum, before)
			continue
		}
		sum[i].In += before.In
		sum[i].Skipped += before.Skipped
		sum[i].Out += before.Out
		sum[i].Busy += before.Busy
		sum[i].Blocked += before.Blocked
		sum[i].Starved += before.Starved
	}
	return sum
}
