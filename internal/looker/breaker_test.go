package looker_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
	"github.com/lookervault/lookervault/internal/looker"
)

// work is what n workers meet that each go through items until the run ends or
// they have had most items, and how long that took.
func work(t *testing.T, c *looker.Client, workers, most int, paths func(i int) string) (faults int, down error, took time.Duration) {
	t.Helper()
	var mu sync.Mutex
	next := 0
	began := time.Now()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= most {
					return
				}
				_, err := c.Get(t.Context(), looker.Request{Route: "GET /looks/{look_id}", Path: paths(i)})
				mu.Lock()
				switch {
				case errors.Is(err, looker.ErrDown):
					down = err
				case err != nil:
					faults++
				}
				mu.Unlock()
				if errors.Is(err, looker.ErrDown) {
					return
				}
			}
		})
	}
	wg.Wait()
	return faults, down, time.Since(began)
}

func look(i int) string { return fmt.Sprintf("/looks/%d", i) }

// dies answers well for n requests and then never again.
func dies(n int, then func(*http.Request) (*http.Response, error)) func(int, *http.Request) (*http.Response, error) {
	return func(i int, req *http.Request) (*http.Response, error) {
		if err := pause(req.Context(), 20*time.Millisecond); err != nil {
			return nil, err
		}
		if i <= n {
			return reply(200, nil, `{}`), nil
		}
		return then(req)
	}
}

func refused(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }

func silent(req *http.Request) (*http.Response, error) {
	return nil, pause(req.Context(), time.Hour)
}

func TestADeadServerEndsTheRun(t *testing.T) {
	tests := []struct {
		name    string
		then    func(*http.Request) (*http.Response, error)
		workers int
		within  time.Duration
		faults  int // at most
	}{
		{"refuses", refused, 8, 90 * time.Second, 0},
		{"refuses one worker", refused, 1, 2 * time.Minute, 5},
		{"silent", silent, 8, 4 * time.Minute, 0},
		{"silent to one worker", silent, 1, 6 * time.Minute, 0},
		{"502", func(*http.Request) (*http.Response, error) { return reply(502, nil, ""), nil }, 8, 90 * time.Second, 0},
		{"503 with a wish", func(*http.Request) (*http.Response, error) { return answers(503, "30")() }, 8, 4 * time.Minute, 8},
		{"login page", func(*http.Request) (*http.Response, error) {
			return reply(302, http.Header{"Location": {"/login"}}, ""), nil
		}, 8, 90 * time.Second, 40},
		{"404 page", func(*http.Request) (*http.Response, error) { return reply(404, nil, pageMissing), nil }, 8, 90 * time.Second, 0},
		{"404 page to one worker", func(*http.Request) (*http.Response, error) { return reply(404, nil, pageMissing), nil }, 1, 90 * time.Second, 0},
		{"maintenance page", func(*http.Request) (*http.Response, error) { return reply(200, nil, "<html>soon</html>"), nil }, 8, 90 * time.Second, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{api: dies(100, tt.then)}
				c := fakeClient(t, f, nil)
				faults, down, took := work(t, c, tt.workers, 10_000, look)
				if down == nil {
					t.Fatalf("the run did not end: %d faults within %s", faults, took)
				}
				if took > tt.within || faults > tt.faults {
					t.Errorf("ended after %s with %d faults, want within %s and at most %d", took, faults, tt.within, tt.faults)
				}
				_, before := f.counts()
				began := time.Now()
				if _, err := c.Get(t.Context(), look1); !errors.Is(err, looker.ErrDown) || time.Since(began) != 0 {
					t.Errorf("later call: %v after %s, want ErrDown at once", err, time.Since(began))
				}
				if _, after := f.counts(); after != before {
					t.Error("a call was made after the end")
				}
				t.Logf("%s, %d faults: %v", took, faults, down)
			})
		})
	}
}

func TestDownCutsWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// One worker hangs in a request for an hour, the others see it die.
		f := &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/slow") {
				return silent(req)
			}
			return nil, errors.New("connection refused")
		}}
		c := fakeClient(t, f, nil)
		slow := make(chan error)
		began := time.Now()
		go func() {
			_, err := c.Get(t.Context(), looker.Request{Path: "/explores/slow", Timeout: time.Hour})
			slow <- err
		}()
		_, down, took := work(t, c, 4, 1000, look)
		if err := <-slow; !errors.Is(err, looker.ErrDown) || down == nil {
			t.Errorf("the slow call ended with %v, want ErrDown", err)
		}
		if d := time.Since(began); d != took {
			t.Errorf("the slow call ended %s after the others, want at once", d-took)
		}
	})
}

func TestARestartCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		f := &fake{api: func(n int, req *http.Request) (*http.Response, error) {
			if err := pause(req.Context(), 20*time.Millisecond); err != nil {
				return nil, err
			}
			if at := time.Since(began); 2*time.Second < at && at < 50*time.Second {
				return reply(502, nil, ""), nil
			}
			return reply(200, nil, `{}`), nil
		}}
		var l logs
		c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Log = l.at(hclog.Info) })
		faults, down, took := work(t, c, 8, 2000, look)
		if faults != 0 || down != nil {
			t.Errorf("%d faults, %v, want none", faults, down)
		}
		if took < 50*time.Second || took > 80*time.Second {
			t.Errorf("took %s", took)
		}
		for _, want := range []string{"looker does not answer, waiting for it", "looker answers again"} {
			if n := strings.Count(l.String(), want); n != 1 {
				t.Errorf("%d log lines %q, want 1:\n%s", n, want, l.String())
			}
		}
	})
}

func TestBadItemsDoNotEndTheRun(t *testing.T) {
	tests := []struct {
		name    string
		workers int
		bad     int
		fail    func(*http.Request) (*http.Response, error)
	}{
		{"a kind of errors", 8, 60, func(*http.Request) (*http.Response, error) { return reply(500, nil, ""), nil }},
		{"one slow item alone", 1, 1, silent},
		{"slow items alone", 1, 6, silent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
					switch {
					case strings.HasSuffix(req.URL.Path, "/versions"):
						return reply(404, nil, `{"message":"Not found"}`), nil // lives, without that route
					case isUser(req):
						return reply(200, nil, `{}`), nil
					}
					return tt.fail(req)
				}}
				faults, down, took := work(t, fakeClient(t, f, nil), tt.workers, tt.bad, look)
				if down != nil || faults != tt.bad {
					t.Errorf("%d faults and %v after %s, want %d faults", faults, down, took, tt.bad)
				}
			})
		})
	}
}

func TestErrorsOnlyEndTheRunAtLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/versions") {
				return reply(200, nil, `{"looker_release_version":"26"}`), nil
			}
			return reply(500, nil, ""), nil
		}}
		faults, down, took := work(t, fakeClient(t, f, nil), 8, 10_000, look)
		if down == nil || faults > 80 {
			t.Errorf("%d faults, %v after %s; want the end after 400 failures", faults, down, took)
		}
	})
}

func TestRefusalsOnlyEndTheRun(t *testing.T) {
	for _, after := range []string{"", "1", "3600"} {
		t.Run("after "+after, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{api: dies(100, func(*http.Request) (*http.Response, error) { return answers(429, after)() })}
				c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Limits.Adaptive = true })
				faults, down, took := work(t, c, 8, 10_000, look)
				var e *looker.DownError
				if !errors.As(down, &e) || !e.Throttled || faults != 0 {
					t.Fatalf("%d faults and %v after %s, want none and throttled", faults, down, took)
				}
				if took < 10*time.Minute || took > 15*time.Minute {
					t.Errorf("ended after %s, want 10 to 15 minutes", took)
				}
			})
		})
	}
}

