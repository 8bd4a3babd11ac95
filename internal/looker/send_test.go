package looker_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/looker"
)

var (
	post   = looker.Write{Route: "POST /looks", Class: "administrative", Method: "POST", Path: "/looks", Body: []byte(`{"title":"a"}`)}
	again  = looker.Write{Route: "POST /queries", Class: "query", Method: "POST", Path: "/queries", Body: []byte(`{"model":"m"}`), Repeat: true}
	put    = looker.Write{Route: "PUT /roles/{role_id}/users", Method: "PUT", Path: "/roles/1/users", Body: []byte(`[1]`), Repeat: true}
	patch  = looker.Write{Route: "PATCH /looks/{look_id}", Method: "PATCH", Path: "/looks/1", Body: []byte(`{"title":"b"}`), Repeat: true}
	remove = looker.Write{Route: "DELETE /looks/{look_id}", Method: "DELETE", Path: "/looks/1", Repeat: true}
)

// networkClient is a client with three attempts on a transport of its own.
func networkClient(t *testing.T, base string, change func(*looker.Config, *http.Transport)) *looker.Client {
	t.Helper()
	cfg := config(base)
	cfg.Retry = looker.Retry{Attempts: 3, MaxWait: time.Millisecond}
	rt, err := looker.Transport(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&cfg, rt)
	}
	c, err := looker.NewWith(cfg, rt, func() float64 { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// ending is what a write ends with: "ok", "ok late", "ok 404", "doubt 500", "doubt 0 late", a class, or
// "network late" where the error says that an attempt may still be carried out.
func ending(resp *looker.Response, err error) string {
	var doubt *looker.DoubtError
	switch {
	case err == nil && resp.Status == 404:
		return "ok 404"
	case err == nil && resp.Late:
		return "ok late"
	case err == nil:
		return "ok"
	case errors.As(err, &doubt) && doubt.Late:
		return fmt.Sprintf("doubt %d late", doubt.Status)
	case errors.As(err, &doubt):
		return fmt.Sprintf("doubt %d", doubt.Status)
	case strings.Contains(err.Error(), "may still be carried out"):
		return string(looker.Class(err)) + " late"
	}
	return string(looker.Class(err))
}

// TestSendAfterAFailure fixes, for each method and failure, whether the write is made
// again, is in doubt or is refused. All calls are counted where they arrive.
func TestSendAfterAFailure(t *testing.T) {
	const html = `<html><title>Sign in</title></html>`
	length := "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
	one := func(h http.HandlerFunc) []http.HandlerFunc { return []http.HandlerFunc{h} }
	each := func(h http.HandlerFunc) []http.HandlerFunc { return []http.HandlerFunc{h, h, h} }
	hang := func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // else the server does not see that the client gave up
		<-r.Context().Done()
	}
	missing := status(404, `{"message":"Not found","documentation_url":"x"}`)
	type row struct {
		name    string
		answers []http.HandlerFunc // one after the other; then a good one
		once    string             // POST: how it ends/calls at the server
		repeat  string             // POST that may be repeated, PUT, PATCH
		remove  string             // DELETE
	}
	tests := []row{
		{"good", nil, "ok/1", "ok/1", "ok/1"},
		{"429", []http.HandlerFunc{status(429, ""), status(429, "")}, "ok/3", "ok/3", "ok/3"},
		{"401", one(status(401, "")), "ok/2", "ok/2", "ok/2"},
		{"400", one(status(400, "")), "invalid/1", "invalid/1", "invalid/1"},
		{"403", one(status(403, "")), "denied/1", "denied/1", "denied/1"},
		{"404", one(missing), "missing/1", "missing/1", "missing/1"},
		{"404 of somebody else", one(status(404, html)), "doubt 404/1", "ok/2", "ok/2"},
		{"405", one(status(405, "")), "invalid/1", "invalid/1", "invalid/1"},
		{"407", each(status(407, "")), "network/3", "network/3", "network/3"},
		{"408", one(status(408, "")), "doubt 408 late/1", "invalid late/1", "invalid late/1"},
		{"409", one(status(409, "")), "invalid/1", "invalid/1", "invalid/1"},
		{"422", one(status(422, "")), "invalid/1", "invalid/1", "invalid/1"},
		{"500", one(status(500, "")), "doubt 500/1", "ok/2", "ok/2"},
		{"500 for ever", each(status(500, "")), "doubt 500/1", "server/3", "server/3"},
		{"501", one(status(501, "")), "doubt 501/1", "server/1", "server/1"},
		{"502", one(status(502, html)), "doubt 502 late/1", "ok late/2", "ok late/2"},
		{"503", one(status(503, "")), "doubt 503/1", "ok/2", "ok/2"},
		{"504", one(status(504, "")), "doubt 504 late/1", "ok late/2", "ok late/2"},
		{"closed", one(raw("")), "doubt 0 late/1", "ok late/2", "ok late/2"},
		{"reset", one(reset("")), "doubt 0 late/1", "ok late/2", "ok late/2"},
		{"reset for ever", each(reset("")), "doubt 0 late/1", "network late/3", "network late/3"},
		{"cut", one(raw(length + `{"id":"1"}`)), "doubt 0 late/1", "ok late/2", "ok late/2"},
		{"reset in the body", one(reset(length + `{"id":`)), "doubt 0 late/1", "ok late/2", "ok late/2"},
		{"hangs", one(hang), "doubt 0 late/1", "ok late/2", "ok late/2"},
		{"page", one(status(200, html)), "doubt 200/1", "ok/2", "ok/2"},
		{"half a document", one(status(200, `{"id":"1","a":[}`)), "doubt 200/1", "ok/2", "ok/2"},
		{"redirect", one(status(302, "")), "doubt 302/1", "redirect/1", "redirect/1"},
		{"throttled, then in doubt", []http.HandlerFunc{status(429, ""), status(500, "")}, "doubt 500/2", "ok/3", "ok/3"},
		{"in doubt, then missing", []http.HandlerFunc{status(500, ""), missing}, "doubt 500/1", "missing/2", "ok 404/2"},
		{"refused, then missing", []http.HandlerFunc{status(429, ""), missing}, "missing/2", "missing/2", "missing/2"},
		{"no content", one(status(204, "")), "doubt 204/1", "ok/1", "ok/1"},
		{"no body", one(status(200, "")), "doubt 200/1", "ok/1", "ok/1"},
		{"no id", one(status(200, `{"title":"a"}`)), "doubt 200/1", "ok/1", "ok/1"},
		{"null id", one(status(200, `{"id":null}`)), "doubt 200/1", "ok/1", "ok/1"},
		{"empty id", one(status(200, `{"id":""}`)), "doubt 200/1", "ok/1", "ok/1"},
		{"id as number", one(status(200, `{"id":7}`)), "ok/1", "ok/1", "ok/1"},
		{"a list", one(status(200, `[{"id":"1"}]`)), "doubt 200/1", "ok/1", "ok/1"},
		{"too large", one(status(200, `{"a":"`+strings.Repeat("x", 10_000)+`"}`)), "doubt 0/1", "too_large/1", "too_large/1"},
	}
	for _, tt := range tests {
		for _, m := range []struct {
			name  string
			write looker.Write
			want  string
		}{
			{"POST", post, tt.once}, {"POST that repeats", again, tt.repeat}, {"PUT", put, tt.repeat},
			{"PATCH", patch, tt.repeat}, {"DELETE", remove, tt.remove},
		} {
			t.Run(tt.name+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				send := func(t *testing.T) {
					t.Helper()
					if got, err := sendTo(t, tt.answers, m.write, tt.name == "hangs"); got != m.want {
						t.Errorf("%s, want %s: %v", got, m.want, err)
					}
				}
				if tt.name != "hangs" {
					send(t)
					return
				}
				synctest.Test(t, send)
			})
		}
	}
}

