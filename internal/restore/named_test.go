package restore_test

import (
	"errors"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
	"github.com/lookervault/lookervault/internal/vault"
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

// A connection that was lost and is made again has the name that it had, and another date: that is
// no other Looker, and a second plan has nothing to do.
func TestWhatComesBackUnderItsNameIsOnTheSameLooker(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	r.add("/connections", `{"name":"lost_db","host":"db.example.com","dialect_name":"snowflake"}`)
	run := r.backup()
	r.do("DELETE", "/connections/lost_db", "")
	request := restore.Request{Items: []record.Ref{{Kind: "connections", ID: "lost_db"}}, Run: run}
	complete(t, r.apply(r.plan(request)))
	again, err := r.tryPlan(request)
	if err != nil {
		t.Fatal(err)
	}
	if again.Actions[0].Deed != record.DeedReuse {
		t.Errorf("a second plan has %v", deeds(again))
	}
}

// What a restore made anew is found by the id that it had last, also where no backup has seen it before
// it was deleted: it is what it was made for.
func TestWhatWasMadeAnewIsFoundByItsNewID(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	for _, kind := range []record.Kind{"dashboards", "looks", "boards", "groups", "scheduled_plans"} {
		ref := first(t, r, kind)
		if kind == "groups" {
			ref = record.Ref{Kind: kind, ID: "3"}
		}
		made := ref
		for range 3 {
			r.do("DELETE", "/"+made.String(), "")
			done := r.apply(r.plan(restore.Request{Items: []record.Ref{made}}))
			complete(t, done)
			now := record.Ref{Kind: kind, ID: targetOf(done, ref)}
			if now.ID == "" || now == made || r.sim.Document(string(kind), now.ID) == nil {
				t.Fatalf("%s came back as %s", made, now)
			}
			made = now
		}
		r.do("DELETE", "/"+made.String(), "")
		if plan := r.plan(restore.Request{Items: []record.Ref{made}, Run: run}); onlyAction(t, plan, ref).Deed != record.DeedCreate {
			t.Errorf("%s as of run %d: %v", made, run, deeds(plan))
		}
	}
	_, err := r.tryPlan(restore.Request{Items: []record.Ref{{Kind: "dashboards", ID: "4711"}}})
	if !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("what nobody made: %v", err)
	}
}
