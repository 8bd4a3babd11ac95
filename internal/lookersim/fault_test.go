package lookersim_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
)

func mustRule(t testing.TB, text string) lookersim.Rule {
	t.Helper()
	r, err := lookersim.ParseRule(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func setRules(t testing.TB, s *lookersim.Server, text string) {
	t.Helper()
	if err := s.SetRules(mustRule(t, text)); err != nil {
		t.Fatal(err)
	}
}

// TestFaults looks at each fault with a plain client.
func TestFaults(t *testing.T) {
	s, c := start(t, lookersim.Options{SmallTiles: true})
	const path = "/dashboards/3"
	truth := c.body(path)
	other := c.body("/dashboards/4")
	tests := []struct {
		rule  string
		check func(t *testing.T, r *http.Response, body []byte, err error)
	}{
		{"status=503 retry-after=7s", func(t *testing.T, r *http.Response, body []byte, err error) {
			if r.StatusCode != 503 || r.Header.Get("Retry-After") != "7" || !json.Valid(body) {
				t.Errorf("%d %v %s", r.StatusCode, r.Header, body)
			}
		}},
		{"status=429 retry-after=date:90s", func(t *testing.T, r *http.Response, _ []byte, _ error) {
			when, err := http.ParseTime(r.Header.Get("Retry-After"))
			if left := time.Until(when); err != nil || left < time.Minute || left > 2*time.Minute {
				t.Errorf("Retry-After %q: %v", r.Header.Get("Retry-After"), err)
			}
		}},
		{"status=429", func(t *testing.T, r *http.Response, body []byte, err error) {
			if r.StatusCode != 429 || r.Header.Get("Retry-After") != "" {
				t.Errorf("%d %v", r.StatusCode, r.Header)
			}
		}},
		{"do=reset", func(t *testing.T, r *http.Response, body []byte, err error) {
			if !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("error %v, want a reset", err)
			}
		}},
		{"do=truncate", func(t *testing.T, r *http.Response, body []byte, err error) {
			if !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.HasPrefix(truth, body) || len(body) == 0 || r.ContentLength != int64(len(truth)) {
				t.Errorf("%d of %d bytes, error %v", len(body), len(truth), err)
			}
		}},
		{"do=length", func(t *testing.T, r *http.Response, body []byte, err error) {
			if err != nil || len(body) >= len(truth) || !bytes.HasPrefix(truth, body) || json.Valid(body) {
				t.Errorf("%d of %d bytes, error %v", len(body), len(truth), err)
			}
		}},
		{"do=json", func(t *testing.T, r *http.Response, body []byte, err error) {
			if err != nil || r.StatusCode != 200 || json.Valid(body) {
				t.Errorf("%d, error %v, %.80s", r.StatusCode, err, body)
			}
		}},
		{"do=gzip", func(t *testing.T, r *http.Response, body []byte, err error) {
			if err != nil || r.Header.Get("Content-Encoding") != "gzip" || bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
				t.Errorf("%v, error %v", r.Header, err)
			}
		}},
		{"do=html", func(t *testing.T, r *http.Response, body []byte, err error) {
			if r.StatusCode != 200 || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") || !bytes.HasPrefix(body, []byte("<!DOCTYPE html>")) {
				t.Errorf("%d %v %.80s", r.StatusCode, r.Header, body)
			}
		}},
		{"do=redirect", func(t *testing.T, r *http.Response, body []byte, err error) {
			if r.StatusCode != 302 || r.Header.Get("Location") != "/login" {
				t.Errorf("%d %v", r.StatusCode, r.Header)
			}
		}},
		{"do=swap", func(t *testing.T, r *http.Response, body []byte, err error) {
			if !bytes.Equal(body, other) {
				t.Errorf("id %s, want another one's whole body", idOf(t, body))
			}
		}},
		{"do=oversize bytes=3MB", func(t *testing.T, r *http.Response, body []byte, err error) {
			if len(body) < 3e6 || !json.Valid(body) || idOf(t, body) != "3" {
				t.Errorf("%d bytes, valid %t", len(body), json.Valid(body))
			}
		}},
		{"do=drip bytes=4000 delay=1ms", func(t *testing.T, r *http.Response, body []byte, err error) {
			if err != nil || !bytes.Equal(body, truth) {
				t.Errorf("%d bytes, error %v", len(body), err)
			}
		}},
		{"do=short", func(t *testing.T, r *http.Response, body []byte, err error) {
			if !bytes.Equal(body, truth) {
				t.Error("a single document was cut")
			}
		}},
		{"delay=1ms", func(t *testing.T, r *http.Response, body []byte, err error) {
			if err != nil || !bytes.Equal(body, truth) {
				t.Errorf("%d bytes, error %v", len(body), err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			s.ResetCounts()
			setRules(t, s, "route=GET /dashboards/{id} id=3 times=1 "+tt.rule)
			// A connection that lies must not serve the next test.
			defer c.http.CloseIdleConnections()
			c.body("/dashboards/4")
			r, body, err := c.tryOn(t, path)
			tt.check(t, r, body, err)
			if got := c.body(path); !bytes.Equal(got, truth) {
				t.Error("the fault went on after its last time")
			}
			if got := s.Counts().Faults; got != 1 {
				t.Errorf("%d faults counted, want 1", got)
			}
		})
	}
}

// tryOn is try on a connection of its own, whose error is not taken for that
// of an idle connection and repeated.
func (c *client) tryOn(t *testing.T, path string) (*http.Response, []byte, error) {
	own := *c
	own.t = t
	own.http = &http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}, CheckRedirect: c.http.CheckRedirect}
	return own.try(path)
}

