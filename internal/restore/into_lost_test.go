package restore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// So does what is made anew in a folder that was made anew there before.
func TestIntoGoesOnWithWhatWasMade(t *testing.T) {
	t.Parallel()
	x := newTree(t)
	for _, ref := range []record.Ref{x.dashboard, x.below, x.look, x.inner, x.top} {
		x.do("DELETE", "/"+string(ref.Kind)+"/"+ref.ID, "")
	}
	request := x.request()
	request.Exclude = []record.Ref{x.dashboard, x.below}
	complete(t, x.apply(x.plan(request)))
	complete(t, x.apply(x.plan(x.request())))
	x.checkTree()
}

// What comes back into a folder that is copied comes into the copy, and is the document itself: it
// shows what it showed, not copies of that, and waits for none.
func TestIntoTheCopyOfItsFolder(t *testing.T) {
	t.Parallel()
	x := newTree(t)
	x.do("PATCH", "/dashboards/"+x.dashboard.ID, `{"deleted":true}`)
	x.do("DELETE", "/dashboards/"+x.below.ID, "")
	plan := x.plan(x.request())
	back, look := onlyAction(t, plan, x.dashboard), onlyAction(t, plan, x.look)
	if back.Deed != record.DeedUndelete || look.Deed != record.DeedCreate || slices.Contains(back.Needs, look.Seq) {
		t.Errorf("%s %s needs %v, %s %s", back.Deed, back.Ref, back.Needs, look.Deed, look.Ref)
	}
	done := x.apply(plan)
	complete(t, done)
	top, inner := targetOf(done, x.top), targetOf(done, x.inner)
	if found := x.in("dashboards", top); found["Pipeline"] != x.dashboard {
		t.Errorf("in the copy: %v", found)
	}
	if found := x.in("dashboards", inner); found["Won"].ID != targetOf(done, x.below) {
		t.Errorf("in the copy below: %v", found)
	}
	for _, a := range x.plan(x.request()).Actions {
		if a.Deed != record.DeedReuse {
			t.Errorf("a second plan: %s %s: %s", a.Deed, a.Ref, a.Reason)
		}
	}
	shows := canon.Named(x.sim.Document("dashboards", x.dashboard.ID), &catalogue.Relation{Path: "dashboard_elements.look_id"})
	if diff := cmp.Diff([]string{x.look.ID}, shows); diff != "" {
		t.Errorf("what it shows (-want +got):\n%s", diff)
	}
}

// What was in the trash at the moment that is meant neither comes out of it nor is copied.
func TestIntoLeavesTheTrash(t *testing.T) {
	for _, live := range []bool{false, true} {
		t.Run(fmt.Sprint(live), func(t *testing.T) {
			t.Parallel()
			x := newTree(t)
			x.do("PATCH", "/dashboards/"+x.dashboard.ID, `{"deleted":true}`)
			run := x.backup()
			if live {
				x.do("PATCH", "/dashboards/"+x.dashboard.ID, `{"deleted":false}`)
			}
			request := restore.Request{Items: []record.Ref{x.dashboard}, Run: run, Into: x.scratch}
			a := onlyAction(t, x.plan(request), x.dashboard)
			if live && (a.Deed != record.DeedSkip || a.Reason != "it was in the trash then") || !live && a.Deed != record.DeedReuse {
				t.Errorf("%s %s: %s", a.Deed, a.Ref, a.Reason)
			}
			// What has changed in it becomes what it was, where it lies.
			x.do("PATCH", "/dashboards/"+x.dashboard.ID, `{"deleted":true,"description":"changed since"}`)
			a = onlyAction(t, x.plan(request), x.dashboard)
			if len(a.Changes) != 1 || a.Changes[0].Path != "description" {
				t.Errorf("%s %s: %v", a.Deed, a.Ref, a.Changes)
			}
		})
	}
}

// What showed a document that is made anew shows it again, and what comes out of the trash since
// another document needs it comes back to where it lay.
func TestIntoMovesNothingElse(t *testing.T) {
	for _, way := range []string{"linked", "needed"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			x := newTree(t)
			item, other := x.look, x.dashboard
			if way == "linked" {
				x.do("DELETE", "/looks/"+x.look.ID, "")
			} else {
				x.do("DELETE", "/dashboards/"+x.dashboard.ID, "")
				x.do("PATCH", "/looks/"+x.look.ID, `{"deleted":true}`)
				item, other = x.dashboard, x.look
			}
			complete(t, x.apply(x.plan(restore.Request{Items: []record.Ref{item}, Into: x.scratch})))
			body := x.sim.Document(string(other.Kind), other.ID)
			if folder := canon.Text(canon.Member(body, "folder_id")); folder != x.top.ID || canon.Text(canon.Member(body, "deleted")) == "true" {
				t.Errorf("%s lies in folders/%s: %s", other, folder, body)
			}
			if found := x.in(item.Kind, x.scratch); len(found) != 1 {
				t.Errorf("in the new place: %v", found)
			}
		})
	}
}

