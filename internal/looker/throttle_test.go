package looker_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/testenv"
)

// throttle is a server that allows so many requests a second.
type throttle interface {
	allow(now time.Time) bool
}

// bucket allows a second's worth at once and refills evenly.
type bucket struct {
	rate, tokens float64
	last         time.Time
}

func (b *bucket) allow(now time.Time) bool {
	b.tokens = min(b.rate, b.tokens+now.Sub(b.last).Seconds()*b.rate)
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// window allows so many in each second of its own clock, which is phase off.
type window struct {
	rate  int
	phase time.Duration
	start time.Time
	now   int64
	used  int
}

func (w *window) allow(now time.Time) bool {
	if i := int64((now.Sub(w.start) + w.phase) / time.Second); i != w.now {
		w.now, w.used = i, 0
	}
	w.used++
	return w.used <= w.rate
}

// limited is a Looker behind a network with jitter, as a transport for synctest.
type limited struct {
	limit      throttle
	retryAfter string
	slowness   float64 // times the usual latency

	mu      sync.Mutex
	rand    *rand.Rand
	start   time.Time
	good    map[int]int // by second since start
	refused map[int]int
}

func (s *limited) random() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rand.Float64()
}

// between is a random time of a to b milliseconds, or longer on a slow network.
func (s *limited) between(a, b float64) time.Duration {
	return time.Duration(s.slowness * (a + (b-a)*s.random()) * float64(time.Millisecond))
}

func (s *limited) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, "/login") {
		return reply(200, nil, `{"access_token":"t0k3n","expires_in":3600}`), nil
	}
	if err := pause(req.Context(), s.between(5, 20)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	now := time.Now()
	ok := s.limit.allow(now)
	if second := int(now.Sub(s.start) / time.Second); ok {
		s.good[second]++
	} else {
		s.refused[second]++
	}
	s.mu.Unlock()
	if !ok {
		if err := pause(req.Context(), s.between(5, 20)); err != nil {
			return nil, err
		}
		h := http.Header{}
		if s.retryAfter != "" {
			h.Set("Retry-After", s.retryAfter)
		}
		return reply(429, h, `{"message":"Too many requests","documentation_url":""}`), nil
	}
	if err := pause(req.Context(), s.between(15, 50)); err != nil {
		return nil, err
	}
	return reply(200, nil, `{"id":"1"}`), nil
}

// between sums what happened from second a up to b.
func sum(m map[int]int, a, b int) (n int) {
	for s, k := range m {
		if a <= s && s < b {
			n += k
		}
	}
	return n
}

func reply(status int, h http.Header, body string) *http.Response {
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{
		StatusCode: status, Header: h, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// seeds is how many seeds the tests of the limit run.
func seeds(t *testing.T) int { return testenv.Rounds(t, testenv.Seeds, 2) }

// TestLimitReached asks for all that a server allows. Told its limit, a client
// has to reach 95 % of it with less than 0.5 % of refusals, from the start; not
// told, 90 % with less than 1.5 %, after the ten seconds in which it finds out.
// One unlucky run may stay 3 points below, the mean may not.
func TestLimitReached(t *testing.T) {
	for _, told := range []bool{true, false} {
		for _, perSecond := range []int{5, 20, 100} {
			for _, kind := range []string{"bucket", "window"} {
				for _, after := range []string{"", "1"} {
					name := fmt.Sprintf("told=%t/%d/%s/after=%s", told, perSecond, kind, after)
					t.Run(name, func(t *testing.T) { limitReached(t, told, perSecond, kind, after) })
				}
			}
		}
	}
}

func limitReached(t *testing.T, told bool, perSecond int, kind, after string) {
	const settle, end = 10, 70
	from, limits, least, most := settle, looker.Limits{Adaptive: true}, 0.90, 0.015
	if told {
		from, limits.PerSecond, least, most = 0, float64(perSecond), 0.95, 0.005
	}
	n, all := 0, 0.0
	for _, workers := range []int{8, 16} {
		for seed := range seeds(t) {
			synctest.Test(t, func(t *testing.T) {
				s := newLimited(perSecond, kind, after, uint64(seed))
				s.run(t, limits, workers, end*time.Second)
				good, refused := sum(s.good, from, end), sum(s.refused, from, end)
				reached := float64(good) / float64((end-from)*perSecond)
				share := float64(refused) / float64(good+refused)
				if reached < least-0.03 || share >= most {
					t.Errorf("%d workers, seed %d: reached %.1f %% of the limit with %.2f %% refused, want %.0f %% with less than %.1f %%",
						workers, seed, 100*reached, 100*share, 100*least, 100*most)
				}
				t.Logf("%d workers, seed %d: reached %.1f %%, refused %.2f %% (%d)", workers, seed, 100*reached, 100*share, refused)
				n++
				all += reached
			})
		}
	}
	if mean := all / float64(n); mean < least {
		t.Errorf("reached %.1f %% of the limit in the mean, want %.0f %%", 100*mean, 100*least)
	}
}

func newLimited(perSecond int, kind, after string, seed uint64) *limited {
	s := &limited{
		retryAfter: after, slowness: 1, rand: rand.New(rand.NewPCG(seed, 1)), start: time.Now(),
		good: map[int]int{}, refused: map[int]int{},
	}
	if kind == "bucket" {
		s.limit = &bucket{rate: float64(perSecond), tokens: float64(perSecond), last: s.start}
	} else {
		s.limit = &window{rate: perSecond, start: s.start, phase: s.between(0, 1000)}
	}
	return s
}

// run lets workers ask for as much as they get.
func (s *limited) run(t *testing.T, limits looker.Limits, workers int, d time.Duration) *looker.Client {
	c, err := looker.NewWith(looker.Config{
		BaseURL: "https://looker.example.com", ClientID: "id", ClientSecret: "secret", Limits: limits,
	}, s, s.random)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for ctx.Err() == nil {
				_, err := c.Get(ctx, looker.Request{Route: "GET /looks/{look_id}", Path: "/looks/1"})
				if err != nil && looker.Class(err) != looker.FaultCancelled {
					t.Errorf("get: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	return c
}