func TestHang(t *testing.T) {
	_, c := start(t, lookersim.Options{Rules: []lookersim.Rule{mustRule(t, "kind=users do=hang")}})
	c.http.Timeout = 50 * time.Millisecond
	if _, _, err := c.try("/users/1"); err == nil {
		t.Error("a hanging answer came")
	}
}

func TestCloseEndsHangingAnswers(t *testing.T) {
	s, c := start(t, lookersim.Options{})
	asked := make(chan struct{})
	setRules(t, s, "kind=users do=hang")
	ended := make(chan error)
	go func() {
		close(asked)
		_, _, err := c.try("/users/1")
		ended <- err
	}()
	<-asked
	s.Close()
	if err := <-ended; err == nil {
		t.Error("an answer came from a closed server")
	}
}

func TestVanish(t *testing.T) {
	s, c := start(t, lookersim.Options{SmallTiles: true, Rules: []lookersim.Rule{mustRule(t, "route=GET /dashboards/{id} id=5 do=vanish times=1")}})
	before := len(s.IDs("dashboards"))
	for range 2 {
		if r, _ := c.get("/dashboards/5"); r.StatusCode != http.StatusNotFound {
			t.Errorf("status %d, want 404", r.StatusCode)
		}
	}
	if got := len(ids(t, c.body("/dashboards/search?id=5"))); got != 0 {
		t.Error("the search still shows it")
	}
	if got := len(s.IDs("dashboards")); got != before-1 {
		t.Errorf("%d items left of %d", got, before)
	}
}

func TestDie(t *testing.T) {
	_, c := start(t, lookersim.Options{Rules: []lookersim.Rule{mustRule(t, "route=GET /users/{id} nth=3 do=die")}})
	for i := range 6 {
		_, _, err := c.tryOn(t, "/users/1")
		if alive := i < 2; alive != (err == nil) {
			t.Errorf("request %d: error %v", i+1, err)
		}
	}
	if r, err := c.http.Get(c.base + "/sim/counts"); err == nil {
		r.Body.Close()
		t.Error("the controls of a dead server answer")
	}
}