// A suspected server that does not answer is asked for ten seconds at a time, at first soon
// again, and then after ten seconds each.
func TestHowASuspectedServerIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var asked, waited []time.Duration
		last := time.Now()
		f := &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(req.URL.Path, "/versions") {
				return refused(req)
			}
			mu.Lock()
			defer mu.Unlock()
			began := time.Now()
			waited = append(waited, began.Sub(last))
			err := pause(req.Context(), time.Hour)
			last = time.Now()
			asked = append(asked, last.Sub(began))
			return nil, err
		}}
		c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Retry.MaxWait = 2 * time.Minute })
		if _, down, _ := work(t, c, 20, 100, look); down == nil {
			t.Fatal("the run went on")
		}
		const second = time.Second
		if diff := cmp.Diff(slices.Repeat([]time.Duration{10 * second}, 8), asked); diff != "" {
			t.Errorf("asked for (-want +got):\n%s", diff)
		}
		want := []time.Duration{second / 2, 3 * second / 2, 2 * second, 3 * second, 5 * second, 9 * second, 10 * second, 10 * second}
		if diff := cmp.Diff(want, waited); diff != "" {
			t.Errorf("after waits of (-want +got):\n%s", diff)
		}
	})
}

// A server that asks for long pauses is asked ten times all the same.
func TestFewRefusalsDoNotEndTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{api: always(429, http.Header{"Retry-After": {"300"}}, "")}
		c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Retry.MaxWait = 5 * time.Minute })
		_, err := c.Get(t.Context(), look1)
		down, ok := errors.AsType[*looker.DownError](err)
		if !ok || !down.Throttled || down.Failures != 10 || down.For != 45*time.Minute {
			t.Errorf("error %v, want the end of the run after 10 refusals in 45 minutes", err)
		}
	})
}

func TestRefusalsInBetweenDoNotEndTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{api: func(n int, req *http.Request) (*http.Response, error) {
			if n%10 == 0 {
				return answers(429, "1")()
			}
			return reply(200, nil, `{}`), pause(req.Context(), time.Second)
		}}
		faults, down, took := work(t, fakeClient(t, f, nil), 2, 2000, look)
		if down != nil || faults != 0 || took < 15*time.Minute {
			t.Errorf("%d faults and %v after %s, want none in a quarter of an hour", faults, down, took)
		}
	})
}

func TestAGoodAnswerEndsASuspicion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var mu sync.Mutex
		var resumed time.Duration
		f := &fake{api: func(n int, req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/slow") {
				return reply(200, nil, `{}`), pause(req.Context(), 33*time.Second)
			}
			if time.Since(began) < 33*time.Second {
				return reply(502, nil, ""), nil
			}
			mu.Lock()
			defer mu.Unlock()
			if resumed == 0 {
				resumed = time.Since(began)
			}
			return reply(200, nil, `{}`), nil
		}}
		c := fakeClient(t, f, nil)
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := c.Get(t.Context(), looker.Request{Path: "/explores/slow"}); err != nil {
				t.Error(err)
			}
		})
		if faults, down, _ := work(t, c, 8, 8, look); faults != 0 || down != nil {
			t.Errorf("%d faults, %v", faults, down)
		}
		wg.Wait()
		if resumed != 33*time.Second {
			t.Errorf("the others went on after %s, want 33s", resumed)
		}
	})
}

// A server that lives though calls fail is asked again only after as many failures,
// or as long, as made the first suspicion.
func TestASuspicionComesAgainOnlyLater(t *testing.T) {
	for _, tt := range []struct {
		name  string
		calls int
		pause time.Duration // before each
		want  int           // times that the server is asked
	}{
		{"too few", 20, 0, 0},
		{"many at once", 101, 0, 5},
		{"a few a minute", 31, 10 * time.Second, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				f := &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
					if strings.HasSuffix(req.URL.Path, "/versions") {
						asked++
						return reply(200, nil, `{}`), nil
					}
					return reply(500, nil, ""), nil
				}}
				c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Retry.Attempts = 1 })
				for range tt.calls {
					time.Sleep(tt.pause)
					if _, err := c.Get(t.Context(), look1); looker.Class(err) != looker.FaultServer {
						t.Fatal(err)
					}
				}
				if asked != tt.want {
					t.Errorf("the server was asked %d times, want %d", asked, tt.want)
				}
			})
		})
	}
}

func TestCancellingIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/versions") {
				t.Error("the server was suspected")
			}
			return silent(req)
		}}
		c := fakeClient(t, f, nil)
		for range 100 {
			ctx, cancel := contextFor(t, time.Second)
			if _, err := c.Get(ctx, look1); looker.Class(err) != looker.FaultCancelled {
				t.Fatal(err)
			}
			cancel()
		}
	})
}
