package ui

import (
	"fmt"
	"time"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// window is what rates and shares are taken over: long enough that a batch of
// 200 documents does not make them jump, short enough to follow a change.
const window = 8 * time.Second

// Subject is the job that is shown.
type Subject struct {
	Job    string // what it is called, with its number: "run 3"
	Things string // what it counts, in plural: "documents"
	// Before is what earlier processes did of a resumed job, by kind; nil for none.
	Before map[record.Kind]int64
	// Made are the calls of earlier processes that snapshots tell as well.
	Made int64
}

// Actions is what a restore counts.
const Actions = "actions"

// Backup is a run as the subject of what is shown.
func Backup(begun record.Begun) Subject {
	s := Subject{Job: fmt.Sprintf("run %d", begun.Run), Things: "documents"}
	if begun.Resumed {
		s.Before = make(map[record.Kind]int64)
		for _, c := range begun.Kinds {
			s.Before[c.Kind] = c.Settled()
		}
	}
	return s
}

// A Tracker makes frames of the snapshots of a job. It is used by one goroutine.
type Tracker struct {
	subject  Subject
	began    time.Time
	limits   Limits
	expected map[record.Kind]Expected // by a forecast, nil while there is none

	past []moment // the oldest is just beyond the window
}

// moment is a snapshot and when it was taken.
type moment struct {
	at time.Time
	job.Snapshot
}

// Limits are what the configuration allows a job.
type Limits struct {
	Calls     int64   // in all; 0 = no budget
	PerSecond float64 // calls; 0 = no limit
}

// NewTracker makes a tracker of a job that begins, or continues, now.
func NewTracker(subject Subject, limits Limits, now time.Time) *Tracker {
	return &Tracker{subject: subject, began: now, limits: limits}
}

// Expect takes the forecast of a job, which may come after the job has begun.
func (t *Tracker) Expect(kinds map[record.Kind]Expected) { t.expected = kinds }

// Frame adds a snapshot and returns the job as it is now.
func (t *Tracker) Frame(s job.Snapshot, now time.Time) Frame {
	first := t.turn(moment{now, s})
	span := now.Sub(first.at).Seconds()
	rate := func(is, was int64) float64 {
		if span < 0.1 { // too soon to tell
			return 0
		}
		return float64(is-was) / span
	}
	f := Frame{
		Job: t.subject.Job, Things: t.subject.Things, Elapsed: now.Sub(t.began),
		Items: s.Items, Failed: s.Faults, Bytes: s.Bytes, LastFault: s.LastFault,
		ItemsPerSecond: rate(s.Items, first.Items), BytesPerSecond: rate(s.Bytes, first.Bytes),
		Calls: s.API.Calls, MaxCalls: t.limits.Calls, CallsPerSecond: t.allowed(rate(s.API.Calls, first.API.Calls), s.API.Rate),
		Rate: s.API.Rate, Throttled: s.API.Throttled, Retries: s.API.Retries, Paused: s.API.Paused,
		Left: -1,
	}
	open := false
	for i, k := range s.Kinds {
		var was int64
		if i < len(first.Kinds) {
			was = first.Kinds[i].Committed
		}
		kind := t.kind(k, rate(k.Committed, was))
		f.Kinds = append(f.Kinds, kind)
		f.Done += kind.Committed
		f.Listed += kind.Listed
		open = open || kind.State != Finished && kind.Listing == record.Open
	}
	if !open {
		f.Left = timeLeft(f.Listed-f.Done, rate(done(s), done(first.Snapshot)))
	}
	f.Total = t.total(f, s.Kinds)
	uses := usesBetween(first.Stages, s.Stages)
	f.Stages = stageFrames(uses, s.Stages, span)
	f.Bottleneck, f.Reason = bottleneck(Use{
		Seconds: span, Stages: uses, Waited: (s.Waited - first.Waited).Seconds(), Calls: s.API.Calls - first.API.Calls,
		Retries: s.API.Retries - first.API.Retries, Answering: (s.API.Answering - first.API.Answering).Seconds(),
		Throttled: s.API.Throttled - first.API.Throttled, Paused: (s.API.Paused - first.API.Paused).Seconds(),
		Rate: s.API.Rate, AtOnce: s.API.AtOnce, Bears: s.API.Bears, Limit: t.limits.PerSecond,
	})
	return f
}

// allowed is a rate of calls that does not show more than is allowed: answers come
// in a bunch where their requests did not.
func (t *Tracker) allowed(calls, limit float64) float64 {
	if limit > 0 {
		return min(calls, limit)
	}
	return calls
}

// turn keeps the newest moment and returns the one that it is compared with.
func (t *Tracker) turn(now moment) moment {
	t.past = append(t.past, now)
	for len(t.past) > 2 && now.at.Sub(t.past[1].at) >= window {
		t.past = t.past[1:]
	}
	// What came before the first snapshot counts from the beginning.
	if len(t.past) == 1 || t.past[0].at.Sub(t.began) < time.Second && now.at.Sub(t.began) < window {
		return moment{at: t.began, Snapshot: job.Snapshot{API: job.Traffic{Calls: t.subject.Made}}}
	}
	return t.past[0]
}

func (t *Tracker) kind(k job.KindProgress, rate float64) KindFrame {
	before := t.subject.Before[k.Kind]
	f := KindFrame{
		Kind: k.Kind, Listing: k.Listing, Listed: k.Listed, Committed: before + k.Committed, Failed: k.Failed,
		Bytes: k.Bytes, PerSecond: rate, Left: -1,
	}
	// A resumed run may commit again what was settled before, which changes
	// nothing.
	if before > 0 {
		f.Committed = min(f.Committed, max(f.Listed, k.Committed))
	}
	listed := k.Listing != record.Open
	switch {
	case listed && (k.Listed == 0 || k.Answered >= k.Asked && k.Committed+k.Absent >= k.Answered):
		f.State = Finished
	case k.Committed > 0 || f.Committed > 0:
		f.State = Active
	}
	if listed {
		f.Left = timeLeft(f.Listed-f.Committed, rate)
	}
	return f
}

func timeLeft(todo int64, rate float64) time.Duration {
	switch {
	case todo <= 0:
		return 0
	case rate <= 0:
		return -1
	}
	return seconds(float64(todo) / rate)
}

func done(s job.Snapshot) (n int64) {
	for _, k := range s.Kinds {
		n += k.Committed
	}
	return n
}

// usesBetween is what the stages did between two moments.
func usesBetween(was, is []pipeline.StageStats) []record.StageUse {
	uses := make([]record.StageUse, len(is))
	for i, s := range is {
		uses[i] = useOf(s)
		for _, b := range was {
			if b.Name == s.Name {
				before := useOf(b)
				uses[i].In -= before.In
				uses[i].Out -= before.Out
				uses[i].Busy -= before.Busy
				uses[i].Blocked -= before.Blocked
				uses[i].Starved -= before.Starved
			}
		}
	}
	return uses
}

func useOf(s pipeline.StageStats) record.StageUse {
	return record.StageUse{
		Name: s.Name, Workers: s.Workers, In: s.In, Out: s.Out,
		Busy: s.Busy.Seconds(), Blocked: s.Blocked.Seconds(), Starved: s.Starved.Seconds(),
	}
}

// stageFrames shows what stages did in the last span seconds.
func stageFrames(uses []record.StageUse, is []pipeline.StageStats, span float64) []StageFrame {
	frames := make([]StageFrame, len(is))
	for i, s := range is {
		u := uses[i]
		frames[i] = StageFrame{Name: s.Name, Workers: s.Workers, Queued: s.Queued, Capacity: s.Capacity}
		if sum := u.Busy + u.Blocked + u.Starved; sum > 0 {
			frames[i].Busy, frames[i].Blocked, frames[i].Starved = u.Busy/sum, u.Blocked/sum, u.Starved/sum
		}
		if span > 0 {
			frames[i].Working = min(int(u.Busy/span+0.5), s.Workers)
		}
	}
	return frames
}