func TestRuleMatching(t *testing.T) {
	tests := []struct {
		rule string
		want string // one letter a request: f for the fault, . for the truth
	}{
		{"kind=users status=500 times=2", "ff......"},
		{"route=GET /users/{id} status=500 nth=3", "..f....."},
		{"route=GET /users/{id} status=500 after=6", "......ff"},
		{"route=GET /users/{id} status=500 after=1 times=2", ".ff....."},
		{"route=GET /users/* status=500 id=1 times=1", "f......."},
		{"route=GET /looks/{id} status=500", "........"},
		{"route=GET /users/{id} id=2 status=500", "........"},
		{"kind=looks status=500", "........"},
		{"status=500 p=1", "ffffffff"},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			s, c := start(t, lookersim.Options{})
			setRules(t, s, tt.rule)
			var got []byte
			for range 8 {
				r, _ := c.get("/users/1")
				got = append(got, map[bool]byte{true: '.', false: 'f'}[r.StatusCode == http.StatusOK])
			}
			if string(got) != tt.want {
				t.Errorf("answers %s, want %s", got, tt.want)
			}
		})
	}
}

// TestProbability checks that chance is drawn from the seed, about as often as asked.
func TestProbability(t *testing.T) {
	draw := func(seed int64) (pattern string) {
		_, c := start(t, lookersim.Options{Seed: seed, Rules: []lookersim.Rule{mustRule(t, "route=GET /users/{id} p=0.3 status=500")}})
		for range 200 {
			r, _ := c.get("/users/1")
			pattern += map[bool]string{true: ".", false: "f"}[r.StatusCode == http.StatusOK]
		}
		return pattern
	}
	one, same, other := draw(1), draw(1), draw(2)
	if one != same || one == other {
		t.Error("chance does not follow from the seed")
	}
	if n := strings.Count(one, "f"); n < 35 || n > 85 {
		t.Errorf("%d of 200 failed, want about 60", n)
	}
}

func TestRuleText(t *testing.T) {
	rules := []string{
		"route=GET /dashboards/{id} id=17 times=3 status=500",
		"kind=looks p=0.02 do=reset",
		"route=GET /dashboards/search nth=4 status=429 retry-after=date:2s",
		"after=10 do=drip delay=1ms bytes=64",
		"id=thelook::a b do=delay delay=2s",
		"do=oversize bytes=10000000",
		"status=401 retry-after=0s",
		"after=100 for=3s status=404 body=page",
		"kind=role_users each=1 status=404",
		"do=empty",
		"route=GET /folders do=none",
		"route=GET /roles nth=2 do=stray",
	}
	for _, text := range rules {
		if got := mustRule(t, text).String(); got != text {
			t.Errorf("%q reads back as %q", text, got)
		}
	}
	for _, text := range []string{"", "nonsense", "status=99", "status=x", "do=explode", "p=2 do=reset", "p=NaN do=reset", "route=GET /dashbords do=reset", "id=1",
		"nth=-1 do=reset", "bytes=1TB do=drip", "delay=-1s", "colour=red do=reset", "=x do=reset", "status=404 body=poem", "do=reset body=page", "for=x status=500"} {
		if r, err := lookersim.ParseRule(text); err == nil {
			t.Errorf("%q was taken for %+v", text, r)
		}
	}
	want := lookersim.Rule{Route: "GET /dashboards/{id}", Do: lookersim.FaultDelay, Delay: time.Second, Bytes: 1 << 20}
	if diff := cmp.Diff(want, mustRule(t, "  route=GET   /dashboards/{id} bytes=1MiB delay=1s ")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzParseRule(f *testing.F) {
	f.Add("route=GET /dashboards/{id} id=17 status=500 times=3")
	f.Add("do=drip delay=1ms bytes=64 p=0.5 retry-after=date:1s")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := lookersim.ParseRule(text)
		if err != nil {
			return
		}
		again, err := lookersim.ParseRule(r.String())
		if err != nil || again != r {
			t.Errorf("%q: %+v reads back as %+v: %v", text, r, again, err)
		}
	})
}
