package looker_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lookervault/lookervault/internal/looker"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 7, 13, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name, header string
		want         time.Duration
	}{
		{"none", "", 0},
		{"seconds", "7", 7 * time.Second},
		{"spaces", " 7 ", 7 * time.Second},
		{"fraction", "0.5", 500 * time.Millisecond},
		{"zero", "0", 0},
		{"negative", "-5", 0},
		{"not a number", "NaN", 0},
		{"infinite", "Inf", 1<<62 - 1},
		{"huge", "99999999999999999999", 1<<62 - 1},
		{"date", "Mon, 13 Jul 2026 12:01:30 GMT", 90 * time.Second},
		{"old date forms", "Monday, 13-Jul-26 12:00:30 GMT", 30 * time.Second},
		{"past date", "Mon, 13 Jul 2026 11:00:00 GMT", 0},
		{"text", "soon", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := looker.RetryAfter(tt.header, now)
			if diff := got - tt.want; diff < -time.Microsecond || diff > time.Microsecond {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// script answers calls to the API with the statuses of one call after the other
// and notes when they came; after the last all is well.
type script struct {
	answers []func() (*http.Response, error)
	mu      sync.Mutex
	at      []time.Duration
}

func (s *script) api(n int, _ *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.at = append(s.at, time.Since(synctestStart))
	s.mu.Unlock()
	if n <= len(s.answers) {
		return s.answers[n-1]()
	}
	return reply(200, nil, `{}`), nil
}

func answers(status int, retryAfter string) func() (*http.Response, error) {
	return func() (*http.Response, error) {
		h := http.Header{}
		if retryAfter != "" {
			h.Set("Retry-After", retryAfter)
		}
		return reply(status, h, ""), nil
	}
}

func TestWaits(t *testing.T) {
	date := synctestStart.Add(9 * time.Second).Format(http.TimeFormat)
	broken := func() (*http.Response, error) { return nil, errors.New("reset") }
	tests := []struct {
		name    string
		answers []func() (*http.Response, error)
		want    []time.Duration // of all calls; random numbers are all half
	}{
		{"5xx doubles", []func() (*http.Response, error){answers(500, ""), answers(502, ""), answers(504, ""), broken},
			[]time.Duration{0, 500 * time.Millisecond, 1500 * time.Millisecond, 3500 * time.Millisecond, 7500 * time.Millisecond}},
		{"5xx with seconds", []func() (*http.Response, error){answers(502, "7")}, []time.Duration{0, 7 * time.Second}},
		{"503 with seconds", []func() (*http.Response, error){answers(503, "7")}, []time.Duration{0, 7 * time.Second}},
		{"429 with seconds", []func() (*http.Response, error){answers(429, "7")}, []time.Duration{0, 7 * time.Second}},
		{"429 with a date", []func() (*http.Response, error){answers(429, date)}, []time.Duration{0, 9 * time.Second}},
		{"429 capped", []func() (*http.Response, error){answers(429, "3600")}, []time.Duration{0, time.Minute}},
		{"502 capped", []func() (*http.Response, error){answers(502, "3600")}, []time.Duration{0, time.Minute}},
		{"429 doubles", []func() (*http.Response, error){answers(429, ""), answers(429, ""), answers(429, "")},
			[]time.Duration{0, 250 * time.Millisecond, 750 * time.Millisecond, 1750 * time.Millisecond}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: tt.answers}
				resp, err := fakeClient(t, &fake{api: s.api}, nil).Get(t.Context(), look1)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, s.at); diff != "" {
					t.Errorf("calls at (-want +got):\n%s", diff)
				}
				if resp.Attempts != len(tt.want) {
					t.Errorf("%d attempts, want %d", resp.Attempts, len(tt.want))
				}
			})
		})
	}
}

func TestAttemptsOfARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{api: always(504, nil, "")}
		c := fakeClient(t, f, nil)
		r := look1
		r.Attempts = 2
		if _, err := c.Get(t.Context(), r); looker.Class(err) != looker.FaultServer {
			t.Error(err)
		}
		if _, calls := f.counts(); calls != 2 {
			t.Errorf("%d calls, want 2", calls)
		}
	})
}

