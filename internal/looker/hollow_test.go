package looker_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/looker"
)

var (
	roles  = looker.Request{Route: "GET /roles", Class: "administrative", Path: "/roles"}
	boards = looker.Request{Route: "GET /boards", Class: "administrative", Path: "/boards", Emptied: true}
)

const someRows = ` [ {"id":"1"}]`

// lists is a server of two lists, and what it was asked.
type lists struct {
	roles, boards func(n int) string // the n-th answer
	header        http.Header        // of the list of boards

	mu    sync.Mutex
	asked map[string]int
}

// calls counts the requests for a list.
func (l *lists) calls(name string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked[name]
}

func (l *lists) answer(_ int, req *http.Request) (*http.Response, error) {
	time.Sleep(time.Millisecond)
	name := req.URL.Path[strings.LastIndexByte(req.URL.Path, '/')+1:]
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked == nil {
		l.asked = make(map[string]int)
	}
	l.asked[name]++
	if name == "roles" {
		body := l.roles(l.asked[name])
		if body == ownMissing {
			return reply(404, nil, body), nil
		}
		return reply(200, nil, body), nil
	}
	return reply(200, l.header, l.boards(l.asked[name])), nil
}

// from answers with the bodies in turn, with the last one for ever.
func from(bodies ...string) func(int) string {
	return func(n int) string { return bodies[min(n, len(bodies))-1] }
}

// TestAnEmptyListIsAClaim: a list without rows counts when it comes again after another list has
// had some. Where the other one has none either, the client waits for it.
func TestAnEmptyListIsAClaim(t *testing.T) {
	empty := " [ ]\n"
	total, wrong := http.Header{"X-Total-Count": {"0"}}, http.Header{"X-Total-Count": {"5"}}
	tests := []struct {
		name          string
		roles, boards func(int) string
		header        http.Header
		first         bool // GET /roles is asked before
		body          string
		class         looker.FaultClass
		calls         int // of GET /boards
		proofs        int // calls of GET /roles after that
	}{
		{"rows", from(someRows), from(someRows), nil, true, someRows, "", 1, 0},
		{"empty", from(someRows), from(empty), nil, true, empty, "", 2, 1},
		{"empty with a total", from(someRows), from(empty), total, true, empty, "", 1, 0},
		{"empty with a total of some", from(someRows), from(empty), wrong, true, empty, "", 2, 1},
		{"empty once", from(someRows), from(empty, someRows), nil, true, someRows, "", 2, 1},
		{"an outage", from(someRows, "[]", "[]", someRows), from(empty, someRows), nil, true, someRows, "", 2, 3},
		{"for good", from(someRows, "[]"), from(empty), nil, true, "", looker.FaultUnsure, 1, -1},
		{"no list", from(someRows), from(`{"id":"1"}`), nil, true, `{"id":"1"}`, "", 1, 0},
		{"an object without members", from(someRows), from("{}"), nil, true, "{}", "", 2, 1},
		{"nothing that could be one", from(someRows), from("7"), nil, true, "7", "", 1, 0},
		{"empty, first of all", from(someRows), from(empty), nil, false, empty, "", 2, 1},
		{"an outage from the beginning", from("[]", "[]", someRows), from(empty, someRows), nil, false, someRows, "", 2, 3},
		{"from the beginning, for good", from("[]"), from(empty), nil, false, "", looker.FaultUnsure, 1, -1},
		{"roles are not for this key", from(ownMissing), from(empty), nil, false, empty, "", 2, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &lists{roles: tt.roles, boards: tt.boards, header: tt.header}
				c := fakeClient(t, &fake{api: server.answer}, nil)
				if tt.first {
					if _, err := c.Get(t.Context(), roles); err != nil {
						t.Fatal(err)
					}
				}
				before := server.calls("roles")
				resp, err := c.Get(t.Context(), boards)
				body := ""
				if resp != nil {
					body = string(resp.Body)
				}
				if looker.Class(err) != tt.class || body != tt.body {
					t.Errorf("%q and class %q, want %q and %q: %v", body, looker.Class(err), tt.body, tt.class, err)
				}
				proofs := server.calls("roles") - before
				if server.calls("boards") != tt.calls || tt.proofs >= 0 && proofs != tt.proofs || tt.proofs < 0 && proofs < 2 {
					t.Errorf("%d calls and %d proofs, want %d and %d", server.calls("boards"), proofs, tt.calls, tt.proofs)
				}
			})
		})
	}
}

// TestRowsOfOthersAreProof: where others get lists with rows, no call is made for it. What hangs
// on a document is no list that is known to have rows.
func TestRowsOfOthersAreProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &lists{roles: from(someRows), boards: from("[]")}
		c := fakeClient(t, &fake{api: server.answer}, nil)
		if _, err := c.Get(t.Context(), roles); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Millisecond, func() {
			_, _ = c.Get(t.Context(), looker.Request{Route: "GET /roles/{role_id}/users", Class: "administrative", Path: "/others/roles"})
		})
		began := time.Now()
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if _, err := c.Get(t.Context(), boards); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if server.calls("boards") != 4 || server.calls("roles") != 2 {
			t.Errorf("%v, want two calls each for boards and one besides", server.asked)
		}
		if took := time.Since(began); took > 10*time.Millisecond {
			t.Errorf("took %s, want it to go on with the rows", took)
		}
	})
}

