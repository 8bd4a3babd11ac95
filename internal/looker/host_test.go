package looker_test

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lookervault/lookervault/internal/looker"
)

// host is a Looker behind a network, as a transport for synctest. It may limit
// calls by the second, or how many it has in its hands at once, and refuse single
// requests for no reason of ours.
type host struct {
	rate       throttle      // nil: none
	atOnce     int           // 0: any number
	service    time.Duration // of an answer, on average; the network adds 10 to 40 ms
	status     int           // of a refusal; 0: 429
	retryAfter string
	stray      int // the request to refuse, counted from 1 without logins; 0: none
	strayLogin bool

	mu                    sync.Mutex
	rand                  *rand.Rand
	asked, inside         int
	logins, refused, good int
	alone                 time.Duration // until the workers begin
}

func newHost(seed uint64) *host {
	return &host{rand: rand.New(rand.NewPCG(seed, 7))}
}

func (h *host) between(a, b float64) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Duration((a + (b-a)*h.rand.Float64()) * float64(time.Millisecond))
}

func (h *host) random() float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rand.Float64()
}

func (h *host) refusal() *http.Response {
	header := http.Header{}
	if h.retryAfter != "" {
		header.Set("Retry-After", h.retryAfter)
	}
	status := 429
	if h.status != 0 {
		status = h.status
	}
	return reply(status, header, `{"message":"Too many requests","documentation_url":""}`)
}

// admit decides over a request and takes it in hand.
func (h *host) admit() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked++
	if h.asked == h.stray || h.atOnce > 0 && h.inside >= h.atOnce || h.rate != nil && !h.rate.allow(time.Now()) {
		h.refused++
		return false
	}
	h.inside++
	return true
}

func (h *host) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, "/login") {
		h.logins++
		if h.strayLogin && h.logins == 1 {
			return h.refusal(), nil
		}
		return reply(200, nil, grant), nil
	}
	if err := pause(req.Context(), h.between(5, 20)); err != nil {
		return nil, err
	}
	if !h.admit() {
		return h.refusal(), pause(req.Context(), h.between(5, 20))
	}
	ms := float64(h.service) / 1e6
	err := pause(req.Context(), h.between(ms/2, ms*3/2))
	h.mu.Lock()
	h.inside--
	h.good++
	h.mu.Unlock()
	if err == nil {
		err = pause(req.Context(), h.between(5, 20))
	}
	return reply(200, nil, `{"id":"1"}`), err
}

// job makes the calls of a run: a login, two questions, a listing of five calls
// one after the other, and the rest by all workers. It returns how long it took.
func (h *host) job(t *testing.T, limits looker.Limits, workers, calls int) (time.Duration, looker.Stats) {
	t.Helper()
	c, err := looker.NewWith(looker.Config{
		BaseURL: "https://looker.example.com", ClientID: "id", ClientSecret: "secret", Limits: limits, Connections: workers,
		Retry: looker.Retry{Attempts: 5, MaxWait: time.Minute},
	}, h, h.random)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := c.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	get := func() {
		if _, err := c.Get(t.Context(), look1); err != nil {
			t.Errorf("get: %v", err)
		}
	}
	for range 7 {
		get()
	}
	h.alone = time.Since(began)
	var wg sync.WaitGroup
	todo := make(chan struct{}, calls)
	for range calls - 7 {
		todo <- struct{}{}
	}
	close(todo)
	for range workers {
		wg.Go(func() {
			for range todo {
				get()
			}
		})
	}
	wg.Wait()
	return time.Since(began), c.Stats()
}

// simulated calls f in a bubble of its own, with the clock at its beginning.
func simulated(t *testing.T, f func(t *testing.T)) { t.Helper(); synctest.Test(t, f) }

// small is a bucket that holds less than a second's worth.
type small struct {
	bucket
	burst float64
}

func (s *small) allow(now time.Time) bool {
	s.tokens = min(s.burst, s.tokens+now.Sub(s.last).Seconds()*s.rate)
	s.last = now
	if s.tokens < 1 {
		return false
	}
	s.tokens--
	return true
}
