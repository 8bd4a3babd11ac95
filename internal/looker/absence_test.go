package looker_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lookervault/lookervault/internal/looker"
)

// Bodies of 404s: Looker's own, and those that something in front of it sends.
const (
	ownMissing   = `{"message":"Not found","documentation_url":"https://example.com/err/404"}`
	shortMissing = `{"message":"The resource you're looking for could not be found"}`
	pageMissing  = "<html><head><title>Looker Not Found (404)</title></head></html>"
)

func isUser(req *http.Request) bool { return strings.HasSuffix(req.URL.Path, "/user") }

// TestA404IsAskedAgain: what something else lists counts as missing only when it is
// answered so twice, and what is not Looker's own answer only after a proof that the
// server works.
func TestA404IsAskedAgain(t *testing.T) {
	const good = `{"id":"1"}`
	tests := []struct {
		name    string
		twice   bool
		answers []string // good, or the body of a 404; the last for ever
		class   looker.FaultClass
		calls   int
		proofs  int
	}{
		{"listed, Looker's own", false, []string{ownMissing}, looker.FaultMissing, 1, 0},
		{"owned, Looker's own", true, []string{ownMissing}, looker.FaultMissing, 2, 0},
		{"owned, of a node that lags", true, []string{ownMissing, good}, "", 2, 0},
		{"a page", false, []string{pageMissing}, looker.FaultMissing, 2, 1},
		{"a page, owned", true, []string{pageMissing}, looker.FaultMissing, 2, 1},
		{"short", false, []string{shortMissing}, looker.FaultMissing, 2, 1},
		{"a page of a node that lags", false, []string{pageMissing, good}, "", 2, 1},
		{"a page, then Looker's own", true, []string{pageMissing, ownMissing}, looker.FaultMissing, 2, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				proofs, asked := 0, 0
				f := &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
					if isUser(req) {
						proofs++
						return reply(200, nil, `{"id":"5"}`), nil
					}
					body := tt.answers[min(asked, len(tt.answers)-1)]
					asked++
					if body == good {
						return reply(200, nil, body), nil
					}
					return reply(404, nil, body), nil
				}}
				c := fakeClient(t, f, nil)
				r := look1
				r.Twice = tt.twice
				_, err := c.Get(t.Context(), r)
				if looker.Class(err) != tt.class || asked != tt.calls || proofs != tt.proofs {
					t.Errorf("class %q after %d calls and %d proofs, want %q, %d, %d: %v", looker.Class(err), asked, proofs, tt.class, tt.calls, tt.proofs, err)
				}
				if stats := c.Stats(); stats.Calls != int64(asked+proofs) || stats.Retries != 0 {
					t.Errorf("%d calls and %d retries counted, want %d and 0", stats.Calls, stats.Retries, asked+proofs)
				}
			})
		})
	}
}

// TestOneProofForAll: callers that meet such 404s together need one proof, and none
// where another call has just worked.
func TestOneProofForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		proofs := make(chan struct{}, 100)
		f := &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
			if err := pause(req.Context(), 20*time.Millisecond); err != nil {
				return nil, err
			}
			switch {
			case isUser(req):
				proofs <- struct{}{}
			case strings.HasSuffix(req.URL.Path, "/looks/1"):
				return reply(404, nil, pageMissing), nil
			}
			return reply(200, nil, `{}`), nil
		}}
		c := fakeClient(t, f, nil)
		for i, err := range many(t, c, 10) {
			if looker.Class(err) != looker.FaultMissing {
				t.Errorf("call %d: %v", i, err)
			}
		}
		if len(proofs) != 1 {
			t.Errorf("%d proofs, want one", len(proofs))
		}
		busy := make(chan struct{})
		go func() {
			defer close(busy)
			for range 30 {
				_, _ = c.Get(t.Context(), looker.Request{Route: "GET /boards", Path: "/boards"})
			}
		}()
		if errs := many(t, c, 2); len(errs) != 2 {
			t.Errorf("errors %v", errs)
		}
		<-busy
		if len(proofs) != 1 {
			t.Errorf("%d proofs, want no other one while calls work", len(proofs))
		}
	})
}

