package looker_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lookervault/lookervault/internal/looker"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestTraceOfTheRate pins the rate over simulated time: one caller, who is always
// ready, of servers whose limits change. A change of a constant shows here; whether
// it is for the better is for the other tests to say.
func TestTraceOfTheRate(t *testing.T) {
	type change struct {
		at          time.Duration
		rate, burst float64
	}
	var trace strings.Builder
	for _, run := range []struct {
		name    string
		limits  looker.Limits
		after   string
		changes []change
		takes   time.Duration // of an answer; 0: 10 ms
		every   int           // so many answers one takes so long, the others 10 ms; 0: all
	}{
		{"a small burst", looker.Limits{Adaptive: true}, "", []change{{0, 6, 3}}, 0, 0},
		{"next to nothing", looker.Limits{Adaptive: true}, "", []change{{0, 0.5, 1}}, 0, 0},
		{"falls and rises", looker.Limits{PerSecond: 50, Adaptive: true}, "1", []change{{0, 40, 40}, {20 * time.Second, 3, 3}, {40 * time.Second, 200, 200}}, 0, 0},
		{"a refusal at the rate that was told", looker.Limits{PerSecond: 20, Adaptive: true}, "", []change{
			{0, 1000, 1000}, {20 * time.Second, 0, 0}, {20*time.Second + 50*time.Millisecond, 1000, 1000},
		}, 0, 0},
		// The second accident meets the try of the old rate, so the third one meets a rate
		// that is no guess any more.
		{"refusals at the rate that was told", looker.Limits{PerSecond: 20, Adaptive: true}, "", []change{
			{0, 1000, 1000}, {10 * time.Second, 0, 0}, {10*time.Second + 50*time.Millisecond, 1000, 1000},
			{13 * time.Second, 0, 0}, {13*time.Second + 50*time.Millisecond, 1000, 1000},
			{45 * time.Second, 0, 0}, {45*time.Second + 50*time.Millisecond, 1000, 1000},
		}, 0, 0},
		{"falls at once", looker.Limits{Adaptive: true}, "", []change{{0, 60, 60}, {10 * time.Second, 8, 1}}, 0, 0},
		{"rises soon", looker.Limits{PerSecond: 50, Adaptive: true}, "", []change{{0, 4, 4}, {10 * time.Second, 200, 200}}, 0, 0},
		// A caller who makes less than a call a second: that is no rate to go down to.
		{"a refusal to a slow caller", looker.Limits{Adaptive: true}, "", []change{
			{0, 1000, 1000}, {2900 * time.Millisecond, 0, 0}, {3100 * time.Millisecond, 1000, 1000},
		}, 1500 * time.Millisecond, 0},
		// The lowest rate that a cut leaves.
		{"hardly anything", looker.Limits{Adaptive: true}, "", []change{{0, 0.03, 1}}, 0, 0},
		// Most of the time in which such an answer is waited for is no load.
		{"a slow answer now and then", looker.Limits{Adaptive: true}, "", []change{{0, 3, 3}}, 12 * time.Second, 9},
	} {
		fmt.Fprintf(&trace, "%s\n", run.name)
		simulated(t, func(t *testing.T) {
			began := time.Now()
			limit := &small{bucket{rate: run.changes[0].rate, tokens: run.changes[0].burst, last: began}, run.changes[0].burst}
			f := &fake{api: func(n int, req *http.Request) (*http.Response, error) {
				for _, c := range run.changes {
					if time.Since(began) >= c.at {
						limit.rate, limit.burst = c.rate, c.burst
					}
				}
				if !limit.allow(time.Now()) {
					return answers(429, run.after)()
				}
				takes := max(run.takes, 10*time.Millisecond)
				if n%max(run.every, 1) != 0 {
					takes = 10 * time.Millisecond
				}
				return reply(200, nil, `{}`), pause(req.Context(), takes)
			}}
			c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Limits, cfg.Connections = run.limits, 1 })
			var last looker.Stats
			mark, end := time.Duration(-1), began.Add(70*time.Second)
			for time.Now().Before(end) {
				if _, err := c.Get(t.Context(), look1); err != nil {
					t.Fatal(err)
				}
				if s := c.Stats(); s.Throttled != last.Throttled || time.Since(began).Truncate(5*time.Second) != mark {
					mark = time.Since(began).Truncate(5 * time.Second)
					last = s
					fmt.Fprintf(&trace, "%8.3f s  rate %8.3f  refused %3d  bears %6.3f\n",
						time.Since(began).Seconds(), s.Rate, s.Throttled, s.Bears)
				}
			}
		})
	}
	golden(t, "trace.txt", trace.String())
}

// golden compares a trace with the one in a file of testdata.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
