package ui

import (
	"time"

	"github.com/lookervault/lookervault/internal/record"
)

// Frame is a job at one moment as it is shown. Rates and shares are those of the
// last seconds; everything else counts from the beginning of this process's
// share of the job, except what was done before a resumed one.
type Frame struct {
	Job     string // "run 3"
	Things  string // that it counts: "documents"
	Elapsed time.Duration

	Done           int64 // things that are committed or failed, those from before a resume included
	Listed         int64 // that are known to exist, until now
	Items          int64 // committed in this session
	Failed         int64
	Bytes          int64
	ItemsPerSecond float64
	BytesPerSecond float64
	LastFault      string
	Left           time.Duration // until all that is listed is done; negative when nobody can tell

	Calls          int64
	MaxCalls       int64 // 0 = no budget
	CallsPerSecond float64
	Rate           float64 // calls a second that are allowed now; 0 = no limit
	Throttled      int64
	Retries        int64
	Paused         time.Duration

	Total Total
	// Detailed says that people asked for more: the stages are shown as well.
	Detailed bool

	Kinds      []KindFrame // in the order of the job
	Stages     []StageFrame
	Bottleneck string // name of the stage that holds up the others, "" when none does
	Reason     string // what it waits for: one of the words of [Advise], "" when there is no bottleneck
}

// KindFrame is where a kind stands.
type KindFrame struct {
	Kind      record.Kind
	Listing   record.Listing
	Listed    int64
	Committed int64 // faults included, and what was done before a resume
	Failed    int64
	Bytes     int64
	PerSecond float64
	Left      time.Duration // negative when nobody can tell
	State     KindState
}

// KindState is whether a kind is being worked on.
type KindState uint8

// The states of a kind.
const (
	Waiting KindState = iota // nothing is committed yet
	Active
	Finished // listed, and everything listed is committed
)

// StageFrame is how busy a stage is. The shares are of its workers' time in the
// last seconds, and all zero while it does not run.
type StageFrame struct {
	Name                   string
	Workers                int
	Working                int // workers that were busy, on average
	Queued, Capacity       int // at its output
	Busy, Blocked, Starved float64
}
