package extract

import (
	"fmt"
	"strconv"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// noticeable is how long fetch workers, summed, must have waited for room before
// it is worth a word, and slowdown the part of their time.
const (
	noticeable = 2 * time.Second
	slowdown   = 0.1
)

// logBegun says where a resumed run stands. How a new one begins is said by who
// began it.
func (f *flow) logBegun() {
	if !f.begun.Resumed {
		return
	}
	var done, failed int64
	for _, k := range f.begun.Kinds {
		done += k.Settled()
		failed += k.Failed
	}
	f.job.Log.Info("run resumed", "run", f.begun.Run, "done", done, "failed", failed)
}

// logStages tells of the stages of a wave, before and after it.
func (f *flow) logStages(what string, run *pipeline.Run) {
	log := f.job.Log
	if !log.IsDebug() {
		return
	}
	for _, s := range run.Stats() {
		facts := []any{"stage", s.Name, "workers", s.Workers, "queued", s.Queued, "capacity", s.Capacity}
		if s.Ended {
			facts = append(facts, "in", s.In, "out", s.Out, "skipped", s.Skipped,
				"busy", share(s.Busy, s), "blocked", share(s.Blocked, s), "starved", share(s.Starved, s))
		}
		log.Debug(what, facts...)
	}
}

// share is a part of a stage's time.
func share(part time.Duration, s pipeline.StageStats) string {
	all := s.Busy + s.Blocked + s.Starved
	if all == 0 {
		return "0%"
	}
	return strconv.FormatInt(int64(100*part/all), 10) + "%"
}

// logWave tells what a wave has brought, kind by kind only at debug: there are
// more kinds than anybody wants lines.
func (f *flow) logWave(n int, kinds []*catalogue.Spec, took time.Duration) {
	in := make(map[record.Kind]bool)
	for _, k := range kinds {
		in[k.Name] = true
	}
	var listed, committed, failed int64
	for _, k := range f.view.Snapshot().Kinds {
		if !in[k.Kind] {
			continue
		}
		f.job.Log.Debug("kind done", "kind", k.Kind, "listing", k.Listing, "listed", k.Listed, "committed", k.Committed, "failed", k.Failed)
		listed, committed, failed = listed+k.Listed, committed+k.Committed, failed+k.Failed
	}
	f.job.Log.Info("wave done", "wave", n, "kinds", len(kinds), "listed", listed, "committed", committed, "failed", failed,
		"took", took.Round(time.Millisecond).String())
}

// heldUp says once, in the log and with the run, that the limits of what may be
// in flight held fetch up, and what to do about it. took is the time of a wave.
func (f *flow) heldUp(took, waited time.Duration) {
	workers := f.job.Config.Stages.Fetch.Workers
	if f.slowed || waited < noticeable || float64(waited) < slowdown*float64(workers)*float64(took) {
		return
	}
	f.slowed = true
	key, advice := "limits.in_flight_bytes", "raise it where there is memory, or lower stages.fetch.workers"
	if bytes, items := f.budget.WaitedFor(); items > bytes {
		key = "limits.in_flight_items"
	}
	f.job.Log.Warn("fetch waits for room", "limit", key, "waited", waited.Round(time.Millisecond).String(), "advice", advice)
	f.ledger.Remark(fmt.Sprintf("fetch waited for room: %s held it up; %s", key, advice))
}

// logEnd tells how the run ended, and of every kind that is not as it was
// expected to be.
func (f *flow) logEnd(run record.Run, took time.Duration) {
	if run.ID == 0 {
		return // the sink could not seal it, which is an error of its own
	}
	log := f.job.Log
	var sum record.Counts
	for _, k := range run.Kinds {
		facts := []any{"kind", k.Kind, "listing", k.Listing, "listed", k.Listed, "new", k.New, "changed", k.Changed, "same", k.Same,
			"gone", k.Gone, "reappeared", k.Reappeared, "failed", k.Failed}
		// What the budget cut off before it began is nothing but the budget's.
		begun := k.Listing != record.Budget || k.Listed+k.Settled() > 0
		if k.Listing != record.Complete && k.Listing != record.Deferred && begun || k.Gone+k.Reappeared+k.Failed > 0 {
			log.Info("kind", facts...)
		} else {
			log.Debug("kind", facts...)
		}
		sum.Listed, sum.New, sum.Changed, sum.Same = sum.Listed+k.Listed, sum.New+k.New, sum.Changed+k.Changed, sum.Same+k.Same
		sum.Gone, sum.Failed = sum.Gone+k.Gone, sum.Failed+k.Failed
	}
	log.Info("run ended", "run", run.ID, "outcome", run.Outcome, "listed", sum.Listed, "new", sum.New, "changed", sum.Changed,
		"same", sum.Same, "gone", sum.Gone, "failed", sum.Failed, "took", took.Round(time.Millisecond).String())
}
