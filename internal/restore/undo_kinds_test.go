package restore_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// Of every kind what was made anew goes again, into the trash where the kind has one, and comes back
// once more when that is undone as well.
func TestUndoOfWhatWasMadeOfEveryKind(t *testing.T) {
	for _, kind := range deletable() {
		t.Run(string(kind.Name), func(t *testing.T) {
			t.Parallel()
			r := rigThatLoses(t, kind.Name)
			ref := r.loseOne(kind)
			broken := r.normals()
			done := r.apply(r.plan(restore.Request{Items: []record.Ref{ref}, Only: true}))
			complete(t, done)
			made := record.Ref{Kind: ref.Kind, ID: targetOf(done, ref)}
			was := r.normal(made)
			undone := r.apply(r.plan(restore.Request{Undo: done.ID}))
			complete(t, undone)
			left := "" // with the document
			switch is := r.sim.Document(string(made.Kind), made.ID); {
			case kind.Write.Trash.IsZero():
				if is != nil {
					t.Errorf("the undo left %s: %.200s", made, is)
				}
			case !canon.InTrash(kind.Write, is):
				t.Errorf("%s is not in the trash: %.200s", made, is)
			default:
				left = string(made.Kind) + " content_metadata content_access"
			}
			r.same(broken, left)
			again := r.apply(r.plan(restore.Request{Undo: undone.ID}))
			complete(t, again)
			if diff := cmp.Diff(madeIDs.ReplaceAllString(was, "made"), madeIDs.ReplaceAllString(r.normal(record.Ref{Kind: made.Kind, ID: targetOf(again, made)}), "made")); diff != "" {
				t.Errorf("undone once more (-want +got):\n%s", diff)
			}
		})
	}
}

// madeIDs are ids that the simulator gives to parts that are made.
var madeIDs = regexp.MustCompile(`10000000\d\d`)

// loseOne deletes the first document of a kind that a restore makes anew.
func (r *rig) loseOne(kind *catalogue.Spec) record.Ref {
	r.t.Helper()
	for _, ref := range r.refsOf(kind.Name, "present", func(body []byte) bool { return canon.Guarded(kind.Write, body) == nil }) {
		if kind.Name == catalogue.Users && ref.ID == r.caller.ID {
			continue
		}
		if status, _ := r.sim.Do("DELETE", kind.Write.Delete.Fill(ref.ID), nil); status < 300 {
			return ref
		}
	}
	r.t.Fatalf("none of the %s can be deleted", kind.Name)
	return record.Ref{}
}

// Of every kind what was changed back is as the look saw it when that is undone, and as in the
// backup when the undo is undone.
func TestUndoOfWhatWasChangedOfEveryKind(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind   record.Kind
		method string // PATCH unless it says something
		at     string // path below /kind/id
		change string
	}{
		{"folders", "", "", `{"name":"Changed"}`},
		{"looks", "", "", `{"title":"Changed"}`},
		{"dashboards", "", "", `{"title":"Changed"}`},
		{"boards", "", "", `{"title":"Changed"}`},
		{"scheduled_plans", "", "", `{"name":"Changed"}`},
		{"alerts", "", "", `{"threshold":4711}`},
		{"users", "", "", `{"first_name":"Changed"}`},
		{"groups", "", "", `{"name":"Changed"}`},
		{"roles", "", "", `{"name":"Changed"}`},
		{"permission_sets", "", "", `{"name":"Changed"}`},
		{"model_sets", "", "", `{"name":"Changed"}`},
		{"user_attributes", "", "", `{"label":"Changed"}`},
		{"themes", "", "", `{"end_at":"2031-01-01T00:00:00Z"}`},
		{"color_collections", "", "", `{"label":"Changed"}`},
		{"lookml_models", "", "", `{"unlimited_db_connections":true}`},
		{"connections", "", "", `{"host":"changed.example.com"}`},
		{"integration_hubs", "", "", `{"url":"https://changed.example.com"}`},
		{"integrations", "", "", `{"enabled":false}`},
		{"agents", "", "", `{"description":"Changed"}`},
		{"role_users", "PUT", "/roles/%s/users", `["2","3"]`},
		{"role_groups", "PUT", "/roles/%s/groups", `["2"]`},
		{"group_groups", "POST", "/groups/%s/groups", `{"group_id":"2"}`}, // not one of the caller
		{"user_attribute_group_values", "POST", "/user_attributes/%s/group_values", `[{"group_id":"2","value":"changed"}]`},
		{"content_metadata", "", "", `{"inherits":false}`},
	} {
		t.Run(string(test.kind), func(t *testing.T) {
			t.Parallel()
			r := rigThatLoses(t, test.kind)
			was := r.normals()
			ref := r.changeOne(test.kind, test.method, test.at, test.change, was)
			request := restore.Request{Items: []record.Ref{ref}, Only: true, ExactMembers: true}
			changed := r.normals()
			done := r.apply(r.plan(request))
			complete(t, done)
			r.same(was)
			undone := r.apply(r.plan(restore.Request{Undo: done.ID, ExactMembers: true}))
			complete(t, undone)
			r.same(changed)
			complete(t, r.apply(r.plan(restore.Request{Undo: undone.ID, ExactMembers: true})))
			r.same(was)
		})
	}
}

