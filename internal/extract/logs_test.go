package extract_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/sinks"
)

// logged is what a run says.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// at is a logger down to that level.
func (l *logged) at(level hclog.Level) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Output: l, Level: level, JSONFormat: true})
}

// lines returns what was said at a level, as message and facts.
func (l *logged) lines(t *testing.T, level string) (lines []map[string]any) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.buf.String()) {
		facts := make(map[string]any)
		if err := json.Unmarshal([]byte(line), &facts); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if facts["@level"] == level {
			lines = append(lines, facts)
		}
	}
	return lines
}

func messages(lines []map[string]any) (all []string) {
	for _, line := range lines {
		all = append(all, fmt.Sprint(line["@message"]))
	}
	return all
}

func TestCleanRunSaysLittle(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 9})
	r.config.Stages.Fetch.Workers = 1 // else the order of pages decides whether there is one wave more
	var log logged
	r.log = log.at(hclog.Info)
	r.run(record.RunComplete, start())
	r.run(record.RunComplete, start())
	want := []string{"wave done", "wave done", "wave done", "run ended"}
	if diff := cmp.Diff(slices.Concat(want, want), messages(log.lines(t, "info"))); diff != "" {
		t.Errorf("said at info (-want +got):\n%s", diff)
	}
	if warnings := log.lines(t, "warn"); warnings != nil {
		t.Errorf("warnings: %v", warnings)
	}
	for _, line := range log.lines(t, "info") {
		if took, ok := line["took"].(string); !ok || !strings.HasSuffix(took, "s") {
			t.Errorf("%v: took is not a time for people", line)
		}
	}
}

func TestRunSaysWhatIsOutOfTheOrdinary(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 9, TrashShare: -1})
	r.run(record.RunComplete, start())
	mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: "looks", ID: r.sim.IDs("looks")[3]})
	r.rules("route=GET /boards status=500", "route=GET /themes status=404")
	var log logged
	r.log = log.at(hclog.Info)
	r.run(record.RunPartial, start())
	told := make(map[string]bool)
	for _, line := range log.lines(t, "info") {
		if line["@message"] == "kind" {
			told[fmt.Sprint(line["kind"], " ", line["listing"], " ", line["gone"], " ", line["failed"])] = true
		}
	}
	for _, want := range []string{"looks complete 1 0", "boards incomplete 0 1", "themes incomplete 0 1"} {
		if !told[want] {
			t.Errorf("not said: %s; said: %v", want, told)
		}
	}
	if got := messages(log.lines(t, "warn")); !slices.Contains(got, "listing failed") {
		t.Errorf("warnings: %v", got)
	}
}

func TestResumeSaysWhatItFound(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 9})
	r.config.Stages.Batch.Records = 10
	r.stopAt(4, true)
	if _, err := r.try(start()); !errors.Is(err, job.ErrInterrupted) {
		t.Fatal(err)
	}
	r.undisturbed()
	var log logged
	r.log = log.at(hclog.Info)
	settled := len(r.settled(1))
	r.run(record.RunComplete, resume())
	first := log.lines(t, "info")[0]
	if first["@message"] != "run resumed" || first["run"] != 1.0 || first["done"] != float64(settled) || first["failed"] != 0.0 {
		t.Errorf("said first: %v, want what was found: %d done", first, settled)
	}
}

func TestDebugTellsOfStagesAndKinds(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 9})
	r.config.Stages.Fetch.Workers = 1 // else the order of pages decides whether a row is judged late, in a wave more
	var log logged
	r.log = log.at(hclog.Debug)
	r.run(record.RunComplete, start("users", "roles", "role_users"))
	begins, ended, kinds := make(map[string]int), make(map[string]int), 0
	for _, line := range log.lines(t, "debug") {
		switch line["@message"] {
		case "stage begins":
			begins[line["stage"].(string)]++
		case "stage ended":
			ended[line["stage"].(string)]++
			for _, fact := range []string{"workers", "in", "out", "skipped", "busy", "blocked", "starved", "queued", "capacity"} {
				if _, ok := line[fact]; !ok {
					t.Errorf("%v: says nothing of %s", line, fact)
				}
			}
		case "kind done":
			kinds++
		}
	}
	want := map[string]int{"list": 2, "fetch": 2, "redact": 2, "serialize": 2, "batch": 2, "write": 2}
	if diff := cmp.Diff(want, begins); diff != "" {
		t.Errorf("begun (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, ended); diff != "" {
		t.Errorf("ended (-want +got):\n%s", diff)
	}
	if kinds != 3 {
		t.Errorf("%d kinds are told of, want 3", kinds)
	}
}

// TestRunThatIsHeldUpSaysSoOnce: the sink is slow, and the limits do not let
// fetch go on meanwhile.
func TestRunThatIsHeldUpSaysSoOnce(t *testing.T) {
	tests := []struct {
		name   string
		limits func(*config.Config)
		limit  string
	}{
		{"documents", func(c *config.Config) { c.Limits.InFlightItems = 3 }, "limits.in_flight_items"},
		{"bytes", func(c *config.Config) { c.Limits.InFlightBytes = 3000 }, "limits.in_flight_bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(t, 9)
				b.configure = tt.limits
				b.sink = &sinks.Faulty{Sink: b.memory, BeforeCommit: func(_ context.Context, n int, _ record.Batch) error {
					if n == 4 {
						time.Sleep(5 * time.Second) // a slow disk
					}
					return nil
				}}
				var log logged
				b.log = log.at(hclog.Info)
				result, err := b.run(nil)
				if err != nil || result.Run.Outcome != record.RunComplete {
					t.Fatalf("%v, outcome %s", err, result.Run.Outcome)
				}
				said := 0
				for _, line := range log.lines(t, "warn") {
					if line["@message"] == "fetch waits for room" {
						said++
						if line["limit"] != tt.limit || line["advice"] == "" {
							t.Errorf("%v, want %s", line, tt.limit)
						}
					}
				}
				if said != 1 || !slices.ContainsFunc(result.Run.Notes, func(n string) bool { return strings.Contains(n, tt.limit) }) {
					t.Errorf("said %d times, noted %q, waited %s", said, result.Run.Notes, result.Waited)
				}
			})
		})
	}
}

// TestOneLimitForListAndFetch runs against a server that allows so many calls a
// second and no more, as the run is told.
func TestOneLimitForListAndFetch(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 9, RateLimit: lookersim.RateLimit{PerSecond: 200, Burst: 20}})
	r.config.RateLimit.Adaptive, r.config.RateLimit.PerSecond = true, 200
	result := r.run(record.RunComplete, start())
	counts := r.sim.Counts()
	if counts.Refused > 2 {
		t.Errorf("%d of %d calls were refused, want none, or as good as none", counts.Refused, counts.Calls)
	}
	if int64(counts.Refused) != result.API.Throttled {
		t.Errorf("the run says that %d calls were refused, the server %d", result.API.Throttled, counts.Refused)
	}
	compare(t, r)
}