// TestWhatHangsOnADocumentIsNoProof: it may be taken away from that, so it is not asked for.
func TestWhatHangsOnADocumentIsNoProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ofAGroup := 0
		server := &lists{roles: from(someRows), boards: from("[]")}
		c := fakeClient(t, &fake{api: func(n int, req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/groups/1/roles") {
				ofAGroup++
				return reply(200, nil, someRows), nil
			}
			return server.answer(n, req)
		}}, nil)
		if _, err := c.Get(t.Context(), looker.Request{Route: "GET /groups/{group_id}/roles", Class: "administrative", Path: "/groups/1/roles"}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Get(t.Context(), boards); err != nil || ofAGroup != 1 || server.calls("roles") != 1 {
			t.Errorf("%v: %d and %v, want the list of a document asked for once, and that of roles", err, ofAGroup, server.asked)
		}
	})
}

// TestTheListThatIsProof: a list that had rows is asked for again as it was. That of roles has rows for
// every key, so it takes the place of another one, which may have lost its rows, and stays.
func TestTheListThatIsProof(t *testing.T) {
	groups := looker.Request{Route: "GET /groups", Class: "administrative", Path: "/groups", Query: url.Values{"limit": {"7"}}}
	users := looker.Request{Route: "GET /users", Class: "administrative", Path: "/users"}
	for proof, before := range map[string][]looker.Request{
		"/groups?limit=7":  {groups, users},
		"/roles?fields=id": {groups, roles, users},
	} {
		synctest.Test(t, func(t *testing.T) {
			var asked []string
			c := fakeClient(t, &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
				time.Sleep(time.Millisecond)
				_, path, _ := strings.Cut(req.URL.RequestURI(), "4.0")
				asked = append(asked, path)
				if path == boards.Path {
					return reply(200, nil, "[]"), nil
				}
				return reply(200, nil, someRows), nil
			}}, nil)
			for _, request := range before {
				if _, err := c.Get(t.Context(), request); err != nil {
					t.Fatal(err)
				}
			}
			asked = nil
			_, err := c.Get(t.Context(), boards)
			if diff := cmp.Diff([]string{boards.Path, proof, boards.Path}, asked); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestALateAnswerTakesNoProofBack: what the answer to a later request has shown remains shown.
func TestALateAnswerTakesNoProofBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := fakeClient(t, &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/looks") {
				time.Sleep(10 * time.Second)
			}
			return reply(200, nil, someRows), nil
		}}, nil)
		slow := make(chan error)
		go func() {
			_, err := c.Get(t.Context(), looker.Request{Route: "GET /looks", Class: "administrative", Path: "/looks"})
			slow <- err
		}()
		time.Sleep(time.Second)
		between := time.Now()
		time.Sleep(time.Second)
		if _, err := c.Get(t.Context(), roles); err != nil || !c.RowsAfter(between) {
			t.Fatalf("%v, want rows after the first request", err)
		}
		if err := <-slow; err != nil || !c.RowsAfter(between) {
			t.Errorf("%v, want rows after the first request still", err)
		}
	})
}

// TestAHollowServerIsWaitedForOnce: when the client has waited for rows in vain, the next list
// without rows costs no such time again. When rows come again, it is known when there were none,
// and the next time is waited for anew.
func TestAHollowServerIsWaitedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hollow := false
		answer := func(int) string {
			if hollow {
				return "[]"
			}
			return someRows
		}
		server := &lists{roles: answer, boards: answer}
		c := fakeClient(t, &fake{api: server.answer}, nil)
		wait := func() time.Duration {
			began := time.Now()
			_, err := c.Get(t.Context(), boards)
			if unfit := (*looker.UnfitError)(nil); hollow && (!errors.As(err, &unfit) || unfit.Fault() != looker.FaultUnsure) {
				t.Fatalf("%v, want it unsure", err)
			}
			return time.Since(began)
		}
		if _, err := c.Get(t.Context(), roles); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		before := time.Now()
		time.Sleep(time.Second)
		if _, err := c.Get(t.Context(), roles); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		hollow = true
		during := time.Now()
		if first, second := wait(), wait(); first < time.Minute || second > time.Second {
			t.Errorf("waited %s and %s, want a minute and then no more", first, second)
		}
		hollow = false
		wait()
		time.Sleep(time.Second)
		for name, at := range map[string]struct {
			time time.Time
			want bool
		}{"before": {before, false}, "during": {during, true}, "after": {time.Now(), false}} {
			if got := c.Hollow(at.time); got != at.want {
				t.Errorf("hollow %s: %v, want %v", name, got, at.want)
			}
		}
		hollow = true
		if again := wait(); again < time.Minute || !c.Hollow(time.Now()) {
			t.Errorf("waited %s when there were none once more, hollow: %v, want a minute and that", again, c.Hollow(time.Now()))
		}
	})
}

