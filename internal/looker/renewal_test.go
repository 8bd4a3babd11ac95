package looker_test

import (
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
