package looker_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/lookervault/lookervault/internal/looker"
)

const (
	secret = "s3cr3t+key/with%signs&more"
	token  = "t0k3n-4QDkCyCtZzYgj4C2p2cj3csJ"
)

var (
	look1 = looker.Request{Route: "GET /looks/{look_id}", Class: "administrative", Path: "/looks/1"}
	grant = `{"access_token":"` + token + `","token_type":"Bearer","expires_in":3600,"refresh_token":null}`
)

// fake is a transport in memory: login is answered, the rest is the function's.
type fake struct {
	mu     sync.Mutex
	logins int
	calls  int
	login  func(n int, req *http.Request) (*http.Response, error) // nil: granted
	api    func(n int, req *http.Request) (*http.Response, error) // nil: a good answer
}

func (f *fake) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	isLogin := strings.HasSuffix(req.URL.Path, "/login")
	answer, n := f.api, &f.calls
	if isLogin {
		answer, n = f.login, &f.logins
	}
	*n++
	now := *n
	f.mu.Unlock()
	switch {
	case answer != nil:
		return answer(now, req)
	case isLogin:
		return reply(200, nil, grant), nil
	}
	return reply(200, nil, `{"id":"1"}`), nil
}

func (f *fake) counts() (logins, calls int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.logins, f.calls
}

// always answers every request in the same way.
func always(status int, h http.Header, body string) func(int, *http.Request) (*http.Response, error) {
	return func(int, *http.Request) (*http.Response, error) { return reply(status, h, body), nil }
}

// config is a valid one for base.
func config(base string) looker.Config {
	return looker.Config{
		BaseURL: base, ClientID: "id", ClientSecret: secret, VerifySSL: true, Version: "1.2.3",
		Retry: looker.Retry{Attempts: 5, MaxWait: time.Minute},
	}
}

// fakeClient is a client on f whose random numbers are all half.
func fakeClient(t *testing.T, f http.RoundTripper, change func(*looker.Config)) *looker.Client {
	t.Helper()
	cfg := config("https://looker.example.com")
	if change != nil {
		change(&cfg)
	}
	c, err := looker.NewWith(cfg, f, func() float64 { return 0.5 })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// server is an httptest server that grants logins.
func server(t *testing.T, api http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(granting(api))
	t.Cleanup(s.Close)
	return s
}

// dialer makes connections as the transport of a client does.
type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// pipes is a listener in memory, for the bubbles of synctest: time passes there only when client and
// server wait, so no timeout ends a call that has not arrived, nor one whose answer is on its way.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// Close is called once, by the server.
func (p pipes) Close() error {
	close(p.closed)
	return nil
}

// pipedServer is a server in memory that grants logins, at whatever address is dialed so.
func pipedServer(t *testing.T, api http.HandlerFunc) dialer {
	t.Helper()
	p := pipes{make(chan net.Conn), make(chan struct{})}
	s := &http.Server{Handler: granting(api)}
	go func() { _ = s.Serve(p) }()
	t.Cleanup(func() { _ = s.Close() })
	return p.dial
}

func granting(api http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/4.0/login":
			io.WriteString(w, grant)
		case "/api/4.0/logout":
			w.WriteHeader(http.StatusNoContent)
		default:
			api(w, r)
		}
	})
}

// client is a client of base that does not wait long before it repeats.
func client(t *testing.T, base string, change func(*looker.Config)) *looker.Client {
	t.Helper()
	cfg := config(base)
	cfg.Retry.MaxWait = time.Millisecond
	if change != nil {
		change(&cfg)
	}
	c, err := looker.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// logs is a logger that keeps what it is told.
type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logs) at(level hclog.Level) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Output: l, Level: level, DisableTime: true})
}

func background() context.Context { return context.Background() }

func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}
