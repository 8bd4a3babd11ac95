package restore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// What becomes of a document follows from what the instance has of it and from the state that is
// wanted, for each policy: the whole table of the design.
func TestWhatBecomesOfADocument(t *testing.T) {
	t.Parallel()
	const (
		present = "present" // the state that the first run saw
		trashed = "trashed" // the state that the second run saw
	)
	equal := func(*rig, string) {}
	changed := func(r *rig, path string) { r.do("PATCH", path, `{"description":"changed since"}`) }
	inTrash := func(r *rig, path string) { r.do("PATCH", path, `{"deleted":true}`) }
	changedInTrash := func(r *rig, path string) { r.do("PATCH", path, `{"description":"changed since","deleted":true}`) }
	outOfTrash := func(r *rig, path string) { r.do("PATCH", path, `{"deleted":false}`) }
	changedOut := func(r *rig, path string) { r.do("PATCH", path, `{"description":"changed since","deleted":false}`) }
	editedInTrash := func(r *rig, path string) {
		body := r.sim.Document("dashboards", "1")
		r.do("PATCH", path, `{"description":"changed since","deleted":false}`)
		if tile := canon.Named(body, &catalogue.Relation{Path: "dashboard_elements.id"}); strings.HasPrefix(path, "/dashboards") {
			r.do("PATCH", "/dashboard_elements/"+tile[0], `{"title":"changed since"}`)
		}
		inTrash(r, path)
	}
	editedOut := func(r *rig, path string) {
		editedInTrash(r, path)
		outOfTrash(r, path)
	}
	gone := func(r *rig, path string) { r.do("DELETE", path, "") }
	for _, test := range []struct {
		name   string
		wanted string
		now    func(r *rig, path string) // what happens after the backup
		policy restore.Policy
		trash  restore.Trash
		deed   record.Deed
		live   int // how many of that name are live in the end
		dead   int // how many of that name lie in the trash in the end
	}{
		{"equal", present, equal, restore.Update, "", record.DeedReuse, 1, 0},
		{"different/update", present, changed, restore.Update, "", record.DeedUpdate, 1, 0},
		{"different/skip", present, changed, restore.Skip, "", record.DeedSkip, 1, 0},
		{"different/rename", present, changed, restore.Rename, "", record.DeedCreate, 2, 0},
		{"different/fail", present, changed, restore.Fail, "", record.DeedImpossible, 1, 0},
		{"trash/undelete", present, inTrash, restore.Skip, restore.Undelete, record.DeedUndelete, 1, 0},
		{"trash, different/undelete", present, changedInTrash, restore.Skip, restore.Undelete, record.DeedUndelete, 1, 0},
		{"trash/recreate", present, inTrash, restore.Skip, restore.Recreate, record.DeedCreate, 1, 1},
		{"trash/skip", present, inTrash, restore.Update, restore.LeaveThem, record.DeedSkip, 0, 1},
		{"none", present, gone, restore.Skip, "", record.DeedCreate, 1, 0},

		{"wanted in the trash, live", trashed, outOfTrash, restore.Update, "", record.DeedUpdate, 0, 1},
		{"wanted in the trash, live/skip", trashed, outOfTrash, restore.Skip, "", record.DeedSkip, 1, 0},
		{"wanted in the trash, live/fail", trashed, outOfTrash, restore.Fail, "", record.DeedImpossible, 1, 0},
		{"wanted in the trash, live and different/update", trashed, changedOut, restore.Update, "", record.DeedUpdate, 0, 1},
		{"wanted in the trash, live and edited/update", trashed, editedOut, restore.Update, "", record.DeedUpdate, 0, 1},
		{"wanted in the trash, in the trash", trashed, equal, restore.Update, "", record.DeedReuse, 0, 1},
		{"wanted in the trash, in the trash and different/skip", trashed, editedInTrash, restore.Skip, "", record.DeedSkip, 0, 1},
		{"wanted in the trash, in the trash and different/update", trashed, editedInTrash, restore.Update, "", record.DeedUpdate, 0, 1},
		{"wanted in the trash, none", trashed, gone, restore.Update, restore.Undelete, record.DeedSkip, 0, 0},
		{"wanted in the trash, none/recreate", trashed, gone, restore.Update, restore.Recreate, record.DeedCreate, 0, 1},
	} {
		for _, ref := range []record.Ref{{Kind: "dashboards", ID: "1"}, {Kind: "looks", ID: "3"}} {
			t.Run(test.name+"/"+string(ref.Kind), func(t *testing.T) {
				t.Parallel()
				r, run := newBackedUpRig(t)
				path := fmt.Sprintf("/%s/%s", ref.Kind, ref.ID)
				title := canon.Text(canon.Member(r.sim.Document(string(ref.Kind), ref.ID), "title"))
				if test.wanted == trashed {
					inTrash(r, path)
					run = r.backup()
				}
				test.now(r, path)
				request := restore.Request{Items: []record.Ref{ref}, Run: run, Conflict: test.policy, Trash: test.trash, Only: true}
				plan := r.plan(request)
				a := onlyAction(t, plan, ref)
				if a.Deed != test.deed {
					t.Fatalf("%s, want %s: %s %v", a.Deed, test.deed, a.Reason, a.Changes)
				}
				if (a.Deed == record.DeedSkip || a.Deed == record.DeedImpossible) && a.Reason == "" {
					t.Errorf("it is a %s without a reason", a.Deed)
				}
				done := r.apply(plan)
				if a.Deed != record.DeedImpossible {
					complete(t, done)
				}
				live, dead := 0, 0
				for item := range r.sim.Items(string(ref.Kind)) {
					body := r.sim.Document(string(ref.Kind), item.ID)
					if !strings.HasPrefix(canon.Text(canon.Member(body, "title")), title) {
						continue
					}
					if canon.Text(canon.Member(body, "deleted")) == "true" {
						dead++
					} else {
						live++
					}
				}
				if live != test.live || dead != test.dead {
					t.Errorf("%d are live and %d in the trash, want %d and %d", live, dead, test.live, test.dead)
				}
				r.sim.ForgetWrites()
				again := r.plan(request)
				switch a := onlyAction(t, again, ref); a.Deed {
				case record.DeedReuse:
				case test.deed:
					if a.Deed != record.DeedSkip && a.Deed != record.DeedImpossible {
						t.Errorf("a second plan would %s it: %s %v", a.Deed, a.Reason, a.Changes)
					}
				default:
					t.Errorf("a second plan would %s it: %s %v", a.Deed, a.Reason, a.Changes)
				}
			})
		}
	}
}

