package looker_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lookervault/lookervault/internal/looker"
)

// airspace counts the requests of a transport that are in the air, whatever they ask.
type airspace struct {
	http.RoundTripper

	mu             sync.Mutex
	now, most, all int
}

func (a *airspace) RoundTrip(req *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.now++
	a.all++
	a.most = max(a.most, a.now)
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		a.now--
		a.mu.Unlock()
	}()
	return a.RoundTripper.RoundTrip(req)
}

func TestNoMoreCallsInTheAirThanConnections(t *testing.T) {
	expiring := func(_ int, req *http.Request) (*http.Response, error) {
		return reply(200, nil, `{"access_token":"t0k3n","expires_in":2}`), pause(req.Context(), 300*time.Millisecond)
	}
	slowly := func(_ int, req *http.Request) (*http.Response, error) {
		return reply(200, nil, `{}`), pause(req.Context(), 200*time.Millisecond)
	}
	down := func(n int, req *http.Request) (*http.Response, error) { // the probe and the retries as well
		if n > 60 && n < 85 {
			return nil, errors.Join(errors.New("connection reset"), pause(req.Context(), 100*time.Millisecond))
		}
		return slowly(n, req)
	}
	for _, connections := range []int{1, 3, 8} {
		for name, f := range map[string]*fake{
			"calls": {api: slowly}, "renewals": {login: expiring, api: slowly}, "a server that is down for a while": {login: expiring, api: down},
		} {
			t.Run(fmt.Sprintf("%s/%d", name, connections), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					air := &airspace{RoundTripper: f}
					c := fakeClient(t, air, func(cfg *looker.Config) { cfg.Connections = connections })
					if errs := many(t, c, 200); errs != nil {
						t.Fatal(errs)
					}
					if _, err := c.Versions(t.Context()); err != nil {
						t.Fatal(err)
					}
					if air.most != connections {
						t.Errorf("%d requests at once, want %d", air.most, connections)
					}
				})
			})
		}
	}
}

// The probe runs under the place of one of those who wait for it, and the login
// under the place of one who needs a token, though all places are taken.
func TestOnePlaceIsEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		probes := 0
		f := &fake{api: func(n int, req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/versions") {
				probes++
				return reply(200, nil, `{}`), nil
			}
			switch {
			case n <= 25:
				return reply(500, nil, `{}`), nil
			case n == 30:
				return reply(401, nil, `{"message":"x","documentation_url":""}`), nil
			}
			return reply(200, nil, `{}`), nil
		}}
		c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Connections, cfg.Retry.Attempts = 1, 50 })
		if errs := many(t, c, 10); errs != nil {
			t.Fatal(errs)
		}
		if logins, _ := f.counts(); probes == 0 || logins != 2 {
			t.Errorf("%d probes and %d logins, want some and 2", probes, logins)
		}
	})
}

func TestACallerThatLeavesTheQueueKeepsNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
			return reply(200, nil, `{}`), pause(req.Context(), time.Minute)
		}}
		c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Connections = 1 })
		var wg sync.WaitGroup
		for i := range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute*time.Duration(1+i%3)/2)
			wg.Go(func() {
				defer cancel()
				c.Get(ctx, look1)
			})
		}
		wg.Wait()
		if _, err := c.Get(t.Context(), look1); err != nil {
			t.Errorf("after all others left: %v", err)
		}
	})
}
