package extract_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
)

// limited is a server with a rate limit, and a client that may know it.
type limited struct {
	perSecond  int
	window     bool
	retryAfter lookersim.RetryForm
	told       bool

	good, refused int // while it was measured
}

func (l *limited) String() string {
	kind, after, told := "bucket", "-", "no"
	if l.window {
		kind = "window"
	}
	if l.retryAfter != lookersim.RetryNone {
		after = string(l.retryAfter)
	}
	if l.told {
		told = "yes"
	}
	return fmt.Sprintf("| %d | %s | %s | %s |", l.perSecond, kind, after, told)
}

// TestRateLimits runs the client against the simulated Looker in real time, with
// eight workers that want as much as they can get, and prints what they reached.
// It takes as long as LOOKERVAULT_TEST_RATES says, "60s", behind ten seconds to
// settle.
func TestRateLimits(t *testing.T) {
	text := os.Getenv("LOOKERVAULT_TEST_RATES")
	if text == "" {
		t.Skip("LOOKERVAULT_TEST_RATES is not set")
	}
	measured, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	var all []*limited
	for _, perSecond := range []int{5, 20, 100} {
		for _, told := range []bool{true, false} {
			for _, window := range []bool{false, true} {
				for _, after := range []lookersim.RetryForm{lookersim.RetryNone, lookersim.RetrySeconds, lookersim.RetryDate} {
					all = append(all, &limited{perSecond: perSecond, window: window, retryAfter: after, told: told})
				}
			}
		}
	}
	var wait sync.WaitGroup
	for _, l := range all {
		wait.Go(func() { l.run(t, 10*time.Second, measured) })
	}
	wait.Wait()
	table := []string{"", "| limit, calls/s | kind | Retry-After | told | reached | refused |", "| --- | --- | --- | --- | --- | --- |"}
	for _, l := range all {
		reached := float64(l.good) / (float64(l.perSecond) * measured.Seconds())
		share := float64(l.refused) / float64(l.good+l.refused)
		table = append(table, fmt.Sprintf("%s %.1f %% | %.2f %% |", l, 100*reached, 100*share))
		least, most := 0.90, 0.015
		if l.told {
			least, most = 0.95, 0.005
		}
		if reached < least || share >= most {
			t.Errorf("%s reached %.1f %% with %.2f %% refused, want %.0f %% with less than %.1f %%", l, 100*reached, 100*share, 100*least, 100*most)
		}
	}
	t.Log(strings.Join(table, "\n"))
}

// run lets eight workers ask, and counts what the server says once it has settled.
func (l *limited) run(t *testing.T, settle, measured time.Duration) {
	var mu sync.Mutex
	began := time.Now()
	sim, err := lookersim.New(lookersim.Options{
		Seed: 1, Latency: 30 * time.Millisecond,
		RateLimit: lookersim.RateLimit{PerSecond: float64(l.perSecond), Window: l.window, RetryAfter: l.retryAfter},
		Observe: func(c lookersim.Call) {
			if at := time.Since(began); c.ID != "1" || at < settle || at >= settle+measured {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			switch c.Status {
			case 200:
				l.good++
			case 429:
				l.refused++
			default:
				t.Errorf("status %d", c.Status)
			}
		},
	})
	if err != nil {
		t.Error(err)
		return
	}
	url, err := sim.Start("")
	if err != nil {
		t.Error(err)
		return
	}
	defer sim.Close()
	config := looker.Config{
		BaseURL: url, ClientID: lookersim.DefaultClientID, ClientSecret: lookersim.DefaultClientSecret, Limits: looker.Limits{Adaptive: true},
	}
	if l.told {
		config.Limits.PerSecond = float64(l.perSecond)
	}
	client, err := looker.New(config)
	if err != nil {
		t.Error(err)
		return
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), settle+measured)
	defer cancel()
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for ctx.Err() == nil {
				_, err := client.Get(ctx, looker.Request{Route: "GET /roles/{role_id}", Path: "/roles/1"})
				if err != nil && looker.Class(err) != looker.FaultCancelled {
					t.Error(err)
					return
				}
			}
		})
	}
	workers.Wait()
}
