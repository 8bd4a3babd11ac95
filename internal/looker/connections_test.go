package looker_test

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/looker"
)

func TestGzipAskedForExceptOnLoopback(t *testing.T) {
	const body = `{"packed":true}`
	packed := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			io.WriteString(w, `{"packed":false}`)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.WriteString(z, body)
		z.Close()
	})
	s := server(t, packed)
	get := func(c *looker.Client) string {
		resp, err := c.Get(t.Context(), look1)
		if err != nil {
			t.Fatal(err)
		}
		return string(resp.Body)
	}
	if got := get(client(t, s.URL, nil)); got != `{"packed":false}` {
		t.Errorf("loopback got %s, want it unpacked", got)
	}
	// The same server under a name that is not the loopback's, through a proxy.
	proxied := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Config.Handler.ServeHTTP(w, r)
	}))
	defer proxied.Close()
	c, err := looker.NewWith(config("http://looker.example.com"), via(t, proxied.URL, "http://looker.example.com"), func() float64 { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	if got := get(c); got != body {
		t.Errorf("other host got %s, want %s", got, body)
	}
}

// via is the client's own transport for base with a proxy in between.
func via(t *testing.T, proxy, base string) http.RoundTripper {
	t.Helper()
	rt, err := looker.Transport(config(base))
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(proxy)
	rt.Proxy = http.ProxyURL(u)
	return rt
}

func TestConnectionsAreKept(t *testing.T) {
	const workers = 8
	var mu sync.Mutex
	remotes := map[string]bool{}
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		remotes[r.RemoteAddr] = true
		mu.Unlock()
		if strings.HasSuffix(r.URL.Path, "/missing") {
			http.Error(w, strings.Repeat("x", 1000), http.StatusNotFound)
			return
		}
		io.WriteString(w, `{"a":"`+strings.Repeat("x", 20_000)+`"}`)
	})
	c := client(t, s.URL, func(cfg *looker.Config) { cfg.Connections = workers })
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range 50 {
				path := "/looks/1"
				if i%10 == 9 {
					path = "/looks/missing"
				}
				if _, err := c.Get(t.Context(), looker.Request{Path: path}); err != nil && looker.Class(err) != looker.FaultMissing {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if len(remotes) > workers+1 {
		t.Errorf("%d connections for %d workers", len(remotes), workers)
	}
}

// TestRepeatsOfTheTransportAreCounted is against a server that closes a connection in
// place of an answer: net/http asks again by itself, and both requests are calls.
func TestRepeatsOfTheTransportAreCounted(t *testing.T) {
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/login") {
			io.WriteString(w, grant)
			return
		}
		if asked.Add(1) == 2 {
			if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
				conn.Close()
			}
			return
		}
		io.WriteString(w, `{"id":"1"}`)
	}))
	defer s.Close()
	var seen []looker.Call
	cfg := config(s.URL)
	cfg.Limits.MaxCalls, cfg.Connections = 3, 1
	cfg.Observe = func(call looker.Call) { seen = append(seen, call) }
	c, err := looker.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 2 {
		if _, err := c.Get(t.Context(), look1); err != nil {
			t.Fatal(err)
		}
	}
	got := c.Stats()
	if asked.Load() != 3 || got.Calls != 3 || got.Good != 2 || got.Broken != 1 || len(seen) != 3 {
		t.Errorf("the server was asked %d times; the client counted %d, %d good and %d broken, and told of %d", asked.Load(), got.Calls, got.Good, got.Broken, len(seen))
	}
	if _, err := c.Get(t.Context(), look1); looker.Class(err) != looker.FaultBudget {
		t.Errorf("a call beyond the budget: %v", err)
	}
}

func TestClose(t *testing.T) {
	var logouts []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodDelete:
			logouts = append(logouts, r.URL.Path+" "+r.Header.Get("Authorization"))
			w.WriteHeader(http.StatusNoContent)
		default:
			io.WriteString(w, grant)
		}
	}))
	defer s.Close()
	c := client(t, s.URL, nil)
	if err := c.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Close()
	c.Close()
	if diff := cmp.Diff([]string{"/api/4.0/logout token " + token}, logouts); diff != "" {
		t.Errorf("logouts (-want +got):\n%s", diff)
	}
	if _, err := c.Get(t.Context(), look1); !errors.Is(err, looker.ErrClosed) {
		t.Errorf("get after close: %v, want ErrClosed", err)
	}
}

func TestCloseEndsCallsUnderWay(t *testing.T) {
	begun := make(chan struct{})
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
	})
	c := client(t, s.URL, nil)
	ended := make(chan error)
	go func() {
		_, err := c.Get(background(), look1)
		ended <- err
	}()
	<-begun
	c.Close()
	if err := <-ended; !errors.Is(err, looker.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}
