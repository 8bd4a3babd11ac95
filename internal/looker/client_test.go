package looker_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lookervault/lookervault/internal/looker"
)

func TestGet(t *testing.T) {
	const body = "{\n  \"id\": \"model::dash\",\t\"n\": 1.0, \"u\": \"\\u0026\" }\n"
	var got *http.Request
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		w.Header().Set("X-Total-Count", "107")
		io.WriteString(w, body)
	})
	var seen []looker.Call
	c := client(t, s.URL, func(cfg *looker.Config) { cfg.Observe = func(call looker.Call) { seen = append(seen, call) } })
	resp, err := c.Get(t.Context(), looker.Request{
		Route: "GET /dashboards/{dashboard_id}", Class: "query",
		Path:  "/dashboards/a%2Fb%20c",
		Query: url.Values{"fields": {"id,title"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(body, string(resp.Body)); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	if !resp.HasTotal || resp.Total != 107 || resp.Status != 200 || resp.Attempts != 1 {
		t.Errorf("response %+v, want a total of 107, status 200 and one attempt", resp)
	}
	if want := "/api/4.0/dashboards/a%2Fb%20c?fields=id%2Ctitle"; got.RequestURI != want {
		t.Errorf("asked for %s, want %s", got.RequestURI, want)
	}
	want := http.Header{
		"Accept": {"application/json"}, "Authorization": {"token " + token},
		"User-Agent": {"lookervault/1.2.3"}, "X-Looker-Appid": {"LookerVault 1.2.3"},
	}
	if diff := cmp.Diff(want, got.Header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if got.Proto != "HTTP/1.1" {
		t.Errorf("spoke %s, want HTTP/1.1", got.Proto)
	}
	calls := []looker.Call{{Route: "GET /dashboards/{dashboard_id}", Class: "query"}}
	if diff := cmp.Diff(calls, seen); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
	stats := looker.Stats{Calls: 1, Good: 1, Logins: 1, Bytes: int64(len(body))}
	if diff := cmp.Diff(stats, c.Stats(), cmpopts.IgnoreFields(looker.Stats{}, "Answering")); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
}

func TestBodyIsTheCallers(t *testing.T) {
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("chunked") {
			w.(http.Flusher).Flush()
		}
		fmt.Fprintf(w, `{"path":%q}`, r.URL.Path)
	})
	c := client(t, s.URL, nil)
	bodies := map[string][]byte{}
	for i := range 20 {
		path := fmt.Sprintf("/looks/%d", i)
		r := looker.Request{Path: path}
		if i%2 == 0 {
			r.Query = url.Values{"chunked": {"1"}}
		}
		resp, err := c.Get(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		bodies[path] = resp.Body
	}
	for path, body := range bodies {
		if want := fmt.Sprintf(`{"path":"/api/4.0%s"}`, path); string(body) != want {
			t.Errorf("body of %s is %s after later calls, want %s", path, body, want)
		}
	}
}

func TestMaxBodyOfARequest(t *testing.T) {
	tests := []struct {
		name string
		own  int64
		fits bool
		text string
	}{
		{"none", 0, true, ""},
		{"enough", 1000, true, ""},
		{"too little", 999, false, "body of 1000 bytes is above what was asked for (999 bytes)"},
		{"more than the client's", 1 << 40, true, ""},
	}
	for _, announced := range []bool{true, false} {
		f := &fake{api: func(int, *http.Request) (*http.Response, error) {
			resp := reply(200, nil, `{"a":"`+strings.Repeat("x", 992)+`"}`)
			if !announced {
				resp.ContentLength = -1
			}
			return resp, nil
		}}
		c := fakeClient(t, f, func(cfg *looker.Config) { cfg.MaxBody = 1000 })
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s/announced=%t", tt.name, announced), func(t *testing.T) {
				r := look1
				r.MaxBody = tt.own
				_, err := c.Get(t.Context(), r)
				if (err == nil) != tt.fits {
					t.Fatalf("error %v, want one: %t", err, !tt.fits)
				}
				text := tt.text
				if !announced {
					text = strings.Replace(text, "body of 1000 bytes", "body", 1)
				}
				if err != nil && (looker.Class(err) != looker.FaultTooLarge || !strings.Contains(err.Error(), text)) {
					t.Errorf("error %v, want %q", err, text)
				}
			})
		}
	}
}

func TestTotal(t *testing.T) {
	tests := []struct {
		name, header string
		want         int
		has          bool
	}{
		{"none", "", 0, false},
		{"zero", "0", 0, true},
		{"number", "12", 12, true},
		{"unknown", "-1", 0, false},
		{"no number", "many", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &fake{api: always(200, http.Header{"X-Total-Count": {tt.header}}, "[]")}
			resp, err := fakeClient(t, f, nil).Get(t.Context(), look1)
			if err != nil {
				t.Fatal(err)
			}
			if resp.Total != tt.want || resp.HasTotal != tt.has {
				t.Errorf("total %d, %t, want %d, %t", resp.Total, resp.HasTotal, tt.want, tt.has)
			}
		})
	}
}

