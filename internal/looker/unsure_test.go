package looker_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/looker"
)

// routes is a server whose routes answer as they are told, each answer in its turn and the last for
// ever: "ok", "page" (a 404 that is not Looker's), "slow" (the same after ten seconds), or a status.
type routes map[string]string

// serve returns the server, and what it was asked: "boards 1, looks 2".
func (r routes) serve() (f *fake, asked func() string) {
	counts := make(map[string]int)
	answer := func(name string) (*http.Response, error) {
		script := strings.Fields(r[name])
		counts[name]++
		said := "ok"
		if len(script) > 0 {
			said = script[min(counts[name], len(script))-1]
		}
		switch said {
		case "ok":
			return reply(200, nil, `{}`), nil
		case "slow":
			time.Sleep(10 * time.Second)
			said = "page"
		}
		if said == "page" {
			return reply(404, nil, pageMissing), nil
		}
		var status int
		_, _ = fmt.Sscan(said, &status)
		return reply(status, nil, `{"message":"no","documentation_url":"x"}`), nil
	}
	f = &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
		time.Sleep(time.Millisecond)
		return answer(path.Base(strings.TrimSuffix(req.URL.Path, "/1")))
	}}
	asked = func() string { return fmt.Sprint(maps.Clone(counts)) }
	return f, asked
}

// TestUnsure404s: what it takes to believe a 404 that may be an outage's.
func TestUnsure404s(t *testing.T) {
	for _, test := range []struct {
		name   string
		server routes
		before []string // routes that are asked before
		spent  string   // the class whose calls are used up
		class  looker.FaultClass
		asked  map[string]int
	}{
		{
			name: "the user proves it", server: routes{"looks": "page"},
			class: looker.FaultMissing, asked: map[string]int{"looks": 2, "user": 1},
		},
		{
			name: "what worked before proves it", server: routes{"looks": "page"}, before: []string{"boards"},
			class: looker.FaultMissing, asked: map[string]int{"boards": 2, "looks": 2},
		},
		{
			name: "a proof is old when the second one comes", server: routes{"looks": "page slow"},
			class: looker.FaultMissing, asked: map[string]int{"looks": 2, "user": 2},
		},
		{
			name: "a proof that is throttled", server: routes{"looks": "page", "user": "429 ok"},
			class: looker.FaultMissing, asked: map[string]int{"looks": 2, "user": 2},
		},
		{
			name: "a proof by a token that ended", server: routes{"looks": "page", "user": "401 ok"},
			class: looker.FaultMissing, asked: map[string]int{"looks": 2, "user": 2},
		},
		{
			name: "down for a while", server: routes{"looks": "page page ok", "user": "500", "versions": "500 500 500 ok"},
			asked: map[string]int{"looks": 3, "user": 5, "versions": 5},
		},
		{
			name: "the host lives, what worked does not", server: routes{"looks": "page ok", "boards": "ok 500 500 500 ok"}, before: []string{"boards"},
			asked: map[string]int{"boards": 5, "looks": 2, "versions": 3},
		},
		{
			name: "a user that never works", server: routes{"looks": "page", "user": "500"},
			class: looker.FaultUnsure, asked: map[string]int{"looks": 5, "user": 5, "versions": 4},
		},
		{
			name: "no call is left for a proof", server: routes{"looks": "page"}, spent: "administrative",
			class: looker.FaultBudget, asked: map[string]int{"looks": 1},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, asked := test.server.serve()
				c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Connections = 1 })
				if test.spent != "" {
					c.Bound(map[string]int64{test.spent: 0})
				}
				for _, name := range test.before {
					if _, err := c.Get(t.Context(), looker.Request{Route: "GET /" + name, Path: "/" + name}); err != nil {
						t.Fatal(err)
					}
				}
				look := look1
				look.Class = "query"
				_, err := c.Get(t.Context(), look)
				if looker.Class(err) != test.class {
					t.Errorf("class %q, want %q: %v", looker.Class(err), test.class, err)
				}
				if spent, ok := errors.AsType[*looker.BudgetError](err); ok && spent.Class != test.spent {
					t.Errorf("the calls of class %q are used up, want %q: %v", spent.Class, test.spent, err)
				}
				if diff := cmp.Diff(fmt.Sprint(test.asked), asked()); diff != "" {
					t.Errorf("asked (-want +got)\n%s", diff)
				}
			})
		})
	}
}
