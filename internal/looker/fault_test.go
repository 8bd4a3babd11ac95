package looker_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lookervault/lookervault/internal/looker"
)

// raw answers a request with bytes on its connection, which it then closes.
func raw(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		io.WriteString(conn, answer)
	}
}

// reset breaks the connection after some bytes of an answer.
func reset(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		io.WriteString(conn, answer)
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	}
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(code)
		io.WriteString(w, body)
	}
}

func packed(size int, change func([]byte) []byte) http.HandlerFunc {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	io.WriteString(z, `{"a":"`+strings.Repeat("0123456789", size/10)+`"}`)
	z.Close()
	body := change(buf.Bytes())
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(body)
	}
}

// drip sends a body so slowly that it never ends.
func drip(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, `{"a":"`)
	for r.Context().Err() == nil {
		io.WriteString(w, "x")
		w.(http.Flusher).Flush()
		select {
		case <-time.After(time.Millisecond):
		case <-r.Context().Done():
		}
	}
}

// failure is a server that fails, and what becomes of a call.
type failure struct {
	name     string
	api      http.HandlerFunc
	gzip     bool // through a host for which bodies are packed
	want     looker.FaultClass
	attempts int
	text     string // in the error
}

func TestFaults(t *testing.T) {
	head := func(n int) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", n)
	}
	const html = "<html><head><title>Sign in &amp; wait</title><script>x=1</script></head><body>no</body></html>"
	tests := []failure{
		{"400", status(400, `{"message":"bad fields"}`), false, looker.FaultInvalid, 1, "400 Bad Request: bad fields"},
		{"401", status(401, `{"message":"Requires authentication."}`), false, looker.FaultUnauthorized, 2, "401 Unauthorized: Requires"},
		{"403", status(403, `{"message":"no"}`), false, looker.FaultDenied, 1, "403 Forbidden: no"},
		{"404", status(404, `{"message":"Not found","documentation_url":"x"}`), false, looker.FaultMissing, 1, "404 Not Found: Not found"},
		{"405", status(405, ``), false, looker.FaultInvalid, 1, "405 Method Not Allowed"},
		{"422", status(422, `{"message":"Validation Failed","errors":[{"field":["title","space"],"code":"x","message":"taken"}]}`), false,
			looker.FaultInvalid, 1, "Validation Failed; title, space: taken"},
		{"500", status(500, `oops`), false, looker.FaultServer, 3, "500 Internal Server Error: oops (3 attempts)"},
		{"501", status(501, ``), false, looker.FaultServer, 1, "501 Not Implemented"},
		{"502", status(502, `<h1>Bad   Gateway</h1>`), false, looker.FaultServer, 3, "502 Bad Gateway: Bad Gateway"},
		{"503", status(503, ``), false, looker.FaultServer, 3, "503"},
		{"504", status(504, html), false, looker.FaultServer, 3, "504 Gateway Timeout: Sign in"},
		{"closed", raw(""), false, looker.FaultNetwork, 3, "connection lost: EOF"},
		{"reset", reset(""), false, looker.FaultNetwork, 3, "connection"},
		{"nonsense", raw("SSH-2.0-OpenSSH\r\n\r\n"), false, looker.FaultNetwork, 3, "connection lost"},
		{"reset in the body", reset(head(100) + `{"a":`), false, looker.FaultNetwork, 3, "connection lost in the body"},
		{"short body", raw(head(100) + `{"a":1}`), false, looker.FaultTruncated, 3, "unexpected EOF"},
		{"short chunk", raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n{\"a\":"), false, looker.FaultTruncated, 3, "unexpected EOF"},
		{"bad chunk", raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{\"a\":"), false, looker.FaultTruncated, 3, "cut or damaged"},
		{"cut without a length", raw("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"a\":[1,2"), false, looker.FaultTruncated, 3, "cut after 9 bytes"},
		{"length below the body", raw(head(3) + `{"a":1}`), false, looker.FaultTruncated, 3, "cut after 3 bytes"},
		{"gzip cut", packed(4000, func(b []byte) []byte { return b[:len(b)/2] }), true, looker.FaultTruncated, 3, "unexpected EOF"},
		{"gzip checksum", packed(4000, func(b []byte) []byte { b[len(b)-5] ^= 1; return b }), true, looker.FaultTruncated, 3, "checksum"},
		{"gzip header", packed(4000, func(b []byte) []byte { b[0] = 'x'; return b }), true, looker.FaultTruncated, 3, "invalid header"},
		{"gzip corrupt", packed(4000, func(b []byte) []byte { b[12] ^= 0xff; b[13] ^= 0xff; return b }), true, looker.FaultTruncated, 3, "cut or damaged"},
		{"gzip bomb", packed(10_000, func(b []byte) []byte { return b }), true, looker.FaultTooLarge, 1, "max_body (5000 bytes)"},
		{"too large, announced", raw(head(5001) + "{"), false, looker.FaultTooLarge, 1, "body of 5001 bytes is above"},
		{"too large, not announced", status(200, `{"a":"`+strings.Repeat("x", 10_000)+`"}`), false, looker.FaultTooLarge, 1, "max_body (5000 bytes)"},
		{"slow drip", drip, false, looker.FaultTimeout, 3, "no whole answer within 20ms"},
		{"no answer", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, false, looker.FaultTimeout, 3, "no whole answer within 20ms"},
		{"html", status(200, html), false, looker.FaultNotJSON, 3, "answer 200 is not json but text/html: Sign in"},
		{"html without a title", status(200, "<!-- x --><style>a</style><b>Down\nfor</b> <i>work"), false, looker.FaultNotJSON, 3, ": Down for work"},
		{"text", status(200, "OK"), false, looker.FaultNotJSON, 3, "not json but text/plain: OK"},
		{"empty", status(200, ""), false, looker.FaultNotJSON, 3, "answer 200 is not json"},
		{"no content", status(204, ""), false, looker.FaultNotJSON, 3, "answer 204 is not json"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			api := func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				tt.api(w, r)
			}
			if tt.want != looker.FaultTimeout {
				tt.happens(t, &asked, server(t, api).URL, nil)
				return
			}
			synctest.Test(t, func(t *testing.T) {
				tt.happens(t, &asked, "http://localhost", pipedServer(t, api))
			})
		})
	}
}

