package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/simtest"
)

// forgets are the calls after which the server of the test below forgets all tokens, far
// enough from each other that no call of a run is turned away twice.
var forgets = []int64{20, 60, 100}

// TestWorkersBoundTheRequestsInTheAir counts what the server has in its hands at
// once: pages and documents, what list asks, comparisons, and logins when tokens end.
func TestWorkersBoundTheRequestsInTheAir(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 2, 8} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			t.Parallel()
			var sim *lookersim.Server
			var calls atomic.Int64
			sim, url := simtest.New(t, lookersim.Options{
				Sizes: lookersim.Sizes{Dashboards: 40, Looks: 30, Folders: 20, Boards: 5, Users: 20}, SmallTiles: true,
				Latency: 2 * time.Millisecond, Quirks: lookersim.Quirks{PoorRows: []string{"dashboards"}},
				Observe: func(lookersim.Call) {
					if slices.Contains(forgets, calls.Add(1)) {
						sim.ForgetTokens()
					}
				},
			})
			environ := []string{
				"LOOKERSDK_BASE_URL=" + url, "LOOKERSDK_CLIENT_ID=" + lookersim.DefaultClientID,
				"LOOKERSDK_CLIENT_SECRET=" + lookersim.DefaultClientSecret,
			}
			var stderr strings.Builder
			code := run([]string{"run", "--workers", fmt.Sprint(workers), "--set", "rate_limit.per_second=0", "--progress", "none", "--db", filepath.Join(t.TempDir(), "v.db")},
				strings.NewReader(""), io.Discard, &stderr, environ)
			if code != 0 {
				t.Fatalf("exit code %d: %s", code, stderr.String())
			}
			if got := sim.Counts(); got.Busiest > workers || got.Logins < 1+len(forgets) {
				t.Errorf("%d requests at once and %d logins, want at most %d and %d", got.Busiest, got.Logins, workers, 1+len(forgets))
			}
		})
	}
}
