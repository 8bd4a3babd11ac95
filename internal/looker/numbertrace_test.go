package looker_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"path"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/looker"
)

// steady is a host whose answers to each worker take times of that worker's own, so that
// a run is the same each time, whichever of the workers that wait for one moment is first.
type steady struct {
	workers   int
	atOnce    int     // calls that it has in its hands at most; 0: any number
	perSecond float64 // calls of a bucket that holds half of that; 0: any number
	service   float64 // milliseconds of an answer, on average; the way adds 10 to 40
	after     string  // Retry-After of a refusal
	told      float64 // the rate that the user knows; 0: none
	seed      uint64

	mu           sync.Mutex
	rate         *small
	rand         []*rand.Rand // of each worker
	inside, good int
}

func (s *steady) between(worker int, a, b float64) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Duration((a + (b-a)*s.rand[worker].Float64()) * float64(time.Millisecond))
}

// admit decides over a request and takes it in hand.
func (s *steady) admit() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.atOnce > 0 && s.inside >= s.atOnce || s.rate != nil && !s.rate.allow(time.Now()) {
		return false
	}
	s.inside++
	return true
}

func (s *steady) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, "/login") {
		return reply(200, nil, grant), nil
	}
	worker, err := strconv.Atoi(path.Base(req.URL.Path))
	if err != nil {
		return nil, err
	}
	if err := pause(req.Context(), s.between(worker, 5, 20)); err != nil {
		return nil, err
	}
	if !s.admit() {
		return answers(429, s.after)()
	}
	err = pause(req.Context(), s.between(worker, s.service/2, s.service*3/2))
	s.mu.Lock()
	s.inside--
	s.good++
	s.mu.Unlock()
	if err == nil {
		err = pause(req.Context(), s.between(worker, 5, 20))
	}
	return reply(200, nil, `{"id":"1"}`), err
}

// run lets all workers ask for as much as they get, and writes down each second.
func (s *steady) run(t *testing.T, trace *strings.Builder) {
	const seconds = 20
	if s.perSecond > 0 {
		s.rate = &small{bucket{rate: s.perSecond, tokens: s.perSecond / 2, last: time.Now()}, s.perSecond / 2}
	}
	for w := range s.workers {
		s.rand = append(s.rand, rand.New(rand.NewPCG(s.seed, uint64(w))))
	}
	limits, pauses := looker.Limits{PerSecond: s.told, Adaptive: true}, rand.New(rand.NewPCG(s.seed, 99))
	c := steadyClient(t, s, limits, pauses)
	var wg sync.WaitGroup
	end := time.Now().Add(seconds * time.Second)
	for w := range s.workers {
		wg.Go(func() {
			if pause(t.Context(), time.Duration(w)*1003*time.Microsecond) != nil { // one after the other
				return
			}
			for time.Now().Before(end) {
				if _, err := c.Get(t.Context(), looker.Request{Route: "GET /looks/{look_id}", Path: fmt.Sprintf("/looks/%d", w)}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range seconds {
		if err := pause(t.Context(), time.Second-17*time.Nanosecond); err != nil { // no call ends in that moment
			t.Fatal(err)
		}
		stats := c.Stats()
		s.mu.Lock()
		fmt.Fprintf(trace, "%3d s  answered %5d  refused %3d  at once %2d  rate %8.3f\n", i+1, s.good, stats.Throttled, stats.AtOnce, stats.Rate)
		s.mu.Unlock()
	}
	wg.Wait()
}

func steadyClient(t *testing.T, s *steady, limits looker.Limits, pauses *rand.Rand) *looker.Client {
	t.Helper()
	var mu sync.Mutex
	c, err := looker.NewWith(looker.Config{
		BaseURL: "https://looker.example.com", ClientID: "id", ClientSecret: "secret", Limits: limits, Connections: s.workers,
		Retry: looker.Retry{Attempts: 5, MaxWait: time.Minute},
	}, s, func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return pauses.Float64()
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestTraceOfTheNumber pins, over simulated time, what workers who are always ready get from
// servers that take so many calls at once or so many a second, and whether the number or the
// rate counts as the reason of refusals. A change of a constant of width, crowd or crowds may
// show here; whether it is for the better is for the other tests to say.
func TestTraceOfTheNumber(t *testing.T) {
	// Whether a call that may be made now begins before or after the answer that allowed it
	// has been counted is not up to chance on one processor.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var trace strings.Builder
	for _, s := range []*steady{
		{workers: 8, perSecond: 40, service: 60, after: "1", seed: 1},
		{workers: 16, perSecond: 6, service: 300, after: "1", told: 10, seed: 1},
		{workers: 8, perSecond: 40, service: 60, seed: 0},
		{workers: 10, atOnce: 2, service: 10, after: "1", seed: 2},
		// The number is tried again and again, and raised by one with so many answers at the beginning.
		{workers: 16, atOnce: 10, service: 30, seed: 3},
		// A number that was lowered is refused when many answers speak for it.
		{workers: 4, perSecond: 40, service: 20, after: "1", seed: 3},
		// Hardly anything is sent between two crowds.
		{workers: 10, atOnce: 1, perSecond: 6, service: 20, after: "1", seed: 2},
		// Many answers were good before the first crowd.
		{workers: 6, perSecond: 40, service: 100, after: "1", seed: 1},
	} {
		fmt.Fprintf(&trace, "%d workers, %d at once, %v a second, %v ms, after %q, told %v, seed %d\n",
			s.workers, s.atOnce, s.perSecond, s.service, s.after, s.told, s.seed)
		simulated(t, func(t *testing.T) { s.run(t, &trace) })
	}
	golden(t, "numbertrace.txt", trace.String())
}
