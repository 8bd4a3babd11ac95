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

func TestRenewalIsEarlyAndShared(t *testing.T) {
	tests := []struct {
		name    string
		seconds int
		keeps   time.Duration // the token is still used after this
		renews  time.Duration // and no more after this
	}{
		{"an hour", 3600, 58 * time.Minute, 59*time.Minute + time.Second},
		{"five minutes", 300, 239 * time.Second, 241 * time.Second},
		{"short", 10, 7 * time.Second, 9 * time.Second},
		{"not said", 0, 58 * time.Minute, 59*time.Minute + time.Second},
		{"absurd", 1 << 40, 23 * time.Hour, 24 * time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{login: grants(tt.seconds)}
				c := fakeClient(t, f, nil)
				began := time.Now()
				at := func(d time.Duration, want int) {
					time.Sleep(d - time.Since(began))
					if errs := many(t, c, 16); errs != nil {
						t.Fatal(errs)
					}
					if logins, _ := f.counts(); logins != want {
						t.Errorf("%d logins after %s, want %d", logins, d, want)
					}
				}
				at(0, 1)
				at(tt.keeps, 1)
				at(tt.renews, 2)
			})
		})
	}
}

func TestOneRenewalAndOneRepeatOn401(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		valid := "token token-1"
		var mu sync.Mutex
		f := &fake{login: func(n int, req *http.Request) (*http.Response, error) {
			time.Sleep(50 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			valid = fmt.Sprintf("token token-%d", n)
			return reply(200, nil, granted(n, 3600)), nil
		}}
		f.api = func(n int, req *http.Request) (*http.Response, error) {
			time.Sleep(time.Duration(n) * time.Millisecond) // answers come one after the other
			mu.Lock()
			defer mu.Unlock()
			if req.Header.Get("Authorization") != valid {
				return reply(401, nil, `{"message":"Requires authentication."}`), nil
			}
			return reply(200, nil, `{}`), nil
		}
		c := fakeClient(t, f, nil)
		if errs := many(t, c, 1); errs != nil {
			t.Fatal(errs)
		}
		mu.Lock()
		valid = "none" // the server forgot its tokens
		mu.Unlock()
		if errs := many(t, c, 16); errs != nil {
			t.Errorf("errors: %v", errs)
		}
		logins, calls := f.counts()
		if logins != 2 || calls != 1+32 {
			t.Errorf("%d logins and %d calls, want 2 and 33: one renewal for all and one repeat each", logins, calls)
		}
	})
}

// TestTokenThatEndsOnItsWay has a slow server that looks at a token after it ended:
// such a 401 says nothing about the next token, however often it comes in a row.
func TestTokenThatEndsOnItsWay(t *testing.T) {
	tests := []struct {
		name  string
		slow  int // calls that reach the server too late
		fault looker.FaultClass
	}{
		{"twice", 2, ""},
		{"four times", 4, ""},
		{"always", 1 << 30, looker.FaultUnauthorized},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{login: grants(2)}
				f.api = func(n int, req *http.Request) (*http.Response, error) {
					if n > tt.slow {
						return reply(200, nil, `{}`), nil
					}
					time.Sleep(3 * time.Second)
					return reply(401, nil, `{"message":"Requires authentication."}`), nil
				}
				c := fakeClient(t, f, nil)
				_, err := c.Get(t.Context(), look1)
				if got := looker.Class(err); got != tt.fault {
					t.Errorf("class %q (%v), want %q", got, err, tt.fault)
				}
				if logins, _ := f.counts(); logins > 10 {
					t.Errorf("%d logins for one call", logins)
				}
			})
		})
	}
}

func TestTokensThatAreNeverAcceptedEndTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{api: always(401, nil, `{"message":"Requires authentication."}`)}
		c := fakeClient(t, f, nil)
		for n := 1; ; n++ {
			_, err := c.Get(t.Context(), look1)
			if errors.Is(err, looker.ErrLogin) {
				if n != 10 {
					t.Errorf("the run ended at call %d, want 10", n)
				}
				break
			}
			if looker.Class(err) != looker.FaultUnauthorized || n > 10 {
				t.Fatalf("call %d: %v", n, err)
			}
		}
		_, before := f.counts()
		if _, err := c.Get(t.Context(), look1); !errors.Is(err, looker.ErrLogin) {
			t.Errorf("later call: %v, want ErrLogin", err)
		}
		if _, after := f.counts(); after != before {
			t.Error("a call was made after the login was given up")
		}
	})
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

func TestRenewalThatFailsIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.login = func(n int, _ *http.Request) (*http.Response, error) {
			if 1 < n && n < 5 {
				return reply(502, nil, ""), nil
			}
			return reply(200, nil, granted(n, 3600)), nil
		}
		var tokens []string
		f.api = func(_ int, req *http.Request) (*http.Response, error) {
			tokens = append(tokens, req.Header.Get("Authorization"))
			return reply(200, nil, `{}`), nil
		}
		c := fakeClient(t, f, nil)
		for _, at := range []time.Duration{0, 59*time.Minute + time.Second, 59*time.Minute + 5*time.Second, 61 * time.Minute} {
			time.Sleep(at - time.Since(synctestStart))
			if _, err := c.Get(t.Context(), look1); err != nil {
				t.Fatalf("after %s: %v", at, err)
			}
		}
		// The second call keeps the old token, the third does not try a login again
		// so soon, the fourth has to: its token is over, and it repeats until it gets one.
		want := []string{"token token-1", "token token-1", "token token-1", "token token-5"}
		if fmt.Sprint(tokens) != fmt.Sprint(want) {
			t.Errorf("tokens %v, want %v", tokens, want)
		}
	})
}

func TestRenewalThatKeepsFailing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{login: func(n int, _ *http.Request) (*http.Response, error) {
			if n > 1 {
				return reply(502, nil, "<h1>Bad Gateway</h1>"), nil
			}
			return reply(200, nil, granted(n, 10)), nil
		}}
		c := fakeClient(t, f, nil)
		if errs := many(t, c, 1); errs != nil {
			t.Fatal(errs)
		}
		time.Sleep(time.Minute)
		began := time.Now()
		errs := many(t, c, 16)
		if len(errs) != 16 {
			t.Fatalf("%d of 16 calls failed", len(errs))
		}
		for _, err := range errs {
			if looker.Class(err) != looker.FaultServer || !strings.Contains(err.Error(), "POST /login: looker answered 502") {
				t.Errorf("got %v, want the login's 502", err)
			}
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("took %s", took)
		}
		if calls := c.Stats().Calls; calls != 1 {
			t.Errorf("%d calls, want 1: nothing is sent without a token", calls)
		}
	})
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
