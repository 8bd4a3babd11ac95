package restore_test

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/restore"
)

// The probe says what holds, and leaves nothing behind.
func TestProbe(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	before := r.counts()
	found, left, err := restore.Probe(t.Context(), r.client, "1", "lookervault check")
	if err != nil || len(left) > 0 {
		t.Fatal(err, left)
	}
	for _, a := range found {
		if !a.Holds {
			t.Errorf("%s: %s", a.Says, a.Found)
		}
	}
	if len(found) != 8 {
		t.Errorf("%d assumptions: %v", len(found), found)
	}
	if diff := cmp.Diff(before, r.counts()); diff != "" {
		t.Errorf("documents (-before +after):\n%s", diff)
	}
}

// TestProbeThatMayNotDelete: Looker answers what a key may not delete as if it were not there, and
// what is there all the same is named.
func TestProbeThatMayNotDelete(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"folders", "dashboards"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			if err := r.sim.SetRules(lookersim.Rule{Route: "DELETE /" + kind + "/{id}", Do: lookersim.FaultStatus, Status: 404}); err != nil {
				t.Fatal(err)
			}
			_, left, _ := restore.Probe(t.Context(), r.client, "1", "lookervault check")
			if len(left) != 1 || !strings.HasPrefix(left[0], kind+"/") || !strings.Contains(left[0], "404") {
				t.Errorf("left: %q", left)
			}
		})
	}
}

// otherwise is a client of a server that does not do what restores rest on.
type otherwise struct {
	*looker.Client
	send func(w *looker.Write)
	got  func(path string, body []byte) []byte
}

func (c otherwise) Send(ctx context.Context, w looker.Write) (*looker.Response, error) {
	if c.send != nil {
		c.send(&w)
	}
	return c.Client.Send(ctx, w)
}

func (c otherwise) Get(ctx context.Context, r looker.Request) (*looker.Response, error) {
	response, err := c.Client.Get(ctx, r)
	if err == nil && c.got != nil {
		response.Body = c.got(r.Path, response.Body)
	}
	return response, err
}

