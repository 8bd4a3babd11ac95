package restore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// tree is an instance that was backed up with a folder of some content: a look, a dashboard that
// shows it, and a folder with access rules of its own in which another dashboard lies.
type tree struct {
	*rig
	run                    int64
	top, inner             record.Ref
	look, dashboard, below record.Ref
	scratch                string // a folder that was made since
}

func newTree(t *testing.T) *tree {
	t.Helper()
	r := newRig(t, lookersim.Options{Seed: 1})
	x := &tree{rig: r, top: record.Ref{Kind: "folders", ID: r.add("/folders", `{"name":"Sales","parent_id":"1"}`)}}
	x.inner = record.Ref{Kind: "folders", ID: r.add("/folders", `{"name":"Deals / closed","parent_id":"`+x.top.ID+`"}`)}
	metadata := canon.Text(canon.Member(r.sim.Document("folders", x.inner.ID), "content_metadata_id"))
	r.do("PATCH", "/content_metadata/"+metadata, `{"inherits":false}`)
	r.add("/content_metadata_access", `{"content_metadata_id":"`+metadata+`","group_id":"3","permission_type":"edit"}`)
	query := canon.Text(canon.Member(r.sim.Document("looks", "1"), "query_id"))
	x.look = record.Ref{Kind: "looks", ID: r.add("/looks", `{"title":"Deals","folder_id":"`+x.top.ID+`","query_id":"`+query+`"}`)}
	x.dashboard = record.Ref{Kind: "dashboards", ID: r.add("/dashboards", `{"title":"Pipeline","folder_id":"`+x.top.ID+`"}`)}
	r.add("/dashboard_elements", `{"dashboard_id":"`+x.dashboard.ID+`","type":"look","look_id":"`+x.look.ID+`"}`)
	r.add("/dashboard_elements", `{"dashboard_id":"`+x.dashboard.ID+`","type":"text","title_text":"Hello"}`)
	x.below = record.Ref{Kind: "dashboards", ID: r.add("/dashboards", `{"title":"Won","folder_id":"`+x.inner.ID+`"}`)}
	x.run = r.backup()
	x.scratch = r.add("/folders", `{"name":"Scratch","parent_id":"1"}`)
	return x
}

func (x *tree) request() restore.Request {
	return restore.Request{Folders: []string{x.top.ID}, Run: x.run, Into: "Shared/Scratch"}
}

// in finds the documents of a kind that lie in a folder, by name.
func (r *rig) in(kind record.Kind, folder string) map[string]record.Ref {
	found := make(map[string]record.Ref)
	spec, _ := catalogue.Find(kind)
	for item := range r.sim.Items(string(kind)) {
		body := r.sim.Document(string(kind), item.ID)
		if canon.Text(canon.Member(body, spec.Fields.Folder)) == folder && canon.Text(canon.Member(body, "deleted")) != "true" {
			found[canon.Text(canon.Member(body, spec.Fields.Name))] = record.Ref{Kind: kind, ID: item.ID}
		}
	}
	return found
}

// checkCopies checks that the whole tree is once in the new place, as it was when it was backed up,
// and that the copies name each other.
func (x *tree) checkCopies() {
	x.t.Helper()
	inner, below, look := x.checkTree()
	if below.ID == x.below.ID || look.ID == x.look.ID {
		x.t.Errorf("%v %v are not copies", below, look)
	}
	x.checkAccess(x.inner.ID, inner.ID)
}

