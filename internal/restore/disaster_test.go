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

// normal is the normal form of a document of the instance.
func (r *rig) normal(ref record.Ref) string {
	r.t.Helper()
	spec, _ := catalogue.Find(ref.Kind)
	body := r.sim.Document(string(ref.Kind), ref.ID)
	if body == nil {
		return ""
	}
	form, err := canon.Normal(spec, body, canon.Itself)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(form)
}

func complete(t *testing.T, done record.Restore) {
	t.Helper()
	if done.State == record.RestoreComplete {
		return
	}
	t.Errorf("the restore is %s: %v", done.State, done.Notes)
	for _, a := range done.Actions {
		if a.Message != "" || a.State != record.ActionDone {
			t.Errorf("%s %s %s: %s %s (%s) %s %v", a.Deed, a.Ref, a.State, a.Class, a.Message, a.Reason, a.Checked, a.Errors)
		}
	}
}

func first(t *testing.T, r *rig, kind record.Kind) record.Ref {
	t.Helper()
	for item := range r.sim.Items(string(kind)) {
		if item.State == "present" || item.State == "" {
			return record.Ref{Kind: kind, ID: item.ID}
		}
	}
	t.Fatalf("no %s", kind)
	return record.Ref{}
}

// A dashboard that was thrown away comes back with its id, by one write.
func TestDashboardOutOfTheTrash(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	ref := first(t, r, "dashboards")
	before := r.normal(ref)
	r.do("PATCH", "/dashboards/"+ref.ID, `{"deleted":true}`)
	plan := r.plan(restore.Request{Items: []record.Ref{ref}})
	if diff := cmp.Diff(map[record.Deed]int{record.DeedUndelete: 1}, deeds(plan)); diff != "" {
		t.Errorf("deeds (-want +got):\n%s", diff)
	}
	complete(t, r.apply(plan))
	if after := r.normal(ref); after != before {
		t.Errorf("(-before +after):\n%s", cmp.Diff(before, after))
	}
	if writes := r.sim.Writes(); len(writes) != 1 {
		t.Errorf("%d writes: %v", len(writes), writes)
	}
}

// Where the queries of one document have gone with it, those of others are made again
// beforehand where the backup has them; one that it does not have keeps nothing from coming
// back that does not need it.
func TestQueriesThatWentWithOneDocument(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	r.workers = 1 // the first one finds out
	refs := r.refsOf("dashboards", "present", func([]byte) bool { return true })
	if _, err := r.sim.Mutate(lookersim.Change{Op: lookersim.OpDelete, Kind: "dashboards", ID: refs[1].ID}); err != nil {
		t.Fatal(err)
	}
	for _, ref := range refs {
		if ref != refs[1] {
			r.do("PATCH", "/dashboards/"+ref.ID, `{"deleted":true}`)
		}
	}
	complete(t, r.apply(r.plan(restore.Request{Items: refs})))
}

// An edit of a tile is taken back in place: the tile keeps its id.
func TestEditOfATileIsTakenBack(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	ref := first(t, r, "dashboards")
	before := r.normal(ref)
	tile := canon.Text(canon.Member(mustRows(t, canon.Member(r.sim.Document("dashboards", ref.ID), "dashboard_elements"))[0], "id"))
	r.do("PATCH", "/dashboard_elements/"+tile, `{"title":"Broken by hand"}`)
	calls := r.client.Stats().Calls
	plan := r.plan(restore.Request{Items: []record.Ref{ref}, Run: run})
	complete(t, r.apply(plan))
	if after := r.normal(ref); after != before {
		t.Errorf("(-before +after):\n%s", cmp.Diff(before, after))
	}
	writes := r.sim.Writes()
	if len(writes) != 1 || !strings.HasSuffix(writes[0].Path, "/dashboard_elements/"+tile) {
		t.Errorf("writes: %v", writes)
	}
	if calls = r.client.Stats().Calls - calls; calls > 4 {
		t.Errorf("%d calls after the login, want 4: look, drift, write, check", calls)
	}
}

