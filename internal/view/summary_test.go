package view_test

import (
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/view"
)

// A resumed run counts what this session committed by this session's time, also
// where that replaces nothing, and packs only what is new.
func TestNumbersOfAResumedSession(t *testing.T) {
	run := record.Run{ID: 1, Kinds: []record.Counts{{Kind: "looks", Listed: 1000, Same: 990, New: 10, Bytes: 5000}}}
	session := record.Session{Seconds: 10, Items: 200, Bytes: 4000, Packed: 1000, Encoded: 250}
	s := view.SummaryOf(run, true, session, time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC))
	if s.ItemsPerSecond != 20 || s.BytesPerSecond != 400 || s.CompressionRatio != 4 {
		t.Errorf("%v documents and %v bytes a second, compressed %v : 1, want 20, 400 and 4", s.ItemsPerSecond, s.BytesPerSecond, s.CompressionRatio)
	}
}