// TestAProofIsACall: the budget bounds it.
func TestAProofIsACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{api: always(404, nil, pageMissing)}
		c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Limits.MaxCalls = 1 })
		_, err := c.Get(t.Context(), look1)
		if _, calls := f.counts(); !errors.Is(err, looker.ErrBudget) || calls != 1 {
			t.Errorf("%v after %d calls, want the budget's end after 1", err, calls)
		}
	})
}

// outage answers well but for a time, in which everything fails, GET /versions, GET
// /user and logins included.
type outage struct {
	from, to time.Duration
	answer   func() (*http.Response, error)
}

func (o outage) fake(seconds int) *fake {
	began := time.Now()
	on := func() bool { at := time.Since(began); return o.from <= at && at < o.to }
	return &fake{
		login: func(n int, req *http.Request) (*http.Response, error) {
			if on() {
				return o.answer()
			}
			return reply(200, nil, granted(n, seconds)), nil
		},
		api: func(_ int, req *http.Request) (*http.Response, error) {
			if err := pause(req.Context(), 20*time.Millisecond); err != nil {
				return nil, err
			}
			if on() {
				return o.answer()
			}
			return reply(200, nil, `{}`), nil
		},
	}
}

// TestAnOutageOf404s is an outage, whatever it answers: nothing is missing, a short
// one costs nothing, and a long one ends the run.
func TestAnOutageOf404s(t *testing.T) {
	for name, body := range map[string]string{"page": pageMissing, "short": shortMissing} {
		for _, workers := range []int{1, 8} {
			for _, seconds := range []int{3600, 10} { // with 10, tokens end on the way
				for _, lasts := range []time.Duration{time.Second, 30 * time.Second, 24 * time.Hour} {
					t.Run(fmt.Sprint(name, workers, seconds, lasts), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							o := outage{time.Second, time.Second + lasts, func() (*http.Response, error) { return reply(404, nil, body), nil }}
							c := fakeClient(t, o.fake(seconds), nil)
							faults, down, took := work(t, c, workers, 2000, look)
							if forGood := lasts > time.Hour; faults != 0 || forGood != (down != nil) || forGood && took > 3*time.Minute {
								t.Errorf("%d faults, %v after %s", faults, down, took)
							}
						})
					})
				}
			}
		}
	}
}

// TestAHostWithoutVersions: another call proves that the server lives.
func TestAHostWithoutVersions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
			switch {
			case isUser(req):
				return reply(200, nil, `{}`), nil
			case strings.HasSuffix(req.URL.Path, "/versions"):
				return reply(404, nil, pageMissing), nil
			}
			return reply(500, nil, ""), nil
		}}
		if faults, down, _ := work(t, fakeClient(t, f, nil), 8, 50, look); faults != 50 || down != nil {
			t.Errorf("%d faults and %v, want 50 faults", faults, down)
		}
	})
}

// TestALoginThatFailsLater: after one has worked, the key is right.
func TestALoginThatFailsLater(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		down   bool // else the key is refused
	}{
		{"404 page", 404, pageMissing, true},
		{"404", 404, ownMissing, true},
		{"a page", 200, "<html>soon</html>", true},
		{"nothing", 200, "", true},
		{"a page that says 403", 403, "<html>soon</html>", true},
		{"refused", 401, `{"message":"Requires authentication.","documentation_url":"x"}`, false},
	}
	for _, tt := range tests {
		for _, lasts := range []time.Duration{20 * time.Second, 24 * time.Hour} {
			t.Run(fmt.Sprint(tt.name, " ", lasts), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					o := outage{5 * time.Second, 5*time.Second + lasts, func() (*http.Response, error) { return reply(tt.status, nil, tt.body), nil }}
					c := fakeClient(t, o.fake(10), nil)
					if err := c.Login(t.Context()); err != nil {
						t.Fatal(err)
					}
					time.Sleep(12 * time.Second)
					faults, down, _ := work(t, c, 4, 1000, look)
					_, err := c.Get(t.Context(), look1)
					switch {
					case !tt.down && !errors.Is(err, looker.ErrLogin):
						t.Errorf("%v, want a refusal", err)
					case tt.down && lasts < time.Minute && (faults > 0 || down != nil || err != nil):
						t.Errorf("%d faults, %v, %v, want none", faults, down, err)
					case tt.down && lasts > time.Minute && (errors.Is(err, looker.ErrLogin) || down == nil):
						t.Errorf("%v, %v, want the server down", down, err)
					}
				})
			})
		}
	}
}

