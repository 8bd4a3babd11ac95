package ui_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
)

// A job that is no backup shows itself by the same bars, lines and events.
func TestAnotherJob(t *testing.T) {
	subject := ui.Subject{Job: "restore 4", Things: "actions", Before: map[record.Kind]int64{"looks": 1}}
	tracker := ui.NewTracker(subject, ui.Limits{}, began)
	f := tracker.Frame(job.Snapshot{Kinds: []job.KindProgress{
		{Kind: "looks", Listing: record.Complete, Listed: 4, Asked: 3, Answered: 1, Committed: 1},
	}}, began.Add(2*time.Second))
	if got, want := f.Lines(80, 24)[0], "restore 4 · 0:02 · 2 of 4 actions"; !strings.HasPrefix(got, want) {
		t.Errorf("head %q, want %q", got, want)
	}
	var out bytes.Buffer
	log := ui.NewEventLog(&out, func() time.Time { return began }, "restore")
	log.Of(4)
	log.Write("restore_started", struct {
		Purpose string `json:"purpose"`
	}{"undo"})
	log.Write("nothing_more", struct{}{})
	type last struct {
		Event   string `json:"event"`
		Dropped int64  `json:"events_dropped"`
	}
	err := log.End(context.Background(), func(dropped int64) any { return last{"restore_finished", dropped} }, func() {})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"event":"restore_started","time":"2026-03-01T04:30:00Z","restore":4,"purpose":"undo"}`,
		`{"event":"nothing_more","time":"2026-03-01T04:30:00Z","restore":4}`,
		`{"event":"restore_finished","events_dropped":0}`, "",
	}
	if diff := cmp.Diff(want, strings.Split(out.String(), "\n")); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}