// happens calls a server that fails so and counts what it is asked, by a dialer if there is one.
func (f *failure) happens(t *testing.T, asked *atomic.Int64, base string, dial dialer) {
	t.Helper()
	var seen []looker.Call
	cfg := config(base)
	cfg.MaxBody, cfg.Retry = 5000, looker.Retry{Attempts: 3, MaxWait: time.Millisecond}
	cfg.Observe = func(c looker.Call) { seen = append(seen, c) }
	rt, err := looker.Transport(cfg)
	if err != nil {
		t.Fatal(err)
	}
	rt.DisableCompression = !f.gzip
	if dial != nil {
		rt.DialContext = dial
	}
	c, err := looker.NewWith(cfg, rt, func() float64 { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := look1
	if f.want == looker.FaultTimeout {
		r.Timeout = 20 * time.Millisecond
	}
	_, err = c.Get(t.Context(), r)
	if got := looker.Class(err); got != f.want {
		t.Fatalf("class %q, want %q: %v", got, f.want, err)
	}
	// On a connection that was used before, net/http asks once more by itself.
	if calls := asked.Load(); int64(len(seen)) != calls || c.Stats().Calls != calls || calls-int64(f.attempts) < 0 || calls-int64(f.attempts) > 1 {
		t.Errorf("%d calls observed, %d counted, the server was asked %d times, want %d attempts", len(seen), c.Stats().Calls, calls, f.attempts)
	}
	if !strings.Contains(err.Error(), f.text) || !strings.Contains(err.Error(), "/looks/1") {
		t.Errorf("error %q, want the path and %q", err, f.text)
	}
	for i, call := range seen {
		if call.Route != look1.Route || call.Class != look1.Class {
			t.Errorf("call %d is %+v", i, call)
		}
	}
}

func TestSpentAttemptsAreInTheError(t *testing.T) {
	f := &fake{api: func(n int, _ *http.Request) (*http.Response, error) {
		switch n {
		case 1:
			return reply(500, nil, ""), nil
		case 2:
			return nil, errors.New("broken pipe")
		}
		return reply(403, nil, ""), nil
	}}
	c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Retry.MaxWait = time.Nanosecond })
	_, err := c.Get(t.Context(), look1)
	var got *looker.StatusError
	if !errors.As(err, &got) {
		t.Fatal(err)
	}
	want := looker.StatusError{
		Tried:  looker.Tried{Method: "GET", Route: look1.Route, Path: look1.Path, Attempts: 3},
		Status: 403,
	}
	if diff := cmp.Diff(want, *got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRedirects(t *testing.T) {
	tests := []struct {
		name, base, to string
		want           []string
	}{
		{"login page", "https://looker.example.com", "/login?return=x", []string{"to https://looker.example.com/login;", "single sign-on"}},
		{"other host", "https://looker.example.com", "https://sso.example.com/auth?token=abc", []string{"to https://sso.example.com/auth;", "single sign-on"}},
		{"https", "http://looker.example.com:9999", "https://looker.example.com/api/4.0/looks/1", []string{"set looker.base_url to https://looker.example.com"}},
		{"moved", "https://looker.example.com", "https://new.example.com/api/4.0/looks/1", []string{"set looker.base_url to https://new.example.com"}},
		{"nowhere", "https://looker.example.com", "", []string{"redirected (302)", "check looker.base_url"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
				return reply(302, http.Header{"Location": {tt.to}}, ""), nil
			}}
			_, err := fakeClient(t, f, func(c *looker.Config) { c.BaseURL = tt.base }).Get(t.Context(), look1)
			if looker.Class(err) != looker.FaultRedirect {
				t.Fatalf("got %v, want a redirect", err)
			}
			if _, calls := f.counts(); calls != 1 {
				t.Errorf("%d calls, want 1", calls)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not hold %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "abc") {
				t.Errorf("error shows the query: %v", err)
			}
		})
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	other := server(t, func(w http.ResponseWriter, r *http.Request) { t.Error("the other host was asked") })
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/api/4.0/looks/1", http.StatusTemporaryRedirect)
	})
	if _, err := client(t, s.URL, nil).Get(t.Context(), look1); looker.Class(err) != looker.FaultRedirect {
		t.Errorf("got %v, want a redirect", err)
	}
}

func TestClass(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want looker.FaultClass
	}{
		{"nil", nil, ""},
		{"wrapped", fmt.Errorf("fetch: %w", &looker.StatusError{Status: 404}), looker.FaultMissing},
		{"context", context.Canceled, looker.FaultCancelled},
		{"deadline", fmt.Errorf("x: %w", context.DeadlineExceeded), looker.FaultCancelled},
		{"closed", looker.ErrClosed, looker.FaultCancelled},
		{"timeout", &looker.TransportError{Kind: looker.FaultTimeout, Err: context.DeadlineExceeded}, looker.FaultTimeout},
		{"throttled", &looker.StatusError{Status: 429}, looker.FaultThrottled},
		{"informal", &looker.StatusError{Status: 199}, looker.FaultOther},
		{"foreign", errors.New("x"), looker.FaultOther},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := looker.Class(tt.err); got != tt.want {
				t.Errorf("class %q, want %q", got, tt.want)
			}
		})
	}
}