// An instance that does not do one of the things is told of, and keeps nothing.
func TestProbeOfAnInstanceThatDoesOtherwise(t *testing.T) {
	t.Parallel()
	again := func(path, member string) func(*rig, *otherwise) { // what has another name is no second one
		return func(_ *rig, c *otherwise) {
			n := 0
			c.send = func(w *looker.Write) {
				if w.Path != path {
					return
				}
				if n++; n == 2 {
					w.Body = bytes.Replace(w.Body, []byte(`"`+member+`":"`), []byte(`"`+member+`":"another `), 1)
				}
			}
		}
	}
	without := func(member, empty string) func(*rig, *otherwise) {
		return func(_ *rig, c *otherwise) {
			c.got = func(path string, body []byte) []byte {
				if !strings.HasPrefix(path, "/dashboards/") {
					return body
				}
				return bytes.ReplaceAll(body, []byte(`"`+member+`":[`), []byte(`"`+member+`":`+empty+`,"x":[`))
			}
		}
	}
	rule := func(route string, nth int) func(*rig, *otherwise) {
		return func(r *rig, _ *otherwise) {
			if err := r.sim.SetRules(lookersim.Rule{Route: route, Nth: nth, Do: lookersim.FaultStatus, Status: 422}); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	for _, test := range []struct {
		fails     string
		otherwise func(r *rig, c *otherwise)
	}{
		{"a second folder of the same name in the same place is refused", again("/folders", "name")},
		{"a second dashboard of the same title in the same folder is refused", again("/dashboards", "title")},
		{"a new dashboard has a layout", without("dashboard_layouts", "[]")},
		{"a new tile has a place in the layout", without("dashboard_layout_components", "[]")},
		{"what is in the trash can be read by its id", rule("GET /dashboards/{id}", 4)},
		{"a dashboard comes out of the trash", rule("PATCH /dashboards/{id}", 2)},
		{"a dashboard comes out of the trash with its id, slug and tiles as it was", func(_ *rig, c *otherwise) {
			c.send = func(w *looker.Write) {
				if string(w.Body) == `{"deleted":false}` {
					w.Body = []byte(`{"deleted":false,"title":"Another"}`)
				}
			}
		}},
		{"a dashboard whose folder is deleted goes to the trash", func(r *rig, c *otherwise) {
			made := ""
			c.got = func(path string, body []byte) []byte {
				if strings.HasPrefix(path, "/dashboards/") {
					made = path
				}
				return body
			}
			c.send = func(w *looker.Write) {
				if w.Method == http.MethodDelete && strings.HasPrefix(w.Path, "/folders/") && made != "" {
					r.sim.Do(http.MethodDelete, made, nil)
				}
			}
		}},
		{"a dashboard whose folder is gone comes out of the trash into another one", rule("PATCH /dashboards/{id}", 3)},
	} {
		t.Run(test.fails, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			before := r.counts()
			client := otherwise{Client: r.client}
			test.otherwise(r, &client)
			found, left, err := restore.Probe(t.Context(), client, "1", "lookervault check")
			if err != nil || len(left) > 0 {
				t.Fatal(err, left)
			}
			var fails []string
			for _, a := range found {
				if !a.Holds {
					fails = append(fails, a.Says)
				}
			}
			if !slices.Contains(fails, test.fails) || len(fails) > 1 && !strings.HasPrefix(test.fails, "a new dashboard") {
				t.Errorf("%q do not hold, want %q", fails, test.fails)
			}
			if diff := cmp.Diff(before, r.counts()); diff != "" {
				t.Errorf("documents (-before +after):\n%s", diff)
			}
		})
	}
}

// Where the probe cannot go on, is interrupted, or does not hear what became of its requests, what
// it made is deleted all the same.
func TestProbeThatCannotGoOn(t *testing.T) {
	t.Parallel()
	lost := func(route string, nth int) lookersim.Rule {
		return lookersim.Rule{Route: route, Nth: nth, Do: lookersim.FaultReset, Applied: true, Times: 1}
	}
	for _, test := range []struct {
		name   string
		rule   lookersim.Rule
		cut    int // the so manieth write is cut off; 0 = none
		goesOn bool
		doubts int // what nobody found
	}{
		{"a tile is refused", lookersim.Rule{Route: "POST /dashboard_elements", Do: lookersim.FaultStatus, Status: 500}, 0, false, 0},
		{"the answer to the folder is lost", lost("POST /folders", 1), 0, true, 0},
		{"the answer to the second folder is lost", lost("POST /folders", 2), 0, true, 1},
		{"the answer to the dashboard is lost", lost("POST /dashboards", 1), 0, true, 0},
		{"cut off while the folder is made", lookersim.Rule{Route: "POST /looks", Do: lookersim.FaultReset}, 1, false, 0},
		{"cut off while the dashboard is made", lookersim.Rule{Route: "POST /looks", Do: lookersim.FaultReset}, 3, false, 0},
		{"cut off while the tile is made", lookersim.Rule{Route: "POST /looks", Do: lookersim.FaultReset}, 5, false, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			before := r.counts()
			if err := r.sim.SetRules(test.rule); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			writes := 0
			client := otherwise{Client: r.client, send: func(*looker.Write) { writes++ }}
			var probed restore.Looker = client
			if test.cut > 0 {
				probed = cutOff{client, &writes, test.cut, cancel}
			}
			_, left, err := restore.Probe(ctx, probed, "1", "lookervault check")
			if (err == nil) != test.goesOn || len(left) != test.doubts {
				t.Errorf("left %q, %v", left, err)
			}
			if diff := cmp.Diff(before, r.counts()); diff != "" {
				t.Errorf("documents (-before +after):\n%s", diff)
			}
		})
	}
}

// cutOff is a client whose caller is interrupted while a write is carried out.
type cutOff struct {
	otherwise
	writes *int
	at     int
	cut    func()
}

func (c cutOff) Send(ctx context.Context, w looker.Write) (*looker.Response, error) {
	response, err := c.otherwise.Send(context.WithoutCancel(ctx), w)
	if *c.writes == c.at {
		c.cut()
		return nil, context.Canceled
	}
	return response, err
}