// TestAFirstLoginThatFails names all causes.
func TestAFirstLoginThatFails(t *testing.T) {
	for _, body := range []string{ownMissing, shortMissing, pageMissing} {
		f := &fake{login: always(404, nil, body)}
		err := fakeClient(t, f, nil).Login(t.Context())
		for _, want := range []string{"looker.client_id", "looker.base_url", "the instance is up"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s in it", body, err, want)
			}
		}
	}
}

// TestTokensThatEndTooSoon: a token that has ended when it comes is used once; then
// the run ends, after few logins.
func TestTokensThatEndTooSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{login: func(n int, _ *http.Request) (*http.Response, error) {
			time.Sleep(2 * time.Second)
			return reply(200, nil, granted(n, 2)), nil
		}}
		c := fakeClient(t, f, nil)
		if err := c.Login(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Get(t.Context(), look1); err != nil {
			t.Errorf("first call: %v", err)
		}
		_, err := c.Get(t.Context(), look1)
		if want := "its tokens end before they can be used (status 200: a token lives 2 s, and the login took 2 s)"; !errors.Is(err, looker.ErrLogin) || !strings.Contains(err.Error(), want) {
			t.Errorf("second call: %v, want %s", err, want)
		}
		if logins, calls := f.counts(); logins != 1 || calls != 1 {
			t.Errorf("%d logins and %d calls, want 1 and 1", logins, calls)
		}
	})
}

// TestSlowLogins: a token of which little is left is used for what is left.
func TestSlowLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{login: func(n int, _ *http.Request) (*http.Response, error) {
			time.Sleep(9 * time.Second)
			return reply(200, nil, granted(n, 10)), nil
		}}
		c := fakeClient(t, f, nil)
		for range 20 {
			if _, err := c.Get(t.Context(), look1); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if logins, _ := f.counts(); logins != 3 {
			t.Errorf("%d logins for 2 seconds of calls, want 3", logins)
		}
	})
}

// TestExpiresIn: however a server says how long a token lives.
func TestExpiresIn(t *testing.T) {
	for said, want := range map[string]time.Duration{
		`"expires_in":600`: 9 * time.Minute, `"expires_in":"600"`: 9 * time.Minute, `"expires_in":"600.5"`: 9 * time.Minute,
		`"expires_in":null`: 59 * time.Minute, `"expires_in":0`: 59 * time.Minute, `"expires_in":"soon"`: 59 * time.Minute,
		`"expires_in":-5`: 59 * time.Minute, `"expires_in":{}`: 59 * time.Minute, `"scope":""`: 59 * time.Minute,
	} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{login: always(200, nil, `{"access_token":"abc",`+said+`}`)}
			c := fakeClient(t, f, nil)
			for _, at := range []time.Duration{0, want - time.Second, want + time.Second} {
				time.Sleep(at - time.Since(synctestStart))
				if _, err := c.Get(t.Context(), look1); err != nil {
					t.Fatalf("%s: %v", said, err)
				}
				if logins, _ := f.counts(); logins != map[bool]int{true: 2, false: 1}[at > want] {
					t.Errorf("%s: %d logins after %s", said, logins, at)
				}
			}
		})
	}
}