// What a document needs and nobody has named stays where it is.
func TestIntoMovesNoNeeds(t *testing.T) {
	t.Parallel()
	x := newTree(t)
	x.do("DELETE", "/dashboards/"+x.dashboard.ID, "")
	x.do("PATCH", "/looks/"+x.look.ID, `{"description":"changed since"}`)
	before := x.normal(x.look)
	done := x.apply(x.plan(restore.Request{Items: []record.Ref{x.dashboard}, Into: x.scratch, Conflict: restore.Update}))
	complete(t, done)
	if after := x.normal(x.look); after != before {
		t.Errorf("the look (-before +after):\n%s", cmp.Diff(before, after))
	}
	if found := x.in("dashboards", x.scratch); found["Pipeline"].ID == "" {
		t.Errorf("in the new place: %v", found)
	}
}

// The personal folder of somebody who is made anew is not made by anybody but Looker: what lay in it
// comes into the new place without it.
func TestIntoWithoutThePersonalFolder(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	user, folder := r.someoneWithAFolder(t)
	own := record.Ref{Kind: "dashboards", ID: r.add("/dashboards", `{"title":"Own","folder_id":"`+folder+`","user_id":"`+user.ID+`"}`)}
	r.backup()
	scratch := r.add("/folders", `{"name":"Scratch","parent_id":"1"}`)
	r.do("DELETE", "/users/"+user.ID, "")
	home := record.Ref{Kind: "folders", ID: folder}
	plan := r.plan(restore.Request{Items: []record.Ref{user, home, own}, Into: scratch})
	if a := onlyAction(t, plan, home); a.Deed != record.DeedReuse || a.Target != "" {
		t.Errorf("%s %s: %s", a.Deed, a.Ref, a.Reason)
	}
	complete(t, r.apply(plan))
	if found := r.in("dashboards", scratch); found["Own"] != own {
		t.Errorf("in the new place: %v", found)
	}
}

// What lies in the trash comes out of it, with its id, and what is gone is made anew: in the new
// place both, and they are the documents from then on.
func TestIntoBringsBackWhatWasLost(t *testing.T) {
	t.Parallel()
	x := newTree(t)
	x.do("PATCH", "/dashboards/"+x.dashboard.ID, `{"deleted":true}`)
	x.do("DELETE", "/dashboards/"+x.below.ID, "")
	request := restore.Request{Items: []record.Ref{x.dashboard, x.below}, Into: x.scratch}
	plan := x.plan(request)
	if a := onlyAction(t, plan, x.dashboard); a.Deed != record.DeedUndelete {
		t.Fatalf("%s %s: %s", a.Deed, a.Ref, a.Reason)
	}
	done := x.apply(plan)
	complete(t, done)
	found := x.in("dashboards", x.scratch)
	if len(found) != 2 || found["Pipeline"] != x.dashboard || found["Won"].ID == "" {
		t.Errorf("in the new place: %v", found)
	}
	for _, a := range x.plan(request).Actions {
		if a.Deed != record.DeedReuse {
			t.Errorf("a second plan: %s %s: %s", a.Deed, a.Ref, a.Reason)
		}
	}
	again := x.plan(restore.Request{Items: []record.Ref{x.below}})
	if a := onlyAction(t, again, x.below); a.Target != found["Won"].ID {
		t.Errorf("dashboards/%s is to be %q, not %s", x.below.ID, a.Target, found["Won"])
	}
}

// The folder of somebody who has left comes into the new place, instead of into the folder of who
// takes over.
func TestIntoTakesAHandOver(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	user, folder := r.someoneWithAFolder(t)
	heir := r.add("/users", `{"first_name":"Her","last_name":"Heir"}`)
	own := record.Ref{Kind: "dashboards", ID: r.add("/dashboards", `{"title":"Own","folder_id":"`+folder+`","user_id":"`+user.ID+`"}`)}
	r.backup()
	scratch := r.add("/folders", `{"name":"Scratch","parent_id":"1"}`)
	r.do("DELETE", "/users/"+user.ID, "")
	done := r.apply(r.plan(restore.Request{Lost: true, Owners: []string{user.ID}, NewOwners: map[string]string{user.ID: heir}, Into: scratch}))
	complete(t, done)
	from := r.in("folders", scratch)
	if len(from) != 1 {
		t.Fatalf("in the new place: %v", from)
	}
	for name, ref := range from {
		if found := r.in("dashboards", ref.ID); !strings.HasPrefix(name, "From ") || found["Own"] != own {
			t.Errorf("%s holds %v, want %s", name, found, own)
		}
	}
}
