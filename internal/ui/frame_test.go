package ui_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/view"
)

func frameAt(second int64) ui.Frame {
	tracker := ui.NewTracker(ui.Backup(record.Begun{Run: 3}), ui.Limits{Calls: 500, PerSecond: 10}, began)
	var f ui.Frame
	for s := range second + 1 {
		f = tracker.Frame(course(s), began.Add(time.Duration(s)*time.Second))
	}
	return f
}

func TestFrame(t *testing.T) {
	f := frameAt(20)
	// The window is eight seconds: from 12 to 20.
	if f.Done != 60*18+500+40 || f.Listed != 2540 || f.Failed != 3 {
		t.Errorf("done %d of %d, %d failed", f.Done, f.Listed, f.Failed)
	}
	if f.CallsPerSecond != 5 || f.Calls != 102 || f.Throttled != 8 {
		t.Errorf("calls %d at %v/s, %d throttled", f.Calls, f.CallsPerSecond, f.Throttled)
	}
	if f.Bottleneck != "fetch" || f.Reason != ui.ReasonServerLimit {
		t.Errorf("bottleneck %q: %q", f.Bottleneck, f.Reason)
	}
	var states []ui.KindState
	for _, k := range f.Kinds {
		states = append(states, k.State)
	}
	if diff := cmp.Diff([]ui.KindState{ui.Active, ui.Finished, ui.Finished, ui.Finished}, states); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	dashboards := f.Kinds[0]
	if dashboards.PerSecond != 60 || dashboards.Left.Round(time.Second) != 15*time.Second {
		t.Errorf("dashboards: %v/s, %v left", dashboards.PerSecond, dashboards.Left)
	}
}

// A resumed run shows what was done before as done, and never more than is
// listed.
func TestFrameOfResumedRun(t *testing.T) {
	begun := record.Begun{Run: 3, Resumed: true, Kinds: []record.Counts{
		{Kind: "looks", New: 400}, {Kind: "groups", Same: 14},
	}}
	tracker := ui.NewTracker(ui.Backup(begun), ui.Limits{}, began)
	f := tracker.Frame(job.Snapshot{Kinds: []job.KindProgress{
		{Kind: "looks", Listing: record.Complete, Listed: 500, Asked: 100, Answered: 50, Committed: 50},
		{Kind: "groups", Listing: record.Complete, Listed: 14, Asked: 14, Answered: 14, Committed: 14},
	}}, began.Add(time.Second))
	if got := [2]int64{f.Kinds[0].Committed, f.Kinds[1].Committed}; got != [2]int64{450, 14} {
		t.Errorf("committed %v, want 450 and 14", got)
	}
	if f.Kinds[0].State != ui.Active || f.Kinds[1].State != ui.Finished {
		t.Errorf("states %v, %v", f.Kinds[0].State, f.Kinds[1].State)
	}
}

func TestLines(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {160, 40}, {60, 9}} {
		f := frameAt(14)
		f.Detailed = size[0] > 80
		golden(t, fmt.Sprintf("lines_%dx%d.txt", size[0], size[1]), lines(f.Lines(size[0], size[1])))
	}
}

// Whatever the size, nothing is wider or higher than the terminal.
func TestLinesFit(t *testing.T) {
	f := frameAt(14)
	for i := range 28 {
		f.Kinds = append(f.Kinds, ui.KindFrame{
			Kind: record.Kind(fmt.Sprintf("kind_with_a_long_name_%d", i)), Listed: int64(1000 * i), Committed: int64(i), Failed: int64(i), State: ui.Active,
		})
	}
	f.LastFault = strings.Repeat("日本語\x1b[31m", 40)
	for width := 2; width < 200; width += 7 {
		for height := 1; height < 50; height++ {
			got := f.Lines(width, height)
			if len(got) > max(height-1, 1) {
				t.Fatalf("%d lines on %d rows", len(got), height)
			}
			for _, line := range got {
				if w := text.StringWidthWithoutEscSequences(line); w > max(width-1, 1) || strings.ContainsAny(line, "\x1b\n") {
					t.Fatalf("%d columns of %d: %q", w, width, line)
				}
			}
		}
	}
}

func TestPlain(t *testing.T) {
	var out bytes.Buffer
	plain, tracker := ui.NewPlain(&out), ui.NewTracker(ui.Backup(record.Begun{Run: 3}), ui.Limits{Calls: 500, PerSecond: 10}, began)
	for s := range int64(41) {
		plain.Show(tracker.Frame(course(s), began.Add(time.Duration(s)*time.Second)))
	}
	golden(t, "plain.txt", out.Bytes())
}

