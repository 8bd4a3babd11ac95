package looker_test

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
	"github.com/lookervault/lookervault/internal/looker"
)

// arrivals are the times at which n workers' calls arrived within d.
func arrivals(t *testing.T, limits looker.Limits, workers int, d time.Duration) []time.Duration {
	t.Helper()
	var mu sync.Mutex
	var at []time.Duration
	began := time.Now()
	f := &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
		mu.Lock()
		at = append(at, time.Since(began))
		mu.Unlock()
		return reply(200, nil, `{}`), pause(req.Context(), 30*time.Millisecond)
	}}
	c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Limits = limits })
	ctx, cancel := contextFor(t, d)
	defer cancel()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for ctx.Err() == nil {
				c.Get(ctx, look1)
			}
		})
	}
	wg.Wait()
	return at
}

// densest is the largest number of arrivals in any stretch of d.
func densest(at []time.Duration, d time.Duration) (most int) {
	for i, j := 0, 0; j < len(at); j++ {
		for at[j]-at[i] >= d {
			i++
		}
		most = max(most, j-i+1)
	}
	return most
}

func TestLimitsHold(t *testing.T) {
	tests := []struct {
		name     string
		limits   looker.Limits
		d        time.Duration
		window   time.Duration
		most     int // in any window
		least    int // in d
		adaptive bool
	}{
		{"5 a second", looker.Limits{PerSecond: 5}, time.Minute, time.Second, 5, 285, false},
		{"half a second", looker.Limits{PerSecond: 0.5}, 2 * time.Minute, 2 * time.Second, 1, 57, false},
		{"200 a second", looker.Limits{PerSecond: 200}, time.Minute, time.Second, 200, 11_400, false},
		{"120 a minute", looker.Limits{PerMinute: 120}, 10 * time.Minute, time.Minute, 120, 1100, false},
		{"1 a minute", looker.Limits{PerMinute: 1}, 10 * time.Minute, time.Minute, 1, 5, false},
		{"both", looker.Limits{PerSecond: 5, PerMinute: 60}, 10 * time.Minute, time.Minute, 60, 550, false},
		{"adaptive both", looker.Limits{PerSecond: 5, PerMinute: 60, Adaptive: true}, 10 * time.Minute, time.Minute, 60, 550, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				at := arrivals(t, tt.limits, 8, tt.d)
				if got := densest(at, tt.window); got > tt.most {
					t.Errorf("%d calls within %s, want at most %d", got, tt.window, tt.most)
				}
				if len(at) < tt.least {
					t.Errorf("%d calls within %s, want at least %d", len(at), tt.d, tt.least)
				}
			})
		})
	}
}

func TestAdaptiveDoesNotHoldBackWithoutRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := arrivals(t, looker.Limits{Adaptive: true}, 8, 10*time.Second)
		// 8 workers that wait 30 ms for each answer can make 2,666 calls.
		if len(at) < 2500 {
			t.Errorf("%d calls in 10 s, want nearly 2,666", len(at))
		}
	})
}

func TestTheFirstCallsGoOutAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := arrivals(t, looker.Limits{Adaptive: true}, 16, time.Second)
		if at[9] > 0 || at[11] == 0 {
			t.Errorf("calls at %v, want ten or so at once: any limit may be there", at[:12])
		}
	})
}

func TestCallersTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []string
		f := &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
			got = append(got, req.URL.Path[len("/api/4.0/looks/"):])
			return reply(200, nil, `{}`), nil
		}}
		c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Limits.PerSecond = 1 })
		if _, err := c.Get(t.Context(), look1); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var want []string
		for i := range 10 {
			leaves := i%3 == 2
			wg.Go(func() {
				ctx, cancel := contextFor(t, time.Hour)
				if leaves {
					ctx, cancel = contextFor(t, 1500*time.Millisecond)
				}
				defer cancel()
				c.Get(ctx, looker.Request{Path: look(i)})
			})
			if !leaves {
				want = append(want, fmt.Sprint(i))
			}
			synctest.Wait() // the next one comes later
		}
		began := time.Now()
		wg.Wait()
		if fmt.Sprint(got[1:]) != fmt.Sprint(want) {
			t.Errorf("order %v, want %v", got[1:], want)
		}
		// Those that left returned their tokens: the others follow each other closely.
		if took, want := time.Since(began), float64(len(want))/0.97; math.Abs(took.Seconds()-want) > 0.01 {
			t.Errorf("took %s, want %.2fs", took, want)
		}
	})
}

func TestTokenOfACancelledWaitIsReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		c := fakeClient(t, &fake{}, func(cfg *looker.Config) { cfg.Limits.PerMinute = 1 })
		if _, err := c.Get(t.Context(), look1); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			ctx, cancel := contextFor(t, time.Second)
			c.Get(ctx, look1)
			cancel()
		}
		if _, err := c.Get(t.Context(), look1); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 2*time.Minute+time.Second {
			t.Errorf("second call after %s, want two minutes", took)
		}
	})
}

func TestARefusalReachesCallersThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var at []time.Duration
		f := &fake{api: func(n int, req *http.Request) (*http.Response, error) {
			at = append(at, time.Since(began))
			if n == 1 {
				time.Sleep(5 * time.Second)
				return answers(429, "6")()
			}
			return reply(200, nil, `{}`), nil
		}}
		c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Limits.PerSecond = 0.1 / 0.97 })
		if errs := many(t, c, 2); errs != nil {
			t.Fatal(errs)
		}
		// The second caller waits for its token until 10 s, then for the end of the
		// pause, and has its token still. The repeat of the first comes last.
		want := []time.Duration{0, 11 * time.Second, 20 * time.Second}
		near := cmp.Comparer(func(a, b time.Duration) bool { return (a - b).Abs() < 1100*time.Millisecond })
		if diff := cmp.Diff(want[:2], at[:2]); diff != "" || !cmp.Equal(want, at, near) {
			t.Errorf("calls at %v, want about %v (-want +got):\n%s", at, want, diff)
		}
	})
}

func TestASlowServerIsNotUnderrated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// When the first refusal comes back, most answers are still on their way.
		s := newLimited(5, "window", "", 1)
		s.slowness = 4
		s.run(t, looker.Limits{Adaptive: true}, 16, 70*time.Second)
		if got := sum(s.good, 10, 70); got < 60*5*85/100 {
			t.Errorf("%d answers in 60 s at 5 a second, want at least 85 %%", got)
		}
	})
}

func TestFixedRateOnlyPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []func() (*http.Response, error){answers(429, "2"), answers(429, "2")}}
		c := fakeClient(t, &fake{api: s.api}, func(cfg *looker.Config) { cfg.Limits.PerSecond = 10 })
		if _, err := c.Get(t.Context(), look1); err != nil {
			t.Fatal(err)
		}
		got := c.Stats()
		if got.Rate != 9.7 || got.Paused != 4*time.Second || got.Throttled != 2 {
			t.Errorf("stats %+v, want a rate of 9.7, 4 s of pauses and 2 refusals", got)
		}
	})
}

func TestEpisodesAreLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var l logs
		s := newLimited(100, "bucket", "", 1)
		// An episode with 40 s of calm in it, and another one 90 s later.
		refuse := func(d time.Duration) bool {
			return d > 60*time.Second && d < 70*time.Second || d > 110*time.Second && d < 120*time.Second ||
				d > 210*time.Second && d < 270*time.Second
		}
		f := &fake{api: func(n int, req *http.Request) (*http.Response, error) {
			if n%10 == 0 && refuse(time.Since(began)) {
				return reply(429, nil, ""), nil
			}
			return reply(200, nil, `{}`), pause(req.Context(), s.between(20, 40))
		}}
		c := fakeClient(t, f, func(cfg *looker.Config) {
			cfg.Limits = looker.Limits{PerSecond: 20, Adaptive: true}
			cfg.Log = l.at(hclog.Info)
		})
		ctx, cancel := contextFor(t, 275*time.Second)
		defer cancel()
		for ctx.Err() == nil {
			c.Get(ctx, look1)
		}
		count := func(line string, want int) {
			t.Helper()
			if got := strings.Count(l.String(), line); got != want {
				t.Errorf("%d lines %q, want %d:\n%s", got, line, want, l.String())
			}
		}
		count("throttled by looker: rate=", 2)
		count("no longer throttled: refusals=", 1)
		c.Close()
		count("no longer throttled: refusals=", 2)
	})
}

func TestRateFallsWithTheServersAndReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newLimited(100, "bucket", "", 1)
		b := s.limit.(*bucket)
		go func() {
			time.Sleep(60 * time.Second)
			s.mu.Lock()
			b.rate = 5
			s.mu.Unlock()
			time.Sleep(120 * time.Second)
			s.mu.Lock()
			b.rate = 100
			s.mu.Unlock()
		}()
		s.run(t, looker.Limits{Adaptive: true}, 16, 10*time.Minute)
		if got, refused := sum(s.good, 90, 180), sum(s.refused, 90, 180); got < 90*5*9/10 || refused > 15 {
			t.Errorf("%d answers and %d refusals in 90 s at 5 a second", got, refused)
		}
		if got := sum(s.good, 480, 600); got < 120*100*9/10 {
			t.Errorf("%d answers in the last two minutes at 100 a second", got)
		}
	})
}

func TestARefusalAtLittleLoadDoesNotSlowTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{api: func(n int, req *http.Request) (*http.Response, error) {
			if n == 60 {
				return reply(429, nil, ""), nil
			}
			return reply(200, nil, `{}`), pause(req.Context(), 10*time.Millisecond)
		}}
		c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Limits = looker.Limits{PerSecond: 100, Adaptive: true} })
		for range 60 { // one call a second, as when listing
			if _, err := c.Get(t.Context(), look1); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		began := time.Now()
		for range 500 {
			if _, err := c.Get(t.Context(), look1); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took > 8*time.Second {
			t.Errorf("500 calls at up to 100 a second took %s", took)
		}
	})
}
