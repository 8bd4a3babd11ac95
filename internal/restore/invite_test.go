package restore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

const mailRoute = "POST /users/{id}/credentials_email/send_password_reset"

// leaver is a user who logs in by mail address, is in the backup, and is gone.
func leaver(t *testing.T, members string) (r *rig, user record.Ref, run int64) {
	t.Helper()
	r = newRig(t, lookersim.Options{Seed: 1})
	user = record.Ref{Kind: "users", ID: r.add("/users", `{"first_name":"Ann","last_name":"Leaver"`+members+`}`)}
	r.do("POST", "/users/"+user.ID+"/credentials_email", `{"email":"ann@example.com"}`)
	r.do("POST", "/groups/3/users", fmt.Sprintf(`{"user_id":%q}`, user.ID))
	run = r.backup()
	r.do("DELETE", "/users/"+user.ID, "")
	r.sim.ForgetWrites()
	return r, user, run
}

func (r *rig) mailed() (to []string) {
	for _, mail := range r.sim.Effects().Mailed {
		to = append(to, mail.To)
	}
	return to
}

// Users who come back get no mail, unless it is asked for: then one, as the very last write.
func TestInvitations(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, members string
		invite        bool
		want          []string
	}{
		{name: "not asked for"},
		{name: "asked for", invite: true, want: []string{"ann@example.com"}},
		{name: "the account is disabled", members: `,"is_disabled":true`, invite: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, user, run := leaver(t, tt.members)
			request := restore.Request{Items: []record.Ref{user}, Run: run, Invite: tt.invite}
			plan := r.plan(request)
			planned, err := restore.RequestOf(plan)
			if err != nil {
				t.Fatal(err)
			}
			if got := planned.Invited[user.String()] != ""; got != (len(tt.want) > 0) {
				t.Errorf("the plan mails %v, notes %q", planned.Invited, plan.Notes)
			}
			done := r.apply(plan)
			complete(t, done)
			if diff := cmp.Diff(tt.want, r.mailed()); diff != "" {
				t.Errorf("mailed (-want +got):\n%s", diff)
			}
			writes := r.sim.Writes()
			if last := writes[len(writes)-1]; strings.Contains(last.Path, "send_password_reset") != (len(tt.want) > 0) {
				t.Errorf("the last write is %s %s", last.Method, last.Path)
			}
			again, err := r.tryApply(t.Context(), done)
			if err == nil {
				t.Errorf("a complete restore was applied again: %s", again.State)
			}
			if left := r.plan(request); deeds(left)[record.DeedCreate] > 0 {
				t.Errorf("a second plan has %v", deeds(left))
			}
		})
	}
}

// A mail whose answer was lost may have been sent: it is named, and never sent again, whatever
// goes on with the restore. One that Looker refuses was not sent.
func TestNobodyIsMailedTwice(t *testing.T) {
	for name, rule := range losses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, user, run := leaver(t, "")
			rule.Route = mailRoute
			if err := r.sim.SetRules(rule); err != nil {
				t.Fatal(err)
			}
			plan := r.plan(restore.Request{Items: []record.Ref{user}, Run: run, Invite: true})
			if rule.Do == lookersim.FaultHang {
				mails := func(w looker.Write) bool { return parameters.ReplaceAllString(w.Route, "{id}") == mailRoute }
				r.wrap = func(client restore.Looker) restore.Looker { return impatient{client, mails} }
			}
			for round := range 2 {
				done := r.apply(plan)
				named := func(note string) bool {
					return strings.Contains(note, "ann@example.com") && strings.Contains(note, "not known")
				}
				if done.State != record.RestorePartial || !slices.ContainsFunc(done.Notes, named) {
					t.Errorf("round %d: %s, %q", round, done.State, done.Notes)
				}
			}
			want := map[bool]int{true: 1}[rule.Applied]
			if got := len(r.mailed()); got != want {
				t.Errorf("mailed %d times, want %d", got, want)
			}
		})
	}
}

// Where a mail is refused nothing was sent, and what was made stays as it is.
func TestAMailThatIsRefused(t *testing.T) {
	t.Parallel()
	r, user, run := leaver(t, "")
	if err := r.sim.SetRules(lookersim.Rule{Route: mailRoute, Do: lookersim.FaultStatus, Status: 403, Times: 1}); err != nil {
		t.Fatal(err)
	}
	plan := r.plan(restore.Request{Items: []record.Ref{user}, Run: run, Invite: true})
	done := r.apply(plan)
	if done.State != record.RestorePartial || done.Actions[0].State != record.ActionDone {
		t.Errorf("%s, the action is %s", done.State, done.Actions[0].State)
	}
	if notes := strings.Join(done.Notes, "\n"); !strings.Contains(notes, "no mail to ann@example.com: ") {
		t.Errorf("notes: %s", notes)
	}
	complete(t, r.apply(plan)) // once more
	if got := r.mailed(); len(got) != 1 {
		t.Errorf("mailed %v", got)
	}
}

// Nobody is mailed of whom something is not back: they would log in to half of what they had.
func TestNobodyIsMailedBeforeAllIsBack(t *testing.T) {
	t.Parallel()
	r, user, run := leaver(t, "")
	if err := r.sim.SetRules(lookersim.Rule{Route: "POST /groups/{id}/users", Do: lookersim.FaultStatus, Status: 422, Times: 1}); err != nil {
		t.Fatal(err)
	}
	plan := r.plan(restore.Request{Items: []record.Ref{user}, Run: run, Invite: true})
	done := r.apply(plan)
	if done.State != record.RestorePartial || len(r.mailed()) > 0 {
		t.Errorf("%s, mailed %v", done.State, r.mailed())
	}
	complete(t, r.retry(done))
	if got := r.mailed(); len(got) != 1 {
		t.Errorf("mailed %v after everything was done", got)
	}
}

// A kill while a mail is on its way leaves one of which nobody knows: it is not sent again.
func TestAKillWhileMailing(t *testing.T) {
	t.Parallel()
	r, user, run := leaver(t, "")
	plan := r.plan(restore.Request{Items: []record.Ref{user}, Run: run, Invite: true})
	r.wrap = func(client restore.Looker) restore.Looker { return killedMail{client} }
	if done, err := r.tryApply(t.Context(), plan); err == nil {
		t.Fatalf("the kill was not told of, and the restore is %s", done.State)
	}
	r.wrap = nil
	if done := r.apply(plan); done.State != record.RestorePartial || len(r.mailed()) != 1 {
		t.Errorf("%s, mailed %v", done.State, r.mailed())
	}
}

// killedMail is a client whose process is killed before it hears of a mail that was sent.
type killedMail struct{ restore.Looker }

func (k killedMail) Send(ctx context.Context, w looker.Write) (*looker.Response, error) {
	response, err := k.Looker.Send(ctx, w)
	if err == nil && strings.HasSuffix(w.Route, "send_password_reset") {
		return nil, &looker.DoubtError{Err: context.Canceled}
	}
	return response, err
}