// TestALateAnswerEndsNoOutage: rows that come for a request of before the server began to answer lists
// without rows do not show that it has stopped doing so.
func TestALateAnswerEndsNoOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hollow := false
		c := fakeClient(t, &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/looks") {
				time.Sleep(10 * time.Second)
				return reply(200, nil, someRows), nil
			}
			if time.Sleep(time.Millisecond); hollow {
				return reply(200, nil, "[]"), nil
			}
			return reply(200, nil, someRows), nil
		}}, nil)
		if _, err := c.Get(t.Context(), roles); err != nil {
			t.Fatal(err)
		}
		slow := make(chan error)
		go func() {
			_, err := c.Get(t.Context(), looker.Request{Route: "GET /looks", Class: "administrative", Path: "/looks"})
			slow <- err
		}()
		time.Sleep(time.Second)
		hollow = true
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, err := c.Get(ctx, boards); err == nil {
			t.Fatal("an empty list was believed")
		}
		if err := <-slow; err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		during := time.Now()
		time.Sleep(time.Second)
		hollow = false
		if _, err := c.Get(t.Context(), roles); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if !c.Hollow(during) || c.Hollow(time.Now()) {
			t.Errorf("hollow while it was: %v, and after that: %v", c.Hollow(during), c.Hollow(time.Now()))
		}
	})
}

// TestAnEmptyListLeavesA404Doubted: that a list came without rows is no reason to believe a 404, or a
// refusal, that comes when it is asked for again.
func TestAnEmptyListLeavesA404Doubted(t *testing.T) {
	for status, body := range map[int]string{404: ownMissing, 403: `{"message":"Forbidden","documentation_url":"x"}`} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			c := fakeClient(t, &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
				time.Sleep(time.Millisecond)
				if !strings.HasSuffix(req.URL.Path, "/boards") {
					return reply(200, nil, someRows), nil
				}
				switch asked++; asked {
				case 1:
					return reply(200, nil, "[]"), nil
				case 2:
					return reply(status, nil, body), nil
				}
				return reply(200, nil, someRows), nil
			}}, nil)
			if _, err := c.Get(t.Context(), roles); err != nil {
				t.Fatal(err)
			}
			call := boards
			call.Twice, call.Refused = true, true
			resp, err := c.Get(t.Context(), call)
			if err != nil || string(resp.Body) != someRows || asked != 3 {
				t.Errorf("%d: %v after %d calls, want the rows of the third", status, err, asked)
			}
		})
	}
}

// TestAListThatIsExpectedToHaveRows: where a list is known from before to have rows, the first one
// without any is waited for, and is unsure where none come.
func TestAListThatIsExpectedToHaveRows(t *testing.T) {
	for body, class := range map[string]looker.FaultClass{someRows: "", "[]": looker.FaultUnsure} {
		synctest.Test(t, func(t *testing.T) {
			server := &lists{roles: from("[]", "[]", body), boards: from("[]")}
			c := fakeClient(t, &fake{api: server.answer}, nil)
			c.ExpectRows(roles)
			asked := roles
			asked.Emptied = true
			resp, err := c.Get(t.Context(), asked)
			if looker.Class(err) != class || class == "" && string(resp.Body) != someRows {
				t.Errorf("class %q, want %q: %v", looker.Class(err), class, err)
			}
			if _, err := c.Get(t.Context(), boards); looker.Class(err) != class {
				t.Errorf("another list: class %q, want %q: %v", looker.Class(err), class, err)
			}
			if hollow := c.Hollow(time.Now()); hollow != (class != "") {
				t.Errorf("hollow: %v", hollow)
			}
		})
	}
}

// TestATokenThatEndsBeforeTheProof: the call that shows whether the server answers lists with rows is
// answered with 401. A new login and the same call again are no wait for a server in trouble: the
// call takes longer than such a wait may.
func TestATokenThatEndsBeforeTheProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &lists{roles: from(someRows), boards: from("[]")}
		refused := false
		c := fakeClient(t, &fake{api: func(n int, req *http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			if strings.HasSuffix(req.URL.Path, "/roles") && server.calls("roles") == 1 && !refused {
				refused = true
				return reply(401, nil, "{}"), nil
			}
			return server.answer(n, req)
		}}, func(c *looker.Config) { c.Retry.MaxWait = 100 * time.Millisecond })
		if _, err := c.Get(t.Context(), roles); err != nil {
			t.Fatal(err)
		}
		resp, err := c.Get(t.Context(), boards)
		if err != nil || string(resp.Body) != "[]" {
			t.Errorf("%v, want an empty list", err)
		}
		if proofs := server.calls("roles") - 1; !refused || proofs != 1 {
			t.Errorf("refused %v, then asked %d times for a list with rows, want once", refused, proofs)
		}
	})
}