// checkTree checks that the whole tree is once in the new place, as it was.
func (x *tree) checkTree() (innerFolder, won, deals record.Ref) {
	t := x.t
	t.Helper()
	top, ok := x.in("folders", x.scratch)["Sales"]
	if !ok || len(x.in("folders", x.scratch)) != 1 {
		t.Fatalf("folders in the new place: %v", x.in("folders", x.scratch))
	}
	inner, ok := x.in("folders", top.ID)["Deals / closed"]
	if !ok {
		t.Fatalf("folders in the copy: %v", x.in("folders", top.ID))
	}
	look, dashboards, below := x.in("looks", top.ID), x.in("dashboards", top.ID), x.in("dashboards", inner.ID)
	if len(look) != 1 || len(dashboards) != 1 || len(below) != 1 {
		t.Fatalf("in the copy: %v %v %v", look, dashboards, below)
	}
	copied := x.sim.Document("dashboards", dashboards["Pipeline"].ID)
	if on := canon.Named(copied, &catalogue.Relation{Path: "dashboard_elements.look_id"}); len(on) != 1 || on[0] != look["Deals"].ID {
		t.Errorf("the copy shows looks %v, want %v", on, look)
	}
	if texts := canon.Named(copied, &catalogue.Relation{Path: "dashboard_elements.title_text"}); cmp.Diff([]string{"Hello"}, texts) != "" {
		t.Errorf("texts of the copy: %v", texts)
	}
	return inner, below["Won"], look["Deals"]
}

// checkAccess checks that a copy of a folder lets in whom the folder lets in, and nobody else.
func (x *tree) checkAccess(folder, copied string) {
	x.t.Helper()
	let := func(folder string) (inherits string, groups []string) {
		metadata := canon.Text(canon.Member(x.sim.Document("folders", folder), "content_metadata_id"))
		return canon.Text(canon.Member(x.sim.Document("content_metadata", metadata), "inherits")),
			canon.Named(x.sim.Document("content_access", metadata), &catalogue.Relation{Path: "group_id"})
	}
	inherits, groups := let(copied)
	_, want := let(folder)
	if diff := cmp.Diff(want, groups); diff != "" || inherits != "false" {
		x.t.Errorf("who is let in, inherits is %q (-first +copy):\n%s", inherits, diff)
	}
}

// What the instance has is copied as it was, with the folders that are selected, and stays as it
// is; the copies name each other. A second plan has nothing to do, an undo leaves nothing.
func TestIntoCopies(t *testing.T) {
	t.Parallel()
	x := newTree(t)
	x.do("PATCH", "/dashboards/"+x.dashboard.ID, `{"description":"changed since"}`)
	before, counts := x.normals(), x.counts()
	plan := x.plan(x.request())
	if got := deeds(plan); got[record.DeedCreate] < 5 || got[record.DeedCreate] != len(plan.Actions) {
		t.Fatalf("%v", got)
	}
	for _, a := range plan.Actions {
		if want := "Shared/Scratch"; !strings.HasPrefix(a.Place, want) && a.Kind != "content_metadata" && a.Kind != "content_access" {
			t.Errorf("%s lies in %q", a.Ref, a.Place)
		}
	}
	done := x.apply(plan)
	complete(t, done)
	x.checkCopies()
	if copied := x.sim.Document("dashboards", targetOf(done, x.dashboard)); canon.Text(canon.Member(copied, "description")) != "" {
		t.Errorf("the copy is not as it was: %s", canon.Member(copied, "description"))
	}
	x.same(before, "folders looks dashboards content_metadata content_access")
	x.sim.ForgetWrites()
	for _, a := range x.plan(x.request()).Actions {
		if a.Deed != record.DeedReuse {
			t.Errorf("a second plan: %s %s: %s", a.Deed, a.Ref, a.Reason)
		}
	}
	for _, a := range x.plan(restore.Request{Items: []record.Ref{x.dashboard}, Run: x.run}).Actions {
		if a.Ref == x.dashboard && (a.Deed != record.DeedUpdate || a.Target != x.dashboard.ID) {
			t.Errorf("the document itself would be %s %s", a.Deed, a.Target)
		}
	}
	complete(t, x.apply(x.plan(restore.Request{Undo: done.ID, Hard: true})))
	if diff := cmp.Diff(counts, x.counts()); diff != "" {
		t.Errorf("after the undo (-want +got):\n%s", diff)
	}
	x.same(before)
}

