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

// What was redacted before it was stored is left as it is by an update, and out of what is made anew: the
// plan names it, and neither the drift nor the check takes it for a change.
func TestWhatWasRedactedIsLeft(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	r.config.Stages.Redact.Paths = []string{"dashboards.dashboard_elements.body_text", "dashboards.description"}
	ref := record.Ref{Kind: "dashboards", ID: r.make("dashboards", `{"title":"Held","folder_id":"1","description":"secret"}`)}
	tile := r.add("/dashboard_elements", fmt.Sprintf(`{"dashboard_id":%q,"type":"text","title_text":"T","body_text":"secret"}`, ref.ID))
	r.backup()
	is := func(id string) string { return string(r.sim.Document("dashboards", id)) }

	r.do("PATCH", "/dashboards/"+ref.ID, `{"title":"Oops"}`)
	r.do("PATCH", "/dashboard_elements/"+tile, `{"title_text":"Oops"}`)
	request := restore.Request{Items: []record.Ref{ref}}
	done := r.apply(r.plan(request))
	complete(t, done)
	if body := is(ref.ID); strings.Contains(body, "Oops") || strings.Count(body, `"secret"`) < 2 {
		t.Errorf("after the update: %s", body)
	}

	r.do("DELETE", "/dashboards/"+ref.ID, "")
	plan := r.plan(request)
	if notes := strings.Join(plan.Notes, "\n"); !strings.Contains(notes, "description, dashboard_elements.body_text is in no backup") {
		t.Errorf("notes: %s", notes)
	}
	done = r.apply(plan)
	complete(t, done)
	body := is(targetOf(done, ref))
	if strings.Contains(body, "redacted") || canon.Text(canon.Member([]byte(body), "title")) != "Held" {
		t.Errorf("made anew: %s", body)
	}
}

// What was redacted and Looker makes nothing without makes a document impossible, which the plan says: of
// every kind, and of the parts that are to be made. With --partial what has such parts comes back without.
func TestWhatWasRedactedAndIsRequired(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		path    string
		partial bool // the rest of a document can come back
	}{
		{"folders.name", false}, {"looks.title", false}, {"dashboards.folder_id", false}, {"boards.title", false},
		{"scheduled_plans.crontab", false}, {"scheduled_plans.scheduled_plan_destination.address", false}, {"scheduled_plans.scheduled_plan_destination", false},
		{"alerts.field.name", false}, {"alerts.dashboard_element_id", false}, {"groups.name", false}, {"roles.name", false}, {"themes.name", false},
		{"dashboards.dashboard_filters.title", true}, {"boards.board_sections.board_items.dashboard_id", true}, {"users.credentials_email.email", true},
	} {
		t.Run(test.path, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			kind, member, _ := strings.Cut(test.path, ".")
			r.config.Stages.Redact.Paths = []string{test.path}
			r.backup()
			item := lookersim.Change{Op: lookersim.OpDelete, Kind: kind}
			has := func(body []byte) bool {
				return len(canon.Member(body, member)) > 0 || len(canon.Named(body, &catalogue.Relation{Path: member})) > 0
			}
			for _, ref := range r.refsOf(record.Kind(kind), "present", has) {
				if ref.ID != "lookml" {
					item.ID = ref.ID // the last one: the first ones come with Looker
				}
			}
			if _, err := r.sim.Mutate(item); err != nil {
				t.Fatal(err)
			}
			ref := record.Ref{Kind: record.Kind(kind), ID: item.ID}
			request := restore.Request{Items: []record.Ref{ref}}
			a := onlyAction(t, r.plan(request), ref)
			if name := member[strings.LastIndexByte(member, '.')+1:]; a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, name) || !strings.Contains(a.Reason, "stages.redact.paths") {
				t.Errorf("%s %s: %s", a.Deed, a.Ref, a.Reason)
			}
			if strings.Contains(a.Reason, "--partial") != test.partial {
				t.Errorf("the plan offers --partial: %s", a.Reason)
			}
			request.Partial = true
			if plan := r.plan(request); test.partial {
				done := r.apply(plan)
				complete(t, done)
				_, said, _ := strings.Cut(strings.Join(done.Notes, "\n"), " is back ")
				if left := strings.Split(member, ".")[strings.Count(member, ".")-1]; !strings.Contains(said, "without "+left) {
					t.Errorf("the result does not say that it is back without %s: %s", left, done.Notes)
				}
			}
		})
	}
}

// A name that was redacted is nobody's: two documents whose names no backup has are not taken for the same.
func TestRedactedNamesAreNotTheSame(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	r.config.Stages.Redact.Paths = []string{"dashboards.title", "groups.name"}
	folder := r.make("folders", `{"name":"F","parent_id":"1"}`)
	ref := record.Ref{Kind: "dashboards", ID: r.make("dashboards", `{"title":"A","folder_id":%q}`, folder)}
	r.make("dashboards", `{"title":"B","folder_id":%q}`, folder)
	r.backup()
	r.do("DELETE", "/"+ref.String(), "")
	for _, policy := range []restore.Policy{restore.Skip, restore.Update, restore.Rename} {
		a := onlyAction(t, r.plan(restore.Request{Items: []record.Ref{ref}, Conflict: policy}), ref)
		if a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, "stages.redact.paths") {
			t.Errorf("%s: %s: %s", policy, a.Deed, a.Reason)
		}
	}
}

// A query whose id was redacted, and that lies in the backup beside it, is named by the id that it has there.
func TestARedactedIDThatLiesBesideIsKnown(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	r.config.Stages.Redact.Paths = []string{"looks.query_id", "scheduled_plans.enabled"}
	r.backup()
	look := r.refsOf("looks", "present", func([]byte) bool { return true })[0]
	plan := r.refsOf("scheduled_plans", "present", awake)[0]
	for _, ref := range []record.Ref{look, plan} {
		was := r.normal(ref)
		r.do("DELETE", "/"+ref.String(), "")
		done := r.apply(r.plan(restore.Request{Items: []record.Ref{ref}}))
		complete(t, done)
		is := r.normal(record.Ref{Kind: ref.Kind, ID: targetOf(done, ref)})
		if ref == look && is != was {
			t.Errorf("the look is %s, it was %s", is, was)
		}
		if ref == plan && awake([]byte(is)) {
			t.Errorf("whether the schedule was awake nobody knows: %s", is)
		}
	}
}