// changeOne changes the first document of a kind that takes the change and is another one then.
func (r *rig) changeOne(kind record.Kind, method, at, change string, was map[record.Ref]string) record.Ref {
	r.t.Helper()
	if method == "" {
		method, at = "PATCH", "/"+string(kind)+"/%s"
	}
	spec := catalogue.Lookup(kind)
	for _, ref := range r.refsOf(kind, "present", func(body []byte) bool { return canon.Guarded(spec.Write, body) == nil }) {
		if ref.ID == "1" && (kind == catalogue.Users || kind == "role_users") {
			continue // the user of the API key, and the role that it stays in
		}
		if status, _ := r.sim.Do(method, fmt.Sprintf(at, ref.ID), []byte(change)); status < 300 && r.normal(ref) != was[ref] {
			return ref
		}
	}
	r.t.Fatalf("none of the %s can be changed", kind)
	return record.Ref{}
}

// What an undo of an undo makes anew is let in by whom it was, and belongs to whom it belonged: a folder
// with rules of its own is not open to everybody, a role has its users.
func TestAnUndoOfAnUndoKeepsRulesAndMembers(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	folder := record.Ref{Kind: "folders", ID: r.make("folders", `{"name":"Guarded","parent_id":"1"}`)}
	rules := func(folder string) string {
		metadata := canon.Text(canon.Member(r.sim.Document("folders", folder), "content_metadata_id"))
		said := "inherits " + canon.Text(canon.Member(r.sim.Document("content_metadata", metadata), "inherits"))
		for _, row := range mustRows(t, r.sim.Document("content_access", metadata)) {
			said += " " + canon.Text(canon.Member(row, "user_id")) + " " + canon.Text(canon.Member(row, "group_id")) + " " + canon.Text(canon.Member(row, "permission_type"))
		}
		return said
	}
	metadata := canon.Text(canon.Member(r.sim.Document("folders", folder.ID), "content_metadata_id"))
	r.do("PATCH", "/content_metadata/"+metadata, `{"inherits":false}`)
	for _, row := range mustRows(t, r.sim.Document("content_access", metadata)) {
		r.do("DELETE", "/content_metadata_access/"+canon.Text(canon.Member(row, "id")), "")
	}
	r.add("/content_metadata_access", `{"content_metadata_id":"`+metadata+`","user_id":"5","permission_type":"view"}`)
	role := record.Ref{Kind: "roles", ID: r.add("/roles", `{"name":"Of a test","permission_set_id":"2","model_set_id":"1"}`)}
	r.do("PUT", "/roles/"+role.ID+"/users", `["2","3"]`)
	want := rules(folder.ID)
	r.backup()
	r.do("DELETE", "/folders/"+folder.ID, "")
	r.do("DELETE", "/roles/"+role.ID, "")
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{folder, role}}))
	complete(t, done)
	folder.ID, role.ID = targetOf(done, folder), targetOf(done, role)
	undo := r.apply(r.plan(restore.Request{Undo: done.ID, ExactMembers: true}))
	complete(t, undo)
	again := r.apply(r.plan(restore.Request{Undo: undo.ID, ExactMembers: true}))
	complete(t, again)
	if got := rules(targetOf(again, folder)); got != want {
		t.Errorf("the folder's rules: %s, want %s", got, want)
	}
	if users := mustRows(t, r.sim.Document("role_users", targetOf(again, role))); len(users) != 2 {
		t.Errorf("the role has %d users", len(users))
	}
}
