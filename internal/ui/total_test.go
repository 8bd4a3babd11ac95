package ui_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
)

func TestTotal(t *testing.T) {
	open, ended := record.Open, record.Complete
	for _, test := range []struct {
		name     string
		before   map[record.Kind]int64
		expected map[record.Kind]ui.Expected
		kinds    []job.KindProgress
		calls    int64 // in ten seconds
		want     ui.Total
		line     string
	}{
		{
			name: "nothing is known yet", kinds: []job.KindProgress{{Kind: "looks", Listing: open, PerCall: 100}},
			want: ui.Total{Left: -1, Bound: true}, line: "at most 0%",
		},
		{
			// Nine pages of a hundred are missing; then one list more.
			name: "a list tells how much it holds", calls: 20,
			kinds: []job.KindProgress{{Kind: "looks", Listing: open, Listed: 100, Expected: 1000, PerCall: 100, Calls: 2}},
			want:  ui.Total{Share: 2.0 / 12, Left: 5 * time.Second, Things: 1000}, line: "16%, 0:05 left",
		},
		{
			name: "as many calls a document as until now", calls: 50,
			kinds: []job.KindProgress{{Kind: "looks", Listing: ended, Listed: 200, Asked: 200, Answered: 100, Committed: 100, Calls: 50, PerCall: 100}},
			want:  ui.Total{Share: 0.5, Left: 10 * time.Second, Things: 200}, line: "50%, 0:10 left",
		},
		{
			name: "a kind that nothing is known of", calls: 50,
			kinds: []job.KindProgress{
				{Kind: "looks", Listing: ended, Listed: 200, Asked: 200, Answered: 100, Committed: 100, Calls: 50, PerCall: 100},
				{Kind: "queries", Listing: open, PerCall: 1},
			},
			want: ui.Total{Share: 50.0 / 101, Left: 10200 * time.Millisecond, Bound: true, Things: 200}, line: "at most 49%, at least 0:10 left",
		},
		{
			name: "that the forecast knows", calls: 50, expected: map[record.Kind]ui.Expected{"queries": {Things: 300, Calls: 100}},
			kinds: []job.KindProgress{
				{Kind: "looks", Listing: ended, Listed: 200, Asked: 200, Answered: 100, Committed: 100, Calls: 50, PerCall: 100},
				{Kind: "queries", Listing: open, PerCall: 1},
			},
			want: ui.Total{Share: 0.25, Left: 30 * time.Second, Things: 500}, line: "25%, 0:30 left",
		},
		{
			name: "more calls than the forecast knows", calls: 20, expected: map[record.Kind]ui.Expected{"looks": {Things: 100, Calls: 3}},
			kinds: []job.KindProgress{{Kind: "looks", Listing: ended, Listed: 100, Asked: 100, Answered: 20, Committed: 20, Calls: 20, PerCall: 100}},
			want:  ui.Total{Share: 0.2, Left: 40 * time.Second, Things: 100}, line: "20%, 0:40 left",
		},
		{
			name: "fewer documents than the forecast knows", calls: 20, expected: map[record.Kind]ui.Expected{"looks": {Things: 900, Calls: 900}},
			kinds: []job.KindProgress{{Kind: "looks", Listing: ended, Listed: 100, Asked: 100, Answered: 80, Committed: 80, Calls: 80, PerCall: 1}},
			want:  ui.Total{Share: 0.8, Left: 10 * time.Second, Things: 100}, line: "80%, 0:10 left",
		},
		{
			name: "resumed", before: map[record.Kind]int64{"looks": 50}, calls: 10,
			kinds: []job.KindProgress{{Kind: "looks", Listing: ended, Listed: 100, Asked: 50, Answered: 25, Committed: 25, Calls: 25, PerCall: 1}},
			want:  ui.Total{Share: 0.75, Left: 25 * time.Second, Things: 100}, line: "75%, 0:25 left",
		},
		{
			name: "a list in one answer", calls: 10,
			kinds: []job.KindProgress{
				{Kind: "folders", Listing: ended, Listed: 40, Asked: 40, Answered: 40, Committed: 40, Calls: 1, PerCall: math.Inf(1)},
				{Kind: "groups", Listing: open, PerCall: math.Inf(1), Expected: 10},
			},
			want: ui.Total{Share: 0.5, Left: time.Second, Things: 50}, line: "50%, 0:01 left",
		},
		{
			name: "all is done", calls: 10,
			kinds: []job.KindProgress{{Kind: "folders", Listing: ended, Listed: 40, Asked: 40, Answered: 40, Committed: 40, Calls: 1, PerCall: math.Inf(1)}},
			want:  ui.Total{Share: 1, Things: 40}, line: "100%",
		},
		{
			name: "a restore, whose calls nobody counts by kind", calls: 10,
			kinds: []job.KindProgress{{Kind: "looks", Listing: ended, Listed: 4, Asked: 4, Answered: 3, Committed: 3}},
			want:  ui.Total{Share: 0.75, Things: 4}, line: "75%",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			subject := ui.Subject{Job: "run 3", Things: "documents", Before: test.before}
			tracker := ui.NewTracker(subject, ui.Limits{}, began)
			tracker.Expect(test.expected)
			// Ten seconds without and ten with calls make a window of ten seconds.
			tracker.Frame(job.Snapshot{Kinds: test.kinds}, began.Add(10*time.Second))
			f := tracker.Frame(job.Snapshot{Kinds: test.kinds, API: job.Traffic{Calls: test.calls}}, began.Add(20*time.Second))
			f.Total.Share = math.Round(f.Total.Share*1e6) / 1e6
			test.want.Share = math.Round(test.want.Share*1e6) / 1e6
			f.Total.Left, test.want.Left = f.Total.Left.Round(time.Millisecond), test.want.Left.Round(time.Millisecond)
			if diff := cmp.Diff(test.want, f.Total); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if line := f.Lines(80, 24)[2]; !strings.HasPrefix(line, "total ▕") || !strings.HasSuffix(line, "▏ "+test.line) {
				t.Errorf("line %q, want %q", line, test.line)
			}
		})
	}
}

// Stages are for those who ask for more.
func TestStagesOnRequest(t *testing.T) {
	f := frameAt(14)
	if text := strings.Join(f.Lines(80, 24), "\n"); strings.Contains(text, "workers") || !strings.Contains(text, "held up by Looker's 429s") {
		t.Errorf("without being asked:\n%s", text)
	}
	f.Detailed = true
	if text := strings.Join(f.Lines(80, 24), "\n"); !strings.Contains(text, "workers") || strings.Contains(text, "held up by") {
		t.Errorf("asked:\n%s", text)
	}
}
