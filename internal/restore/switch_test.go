package restore_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// guarded makes a folder, and returns its metadata and what lets nobody in but one user.
func (r *rig) guarded(t *testing.T) (metadata record.Ref, guard func()) {
	t.Helper()
	folder := r.make("folders", `{"name":"Guarded","parent_id":"1"}`)
	metadata = record.Ref{Kind: "content_metadata", ID: canon.Text(canon.Member(r.sim.Document("folders", folder), "content_metadata_id"))}
	return metadata, func() {
		r.do("PATCH", "/content_metadata/"+metadata.ID, `{"inherits":false}`)
		for _, row := range mustRows(t, r.sim.Document("content_access", metadata.ID)) {
			r.do("DELETE", "/content_metadata_access/"+canon.Text(canon.Member(row, "id")), "")
		}
		r.add("/content_metadata_access", `{"content_metadata_id":"`+metadata.ID+`","user_id":"5","permission_type":"view"}`)
	}
}

// guardedAgain is a folder whose rules went with their switch, and the restore that brought them back.
func (r *rig) guardedAgain(t *testing.T) (metadata record.Ref, done record.Restore) {
	t.Helper()
	metadata, guard := r.guarded(t)
	guard()
	run := r.backup()
	r.do("PATCH", "/content_metadata/"+metadata.ID, `{"inherits":true}`)
	done = r.apply(r.plan(restore.Request{Items: []record.Ref{metadata}, Run: run}))
	complete(t, done)
	return metadata, done
}

// rules are the rules of metadata, "inherited" where it has none of its own.
func (r *rig) rules(t *testing.T, metadata record.Ref) string {
	t.Helper()
	if canon.Text(canon.Member(r.sim.Document("content_metadata", metadata.ID), "inherits")) == "true" {
		return "inherited"
	}
	var said []string
	for _, row := range mustRows(t, r.sim.Document("content_access", metadata.ID)) {
		said = append(said, canon.Text(canon.Member(row, "user_id"))+"/"+canon.Text(canon.Member(row, "group_id"))+" "+canon.Text(canon.Member(row, "permission_type")))
	}
	slices.Sort(said)
	return strings.Join(said, ", ")
}

// Rules go with the switch that lets them be, and Looker copies those of the place above when that is
// turned back: whoever turns it, a restore, an undo, or an undo of that, the rules are those that were.
func TestRulesComeBackWithTheirSwitch(t *testing.T) {
	t.Parallel()
	const guarded = "5/ view"
	t.Run("a restore that ends them", func(t *testing.T) {
		t.Parallel()
		r, _ := newBackedUpRig(t)
		metadata, guard := r.guarded(t)
		run := r.backup()
		guard()
		plan := r.plan(restore.Request{Items: []record.Ref{metadata}, Run: run})
		if note := strings.Join(plan.Notes, "\n"); !strings.Contains(note, "content_access/"+metadata.ID) {
			t.Errorf("nothing is said of the rules that go: %q", plan.Notes)
		}
		done := r.apply(plan)
		complete(t, done)
		undone := r.apply(r.plan(restore.Request{Undo: done.ID, ExactMembers: true}))
		complete(t, undone)
		if got := r.rules(t, metadata); got != guarded {
			t.Errorf("after the undo: %s, want %s", got, guarded)
		}
		complete(t, r.apply(r.plan(restore.Request{Undo: undone.ID, ExactMembers: true})))
		if got := r.rules(t, metadata); got != "inherited" {
			t.Errorf("after the undo of the undo: %s", got)
		}
	})
	t.Run("a restore that brings them back", func(t *testing.T) {
		t.Parallel()
		r, _ := newBackedUpRig(t)
		metadata, done := r.guardedAgain(t)
		if got := r.rules(t, metadata); got != guarded {
			t.Errorf("after the restore: %s, want %s", got, guarded)
		}
		undone := r.apply(r.plan(restore.Request{Undo: done.ID, ExactMembers: true}))
		complete(t, undone)
		if got := r.rules(t, metadata); got != "inherited" {
			t.Errorf("after the undo: %s", got)
		}
		complete(t, r.apply(r.plan(restore.Request{Undo: undone.ID, ExactMembers: true})))
		if got := r.rules(t, metadata); got != guarded {
			t.Errorf("after the undo of the undo: %s, want %s", got, guarded)
		}
	})
}

// Rules that somebody has changed since the plan, or since the restore that is undone, stay as they are,
// and so does the switch with which they would go.
func TestRulesOfOthersStay(t *testing.T) {
	t.Parallel()
	const others = "5/ view, 6/ view"
	add := func(r *rig, metadata record.Ref) {
		r.add("/content_metadata_access", `{"content_metadata_id":"`+metadata.ID+`","user_id":"6","permission_type":"view"}`)
	}
	stayed := func(t *testing.T, r *rig, metadata record.Ref, done record.Restore, state record.ActionState) {
		t.Helper()
		if got := r.rules(t, metadata); got != others {
			t.Errorf("the rules are %s, want %s", got, others)
		}
		if done.State != record.RestorePartial {
			t.Errorf("the restore is %s", done.State)
		}
		if !slices.ContainsFunc(done.Actions, func(a record.Action) bool {
			return a.State == state && strings.Contains(a.Message+a.Reason, "changed") && strings.Contains(a.Message+a.Reason+a.Ref.String(), "content_access")
		}) {
			t.Errorf("no action is %s since the rules were changed: %+v", state, done.Actions)
		}
	}
	t.Run("since a plan that ends them", func(t *testing.T) {
		t.Parallel()
		r, _ := newBackedUpRig(t)
		metadata, guard := r.guarded(t)
		run := r.backup()
		guard()
		plan := r.plan(restore.Request{Items: []record.Ref{metadata}, Run: run})
		add(r, metadata)
		stayed(t, r, metadata, r.apply(plan), record.ActionDrifted)
	})
	t.Run("since a plan that brings others back", func(t *testing.T) {
		t.Parallel()
		r, _ := newBackedUpRig(t)
		metadata, guard := r.guarded(t)
		guard()
		run := r.backup()
		r.do("PATCH", "/content_metadata/"+metadata.ID, `{"inherits":true}`)
		plan := r.plan(restore.Request{Items: []record.Ref{metadata}, Run: run})
		guard()
		add(r, metadata)
		stayed(t, r, metadata, r.apply(plan), record.ActionDrifted)
	})
	for name, when := range map[string]func(undo func() record.Restore, apply func(record.Restore) record.Restore, change func()) (record.Restore, record.ActionState){
		"since the restore": func(undo func() record.Restore, apply func(record.Restore) record.Restore, change func()) (record.Restore, record.ActionState) {
			change()
			return apply(undo()), record.ActionSkipped
		},
		"since the plan of the undo": func(undo func() record.Restore, apply func(record.Restore) record.Restore, change func()) (record.Restore, record.ActionState) {
			plan := undo()
			change()
			return apply(plan), record.ActionDrifted
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := newBackedUpRig(t)
			metadata, done := r.guardedAgain(t)
			undo := func() record.Restore { return r.plan(restore.Request{Undo: done.ID, ExactMembers: true}) }
			undone, state := when(undo, r.apply, func() { add(r, metadata) })
			stayed(t, r, metadata, undone, state)
		})
	}
}