func TestOneRefusalPausesEverybody(t *testing.T) {
	for _, status := range []int{429, 503} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			var early int
			began := time.Now()
			f := &fake{api: func(n int, _ *http.Request) (*http.Response, error) {
				if n == 1 {
					return answers(status, "30")()
				}
				mu.Lock()
				defer mu.Unlock()
				if at := time.Since(began); at > 0 && at < 30*time.Second {
					early++
				}
				return reply(200, nil, `{}`), nil
			}}
			c := fakeClient(t, f, nil)
			first := make(chan error)
			go func() {
				_, err := c.Get(t.Context(), look1)
				first <- err
			}()
			synctest.Wait()
			time.Sleep(time.Second)
			if errs := many(t, c, 8); errs != nil {
				t.Fatal(errs)
			}
			if err := <-first; err != nil {
				t.Fatal(err)
			}
			if early != 0 {
				t.Errorf("status %d: %d calls were made during the pause", status, early)
			}
			if got := c.Stats().Paused; got != 30*time.Second {
				t.Errorf("status %d: paused for %s, want 30s", status, got)
			}
		})
	}
}

func TestRefusalsCostNoAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		for range 40 {
			s.answers = append(s.answers, answers(429, "1"))
		}
		s.answers = append(s.answers, answers(500, ""), answers(500, ""), answers(500, ""), answers(500, ""))
		resp, err := fakeClient(t, &fake{api: s.api}, nil).Get(t.Context(), look1)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Attempts != 45 {
			t.Errorf("%d attempts, want 45", resp.Attempts)
		}
	})
}

// A route that is refused while others are answered is given up after ten refusals, and two
// minutes.
func TestARouteThatIsAlwaysRefusedEnds(t *testing.T) {
	for _, tt := range []struct {
		after       string
		least, most time.Duration
		refusals    int // 0: any number
	}{
		{"1", 2 * time.Minute, 2*time.Minute + 5*time.Second, 0},
		{"60", 9 * time.Minute, 9*time.Minute + 10*time.Second, 10},
	} {
		t.Run("after "+tt.after, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				err := refusedAmongOthers(t, tt.after)
				status, ok := errors.AsType[*looker.StatusError](err)
				if !ok || looker.Class(err) != looker.FaultThrottled {
					t.Fatalf("got %v, want throttled", err)
				}
				if took := time.Since(began); took < tt.least || took > tt.most {
					t.Errorf("given up after %s, want %s to %s", took, tt.least, tt.most)
				}
				if tt.refusals > 0 && status.Attempts != tt.refusals {
					t.Errorf("given up after %d refusals, want %d", status.Attempts, tt.refusals)
				}
			})
		})
	}
}

// refusedAmongOthers makes a call that is always refused, while others are answered all the
// time, and returns its error.
func refusedAmongOthers(t *testing.T, after string) error {
	f := &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
		if strings.HasSuffix(req.URL.Path, "/queries/1") {
			if err := pause(req.Context(), 500*time.Millisecond); err != nil {
				return nil, err
			}
			return answers(429, after)()
		}
		return reply(200, nil, `{}`), nil
	}}
	c := fakeClient(t, f, nil)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			c.Get(ctx, look1)
			pause(ctx, 100*time.Millisecond)
		}
	})
	defer wg.Wait()
	defer cancel()
	_, err := c.Get(t.Context(), looker.Request{Path: "/queries/1"})
	return err
}

// An answer with another document than was asked for counts after three of them, one that is
// no JSON after as many attempts as are allowed.
func TestAttemptsAtAnotherDocument(t *testing.T) {
	for class, want := range map[looker.FaultClass]int{looker.FaultMismatch: 3, looker.FaultInvalidJSON: 5} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{}
			r := look1
			r.Check = func([]byte) (looker.FaultClass, error) { return class, errors.New("not look 1") }
			if _, err := fakeClient(t, f, nil).Get(t.Context(), r); looker.Class(err) != class {
				t.Errorf("got %v, want %s", err, class)
			}
			if _, calls := f.counts(); calls != want {
				t.Errorf("%s: %d calls, want %d", class, calls, want)
			}
		})
	}
}

