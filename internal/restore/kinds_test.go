package restore_test

import (
	"slices"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// creatable are kinds of documents that a restore makes anew under an id that the server chooses.
func creatable() (kinds []*catalogue.Spec) {
	for _, kind := range catalogue.All() {
		if kind.Write != nil && !kind.Write.Create.IsZero() && !kind.Write.Delete.IsZero() && !kind.Owned() && !kind.Immutable {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// deletable are those of them that every instance has, and that come back without being named.
func deletable() []*catalogue.Spec {
	return slices.DeleteFunc(creatable(), func(k *catalogue.Spec) bool { return k.Optional || k.Write.OnlyNamed })
}

// Of every kind a document that is gone for good is made anew, with what went with it,
// and reads back as it was.
func TestEveryKindIsMadeAnew(t *testing.T) {
	for _, kind := range deletable() {
		t.Run(string(kind.Name), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 3})
			r.backup()
			n := 0
			for item := range r.sim.Items(string(kind.Name)) {
				ref := record.Ref{Kind: kind.Name, ID: item.ID}
				body := r.sim.Document(string(kind.Name), item.ID)
				if g := canon.Guarded(kind.Write, body); g != nil || item.State == "trashed" {
					continue
				}
				if kind.Name == catalogue.Users && item.ID == r.caller.ID {
					continue
				}
				if n++; n > 2 {
					break
				}
				if status, answer := r.sim.Do("DELETE", kind.Write.Delete.Fill(item.ID), nil); status >= 300 {
					if status == 405 || status == 404 { // the system's own, or gone with another one
						n--
						continue
					}
					t.Fatalf("delete %s: %d %s", ref, status, answer)
				}
				done := r.apply(r.plan(restore.Request{Items: []record.Ref{ref}}))
				complete(t, done)
			}
			if n == 0 {
				t.Error("nothing was deleted")
			}
		})
	}
}

// A plan tells about how many calls it takes: budgets are held against that before anything is
// written.
func TestPlannedCalls(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	var items []record.Ref
	for _, kind := range []record.Kind{"dashboards", "boards"} {
		for _, ref := range r.refsOf(kind, "present", func([]byte) bool { return true }) {
			r.do("DELETE", "/"+string(kind)+"/"+ref.ID, "")
			items = append(items, ref)
		}
	}
	done := r.apply(r.plan(restore.Request{Items: items, Only: true, Partial: true}))
	for _, kind := range []record.Kind{"dashboards", "boards"} {
		planned, made := 0, 0
		for _, a := range done.Actions {
			if a.Kind == kind && a.State == record.ActionDone {
				planned, made = planned+a.PlannedCalls, made+a.Calls
			}
		}
		if planned*10 < made*9 || planned*10 > made*12 || made == 0 {
			t.Errorf("%s: %d calls were planned, %d made", kind, planned, made)
		}
	}
}