// sendTo sends a write to a server that gives these answers, one after the other, and then good ones.
// It returns how the write ends and how often it arrived. Where an answer hangs the server is in memory.
func sendTo(t *testing.T, answers []http.HandlerFunc, write looker.Write, hangs bool) (string, error) {
	t.Helper()
	var calls atomic.Int32
	api := func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet { // whether the server works
			io.WriteString(w, `{"id":"1"}`)
			return
		}
		n := int(calls.Add(1))
		body, _ := io.ReadAll(r.Body)
		if r.Method != write.Method || string(body) != string(write.Body) {
			t.Errorf("call %d is %s %q", n, r.Method, body)
		}
		if want := "application/json"; len(body) > 0 && r.Header.Get("Content-Type") != want {
			t.Errorf("content type %q", r.Header.Get("Content-Type"))
		}
		if n <= len(answers) {
			answers[n-1](w, r)
			return
		}
		io.WriteString(w, `{"id":"1"}`)
	}
	base, dial := "http://localhost", dialer(nil)
	if hangs {
		write.Timeout, dial = 20*time.Millisecond, pipedServer(t, api)
	} else {
		base = server(t, api).URL
	}
	c := networkClient(t, base, func(cfg *looker.Config, rt *http.Transport) {
		cfg.MaxBody = 5000
		if dial != nil {
			rt.DialContext = dial
		}
	})
	resp, err := c.Send(t.Context(), write)
	return fmt.Sprintf("%s/%d", ending(resp, err), calls.Load()), err
}

