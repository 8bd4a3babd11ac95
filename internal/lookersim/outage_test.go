package lookersim_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/lookersim"
)

// TestErrorBodies: what stands in a 404 depends on who sends it.
func TestErrorBodies(t *testing.T) {
	s, c := start(t, lookersim.Options{})
	for _, tt := range []struct{ rule, kind, body string }{
		{"status=404", "application/json", `"documentation_url":"https://`},
		{"status=404 body=page", "text/html; charset=utf-8", "<title>Looker Not Found (404)</title>"},
		{"status=502 body=page", "text/html; charset=utf-8", "<title>Looker Unavailable (502)</title>"},
		{"status=404 body=short", "application/json", `{"message":"The resource you're looking for could not be found"}`},
		{"status=404 body=sinatra", "application/json", `{"message":"Sinatra::NotFound"}`},
	} {
		rule := mustRule(t, tt.rule)
		if err := s.SetRules(rule); err != nil {
			t.Fatal(err)
		}
		r, body := c.get("/looks/1")
		if r.StatusCode != rule.Status || r.Header.Get("Content-Type") != tt.kind || !strings.Contains(string(body), tt.body) {
			t.Errorf("%s: %d %s %s", tt.rule, r.StatusCode, r.Header.Get("Content-Type"), body)
		}
	}
}

// TestOutage: a rule that names no route covers logins and GET /versions, from a
// call on and for a time.
func TestOutage(t *testing.T) {
	clock := newClock()
	s, c := start(t, lookersim.Options{Now: clock.Now})
	setRules(t, s, "after=1 for=3s status=404 body=page")
	wrong := func(path string) bool {
		r, _ := c.get(path)
		return r.StatusCode == http.StatusNotFound
	}
	if wrong("/versions") {
		t.Error("the outage began early")
	}
	clock.add(time.Minute)
	if !wrong("/versions") || !wrong("/looks/1") || c.login(lookersim.DefaultClientID, lookersim.DefaultClientSecret) != http.StatusNotFound {
		t.Error("the outage does not cover everything")
	}
	clock.add(2 * time.Second)
	if !wrong("/versions") {
		t.Error("the outage ended early")
	}
	clock.add(time.Second)
	if wrong("/versions") || wrong("/looks/1") {
		t.Error("the outage did not end")
	}
}

// TestANodeThatLags answers 404 to the first request of each path.
func TestANodeThatLags(t *testing.T) {
	_, c := start(t, lookersim.Options{Rules: []lookersim.Rule{mustRule(t, "kind=looks each=1 status=404")}})
	var got []int
	for _, path := range []string{"/looks/1", "/looks/2", "/looks/1", "/looks/2", "/looks/1"} {
		r, _ := c.get(path)
		got = append(got, r.StatusCode/100)
	}
	if want := []int{4, 4, 2, 2, 2}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestEmptyAnswer(t *testing.T) {
	s, c := start(t, lookersim.Options{})
	setRules(t, s, "do=empty")
	if r, body := c.get("/looks/1"); r.StatusCode != http.StatusOK || len(body) > 0 {
		t.Errorf("%d %q", r.StatusCode, body)
	}
}

func TestExpiresIn(t *testing.T) {
	for form, want := range map[lookersim.ExpiryForm]string{
		"": `,"expires_in":3599,`, lookersim.ExpiryText: `,"expires_in":"3599",`, lookersim.ExpiryNull: `,"expires_in":null,`,
		lookersim.ExpiryZero: `,"expires_in":0,`, lookersim.ExpiryNone: `"Bearer","refresh_token":null`,
	} {
		_, c := start(t, lookersim.Options{TokenTTL: 3599 * time.Second, Quirks: lookersim.Quirks{ExpiresIn: form}})
		r, err := c.http.Post(c.base+"/api/4.0/login", "application/x-www-form-urlencoded",
			strings.NewReader("client_id="+lookersim.DefaultClientID+"&client_secret="+lookersim.DefaultClientSecret))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%q: %s %v, want %s", form, body, err, want)
		}
	}
	if _, err := lookersim.New(lookersim.Options{Quirks: lookersim.Quirks{ExpiresIn: "soon"}}); err == nil {
		t.Error("an unknown form was taken")
	}
}