// Whenever it is cut off, applying once more ends with one copy of everything, and touches nothing
// that was copied.
func TestIntoIsCutOff(t *testing.T) {
	for cutAfter := 1; cutAfter <= 12; cutAfter++ {
		t.Run(fmt.Sprint(cutAfter), func(t *testing.T) {
			t.Parallel()
			x := newTree(t)
			before := x.normals()
			plan := x.plan(x.request())
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			x.cutAfter, x.cut, x.workers = cutAfter, cancel, 1
			_, _ = x.tryApply(ctx, plan)
			x.cutAfter = 0
			if again, err := x.file.Reader().Restore(t.Context(), plan.ID); err != nil || again.State != record.RestoreComplete {
				complete(t, x.apply(plan))
			}
			x.checkCopies()
			x.same(before, "folders looks dashboards content_metadata content_access")
		})
	}
}

// What was copied is copied only in part by a first restore: what comes later lies in the folder
// that was made then, and names what was copied then.
func TestIntoGoesOnWithWhatWasCopied(t *testing.T) {
	t.Parallel()
	x := newTree(t)
	request := x.request()
	request.Exclude = []record.Ref{x.dashboard, x.below}
	complete(t, x.apply(x.plan(request)))
	complete(t, x.apply(x.plan(x.request())))
	x.checkCopies()
	// None of it is taken for the first ones, nor for what --conflict rename makes beside these.
	x.do("PATCH", "/looks/"+x.look.ID, `{"description":"changed since"}`)
	for policy, deed := range map[restore.Policy]record.Deed{restore.Update: record.DeedUpdate, restore.Rename: record.DeedCreate} {
		plan := x.plan(restore.Request{Items: []record.Ref{x.look, x.top}, Run: x.run, Conflict: policy})
		if a := onlyAction(t, plan, x.look); a.Deed != deed {
			t.Errorf("%s: %s %s: %s", policy, a.Deed, a.Ref, a.Reason)
		}
		if a := onlyAction(t, plan, x.top); a.Target != x.top.ID {
			t.Errorf("%s is taken for folders/%s", a.Ref, a.Target)
		}
	}
}

// Everything at once: with the folders that only Looker makes their content comes along, and
// nothing that was there is touched.
func TestIntoTakesAll(t *testing.T) {
	t.Parallel()
	x := newTree(t)
	before := x.normals()
	request := restore.Request{Run: x.run, Into: x.scratch, Exclude: []record.Ref{{Kind: "folders", ID: "1"}}}
	for item := range x.sim.Items("dashboards") {
		if item.State != "present" { // the titles of what lies in the trash are taken in the new place
			request.Exclude = append(request.Exclude, record.Ref{Kind: "dashboards", ID: item.ID})
		}
	}
	request.Conflict = restore.Rename
	done := x.apply(x.plan(request))
	complete(t, done)
	x.same(before, "folders looks dashboards content_metadata content_access")
	x.checkAccess(x.inner.ID, targetOf(done, x.inner))
}

// A copy that somebody has put elsewhere is theirs.
func TestIntoAgainWhereTheCopyWasMoved(t *testing.T) {
	t.Parallel()
	x := newTree(t)
	request := restore.Request{Items: []record.Ref{x.dashboard}, Run: x.run, Into: x.scratch}
	done := x.apply(x.plan(request))
	complete(t, done)
	x.do("PATCH", "/dashboards/"+targetOf(done, x.dashboard), `{"folder_id":"1"}`)
	if a := onlyAction(t, x.plan(request), x.dashboard); a.Deed != record.DeedCreate {
		t.Errorf("%s %s: %s", a.Deed, a.Ref, a.Reason)
	}
}

