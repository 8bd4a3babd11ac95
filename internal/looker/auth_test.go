package looker_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lookervault/lookervault/internal/looker"
)

// granted is the nth token, good for so many seconds.
func granted(n, seconds int) string {
	return fmt.Sprintf(`{"access_token":"token-%d","expires_in":%d}`, n, seconds)
}

func grants(seconds int) func(int, *http.Request) (*http.Response, error) {
	return func(n int, req *http.Request) (*http.Response, error) {
		if err := pause(req.Context(), 100*time.Millisecond); err != nil {
			return nil, err
		}
		return reply(200, nil, granted(n, seconds)), nil
	}
}

// many runs n calls at the same time and returns their errors that are not nil.
func many(t *testing.T, c *looker.Client, n int) []error {
	t.Helper()
	var mu sync.Mutex
	var errs []error
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if _, err := c.Get(t.Context(), look1); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return errs
}

// refusedConnection is what a dial gets from a machine on which nothing listens.
var refusedConnection = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}

// TestFirstLoginRidesOutAnOutage: a server that is in trouble when a run begins is
// waited for as long as one that gets into trouble later: for retry.max_wait, whatever
// the random waits between the attempts are, and with one more attempt at its end.
func TestFirstLoginRidesOutAnOutage(t *testing.T) {
	shows := map[string]func() (*http.Response, error){
		"503":              func() (*http.Response, error) { return reply(503, nil, "<html>Looker Unavailable"), nil },
		"503, Retry-After": func() (*http.Response, error) { return reply(503, http.Header{"Retry-After": {"1"}}, ""), nil },
		"429":              func() (*http.Response, error) { return reply(429, nil, ""), nil },
		"502":              func() (*http.Response, error) { return reply(502, nil, ""), nil },
		"reset":            func() (*http.Response, error) { return nil, errors.New("reset") },
	}
	for show, answer := range shows {
		for _, lasts := range []time.Duration{3 * time.Second, 20 * time.Second, 50 * time.Second, 10 * time.Minute} {
			for _, random := range []float64{0, 0.01, 0.5, 0.99} {
				t.Run(fmt.Sprintf("%s for %s, random %v", show, lasts, random), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						began := time.Now()
						f := &fake{login: func(int, *http.Request) (*http.Response, error) {
							time.Sleep(100 * time.Millisecond)
							if time.Since(began) < lasts {
								return answer()
							}
							return reply(200, nil, grant), nil
						}}
						cfg := config("https://looker.example.com")
						c, err := looker.NewWith(cfg, f, func() float64 { return random })
						if err != nil {
							t.Fatal(err)
						}
						err = c.Login(t.Context())
						if rides := lasts < cfg.Retry.MaxWait; (err == nil) != rides {
							t.Errorf("%v after %s, want it ridden out: %v", err, time.Since(began), rides)
						}
						if took := time.Since(began); show != "429" && took > cfg.Retry.MaxWait+2*time.Second { // whose pauses double
							t.Errorf("it took %s", took)
						}
						if logins, _ := f.counts(); logins > 70 {
							t.Errorf("%d logins", logins)
						}
					})
				})
			}
		}
	}
}