func mustRows(t *testing.T, array []byte) [][]byte {
	t.Helper()
	rows, err := canon.Rows(array)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// A dashboard that is gone for good is made anew: all of it, under another id.
func TestDashboardGoneForGood(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	for _, item := range []string{"1", "2", "3"} {
		ref := record.Ref{Kind: "dashboards", ID: item}
		r.do("DELETE", "/dashboards/"+ref.ID, "")
		done := r.apply(r.plan(restore.Request{Items: []record.Ref{ref}}))
		complete(t, done)
		for _, a := range done.Actions {
			if a.Ref != ref {
				continue
			}
			if a.Target == "" || a.Target == ref.ID || a.Checked != record.CheckedEqual {
				t.Errorf("%+v", a)
			}
		}
	}
}

// refsOf are the documents of a kind that the instance holds in a state and for which
// choose holds.
func (r *rig) refsOf(kind record.Kind, state string, choose func(body []byte) bool) (refs []record.Ref) {
	for item := range r.sim.Items(string(kind)) {
		if item.State == state && choose(r.sim.Document(string(kind), item.ID)) {
			refs = append(refs, record.Ref{Kind: kind, ID: item.ID})
		}
	}
	return refs
}

// Somebody was deleted, and with that user what they owned: another one takes it over.
func TestHandOver(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 3})
	r.backup()
	owned := func(id string) func([]byte) bool {
		return func(body []byte) bool { return canon.Text(canon.Member(body, "user_id")) == id }
	}
	var left string
	for _, ref := range r.refsOf("users", "present", func([]byte) bool { return true }) {
		if ref.ID != "1" && ref.ID != "7" && len(r.refsOf("dashboards", "present", owned(ref.ID))) > 0 && len(r.refsOf("scheduled_plans", "present", owned(ref.ID))) > 0 {
			left = ref.ID
		}
	}
	if left == "" {
		t.Fatal("nobody owns dashboards and schedules")
	}
	dashboards, plans := r.refsOf("dashboards", "present", owned(left)), r.refsOf("scheduled_plans", "present", owned(left))
	r.do("DELETE", "/users/"+left, "")
	plan := r.plan(restore.Request{Lost: true, Owners: []string{left}, NewOwners: map[string]string{left: "7"}})
	done := r.apply(plan)
	complete(t, done)
	for _, ref := range dashboards {
		body := r.sim.Document("dashboards", ref.ID)
		if owner := canon.Text(canon.Member(body, "user_id")); owner != "7" || canon.Text(canon.Member(body, "deleted")) != "false" {
			t.Errorf("%s is %s's, deleted %s", ref, owner, canon.Member(body, "deleted"))
		}
	}
	if got := len(r.refsOf("scheduled_plans", "present", owned("7"))); got < len(plans) {
		t.Errorf("%d schedules are the heir's, want at least %d", got, len(plans))
	}
}

// A folder was deleted with what lay in it.
func TestFolderWithItsContent(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 3})
	r.backup()
	var folder string
	within := func(body []byte) bool { return canon.Text(canon.Member(body, "folder_id")) == folder }
	for _, ref := range r.refsOf("folders", "present", func(body []byte) bool { return canon.Guarded(catalogueRow("folders"), body) == nil }) {
		if folder = ref.ID; len(r.refsOf("dashboards", "present", within)) > 0 {
			break
		}
	}
	dashboards, looks := r.refsOf("dashboards", "present", within), r.refsOf("looks", "present", within)
	if len(dashboards) == 0 {
		t.Fatal("no folder holds a dashboard")
	}
	r.do("DELETE", "/folders/"+folder, "")
	done := r.apply(r.plan(restore.Request{Lost: true, Folders: []string{folder}}))
	complete(t, done)
	anew := ""
	for _, a := range done.Actions {
		if a.Ref == (record.Ref{Kind: "folders", ID: folder}) {
			anew = a.Target
		}
	}
	folder = anew
	if got := r.refsOf("dashboards", "present", within); len(got) != len(dashboards) || anew == "" {
		t.Errorf("%d dashboards lie in the new folder %q, want %d", len(got), anew, len(dashboards))
	}
	if got := r.refsOf("looks", "present", within); len(got) != len(looks) {
		t.Errorf("%d looks, want %d", len(got), len(looks))
	}
}

func catalogueRow(kind record.Kind) *catalogue.Write {
	spec, _ := catalogue.Find(kind)
	return spec.Write
}

