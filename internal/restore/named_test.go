package restore_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// What is known by its name keeps that when it is made anew: nothing that names it changes.
func TestWhatHasANameForAnIDKeepsIt(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	model := ""
	for item := range r.sim.Items("looks") {
		model = canon.Text(canon.Member(canon.Member(r.sim.Document("looks", item.ID), "query"), "model"))
	}
	ref := record.Ref{Kind: "lookml_models", ID: model}
	r.do("DELETE", "/lookml_models/"+model, "")
	plan := r.plan(restore.Request{Lost: true})
	for _, a := range plan.Actions {
		if a.State == record.ActionPlanned && a.Ref != ref {
			t.Errorf("the plan wants to %s %s: %s", a.Deed, a.Ref, a.Changes)
		}
	}
	complete(t, r.apply(plan))
	if r.sim.Document("lookml_models", model) == nil {
		t.Errorf("the model is not back")
	}
}