func TestLogin(t *testing.T) {
	page := func(status int) func(int, *http.Request) (*http.Response, error) {
		return always(status, http.Header{"Content-Type": {"text/html"}}, "<title>Welcome</title>")
	}
	tests := []struct {
		name   string
		login  func(int, *http.Request) (*http.Response, error)
		logins int
		is     []error
		class  looker.FaultClass
		text   string
	}{
		{"wrong key", always(404, nil, `{"message":"Not found","documentation_url":"x"}`), 1, []error{looker.ErrLogin},
			looker.FaultUnauthorized, "refused the api key (status 404: Not found); check looker.client_id and looker.client_secret"},
		{"401", always(401, nil, `{"message":"no"}`), 1, []error{looker.ErrLogin}, looker.FaultUnauthorized, "status 401: no"},
		{"web page", page(200), 1, []error{looker.ErrLogin, looker.ErrNotLooker}, looker.FaultUnauthorized,
			"no looker api answers there (status 200: a web page); check looker.base_url"},
		{"web page 404", page(404), 1, []error{looker.ErrLogin, looker.ErrNotLooker}, looker.FaultUnauthorized, "port 19999"},
		{"other json", always(200, nil, `{"hello":"world"}`), 1, []error{looker.ErrNotLooker}, looker.FaultUnauthorized, "no looker api"},
		{"token with a line break", always(200, nil, `{"access_token":"a\nb"}`), 1, []error{looker.ErrNotLooker}, looker.FaultUnauthorized, ""},
		{"moved", always(301, http.Header{"Location": {"https://other.example.com/api/4.0/login"}}, ""), 1, nil,
			looker.FaultRedirect, "set looker.base_url to https://other.example.com"},
		{"in trouble", always(502, nil, ""), 11, nil, looker.FaultServer, "POST /login: looker answered 502 Bad Gateway (11 attempts)"},
		{"no network", func(int, *http.Request) (*http.Response, error) { return nil, errors.New("reset") }, 11, nil,
			looker.FaultNetwork, "connection lost: reset (11 attempts)"},
		{"refused connection", func(int, *http.Request) (*http.Response, error) { return nil, refusedConnection }, 3, nil,
			looker.FaultNetwork, "(3 attempts)"},
		{"trouble that passes", func(n int, _ *http.Request) (*http.Response, error) {
			return reply([]int{429, 503, 200}[n-1], nil, grant), nil
		}, 3, nil, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{login: tt.login}
				c := fakeClient(t, f, nil)
				err := c.Login(t.Context())
				if got := looker.Class(err); got != tt.class {
					t.Fatalf("class %q, want %q: %v", got, tt.class, err)
				}
				if err != nil && !strings.Contains(err.Error(), tt.text) {
					t.Errorf("error %q, want %q in it", err, tt.text)
				}
				for _, want := range tt.is {
					if !errors.Is(err, want) {
						t.Errorf("error %v is not %v", err, want)
					}
				}
				if logins, _ := f.counts(); logins != tt.logins {
					t.Errorf("%d logins, want %d", logins, tt.logins)
				}
				if tt.is == nil {
					return
				}
				if _, err := c.Get(t.Context(), look1); !errors.Is(err, looker.ErrLogin) {
					t.Errorf("get: %v, want ErrLogin", err)
				}
				if logins, calls := f.counts(); logins != tt.logins || calls != 0 {
					t.Errorf("%d logins and %d calls after the refusal, want %d and 0", logins, calls, tt.logins)
				}
			})
		})
	}
}

// synctestStart is when the clock of every synctest bubble begins.
var synctestStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func TestWaitersForALoginMayLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{login: func(n int, req *http.Request) (*http.Response, error) {
			if err := pause(req.Context(), time.Minute); err != nil {
				return nil, err
			}
			return reply(200, nil, granted(n, 3600)), nil
		}}
		c := fakeClient(t, f, nil)
		patient := make(chan error)
		go func() {
			_, err := c.Get(t.Context(), look1)
			patient <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if _, err := c.Get(ctx, look1); looker.Class(err) != looker.FaultCancelled {
			t.Errorf("got %v, want cancelled", err)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("left after %s, want 1s", took)
		}
		if err := <-patient; err != nil {
			t.Errorf("the other waiter: %v", err)
		}
		if logins, _ := f.counts(); logins != 1 {
			t.Errorf("%d logins, want 1", logins)
		}
	})
}

func TestALoginNobodyWaitsForEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		f := &fake{login: func(_ int, req *http.Request) (*http.Response, error) {
			err := pause(req.Context(), time.Minute)
			ended <- err
			return nil, err
		}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		fakeClient(t, f, nil).Get(ctx, look1)
		if err := <-ended; err == nil {
			t.Error("the login went on without anybody")
		}
	})
}