func TestEvents(t *testing.T) {
	var out bytes.Buffer
	c := &clock{began}
	events, tracker := ui.NewEvents(&out, c.now), ui.NewTracker(ui.Backup(record.Begun{Run: 3}), ui.Limits{Calls: 500, PerSecond: 10}, began)
	events.Started(3, view.Started{Instance: "demo", Origin: "demo", Vault: "/v.db", Started: began, Kinds: []record.Kind{"dashboards", "looks", "folders", "boards"}, MaxCalls: 500})
	var f ui.Frame
	for s := range int64(41) {
		c.at = began.Add(time.Duration(s) * time.Second)
		f = tracker.Frame(course(s), c.at)
		events.Show(f)
		if s == 7 {
			events.Committed(record.Batch{
				{Ref: record.Ref{Kind: "dashboards", ID: "16"}, State: record.Present},
				{Ref: record.Ref{Kind: "dashboards", ID: "17"}, Fault: &record.Fault{Class: "server", Status: 500, Attempts: 5, Message: "GET /dashboards/17: 500 <html>"}},
			})
		}
	}
	run := record.Run{
		ID: 3, Instance: "demo", Origin: "demo", Started: began, Finished: c.at, Outcome: record.RunPartial,
		Kinds: []record.Counts{{Kind: "dashboards", Listing: record.Complete, Listed: 2000, New: 1994, Failed: 6, Bytes: 20_000_000, Stored: 5_000_000}},
		Calls: []record.Calls{{Route: "GET /dashboards/search", Class: "query", N: 202}}, Notes: []string{"a note"},
	}
	session := ui.SessionOf(course(40), nil, began, 40*time.Second, ui.Limits{PerSecond: 10}, 90<<20)
	events.Close(f, run.Kinds)
	if err := events.Finished(t.Context(), view.SummaryOf(run, false, session, c.at), 0, nil); err != nil {
		t.Fatal(err)
	}
	golden(t, "events.jsonl", out.Bytes())
	check(t, out.Bytes())
}

// check checks what always holds of events.
func check(t *testing.T, all []byte) {
	t.Helper()
	var last time.Time
	var names []string
	for line := range bytes.Lines(all) {
		var e struct {
			Event string    `json:"event"`
			Time  time.Time `json:"time"`
			Run   *int64    `json:"run"`
		}
		if err := json.Unmarshal(line, &e); err != nil || e.Run == nil || e.Event == "" {
			t.Fatalf("%v in %s", err, line)
		}
		if e.Time.Before(last) {
			t.Errorf("%s is earlier than what came before", line)
		}
		if e.Event == "progress" && !last.IsZero() && e.Time.Sub(last) > time.Second {
			t.Errorf("more than a second without an event before %s", line)
		}
		last = e.Time
		names = append(names, e.Event)
	}
	if names[0] != "run_started" || names[len(names)-1] != "run_finished" {
		t.Errorf("begins with %s, ends with %s", names[0], names[len(names)-1])
	}
}

// A writer that fails is written to no more.
func TestEventsWriterFails(t *testing.T) {
	out := &failing{}
	events := ui.NewEvents(out, time.Now)
	events.Started(1, view.Started{})
	events.Started(1, view.Started{})
	if err := events.Drain(t.Context()); err == nil {
		t.Error("no error")
	}
	if events.Err() == nil || out.n != 1 {
		t.Errorf("error %v after %d writes", events.Err(), out.n)
	}
}

type failing struct{ n int }

func (f *failing) Write([]byte) (int, error) {
	f.n++
	return 0, fmt.Errorf("broken pipe")
}

// The lines of a restore say nothing of bytes and lists, of which it has none.
func TestPlainOfARestore(t *testing.T) {
	var out bytes.Buffer
	plain, tracker := ui.NewPlain(&out), ui.NewTracker(ui.Subject{Job: "restore 4", Things: ui.Actions}, ui.Limits{}, began)
	plain.Show(tracker.Frame(job.Snapshot{
		Items: 2, Kinds: []job.KindProgress{{Kind: "looks", Listed: 4, Asked: 4, Answered: 2, Committed: 2, Listing: record.Complete}},
	}, began.Add(10*time.Second)))
	if line := out.String(); !strings.Contains(line, "2 of 4 actions") || strings.Contains(line, "B/s") || strings.Contains(line, "listed") {
		t.Errorf("the line: %s", line)
	}
}

// What earlier processes called is told, and is not how fast this one is.
func TestCallsOfEarlierProcesses(t *testing.T) {
	tracker := ui.NewTracker(ui.Subject{Job: "restore 1", Things: ui.Actions, Made: 1000}, ui.Limits{}, began)
	tracker.Frame(job.Snapshot{API: job.Traffic{Calls: 1000}}, began)
	f := tracker.Frame(job.Snapshot{API: job.Traffic{Calls: 1004}}, began.Add(2*time.Second))
	if f.Calls != 1004 || f.CallsPerSecond != 2 {
		t.Errorf("%d calls, %v a second", f.Calls, f.CallsPerSecond)
	}
}
