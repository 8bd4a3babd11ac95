package extract

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
)

// View shows a run under way. It may be read from any goroutine.
type View struct {
	flow     *flow
	observer *job.Queue[record.Record] // nil without Job.Failed

	perCall map[record.Kind]float64       // see [job.KindProgress]
	owners  map[record.Kind][]record.Kind // of kinds with one document for each of another kind

	mu                   sync.Mutex
	items, bytes, faults int64
	packed, encoded      int64
	kinds                map[record.Kind]tally
	last                 string
}

// tally is what was committed of one kind.
type tally struct{ records, failed, bytes, packed int64 }

// What waits for an observer who is slow, and how long the end of a run waits for one.
const (
	maxObserved  = 10_000
	observerEnds = time.Second
)

func newView(f *flow) *View {
	v := &View{flow: f, kinds: make(map[record.Kind]tally), perCall: make(map[record.Kind]float64), owners: make(map[record.Kind][]record.Kind)}
	for _, k := range f.kinds {
		v.perCall[k.Name] = perCall(k, f.job.Config.Stages.List.PageSize)
		for r := range k.Leads() {
			if r.Path == "id" && r.Unless == "" {
				v.owners[r.Kind] = append(v.owners[r.Kind], k.Name)
			}
		}
	}
	if f.job.Failed != nil {
		v.observer = job.NewQueue(job.QueueOptions[record.Record]{
			Deliver: func(_ context.Context, rec record.Record) error {
				f.job.Failed(rec)
				return nil
			},
			MaxValues: maxObserved, MaxSize: 1, // the number counts
		})
	}
	return v
}

// endObserver waits a moment for the observer to catch up, and returns what it was not
// told of.
func (v *View) endObserver() int64 {
	if v.observer == nil {
		return 0
	}
	ctx, cancel := context.WithTimeout(context.Background(), observerEnds)
	defer cancel()
	if v.observer.Drain(ctx) != nil {
		v.observer.Abandon()
	}
	return v.observer.Dropped()
}

// committed counts a batch that is durable.
func (v *View) committed(batch record.Batch) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, rec := range batch {
		if rec.Fault != nil && v.observer != nil {
			v.observer.Put(record.Record{Ref: rec.Ref, Fault: rec.Fault})
		}
		v.flow.ledger.Dated(rec.Ref, rec.Dating)
		t := v.kinds[rec.Kind]
		if rec.ID != "" { // else it is a listing that failed
			t.records++
		}
		t.bytes += rec.Size
		v.bytes += rec.Size
		if len(rec.Body) > 0 {
			v.packed += rec.Size
			t.packed += rec.Size
			v.encoded += int64(len(rec.Body))
		}
		switch {
		case rec.Fault != nil && rec.Fault.Failure():
			v.faults++
			t.failed++
			v.last = rec.Ref.String() + ": " + rec.Fault.Message
		case rec.Fault == nil && rec.State != record.Gone:
			v.items++
		}
		v.kinds[rec.Kind] = t
	}
}

// failed reports whether a fault of a kind was committed.
func (v *View) failed(kind record.Kind) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.kinds[kind].failed > 0
}

// Snapshot returns the state now.
func (v *View) Snapshot() job.Snapshot {
	progress := v.flow.ledger.Progress()
	v.mu.Lock()
	defer v.mu.Unlock()
	s := job.Snapshot{
		Items: v.items, Bytes: v.bytes, Faults: v.faults, LastFault: v.last, Packed: v.packed, Encoded: v.encoded,
		API: Traffic(v.flow.job.Client.Stats()), Stages: v.flow.waves.Stats(), Waited: v.flow.budget.Waited(),
	}
	listed := make(map[record.Kind]int64, len(progress))
	for _, p := range progress {
		listed[p.Kind] = max(p.Listed, p.Told)
	}
	for _, p := range progress {
		t := v.kinds[p.Kind]
		expected := p.Told
		for _, owner := range v.owners[p.Kind] {
			expected += listed[owner]
		}
		answered := v.flow.api.answers.of(p.Kind)
		s.Kinds = append(s.Kinds, job.KindProgress{
			Kind: p.Kind, Listing: p.Listing, Listed: p.Listed, Expected: expected, PerCall: v.perCall[p.Kind], Asked: p.Asked, Answered: p.Answered, Absent: p.Absent,
			Committed: t.records, Failed: t.failed, Bytes: t.bytes, Unchanged: t.bytes - t.packed,
			Calls: answered.calls, Answering: answered.took, Longest: answered.longest,
		})
	}
	return s
}

// perFolder is how many documents one call for a folder brings: some.
const perFolder = 4

// perCall is how many documents of a kind one call brings, where all are wanted.
func perCall(kind *catalogue.Spec, pageSize int) float64 {
	if kind.Listing.Whole {
		return math.Inf(1)
	}
	least := 1.0
	for _, way := range kind.Many {
		if way.How == record.Folder {
			least = max(least, perFolder)
		} else {
			least = max(least, float64(pageSize))
		}
	}
	return least
}

// Traffic is what a client has done, in the words of every job.
func Traffic(s looker.Stats) job.Traffic {
	return job.Traffic{
		Calls: s.Calls, Good: s.Good, Refused: s.Refused, Throttled: s.Throttled, Failed: s.Failed, Broken: s.Broken, Retries: s.Retries,
		Bytes: s.Bytes, Answering: s.Answering, Paused: s.Paused, Rate: s.Rate, AtOnce: s.AtOnce, Bears: s.Bears,
	}
}
