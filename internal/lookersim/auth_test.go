package lookersim_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/lookersim"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestLogin(t *testing.T) {
	s, c := start(t, lookersim.Options{ClientID: "key", ClientSecret: "secret"})
	form := "application/x-www-form-urlencoded"
	good := url.Values{"client_id": {"key"}, "client_secret": {"secret"}}.Encode()
	tests := []struct {
		name, query, media, body string
		want                     int
	}{
		{"right", "", form, good, http.StatusOK},
		{"media type with a charset", "", form + "; charset=UTF-8", good, http.StatusOK},
		{"wrong secret", "", form, "client_id=key&client_secret=other", http.StatusNotFound},
		{"wrong id", "", form, "client_id=other&client_secret=secret", http.StatusNotFound},
		{"nothing", "", form, "", http.StatusNotFound},
		{"in the URL", "?" + good, form, "", http.StatusBadRequest},
		{"in both", "?" + good, form, good, http.StatusBadRequest},
		{"JSON", "", "application/json", `{"client_id":"key","client_secret":"secret"}`, http.StatusBadRequest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := c.http.Post(c.base+"/api/4.0/login"+tt.query, tt.media, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Body.Close()
			body, _ := io.ReadAll(r.Body)
			if r.StatusCode != tt.want {
				t.Errorf("status %d, want %d: %s", r.StatusCode, tt.want, body)
			}
			if strings.Contains(string(body), "secret\"") {
				t.Errorf("the answer repeats the secret: %s", body)
			}
		})
	}
	if got := s.Counts().Logins; got != 2 {
		t.Errorf("%d logins counted, want 2", got)
	}
}

func TestTokens(t *testing.T) {
	clock := newClock()
	s, c := start(t, lookersim.Options{TokenTTL: time.Minute, Now: clock.Now})
	status := func(authorization string) int {
		req, _ := http.NewRequest(http.MethodGet, c.base+"/api/4.0/user", nil)
		if authorization != "" {
			req.Header.Set("Authorization", authorization)
		}
		r, err := c.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		return r.StatusCode
	}
	for authorization, want := range map[string]int{"token " + c.token: 200, "Bearer " + c.token: 200, "bearer " + c.token: 200, "Basic " + c.token: 401,
		c.token: 401, "": 401, "token other": 401} {
		if got := status(authorization); got != want {
			t.Errorf("Authorization with %d letters: status %d, want %d", len(authorization), got, want)
		}
	}
	clock.add(59 * time.Second)
	if got := status("token " + c.token); got != 200 {
		t.Errorf("just before its end: status %d", got)
	}
	clock.add(time.Second)
	if got := status("token " + c.token); got != 401 {
		t.Errorf("at its end: status %d", got)
	}
	renew := func() { c.login(lookersim.DefaultClientID, lookersim.DefaultClientSecret) }
	renew()
	s.ForgetTokens()
	if got := status("token " + c.token); got != 401 {
		t.Errorf("after the server forgot it: status %d", got)
	}
	renew()
	req, _ := http.NewRequest(http.MethodDelete, c.base+"/api/4.0/logout", nil)
	req.Header.Set("Authorization", "token "+c.token)
	r, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if got := status("token " + c.token); r.StatusCode != 204 || got != 401 {
		t.Errorf("logout answered %d, the token then %d", r.StatusCode, got)
	}
}

func TestProbesNeedNoToken(t *testing.T) {
	_, c := start(t, lookersim.Options{})
	c.token = ""
	if body := c.body("/versions"); !strings.Contains(string(body), `"looker_release_version":"26.12.3"`) {
		t.Errorf("versions: %s", body)
	}
	r, err := c.http.Get(c.base + "/alive")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Errorf("alive: status %d", r.StatusCode)
	}
}

func TestRateLimit(t *testing.T) {
	tests := []struct {
		name  string
		limit lookersim.RateLimit
		steps []time.Duration // before each request
		want  []int
		after string // Retry-After of the last answer
	}{
		{"bucket", lookersim.RateLimit{PerSecond: 2, RetryAfter: lookersim.RetrySeconds}, []time.Duration{0, 0, 0, 250 * time.Millisecond, 250 * time.Millisecond, 0},
			[]int{200, 200, 429, 429, 200, 429}, "1"},
		{"burst", lookersim.RateLimit{PerSecond: 0.1, Burst: 1, RetryAfter: lookersim.RetrySeconds}, []time.Duration{0, 0}, []int{200, 429}, "10"},
		{"window", lookersim.RateLimit{PerSecond: 2, Window: true}, []time.Duration{0, 0, 0, time.Second, 0, 0}, []int{200, 200, 429, 200, 200, 429}, ""},
		{"date", lookersim.RateLimit{PerSecond: 1, RetryAfter: lookersim.RetryDate}, []time.Duration{0, 0}, []int{200, 429}, "Wed, 01 Jul 2026 12:00:01 GMT"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock := newClock()
			s, c := start(t, lookersim.Options{RateLimit: tt.limit, Now: clock.Now})
			var last *http.Response
			for i, step := range tt.steps {
				clock.add(step)
				if last, _ = c.get("/user"); last.StatusCode != tt.want[i] {
					t.Errorf("request %d: status %d, want %d", i+1, last.StatusCode, tt.want[i])
				}
			}
			if got := last.Header.Get("Retry-After"); got != tt.after {
				t.Errorf("Retry-After %q, want %q", got, tt.after)
			}
			if got := s.Counts().Refused; got == 0 {
				t.Error("no refusal was counted")
			}
			if got := c.login(lookersim.DefaultClientID, lookersim.DefaultClientSecret); got != 200 {
				t.Errorf("login is limited: status %d", got)
			}
		})
	}
}
