package main

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/lookersim"
)

// TestWorkersBoundTheRequestsInTheAir counts what the server has in its hands at
// once: pages and documents, what list asks, comparisons, and tokens that end.
func TestWorkersBoundTheRequestsInTheAir(t *testing.T) {
	for _, workers := range []int{1, 2, 8} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			sim, err := lookersim.New(lookersim.Options{
				Sizes: lookersim.Sizes{Dashboards: 40, Looks: 30, Folders: 20, Boards: 5, Users: 20}, SmallTiles: true,
				Latency: 2 * time.Millisecond, TokenTTL: 100 * time.Millisecond, Quirks: lookersim.Quirks{PoorRows: []string{"dashboards"}},
			})
			if err != nil {
				t.Fatal(err)
			}
			url, err := sim.Start("")
			if err != nil {
				t.Fatal(err)
			}
			defer sim.Close()
			t.Chdir(t.TempDir())
			environ := []string{
				"LOOKERSDK_BASE_URL=" + url, "LOOKERSDK_CLIENT_ID=" + lookersim.DefaultClientID,
				"LOOKERSDK_CLIENT_SECRET=" + lookersim.DefaultClientSecret,
			}
			var stderr strings.Builder
			code := run([]string{"run", "--workers", fmt.Sprint(workers), "--set", "rate_limit.per_second=0", "--progress", "none"},
				strings.NewReader(""), io.Discard, &stderr, environ)
			if code != 0 {
				t.Fatalf("exit code %d: %s", code, stderr.String())
			}
			if got := sim.Counts(); got.Busiest > workers || got.Logins < 2 {
				t.Errorf("%d requests at once and %d logins, want at most %d and several", got.Busiest, got.Logins, workers)
			}
		})
	}
}
