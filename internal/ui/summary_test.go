package ui_test

import (
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
)

// A resumed run counts what this session committed by this session's time, also
// where that replaces nothing, and packs only what is new.
func TestNumbersOfAResumedSession(t *testing.T) {
	run := record.Run{ID: 1, Kinds: []record.Counts{{Kind: "looks", Listed: 1000, Same: 990, New: 10, Bytes: 5000}}}
	session := record.Session{Seconds: 10, Items: 200, Bytes: 4000, Packed: 1000, Encoded: 250}
	s := ui.SummaryOf(run, true, session, began)
	if s.ItemsPerSecond != 20 || s.BytesPerSecond != 400 || s.CompressionRatio != 4 {
		t.Errorf("%v documents and %v bytes a second, compressed %v : 1, want 20, 400 and 4", s.ItemsPerSecond, s.BytesPerSecond, s.CompressionRatio)
	}
}

// Answers that come in a bunch are no more calls a second than are allowed.
func TestNoMoreCallsThanAllowedAreShown(t *testing.T) {
	tracker := ui.NewTracker(ui.Backup(record.Begun{Run: 1}), ui.Limits{PerSecond: 10}, began)
	snapshot := job.Snapshot{API: job.Traffic{Calls: 24, Rate: 9.7}}
	if got := tracker.Frame(snapshot, began.Add(2*time.Second)).CallsPerSecond; got != 9.7 {
		t.Errorf("%v calls a second of 9.7", got)
	}
}
