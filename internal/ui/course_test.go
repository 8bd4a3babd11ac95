package ui_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// began is when every run of these tests begins.
var began = time.Date(2026, 3, 1, 4, 30, 0, 0, time.UTC)

// clock is a clock that stands still until it is told to go on.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// kinds of the run of these tests, and how many documents each has.
var kinds = []struct {
	kind  record.Kind
	total int64
}{{"dashboards", 2000}, {"looks", 500}, {"folders", 40}, {"boards", 0}}

// course is a run of 40 seconds, second by second: everything is listed after
// five, Looker refuses calls from the twelfth on, and every 300th dashboard
// fails.
func course(second int64) job.Snapshot {
	at := func(total, from, per int64) int64 { return min(max(second-from, 0)*per, total) }
	s := job.Snapshot{
		API: job.Traffic{
			Calls: 2 + 5*second, Rate: 10, Throttled: max(second-12, 0), Retries: max(second-12, 0), Paused: time.Duration(max(second-12, 0)) * 400 * time.Millisecond,
			Bytes: second * 1 << 20,
		},
		Waited: time.Duration(second) * 10 * time.Millisecond,
	}
	for i, k := range kinds {
		p := job.KindProgress{Kind: k.kind, Listing: record.Open}
		p.Listed = at(k.total, int64(i), 1+k.total/4)
		if second >= 5 {
			p.Listing = record.Complete
		}
		p.Asked, p.Answered = p.Listed, min(at(k.total, int64(i)+1, 60), p.Listed)
		p.Committed = min(at(k.total, int64(i)+2, 60), p.Listed)
		if k.kind == "dashboards" {
			p.Failed = p.Committed / 300
		}
		p.Bytes = p.Committed * 10_000
		p.Expected, p.PerCall, p.Calls = k.total, 12, p.Committed/12
		s.Kinds = append(s.Kinds, p)
		s.Items += p.Committed - p.Failed
		s.Faults += p.Failed
		s.Bytes += p.Bytes
		s.Packed += p.Bytes / 2 // the other half is known to the vault
		s.Encoded += p.Bytes / 8
	}
	if s.Faults > 0 {
		s.LastFault = "dashboards/17: GET /dashboards/17: 500 Internal Server Error"
	}
	span := time.Duration(second) * time.Second
	s.Stages = []pipeline.StageStats{
		{Name: "list", Workers: 4, In: 4, Out: 30, Busy: span, Blocked: span / 2, Starved: span * 5 / 2, Queued: 3, Capacity: 16},
		{Name: "fetch", Workers: 8, In: 30, Out: s.Items, Busy: span * 7, Blocked: span / 2, Starved: span / 2, Queued: 64, Capacity: 64},
		{Name: "serialize", Workers: 2, In: s.Items, Out: s.Items, Busy: span / 4, Starved: span * 7 / 4, Queued: 12, Capacity: 64},
		{Name: "batch", Workers: 1, Busy: span / 100, Starved: span * 99 / 100, Queued: 1, Capacity: 2},
		{Name: "write", Workers: 1, Busy: span / 5, Starved: span * 4 / 5},
	}
	return s
}

// lines is a frame as text.
func lines(all []string) []byte {
	var b bytes.Buffer
	for _, line := range all {
		b.WriteString(line + "\n")
	}
	return b.Bytes()
}