func TestBudgetOfWrites(t *testing.T) {
	c := fakeClient(t, &fake{api: always(429, nil, "")}, func(cfg *looker.Config) {
		cfg.Limits.MaxCalls, cfg.Retry.MaxWait = 2, time.Nanosecond
	})
	_, err := c.Send(t.Context(), post)
	if doubt := new(looker.DoubtError); errors.As(err, &doubt) || !errors.Is(err, looker.ErrBudget) || c.Stats().Calls != 2 {
		t.Errorf("%d calls, %v", c.Stats().Calls, err)
	}
}

// TestAWriteProvesNothingTwice: the call that shows whether a server works is never a
// write.
func TestAWriteProvesNothingTwice(t *testing.T) {
	var seen []string
	f := &fake{api: func(_ int, r *http.Request) (*http.Response, error) {
		seen = append(seen, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/api/4.0"))
		if r.URL.Path == "/api/4.0"+look1.Path {
			return reply(404, nil, "not here"), nil
		}
		return reply(200, nil, `{"id":"1"}`), nil
	}}
	c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Retry.MaxWait = time.Nanosecond })
	if _, err := c.Send(t.Context(), post); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(t.Context(), look1); looker.Class(err) != looker.FaultMissing {
		t.Fatal(err)
	}
	want := []string{"POST /looks", "GET /looks/1", "GET /user", "GET /looks/1"}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestFieldErrors(t *testing.T) {
	many := `{"message":"m","errors":[` + strings.Repeat(`{"field":"f"},`, 30) + `{"field":"f"}]}`
	tests := []struct {
		name, body string
		want       []looker.FieldError
	}{
		{"none", `{"message":"Bad"}`, nil},
		{"page", `<html>`, nil},
		{"as documented", `{"message":"Validation Failed","errors":[
			{"field":"title","code":"already_exists","message":"taken","documentation_url":"x"},{"code":"missing_field"}]}`,
			[]looker.FieldError{{Field: "title", Code: "already_exists", Message: "taken"}, {Code: "missing_field"}}},
		{"loose", `{"errors":[{"field":["title","space_id"],"code":7},{},"x",null]}`,
			[]looker.FieldError{{Field: "title, space_id", Code: "7"}}},
		{"secret", `{"errors":[{"field":"a","message":"` + token + ` and ` + secret + `\nis wrong"}]}`,
			[]looker.FieldError{{Field: "a", Message: "*** and *** is wrong"}}},
		{"long", `{"errors":[{"message":"` + strings.Repeat("x", 300) + `"}]}`,
			[]looker.FieldError{{Message: strings.Repeat("x", 200) + "..."}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := fakeClient(t, &fake{api: always(422, nil, tt.body)}, nil)
			_, err := c.Send(t.Context(), post)
			var got *looker.StatusError
			if !errors.As(err, &got) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.Errors); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	_, err := fakeClient(t, &fake{api: always(422, nil, many)}, nil).Send(t.Context(), post)
	if got := new(looker.StatusError); !errors.As(err, &got) || len(got.Errors) != 20 {
		t.Errorf("%v", err)
	}
}

func TestWritesThatMakeNoSense(t *testing.T) {
	for _, change := range []func(*looker.Write){
		func(w *looker.Write) { w.Method = "GET" },
		func(w *looker.Write) { w.Method = "" },
		func(w *looker.Write) { w.Path = "looks" },
		func(w *looker.Write) { w.Path = "/looks?a=b" },
	} {
		f := &fake{}
		w := post
		change(&w)
		if _, err := fakeClient(t, f, nil).Send(t.Context(), w); looker.Class(err) != looker.FaultOther {
			t.Errorf("%s %s: %v", w.Method, w.Path, err)
		}
		if logins, calls := f.counts(); logins+calls != 0 {
			t.Errorf("%s %s was sent", w.Method, w.Path)
		}
	}
}

// TestSendKeepsTheBody: what comes back are the exact bytes, and what goes out is not
// changed.
func TestSendKeepsTheBody(t *testing.T) {
	const answer = `{ "id" : 1.0e1 , "x":null}`
	var sent string
	f := &fake{api: func(_ int, r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		sent = string(body)
		return reply(200, nil, answer), err
	}}
	w := post
	w.Body = json.RawMessage(`{"n":1.50, "a":null}`)
	resp, err := fakeClient(t, f, nil).Send(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{string(w.Body), answer}, []string{sent, string(resp.Body)}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
