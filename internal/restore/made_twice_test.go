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

// Two plans that were made before either was applied make nothing twice, also of what the
// server has no unique key for, and also where somebody has renamed what the first one made.
func TestTwoPlansOfTheSameMakeItOnce(t *testing.T) {
	for _, kind := range creatable() {
		t.Run(string(kind.Name), func(t *testing.T) {
			t.Parallel()
			r := rigThatLoses(t, kind.Name)
			ref := r.deleteOne(kind)
			if ref.ID == "" {
				t.Fatal("none of the instance can be deleted")
			}
			request := restore.Request{Items: []record.Ref{ref}, Only: true}
			one, two := r.plan(request), r.plan(request)
			done := r.apply(one)
			complete(t, done)
			counts := r.counts()
			if name := kind.Fields.Name; slices.Contains(kind.Write.Fields, name) && kind.Fields.ID != name {
				r.do("PATCH", kind.Write.Update.Fill(targetOf(done, ref)), `{"`+name+`":"renamed_since"}`)
			}
			second := r.apply(two)
			if diff := cmp.Diff(counts, r.counts()); diff != "" {
				t.Errorf("after the second plan (-want +got):\n%s", diff)
			}
			if a := onlyAction(t, second, ref); a.State != record.ActionDrifted || !strings.Contains(a.Message, "restore 1") {
				t.Errorf("%s %s: %s", a.Deed, a.State, a.Message)
			}
		})
	}
}

// rigThatLoses is a rig that was backed up and has a document of a kind that can be deleted.
func rigThatLoses(t *testing.T, kind record.Kind) *rig {
	t.Helper()
	if kind != "color_collections" { // the first ones of the simulator come with Looker
		r, _ := newBackedUpRig(t)
		return r
	}
	r := newRig(t, lookersim.Options{Seed: 1})
	for i := range 10 {
		r.add("/color_collections", fmt.Sprintf(`{"label":"Ours %d","categoricalPalettes":[{"label":"One","type":"Categorical","colors":["#112233"]}]}`, i))
	}
	r.backup()
	return r
}

// deleteOne deletes the first document of a kind that can be deleted. The zero ref: none can.
func (r *rig) deleteOne(kind *catalogue.Spec) record.Ref {
	r.t.Helper()
	for item := range r.sim.Items(string(kind.Name)) {
		if status, _ := r.sim.Do("DELETE", kind.Write.Delete.Fill(item.ID), nil); status < 300 {
			return record.Ref{Kind: kind.Name, ID: item.ID}
		}
	}
	return record.Ref{}
}

// A list that answers fewer rows than it is asked for is read to its end all the same, and so is
// one that answers the same rows whatever it is asked for.
func TestListsOfServersThatDoNotPageAsAsked(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]lookersim.Options{
		"pages are capped":  {Seed: 1, Quirks: lookersim.Quirks{PageCap: 2}},
		"offset is ignored": {Seed: 1, Sizes: manyAlerts(), Quirks: lookersim.Quirks{IgnoreOffset: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, options)
			r.backup()
			spec := catalogue.Lookup("alerts")
			bodies := r.allBodies()
			ref := r.deleteOne(spec)
			plan := r.plan(restore.Request{Items: []record.Ref{ref}, Only: true})
			sent, _, err := canon.Creation(spec.Write, bodies[ref], canon.Itself)
			if err != nil {
				t.Fatal(err)
			}
			other, err := canon.With(sent, catalogue.Member{Name: "threshold", Value: "987"})
			if err != nil {
				t.Fatal(err)
			}
			for range 3 { // the lists of alerts are in no order
				r.do("POST", spec.Write.Create.Path, string(other))
			}
			r.do("POST", spec.Write.Create.Path, string(sent))
			counts := r.counts()
			done := r.apply(plan)
			if a := onlyAction(t, done, ref); a.State != record.ActionDrifted || r.counts()["alerts"] != counts["alerts"] {
				t.Errorf("%s %s: %s; there are %d alerts, and were %d", a.Deed, a.State, a.Message, r.counts()["alerts"], counts["alerts"])
			}
		})
	}
}

// What somebody has made again by hand, before the plan or since, is not made a second time,
// also where the server has no unique key for it: two schedules mail everything twice.
func TestMadeAgainByHandIsNotMadeTwice(t *testing.T) {
	t.Parallel()
	for _, kind := range []record.Kind{"scheduled_plans", "alerts", "boards", "color_collections"} {
		for _, when := range []string{"before the plan", "since the plan"} {
			t.Run(string(kind)+" "+when, func(t *testing.T) {
				t.Parallel()
				r := rigThatLoses(t, kind)
				spec := catalogue.Lookup(kind)
				counts, bodies := r.counts(), r.allBodies()
				ref := r.deleteOne(spec)
				body := bodies[ref]
				request := restore.Request{Items: []record.Ref{ref}, Only: true}
				var plan record.Restore
				if when == "since the plan" {
					plan = r.plan(request)
				}
				var awake []catalogue.Member
				if asleep := spec.Write.Asleep; !asleep.IsZero() {
					awake = append(awake, catalogue.Member{Name: asleep.Name, Value: map[string]string{"true": "false", "false": "true"}[asleep.Value]})
				}
				r.makeAgain(spec, body, awake...)
				if plan.ID == 0 {
					plan = r.plan(request)
				}
				a := onlyAction(t, plan, ref)
				if a.Deed == record.DeedCreate && when == "before the plan" {
					t.Errorf("the plan makes a second one: %s %s", a.Deed, a.Reason)
				}
				done := r.apply(plan)
				if a := onlyAction(t, done, ref); when == "since the plan" && a.State != record.ActionDrifted {
					t.Errorf("%s %s: %s", a.Deed, a.State, a.Message)
				}
				is := r.counts()
				if is[kind] != counts[kind] {
					t.Errorf("there are %d %s, and were %d", is[kind], kind, counts[kind])
				}
			})
		}
	}
}

// makeAgain makes by hand what had a body, awake where that was so, with some members set otherwise.
func (r *rig) makeAgain(spec *catalogue.Spec, body []byte, members ...catalogue.Member) {
	r.t.Helper()
	sent, _, err := canon.Creation(spec.Write, body, canon.Itself)
	if err != nil {
		r.t.Fatal(err)
	}
	if asleep := spec.Write.Asleep; !asleep.IsZero() {
		members = append([]catalogue.Member{{Name: asleep.Name, Value: canon.Text(canon.Member(body, asleep.Name))}}, members...)
	}
	if sent, err = canon.With(sent, members...); err != nil {
		r.t.Fatal(err)
	}
	r.do("POST", spec.Write.Create.Path, string(sent))
}

// manyAlerts are the sizes of an instance with more alerts than one page has.
func manyAlerts() lookersim.Sizes {
	sizes := lookersim.DefaultSizes()
	sizes.Alerts = 510
	return sizes
}
