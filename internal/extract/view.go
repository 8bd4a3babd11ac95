package extract

import (
	"sync"

	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
	"github.com/lookervault/lookervault/stages"
)

// View shows a run under way. It may be read from any goroutine.
type View struct {
	flow *flow

	mu                   sync.Mutex
	items, bytes, faults int64
	kinds                map[record.Kind]int64
	last                 string
}

// Snapshot is the state of a run at one moment. It counts what is committed.
type Snapshot struct {
	Items, Bytes, Faults int64
	Kinds                []KindProgress
	LastFault            string // "dashboards/17: ...", "" when there was none
	API                  looker.Stats
	Stages               []pipeline.StageStats
}

// KindProgress is where one kind stands.
type KindProgress struct {
	stages.Progress
	Committed int64
}

func newView(f *flow) *View { return &View{flow: f, kinds: make(map[record.Kind]int64)} }

// committed counts a batch that is durable.
func (v *View) committed(batch record.Batch) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, rec := range batch {
		v.kinds[rec.Kind]++
		v.bytes += rec.Size
		if rec.Fault != nil {
			v.faults++
			v.last = rec.Ref.String() + ": " + rec.Fault.Message
			continue
		}
		v.items++
	}
}

// Snapshot returns the state now.
func (v *View) Snapshot() Snapshot {
	progress := v.flow.ledger.Progress()
	v.mu.Lock()
	defer v.mu.Unlock()
	s := Snapshot{
		Items: v.items, Bytes: v.bytes, Faults: v.faults, LastFault: v.last,
		API: v.flow.job.Client.Stats(), Stages: v.flow.stats(),
	}
	for _, p := range progress {
		s.Kinds = append(s.Kinds, KindProgress{Progress: p, Committed: v.kinds[p.Kind]})
	}
	return s
}
