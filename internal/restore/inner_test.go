package restore_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// crowd is a client that counts the writes which are in the air at the same time. Of those to
// one route it lets none through before as many are there as shall be.
type crowd struct {
	restore.Looker
	route string
	shall int // how many are to come together
	left  int // that are still to come

	mu      sync.Mutex
	inside  []looker.Write
	most    int
	gather  chan struct{}
	waiting int
	alone   []string // what was not alone, and had to be
}

func (c *crowd) Send(ctx context.Context, w looker.Write) (*looker.Response, error) {
	defer c.enter(ctx, w)()
	return c.Looker.Send(ctx, w)
}

// enter takes a write in, and returns what lets it out.
func (c *crowd) enter(ctx context.Context, w looker.Write) (leave func()) {
	c.mu.Lock()
	c.inside = append(c.inside, w)
	c.most = max(c.most, len(c.inside))
	if i := slices.IndexFunc(c.inside, func(w looker.Write) bool { return w.Method != http.MethodPatch }); i >= 0 && len(c.inside) > 1 {
		c.alone = append(c.alone, c.inside[i].Method+" "+c.inside[i].Path)
	}
	gather := c.gather
	if w.Route == c.route {
		c.left--
		if c.waiting++; c.waiting == c.shall || c.left == 0 {
			close(c.gather)
			c.gather, c.waiting = make(chan struct{}), 0
		}
	} else {
		gather = nil
	}
	c.mu.Unlock()
	if gather != nil {
		select {
		case <-gather:
		case <-ctx.Done(): // of a test that fails
		}
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.inside = slices.DeleteFunc(c.inside, func(o looker.Write) bool { return o.Path == w.Path })
	}
}

// tiled is an instance that was backed up, with a dashboard of some tiles.
func tiled(t *testing.T) (r *rig, ref record.Ref, run int64) {
	t.Helper()
	r = newRig(t, lookersim.Options{Seed: 1})
	ref = first(t, r, "dashboards")
	for i := range 7 {
		r.add("/dashboard_elements", fmt.Sprintf(`{"dashboard_id":%q,"type":"text","title_text":"Text %d"}`, ref.ID, i))
	}
	return r, ref, r.backup()
}

// scatter moves all tiles of a dashboard, and changes what is written in them.
func scatter(t *testing.T, r *rig, ref record.Ref) (places int) {
	t.Helper()
	for _, layout := range mustRows(t, canon.Member(r.sim.Document("dashboards", ref.ID), "dashboard_layouts")) {
		for _, place := range mustRows(t, canon.Member(layout, "dashboard_layout_components")) {
			r.do("PATCH", "/dashboard_layout_components/"+canon.Text(canon.Member(place, "id")), `{"row":4711}`)
			places++
		}
	}
	for _, tile := range mustRows(t, canon.Member(r.sim.Document("dashboards", ref.ID), "dashboard_elements")) {
		r.do("PATCH", "/dashboard_elements/"+canon.Text(canon.Member(tile, "id")), `{"subtitle_text":"Edited"}`)
	}
	r.sim.ForgetWrites()
	return places
}

// Places and texts of one dashboard are written several at once, and nothing else is: never more
// than restore.inner says, and all as if they came one after the other.
func TestPlacesAreWrittenTogether(t *testing.T) {
	t.Parallel()
	const places = "PATCH /dashboard_layout_components/{dashboard_layout_component_id}"
	var alone []string
	for _, inner := range []int{1, 2, 4} {
		t.Run(fmt.Sprint(inner), func(t *testing.T) {
			r, ref, run := tiled(t)
			before := r.normal(ref)
			moved := scatter(t, r, ref)
			if moved < 4 {
				t.Fatalf("the dashboard has %d places, which shows nothing", moved)
			}
			c := &crowd{route: places, shall: inner, left: moved, gather: make(chan struct{})}
			r.inner, r.wrap = inner, func(client restore.Looker) restore.Looker { c.Looker = client; return c }
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			done, err := r.tryApply(ctx, r.plan(restore.Request{Items: []record.Ref{ref}, Run: run}))
			if err != nil {
				t.Fatal(err)
			}
			complete(t, done)
			if c.most != inner || len(c.alone) > 0 {
				t.Errorf("%d writes in the air at the same time, want %d; besides others: %v", c.most, inner, c.alone)
			}
			if after := r.normal(ref); after != before {
				t.Errorf("(-before +after):\n%s", cmp.Diff(before, after))
			}
			var sent []string
			for _, w := range r.sim.Writes() {
				sent = append(sent, w.Method+" "+w.Path)
			}
			slices.Sort(sent)
			if alone == nil {
				alone = sent
			}
			if diff := cmp.Diff(alone, sent); diff != "" {
				t.Errorf("other writes than one by one (-want +got):\n%s", diff)
			}
		})
	}
}

// What Looker refuses of one place ends the action, as it does one by one: the message names the
// part, and applying once more goes on.
func TestAPlaceThatIsRefused(t *testing.T) {
	t.Parallel()
	r, ref, run := tiled(t)
	scatter(t, r, ref)
	r.inner = 4
	if err := r.sim.SetRules(lookersim.Rule{Route: "PATCH /dashboard_layout_components/{id}", Do: lookersim.FaultStatus, Status: 422, Times: 1}); err != nil {
		t.Fatal(err)
	}
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{ref}, Run: run}))
	if a := done.Actions[0]; a.State != record.ActionFailed || a.Status != 422 || !strings.Contains(a.Message, "dashboard_layout_components/") {
		t.Errorf("the action is %s: %d %s", a.State, a.Status, a.Message)
	}
	complete(t, r.apply(r.plan(restore.Request{Items: []record.Ref{ref}, Run: run})))
}
