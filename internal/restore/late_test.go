package restore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// givesUp lets the first update of a route arrive when the restore waits for the server, and not before. It
// returns how often it waited.
func (r *rig) givesUp(t *testing.T, route string) (waited *int) {
	t.Helper()
	if err := r.sim.SetRules(lookersim.Rule{Route: route, Do: lookersim.FaultLate, Later: 1000, Times: 1}); err != nil {
		t.Fatal(err)
	}
	waited = new(int)
	r.settle = time.Hour
	r.paused = func() {
		*waited++
		r.sim.Arrive()
	}
	return waited
}

// An update that was given up may arrive after the one that was sent in its place. What it wrote is read
// back after that, and it is named.
func TestAnUpdateThatArrivesLate(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	ref := first(t, r, "looks")
	title := r.title(ref)
	r.do("PATCH", "/looks/"+ref.ID, `{"title":"Oops"}`)
	plan := r.plan(restore.Request{Items: []record.Ref{ref}})
	waited := r.givesUp(t, "PATCH /looks/{id}")
	done := r.apply(plan)
	complete(t, done)
	if *waited != 1 || r.title(ref) != title {
		t.Errorf("it waited %d times, and the title is %q", *waited, r.title(ref))
	}
	if notes := strings.Join(done.Notes, "\n"); strings.Count(notes, "given up") != 1 || !strings.Contains(notes, "PATCH /looks/{look_id} of looks/"+ref.ID) {
		t.Errorf("notes: %s", notes)
	}
}

// A name that a look has for a moment does not arrive after the one that it is to have.
func TestANameForAMomentThatArrivesLate(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	var refs []record.Ref
	folder := ""
	for _, id := range r.sim.IDs("looks") {
		body := r.sim.Document("looks", id)
		if in := canon.Text(canon.Member(body, "folder_id")); canon.Text(canon.Member(body, "deleted")) != "true" && (folder == "" || folder == in) {
			folder, refs = in, append(refs, record.Ref{Kind: "looks", ID: id})
		}
	}
	refs = refs[:2]
	one, two := r.title(refs[0]), r.title(refs[1])
	for _, change := range [][2]string{{refs[0].ID, "Moment"}, {refs[1].ID, one}, {refs[0].ID, two}} {
		r.do("PATCH", "/looks/"+change[0], fmt.Sprintf(`{"title":%q}`, change[1]))
	}
	plan := r.plan(restore.Request{Items: refs})
	waited := r.givesUp(t, "PATCH /looks/{id}")
	complete(t, r.apply(plan))
	r.sim.Arrive()
	if r.title(refs[0]) != one || r.title(refs[1]) != two || *waited == 0 {
		t.Errorf("after %d waits they are called %q and %q, not %q and %q", *waited, r.title(refs[0]), r.title(refs[1]), one, two)
	}
}

func (r *rig) title(ref record.Ref) string {
	return canon.Text(canon.Member(r.sim.Document(string(ref.Kind), ref.ID), "title"))
}

// Many updates that were given up are counted from some on.
func TestManyUpdatesThatWereGivenUp(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	for _, kind := range []string{"dashboards", "looks"} {
		for _, id := range r.sim.IDs(kind) {
			if canon.Text(canon.Member(r.sim.Document(kind, id), "deleted")) != "true" {
				r.do("PATCH", "/"+kind+"/"+id, `{"description":"Oops"}`)
			}
		}
	}
	plan := r.plan(restore.Request{Items: []record.Ref{{Kind: "dashboards"}, {Kind: "looks"}}, Conflict: restore.Update})
	r.wrap = func(client restore.Looker) restore.Looker { return giveUpAll{client} }
	done := r.apply(plan)
	complete(t, done)
	more := fmt.Sprintf("%d more updates were given up and sent again", len(plan.Actions)-10)
	if notes := strings.Join(done.Notes, "\n"); strings.Count(notes, " was given up at ") != 10 || !strings.Contains(notes, more) {
		t.Errorf("%d actions, notes: %s", len(plan.Actions), notes)
	}
}

// giveUpAll is a client that says of every write that an attempt of it was given up.
type giveUpAll struct{ restore.Looker }

func (g giveUpAll) Send(ctx context.Context, w looker.Write) (*looker.Response, error) {
	response, err := g.Looker.Send(ctx, w)
	if err == nil {
		response.Late = true
	}
	return response, err
}

// A stop ends the wait for an update that was given up, and going on reads back what was written.
func TestAStopEndsTheWaitForALateUpdate(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	ref := first(t, r, "looks")
	r.do("PATCH", "/looks/"+ref.ID, `{"title":"Oops"}`)
	plan := r.plan(restore.Request{Items: []record.Ref{ref}})
	r.givesUp(t, "PATCH /looks/{id}")
	stop, cancel := context.WithCancel(t.Context())
	defer cancel()
	told := time.Duration(0)
	r.paused, r.stop = nil, stop
	r.settling = func(d time.Duration) {
		told = d
		cancel()
	}
	if done, err := r.tryApply(t.Context(), plan); done.State != record.RestoreInterrupted || told <= 0 {
		t.Errorf("it is %s after a wait of %s, %v", done.State, told, err)
	}
	r.stop, r.settling, r.paused = nil, nil, func() { r.sim.Arrive() }
	complete(t, r.apply(plan))
}