func TestLoginKeepsTheKeyOutOfTheURL(t *testing.T) {
	var got *http.Request
	var form url.Values
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/prefix/api/4.0/login" {
			r.ParseForm()
			got, form = r, r.PostForm
		}
		io.WriteString(w, grant)
	}))
	defer s.Close()
	c := client(t, s.URL+"/prefix/", nil)
	if err := c.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := "/prefix/api/4.0/login"; got.RequestURI != want || got.Method != http.MethodPost {
		t.Errorf("asked %s %s, want POST %s", got.Method, got.RequestURI, want)
	}
	if diff := cmp.Diff(url.Values{"client_id": {"id"}, "client_secret": {secret}}, form); diff != "" {
		t.Errorf("form (-want +got):\n%s", diff)
	}
	if got.Header.Get("Authorization") != "" {
		t.Error("login carries an Authorization header")
	}
	if n := c.Stats().Calls; n != 0 {
		t.Errorf("login counts as %d calls, want none", n)
	}
}

func TestVersions(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/4.0/versions" || r.Header.Get("Authorization") != "" {
			t.Errorf("asked %s with Authorization %q", r.URL, r.Header.Get("Authorization"))
		}
		io.WriteString(w, `{"looker_release_version":"26.12.3","api_server_url":"https://a","web_server_url":"https://w"}`)
	}))
	defer s.Close()
	c := client(t, s.URL, nil)
	got, err := c.Versions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := looker.Versions{Release: "26.12.3"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if stats := c.Stats(); stats.Calls != 0 || stats.Logins != 0 {
		t.Errorf("stats %+v, want no call and no login", stats)
	}
}

func TestVersionsMissing(t *testing.T) {
	f := &fake{api: always(404, nil, `{"message":"Not found"}`)}
	_, err := fakeClient(t, f, nil).Versions(t.Context())
	var status *looker.StatusError
	if !errors.As(err, &status) || status.Status != 404 {
		t.Errorf("got %v, want a StatusError 404", err)
	}
}

// TestVersionsThatAreNone: null and an error under status 200 are no sign that a server works.
func TestVersionsThatAreNone(t *testing.T) {
	for _, body := range []string{`null`, `[]`, `"maintenance"`, `{"message":"An error has occurred."}`} {
		t.Run(body, func(t *testing.T) {
			f := &fake{api: always(200, nil, body)}
			_, err := fakeClient(t, f, func(c *looker.Config) { c.Retry.Attempts = 1 }).Versions(t.Context())
			if looker.Class(err) != looker.FaultNotJSON {
				t.Errorf("got %v, want that the answer is of another shape", err)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	_, err := looker.New(looker.Config{
		BaseURL: "https://user:hunter2@looker.example.com",
		Limits:  looker.Limits{PerSecond: -1, MaxCalls: -1}, Retry: looker.Retry{Attempts: -1, MaxWait: -1},
		Timeout: -time.Second, MaxBody: -1, Connections: -1,
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"password", "client_id", "client_secret", "per_second", "max_calls", "attempts", "max_wait", "timeout", "max_body", "connections"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error does not name %s: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error shows the password: %v", err)
	}
}

func TestConfigPrintsNoSecret(t *testing.T) {
	cfg := config("https://looker.example.com")
	for _, s := range []string{cfg.String(), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg), fmt.Sprintf("%v", &cfg)} { //nolint:gocritic // every way to print it
		if strings.Contains(s, secret) {
			t.Errorf("prints %s", s)
		}
	}
}

func TestPathsAreChecked(t *testing.T) {
	f := &fake{}
	c := fakeClient(t, f, nil)
	for _, path := range []string{"", "looks/1", "/looks/1?a=b", "/looks/../login", "/looks/..", "/a b", "/a#b", "/a\nb", "/./a"} {
		if _, err := c.Get(t.Context(), looker.Request{Path: path}); err == nil {
			t.Errorf("path %q is accepted", path)
		}
	}
	if _, calls := f.counts(); calls != 0 {
		t.Errorf("%d calls were made", calls)
	}
}

func TestCancelled(t *testing.T) {
	stop := errors.New("the run stops")
	begun := make(chan struct{})
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
	})
	c := client(t, s.URL, nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-begun
		cancel(stop)
	}()
	_, err := c.Get(ctx, look1)
	if looker.Class(err) != looker.FaultCancelled || !errors.Is(err, stop) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v (%s), want cancelled with its cause", err, looker.Class(err))
	}
}