// An instance that has lost the queries of a dashboard with it gets them again.
func TestQueriesThatAreGoneAreMadeAgain(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	for _, ref := range []record.Ref{{Kind: "dashboards", ID: "1"}, {Kind: "dashboards", ID: "2"}, {Kind: "looks", ID: "1"}} {
		if _, err := r.sim.Mutate(lookersim.Change{Op: lookersim.OpDelete, Kind: string(ref.Kind), ID: ref.ID}); err != nil {
			t.Fatal(err)
		}
		complete(t, r.apply(r.plan(restore.Request{Items: []record.Ref{ref}})))
	}
	remade := 0
	for _, w := range r.sim.Writes() {
		if w.Method == "POST" && strings.HasSuffix(w.Path, "/queries") && w.Status == 200 {
			remade++
		}
	}
	if remade == 0 {
		t.Error("no query was made again")
	}
}

// A name that somebody has taken meanwhile is theirs: what comes back gets another one,
// or does not come back.
func TestNameTakenMeanwhile(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	ref := record.Ref{Kind: "looks", ID: "2"}
	was := r.sim.Document("looks", ref.ID)
	r.do("PATCH", "/looks/2", `{"deleted":true}`)
	r.do("POST", "/looks", fmt.Sprintf(`{"title":%s,"folder_id":%s,"query_id":%s}`, canon.Member(was, "title"), canon.Member(was, "folder_id"), canon.Member(was, "query_id")))
	r.backup()
	plan := r.plan(restore.Request{Items: []record.Ref{ref}})
	if diff := cmp.Diff(map[record.Deed]int{record.DeedImpossible: 1}, deeds(plan)); diff != "" {
		t.Fatalf("deeds (-want +got):\n%s", diff)
	}
	if why := plan.Actions[0].Reason; !strings.Contains(why, "has its name now") {
		t.Errorf("reason %q", why)
	}
	complete(t, r.apply(r.plan(restore.Request{Items: []record.Ref{ref}, Conflict: restore.Rename})))
	is := r.sim.Document("looks", ref.ID)
	if title := canon.Text(canon.Member(is, "title")); !strings.Contains(title, " (restored ") || canon.Text(canon.Member(is, "deleted")) != "false" {
		t.Errorf("title %q, deleted %s", title, canon.Member(is, "deleted"))
	}
}

// A dashboard that is made anew is shown again by the boards that showed it.
func TestBoardsShowWhatIsMadeAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	var board, shown string
	boards := r.refsOf("boards", "present", func([]byte) bool { return true })
	for _, ref := range boards {
		for _, id := range canon.Named(r.sim.Document("boards", ref.ID), &catalogue.Relation{Path: "board_sections.board_items.dashboard_id"}) {
			if r.sim.Document("dashboards", id) != nil {
				board, shown = ref.ID, id
			}
		}
	}
	if board == "" {
		t.Fatal("no board shows a dashboard")
	}
	r.backup()
	before := strings.Count(string(r.sim.Document("boards", board)), `"dashboard_id"`)
	r.do("DELETE", "/dashboards/"+shown, "")
	for _, ref := range boards { // Looker takes the items along
		for _, section := range mustRows(t, canon.Member(r.sim.Document("boards", ref.ID), "board_sections")) {
			for _, item := range mustRows(t, canon.Member(section, "board_items")) {
				if canon.Text(canon.Member(item, "dashboard_id")) == shown {
					r.do("DELETE", "/board_items/"+canon.Text(canon.Member(item, "id")), "")
				}
			}
		}
	}
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{{Kind: "dashboards", ID: shown}}}))
	complete(t, done)
	anew := ""
	for _, a := range done.Actions {
		if a.Kind == "dashboards" {
			anew = a.Target
		}
	}
	body := r.sim.Document("boards", board)
	if !slices.Contains(canon.Named(body, &catalogue.Relation{Path: "board_sections.board_items.dashboard_id"}), anew) {
		t.Errorf("the board does not show dashboard %s: %v", anew, done.Notes)
	}
	if after := strings.Count(string(body), `"dashboard_id"`); after != before {
		t.Errorf("%d items, %d before", after, before)
	}
}