// Where a name is taken the policy says what becomes of a copy: nothing is overwritten.
func TestIntoWhereANameIsTaken(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		policy restore.Policy
		deed   record.Deed
	}{
		{"", record.DeedImpossible},
		{restore.Update, record.DeedImpossible},
		{restore.Rename, record.DeedCreate},
	} {
		for _, place := range []string{"another's", "its own"} {
			t.Run(string(test.policy)+"/"+place, func(t *testing.T) {
				t.Parallel()
				x := newTree(t)
				into := x.scratch
				if place == "its own" {
					into = x.top.ID
				} else {
					x.add("/dashboards", `{"title":"Pipeline","folder_id":"`+x.scratch+`"}`)
				}
				before := x.normals()
				request := restore.Request{Items: []record.Ref{x.dashboard}, Run: x.run, Into: into, Conflict: test.policy}
				plan := x.plan(request)
				if a := onlyAction(t, plan, x.dashboard); a.Deed != test.deed || a.Reason == "" {
					t.Fatalf("%s %s: %s", a.Deed, a.Ref, a.Reason)
				}
				done := x.apply(plan)
				x.same(before, "dashboards content_metadata")
				if test.deed == record.DeedImpossible {
					return
				}
				complete(t, done)
				if len(x.in("dashboards", into)) != 2 {
					t.Errorf("in the new place: %v", x.in("dashboards", into))
				}
				if a := onlyAction(t, x.plan(request), x.dashboard); a.Deed != record.DeedReuse {
					t.Errorf("a second plan: %s: %s", a.Deed, a.Reason)
				}
			})
		}
	}
}

// Two documents of one name that come into one folder are told apart, or one of them stays.
func TestIntoOnePlaceFromTwo(t *testing.T) {
	t.Parallel()
	x := newTree(t)
	x.do("PATCH", "/dashboards/"+x.below.ID, `{"title":"Pipeline"}`)
	run := x.backup()
	request := restore.Request{Items: []record.Ref{x.dashboard, x.below}, Run: run, Into: x.scratch}
	x.do("DELETE", "/dashboards/"+x.below.ID, "") // it is made anew there, the other one is copied
	if got := deeds(x.plan(request)); got[record.DeedCreate] != 1 || got[record.DeedImpossible] != 1 {
		t.Errorf("%v", got)
	}
	request.Conflict = restore.Rename
	complete(t, x.apply(x.plan(request)))
	if found := x.in("dashboards", x.scratch); len(found) != 2 {
		t.Errorf("in the new place: %v", found)
	}
}

// A place that cannot be is refused before anything is planned.
func TestIntoWhatCannotBe(t *testing.T) {
	t.Parallel()
	x := newTree(t)
	root := ""
	for item := range x.sim.Items("folders") {
		if canon.Text(canon.Member(x.sim.Document("folders", item.ID), "is_users_root")) == "true" {
			root = item.ID
		}
	}
	lost := x.add("/folders", `{"name":"Lost","parent_id":"1"}`)
	x.backup()
	x.do("DELETE", "/folders/"+lost, "")
	for _, test := range []struct{ into, want string }{
		{lost, "is not on the instance"},
		{"Shared/Nowhere", "is not on the instance"},
		{root, "nothing but what Looker puts there"},
		{x.inner.ID, "is to be copied there"},
		{x.top.ID, "is to be copied there"},
	} {
		request := x.request()
		request.Into = test.into
		if plan, err := x.tryPlan(request); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("into %q: %v %v, want %q", test.into, deeds(plan), err, test.want)
		}
	}
	// A folder that only Looker makes is not copied, what lies in it is.
	request := x.request()
	request.Folders = []string{"1"}
	request.Name = "Shared"
	if a := onlyAction(t, x.plan(request), record.Ref{Kind: "folders", ID: "1"}); a.Deed != record.DeedSkip {
		t.Errorf("%s %s: %s", a.Deed, a.Ref, a.Reason)
	}
	if writes := x.sim.Writes(); len(writes) > 0 {
		t.Errorf("writes: %v", writes)
	}
}