// A server that answers one call with another document for two seconds costs nothing, however the
// random waits between the attempts are.
func TestAnotherDocumentForTwoSeconds(t *testing.T) {
	for _, random := range []float64{0, 0.01, 0.5, 0.99} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{}
			r := look1
			r.Check = func([]byte) (looker.FaultClass, error) {
				if time.Since(synctestStart) < 2*time.Second {
					return looker.FaultMismatch, errors.New("not look 1")
				}
				return "", nil
			}
			c, err := looker.NewWith(config("https://looker.example.com"), f, func() float64 { return random })
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() { // others are answered well
				for ctx.Err() == nil {
					c.Get(ctx, look1)
					pause(ctx, 100*time.Millisecond)
				}
			})
			defer wg.Wait()
			defer cancel()
			if _, err := c.Get(t.Context(), r); err != nil {
				t.Errorf("random %v: %v", random, err)
			}
		})
	}
}

func TestWaitsEndWithTheContext(t *testing.T) {
	tests := []struct {
		name   string
		api    func(int, *http.Request) (*http.Response, error)
		limits looker.Limits
		warm   int // calls before
	}{
		{"backoff", always(500, nil, ""), looker.Limits{}, 0},
		{"pause", always(429, http.Header{"Retry-After": {"60"}}, ""), looker.Limits{Adaptive: true}, 0},
		{"seconds", nil, looker.Limits{PerSecond: 0.01}, 1},
		{"minutes", nil, looker.Limits{PerMinute: 1}, 1},
		{"request", func(_ int, req *http.Request) (*http.Response, error) {
			return nil, pause(req.Context(), time.Hour)
		}, looker.Limits{}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := fakeClient(t, &fake{api: tt.api}, func(cfg *looker.Config) { cfg.Limits = tt.limits })
				for range tt.warm {
					if _, err := c.Get(t.Context(), look1); err != nil {
						t.Fatal(err)
					}
				}
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				began := time.Now()
				_, err := c.Get(ctx, look1)
				if looker.Class(err) != looker.FaultCancelled {
					t.Errorf("got %v, want cancelled", err)
				}
				if took := time.Since(began); took != 100*time.Millisecond {
					t.Errorf("took %s, want 100ms", took)
				}
			})
		})
	}
}

func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{api: func(n int, _ *http.Request) (*http.Response, error) {
			if n%3 == 0 {
				return reply(500, nil, ""), nil
			}
			return reply(200, nil, `{}`), nil
		}}
		c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Limits.MaxCalls = 10 })
		errs := many(t, c, 40)
		if _, calls := f.counts(); calls != 10 {
			t.Errorf("%d calls, want exactly 10", calls)
		}
		if good := c.Stats().Good; len(errs) != 40-int(good) {
			t.Errorf("%d errors and %d good answers of 40", len(errs), good)
		}
		for _, err := range errs {
			if !errors.Is(err, looker.ErrBudget) || looker.Class(err) != looker.FaultBudget {
				t.Errorf("got %v, want ErrBudget", err)
			}
		}
	})
}

func TestACallThatWasNotMadeIsNotPaidFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Limits = looker.Limits{MaxCalls: 2, PerSecond: 1} })
		if _, err := c.Get(t.Context(), look1); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := c.Get(ctx, look1); looker.Class(err) != looker.FaultCancelled {
			t.Fatal(err)
		}
		if _, err := c.Get(t.Context(), look1); err != nil {
			t.Errorf("second call: %v", err)
		}
		if _, err := c.Get(t.Context(), look1); !errors.Is(err, looker.ErrBudget) {
			t.Errorf("third call: %v, want ErrBudget", err)
		}
	})
}
