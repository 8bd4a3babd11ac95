package looker_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lookervault/lookervault/internal/looker"
)

func TestAnswersThatNameSomethingElse(t *testing.T) {
	tests := []struct {
		name, made, body, want string
	}{
		{"name", "name", `{"name":"thelook"}`, "ok"},
		{"no name", "name", `{"id":"1"}`, "doubt 200"},
		{"nothing due", looker.NothingDue, ``, "ok"},
		{"nothing due, a list", looker.NothingDue, `[]`, "ok"},
		{"nothing due, a page", looker.NothingDue, `<html>`, "doubt 200"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := post
			w.Made = tt.made
			c := fakeClient(t, &fake{api: always(200, nil, tt.body)}, nil)
			if got := ending(c.Send(t.Context(), w)); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// TestNothingWasSent: what fails before a byte of a request leaves is made again, also
// where it must not be made twice.
func TestNothingWasSent(t *testing.T) {
	refuse := func(context.Context) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
	hang := func(ctx context.Context) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	// speaks is what answers a handshake with something else.
	speaks := func(context.Context) (net.Conn, error) {
		here, there := net.Pipe()
		go func() { // the server's side
			there.Read(make([]byte, 4096))
			io.WriteString(there, "HTTP/1.1 400 Bad Request\r\n\r\n")
			there.Close()
		}()
		return here, nil
	}
	for _, u := range []unsent{
		{"refused", false, refuse, looker.FaultNetwork},
		{"no connection in time", false, hang, looker.FaultTimeout},
		{"handshake", true, speaks, looker.FaultNetwork},
	} {
		for _, failures := range []int32{1, 100} {
			t.Run(fmt.Sprint(u.name, " ", failures), func(t *testing.T) {
				t.Parallel()
				if u.want != looker.FaultTimeout {
					u.happens(t, failures)
					return
				}
				synctest.Test(t, func(t *testing.T) { u.happens(t, failures) })
			})
		}
	}
}

// unsent is a failure before a byte of a request leaves.
type unsent struct {
	name string
	tls  bool
	fail func(context.Context) (net.Conn, error)
	want looker.FaultClass // when it fails for ever
}

// serve lets a server answer, and returns its address and what a client needs to reach it.
func (u *unsent) serve(t *testing.T, api http.HandlerFunc) (base string, reach func(rt *http.Transport)) {
	t.Helper()
	if u.want == looker.FaultTimeout {
		dial := pipedServer(t, api)
		return "http://localhost", func(rt *http.Transport) { rt.DialContext = dial }
	}
	s := httptest.NewUnstartedServer(granting(api))
	start := s.Start
	if u.tls {
		start = s.StartTLS
	}
	start()
	t.Cleanup(s.Close)
	return s.URL, func(rt *http.Transport) {
		if u.tls {
			rt.TLSClientConfig.RootCAs = x509.NewCertPool()
			rt.TLSClientConfig.RootCAs.AddCert(s.Certificate())
		}
	}
}

// happens sends a POST whose first connections fail so.
func (u *unsent) happens(t *testing.T, failures int32) {
	t.Helper()
	var posts, dials atomic.Int32
	base, reach := u.serve(t, func(w http.ResponseWriter, r *http.Request) {
		posts.Add(1)
		io.WriteString(w, `{"id":"1"}`)
	})
	var failing atomic.Bool
	c := networkClient(t, base, func(_ *looker.Config, rt *http.Transport) {
		rt.DisableKeepAlives = true
		reach(rt)
		dial := rt.DialContext
		rt.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if failing.Load() && dials.Add(1) <= failures {
				return u.fail(ctx)
			}
			return dial(ctx, network, addr)
		}
	})
	if _, err := c.Get(t.Context(), look1); err != nil { // logs in
		t.Fatal(err)
	}
	posts.Store(0)
	failing.Store(true)
	w := post
	if u.want == looker.FaultTimeout {
		w.Timeout = 20 * time.Millisecond
	}
	resp, err := c.Send(t.Context(), w)
	if failures == 1 {
		if err != nil || resp.Attempts != 2 || posts.Load() != 1 {
			t.Fatalf("%+v, %v, %d dials, %d calls arrived", resp, err, dials.Load(), posts.Load())
		}
		return
	}
	if doubt := new(looker.DoubtError); errors.As(err, &doubt) || looker.Class(err) != u.want {
		t.Errorf("class %q, want %q: %v", looker.Class(err), u.want, err)
	}
	if dials.Load() < 3 || posts.Load() != 0 {
		t.Errorf("%d dials, %d calls arrived", dials.Load(), posts.Load())
	}
}

// TestNobodyElseRepeatsAPOST: net/http repeats requests on connections that it used
// before and that end without an answer, where it thinks that it may.
func TestNobodyElseRepeatsAPOST(t *testing.T) {
	for _, w := range []looker.Write{post, {Route: "POST /x", Method: "POST", Path: "/x"}} {
		var calls atomic.Int32
		s := server(t, func(rw http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			if calls.Add(1) > 1 {
				raw("")(rw, r)
				return
			}
			io.WriteString(rw, `{"id":"1"}`)
		})
		c := networkClient(t, s.URL, nil)
		for _, want := range []string{"ok", "doubt 0 late"} {
			if got := ending(c.Send(t.Context(), w)); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		if calls.Load() != 2 {
			t.Errorf("%d calls arrived, want 2", calls.Load())
		}
	}
}

// TestCutWrite: a write that its caller gives up is in doubt once it is on its way,
// and its class is that of any cut call.
func TestCutWrite(t *testing.T) {
	arrived := make(chan struct{})
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		close(arrived)
		<-r.Context().Done()
	})
	c := networkClient(t, s.URL, nil)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	_, err := c.Send(ctx, post)
	var doubt *looker.DoubtError
	if !errors.As(err, &doubt) || looker.Class(err) != looker.FaultCancelled || !errors.Is(err, context.Canceled) {
		t.Errorf("%q: %v", looker.Class(err), err)
	}
	_, err = c.Send(ctx, post)
	if errors.As(err, &doubt) || looker.Class(err) != looker.FaultCancelled {
		t.Errorf("cancelled before: %q: %v", looker.Class(err), err)
	}
}