// What lay in the trash since before the first run comes out of it for who names it.
func TestWhatAlwaysLayInTheTrash(t *testing.T) {
	t.Parallel()
	for _, gone := range []bool{false, true} {
		for _, ref := range []record.Ref{{Kind: "dashboards", ID: "1"}, {Kind: "looks", ID: "3"}} {
			r := newRig(t, lookersim.Options{Seed: 1})
			path := fmt.Sprintf("/%s/%s", ref.Kind, ref.ID)
			r.do("PATCH", path, `{"deleted":true}`)
			r.backup()
			deed := record.DeedUndelete
			if gone {
				r.do("DELETE", path, "")
				deed = record.DeedCreate
			}
			request := restore.Request{Items: []record.Ref{ref}}
			plan := r.plan(request)
			if a := onlyAction(t, plan, ref); a.Deed != deed {
				t.Fatalf("%s %s, want %s: %s", a.Deed, a.Ref, deed, a.Reason)
			}
			done := r.apply(plan)
			complete(t, done)
			if body := r.sim.Document(string(ref.Kind), targetOf(done, ref)); canon.Text(canon.Member(body, "deleted")) != "false" {
				t.Errorf("%s is in the trash", ref)
			}
			if a := onlyAction(t, r.plan(request), ref); a.State == record.ActionPlanned {
				t.Errorf("a second plan would %s it: %s %v", a.Deed, a.Reason, a.Changes)
			}
			if plan, err := r.tryPlan(restore.Request{Items: []record.Ref{{Kind: ref.Kind}}}); err != nil || deeds(plan)[record.DeedUndelete] != 0 {
				t.Errorf("what nobody named comes out of the trash: %v %v", deeds(plan), err)
			}
		}
	}
}

// A document that is gone is taken for the one that has its natural key by now, which is then
// treated as the document itself. Folders and what people are known by are reused as they are:
// a place is no conflict.
func TestWhatBecomesOfADocumentThatIsMadeAgain(t *testing.T) {
	t.Parallel()
	const differs = true
	for _, test := range []struct {
		name    string
		differs bool
		policy  restore.Policy
		deed    record.Deed
		more    int // documents of the kind in the end, beside those that were there at the backup
	}{
		{"equal", !differs, restore.Fail, record.DeedReuse, 0},
		{"different/skip", differs, restore.Skip, record.DeedSkip, 0},
		{"different/update", differs, restore.Update, record.DeedUpdate, 0},
		{"different/rename", differs, restore.Rename, record.DeedCreate, 1},
		{"different/fail", differs, restore.Fail, record.DeedImpossible, 0},
	} {
		for kind, other := range map[record.Kind]catalogue.Member{
			"looks":           {Name: "description", Value: `"another"`},
			"groups":          {Name: "can_add_to_content_metadata", Value: "false"},
			"permission_sets": {Name: "permissions", Value: `["access_data"]`},
			"user_attributes": {Name: "user_can_edit", Value: "true"},
			"boards":          {Name: "description", Value: `"another"`},
			"scheduled_plans": {Name: "crontab", Value: `"7 7 * * 7"`},
			"alerts":          {Name: "description", Value: `"another"`},
			"themes":          {Name: "end_at", Value: `"2031-01-01T00:00:00Z"`},
		} {
			if kind == "boards" && !test.differs {
				continue // one that is made by a single call has none of its sections
			}
			t.Run(test.name+"/"+string(kind), func(t *testing.T) {
				t.Parallel()
				r := rigThatLoses(t, kind)
				spec := catalogue.Lookup(kind)
				counts, bodies := r.counts(), r.allBodies()
				ref := r.deleteOne(spec)
				members := []catalogue.Member{other}
				if !test.differs {
					members = nil
				}
				r.makeAgain(spec, bodies[ref], members...)
				request := restore.Request{Items: []record.Ref{ref}, Conflict: test.policy, Only: true}
				plan := r.plan(request)
				a := onlyAction(t, plan, ref)
				deed := test.deed
				if deed == record.DeedSkip && spec.Write.Reused {
					deed = record.DeedReuse
				}
				if a.Deed != deed || a.Deed == record.DeedSkip && a.Reason == "" {
					t.Fatalf("%s, want %s: %s %v", a.Deed, deed, a.Reason, a.Changes)
				}
				done := r.apply(plan)
				if test.deed != record.DeedImpossible {
					complete(t, done)
				}
				if got := r.counts()[kind]; got != counts[kind]+test.more {
					t.Errorf("there are %d %s, want %d", got, kind, counts[kind]+test.more)
				}
				r.sim.ForgetWrites()
				again := r.plan(request)
				if a := onlyAction(t, again, ref); a.State == record.ActionPlanned {
					t.Errorf("a second plan would %s it: %s %v", a.Deed, a.Reason, a.Changes)
				}
			})
		}
	}
}
