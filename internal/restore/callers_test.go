package restore_test

import (
	"fmt"
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// TestAnUndoLeavesWhatTheCallerBelongsTo: what a restore has made is not deleted once the user of the API key
// belongs to it: it may be what makes them an administrator.
func TestAnUndoLeavesWhatTheCallerBelongsTo(t *testing.T) {
	t.Parallel()
	joins := func(r *rig, group string) {
		r.do("POST", "/groups/"+group+"/users", fmt.Sprintf(`{"user_id":%q}`, r.caller.ID))
	}
	const role = `{"name":"Of a test","permission_set_id":"2","model_set_id":"1"}`
	for name, test := range map[string]struct {
		kind record.Kind
		body string
		join func(r *rig, id string)
		late bool // between plan and undo
	}{
		"a group": {kind: "groups", body: `{"name":"Of a test"}`, join: joins},
		"a group around one": {kind: "groups", body: `{"name":"Of a test"}`, join: func(r *rig, id string) {
			inner := r.make("groups", `{"name":"Inside"}`)
			joins(r, inner)
			r.do("POST", "/groups/"+id+"/groups", fmt.Sprintf(`{"group_id":%q}`, inner))
			r.backup() // lists which group lies in which
		}},
		"a group, after the plan": {kind: "groups", body: `{"name":"Of a test"}`, join: joins, late: true},
		"a role": {kind: "roles", body: role, join: func(r *rig, id string) {
			r.do("PUT", "/roles/"+id+"/users", fmt.Sprintf(`[%q]`, r.caller.ID))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := newBackedUpRig(t)
			lost := record.Ref{Kind: test.kind, ID: r.make(string(test.kind), "%s", test.body)}
			r.backup()
			r.do("DELETE", "/"+lost.String(), "")
			done := r.apply(r.plan(restore.Request{Items: []record.Ref{lost}}))
			complete(t, done)
			made := record.Ref{Kind: lost.Kind, ID: targetOf(done, lost)}
			if !test.late {
				test.join(r, made.ID)
			}
			undo := r.plan(restore.Request{Undo: done.ID})
			if test.late {
				test.join(r, made.ID)
			}
			if undone, err := r.tryApply(t.Context(), undo); err != nil || undone.State != record.RestorePartial {
				t.Errorf("%s, %v: %v", undone.State, err, deeds(undone))
			}
			if r.sim.Document(string(made.Kind), made.ID) == nil {
				t.Errorf("%s was deleted", made)
			}
		})
	}
}
