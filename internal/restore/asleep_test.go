package restore_test

import (
	"context"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// A schedule or alert that cannot send what it sent stays asleep, and the plan and the summary
// say why. A second plan leaves it so; who wants it as it was wakes it.
func TestWhatCannotSendStaysAsleep(t *testing.T) {
	t.Parallel()
	destinations := map[string]string{
		"S3":     `{"format":"csv","type":"s3","address":"s3://bucket"}`,
		"domain": `{"format":"csv","type":"email","address":"ann@Elsewhere.example"}`,
		"":       `{"format":"csv","type":"email","address":"ann@EXAMPLE.com"}`, // which the instance sends to
	}
	for why, destination := range destinations {
		t.Run("schedule "+why, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			id := r.add("/scheduled_plans", `{"name":"A","dashboard_id":"3","enabled":true,"crontab":"0 6 * * *","scheduled_plan_destination":[`+destination+`]}`)
			r.sleepsAndWakes(t, record.Ref{Kind: "scheduled_plans", ID: id}, "enabled", "true", why)
		})
	}
	t.Run("alert", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, lookersim.Options{Seed: 1})
		ref := first(t, r, "alerts")
		r.do("PATCH", "/alerts/"+ref.ID, `{"is_disabled":false}`)
		r.do("PATCH", "/setting", `{"email_domain_allowlist":["nobody.example"]}`)
		if !strings.Contains(string(r.sim.Document("alerts", ref.ID)), `"EMAIL"`) {
			t.Fatal("the alert sends no mail")
		}
		r.sleepsAndWakes(t, ref, "is_disabled", "false", "domain")
	})
}

// sleepsAndWakes loses something that is awake, and has it made anew. why is what keeps it
// asleep, "" for nothing.
func (r *rig) sleepsAndWakes(t *testing.T, ref record.Ref, member, awake, why string) {
	t.Helper()
	r.backup()
	r.do("DELETE", "/"+string(ref.Kind)+"/"+ref.ID, "")
	request := restore.Request{Items: []record.Ref{ref}}
	plan := r.plan(request)
	if a := onlyAction(t, plan, ref); !strings.Contains(a.Reason, why) || why != "" && !strings.Contains(a.Reason, "stays asleep") {
		t.Errorf("the plan says %q, want %q", a.Reason, why)
	}
	done := r.apply(plan)
	complete(t, done)
	is := func() string {
		return canon.Text(canon.Member(r.sim.Document(string(ref.Kind), targetOf(done, ref)), member))
	}
	if woken := is() == awake; woken != (why == "") {
		t.Errorf("%s is %s", member, is())
	}
	left, err := restore.Asleep(t.Context(), r.file.Reader(), done)
	if err != nil || (left == 1) != (why != "") {
		t.Errorf("%d are asleep, %v", left, err)
	}
	if said := strings.Join(done.Notes, "\n"); why != "" && !strings.Contains(said, "stays asleep: ") {
		t.Errorf("no note says so: %q", done.Notes)
	}
	if again := onlyAction(t, r.plan(request), ref); again.State == record.ActionPlanned {
		t.Errorf("a second plan wants to %s it: %s", again.Deed, again.Changes)
	}
	request.Wake, request.Waking, request.Only = restore.WakeAsWas, true, true
	if a := onlyAction(t, r.plan(request), ref); why != "" && (a.Deed != record.DeedUpdate || !strings.Contains(a.Reason, "although") || !strings.Contains(a.Reason, why)) {
		t.Errorf("what wakes it says %q, want %q", a.Reason, why)
	}
	request.Waking, request.Only = false, false
	complete(t, r.apply(r.plan(request)))
	if is() != awake {
		t.Errorf("%s is %s when it is to be as it was", member, is())
	}
}

// To wake is to wake: what somebody has changed since stays, and what an undo took away is not
// made anew, to mail people.
func TestWakingDoesNothingElse(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	refs := r.refsOf("scheduled_plans", "present", awake)
	if len(refs) < 2 {
		t.Fatalf("%d schedules are awake", len(refs))
	}
	refs = refs[:2]
	for _, ref := range refs {
		r.do("DELETE", "/scheduled_plans/"+ref.ID, "")
	}
	done := r.apply(r.plan(restore.Request{Items: refs, Wake: restore.WakeNever}))
	complete(t, done)
	id := targetOf(done, refs[0])
	r.do("PATCH", "/scheduled_plans/"+id, `{"crontab":"1 2 3 4 5","name":"Mine"}`)
	request := restore.Request{Items: refs, Waking: true, Wake: restore.WakeAsWas, Only: true}
	plan := r.plan(request)
	if a := onlyAction(t, plan, refs[0]); len(a.Changes) != 1 || a.Changes[0].Path != "enabled" {
		t.Errorf("%s %s", a.Deed, a.Changes)
	}
	woken := r.apply(plan)
	complete(t, woken)
	body := r.sim.Document("scheduled_plans", id)
	if !awake(body) || canon.Text(canon.Member(body, "crontab")) != "1 2 3 4 5" || canon.Text(canon.Member(body, "name")) != "Mine" {
		t.Errorf("%s", body)
	}
	complete(t, r.apply(r.plan(restore.Request{Undo: woken.ID})))
	if body := r.sim.Document("scheduled_plans", id); awake(body) {
		t.Errorf("after the undo: %s", body)
	}
	undone := r.apply(r.plan(restore.Request{Undo: done.ID}))
	if a := onlyAction(t, undone, record.Ref{Kind: refs[0].Kind, ID: id}); a.Deed != record.DeedSkip || undone.State != record.RestorePartial {
		t.Errorf("the undo is %s, and does %s to what somebody has changed", undone.State, a.Deed)
	}
	counts := r.counts()
	plan = r.plan(request)
	if a := onlyAction(t, plan, refs[1]); a.Deed != record.DeedSkip {
		t.Errorf("%s %s", a.Deed, a.Reason)
	}
	r.apply(plan)
	if now := r.counts(); now["scheduled_plans"] != counts["scheduled_plans"] {
		t.Errorf("%d schedules, and there were %d", now["scheduled_plans"], counts["scheduled_plans"])
	}
}

// A stop while schedules are woken ends the restore as an interrupted one: it is not done before
// all of them are awake.
func TestStopWhileWaking(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	refs := r.refsOf("scheduled_plans", "present", awake)
	if len(refs) < 2 {
		t.Fatalf("%d schedules are awake", len(refs))
	}
	for _, ref := range refs {
		r.do("DELETE", "/scheduled_plans/"+ref.ID, "")
	}
	plan := r.plan(restore.Request{Items: refs})
	stop, end := context.WithCancel(t.Context())
	r.stop = stop
	r.sending = func(w looker.Write) {
		if w.Method == "PATCH" && strings.Contains(string(w.Body), `"enabled":true`) {
			end()
		}
	}
	done, err := r.tryApply(t.Context(), plan)
	if err == nil || done.State != record.RestoreInterrupted {
		t.Errorf("the restore is %s, %v", done.State, err)
	}
	r.stop, r.sending = nil, nil
	done = r.apply(plan)
	complete(t, done)
	for _, ref := range refs {
		if id := targetOf(done, ref); !awake(r.sim.Document("scheduled_plans", id)) {
			t.Errorf("scheduled_plans/%s is asleep", id)
		}
	}
}
