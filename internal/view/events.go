package view

import (
	"time"

	"github.com/lookervault/lookervault/internal/record"
)

// KindProgress is a kind in the events kind_listed and kind_finished, and in progress.
type KindProgress struct {
	Kind      record.Kind    `json:"kind"`
	Listing   record.Listing `json:"listing"`
	Listed    int64          `json:"listed"`
	Committed int64          `json:"committed"` // failures included
	Failed    int64          `json:"failed"`
	Bytes     int64          `json:"bytes"`
}

// StageProgress is a stage in the event progress: busy, blocked and starved are shares of
// its time, 0 to 1.
type StageProgress struct {
	Name     string  `json:"name"`
	Workers  int     `json:"workers"`
	Working  int     `json:"working"`
	Queued   int     `json:"queued"`
	Capacity int     `json:"capacity"`
	Busy     float64 `json:"busy"`
	Blocked  float64 `json:"blocked"`
	Starved  float64 `json:"starved"`
}

// Progress is the event progress, without what every event has.
type Progress struct {
	Elapsed        float64         `json:"elapsed_seconds"`
	Left           *float64        `json:"left_seconds"` // null when nobody can tell
	Total          TotalProgress   `json:"total"`
	Done           int64           `json:"done"`
	Listed         int64           `json:"listed"`
	ActionsDone    *int64          `json:"actions_done,omitempty"` // of a restore
	Actions        *int64          `json:"actions,omitempty"`
	Items          int64           `json:"items"`
	Failed         int64           `json:"failed"`
	LastFault      string          `json:"last_fault,omitempty"`
	Bytes          int64           `json:"bytes"`
	ItemsPerSecond float64         `json:"items_per_second"`
	BytesPerSecond float64         `json:"bytes_per_second"`
	Calls          int64           `json:"calls"`
	MaxCalls       int64           `json:"calls_max"`
	CallsPerSecond float64         `json:"calls_per_second"`
	Rate           float64         `json:"rate_limit"` // 0 = no limit
	Throttled      int64           `json:"throttled"`
	Retries        int64           `json:"retries"`
	Paused         float64         `json:"paused_seconds"`
	Bottleneck     string          `json:"bottleneck"` // a reason
	Kinds          []KindProgress  `json:"kinds"`      // that are being worked on
	Stages         []StageProgress `json:"stages"`
}

// TotalProgress is how much of the whole job is done.
type TotalProgress struct {
	Share     float64  `json:"share"`        // 0..1
	Documents int64    `json:"documents"`    // that are expected in all
	Left      *float64 `json:"left_seconds"` // null when nobody can tell
	Bound     bool     `json:"bound"`        // share is the most that it can be, left_seconds the least
}

// Throttled is the event throttled, without what every event has.
type Throttled struct {
	Answers int64   `json:"answers"`    // with 429 since the last such event
	Total   int64   `json:"throttled"`  // in all
	Rate    float64 `json:"rate_limit"` // calls a second that are allowed now
	Paused  float64 `json:"paused_seconds"`
}

// FaultEvent is the event fault, without what every event has.
type FaultEvent struct {
	Kind     record.Kind `json:"kind"`
	ID       string      `json:"id"` // "" when the listing failed
	Class    string      `json:"class"`
	Status   int         `json:"status"`
	Attempts int         `json:"attempts"`
	Message  string      `json:"message"`
}

// Started is the event run_started, without what every event has.
type Started struct {
	Instance string        `json:"instance"`
	Origin   string        `json:"origin"`
	Resumed  bool          `json:"resumed"`
	Full     bool          `json:"full"`
	Vault    string        `json:"vault"` // path
	Started  time.Time     `json:"started_at"`
	Kinds    []record.Kind `json:"kinds"`
	Folders  []string      `json:"folders"`
	Looker   string        `json:"looker_version"`
	Tool     string        `json:"tool_version"`
	MaxCalls int64         `json:"calls_max"`  // 0 = no budget
	Before   int64         `json:"items_done"` // by the sessions before, when the run is resumed
}
