package restore_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// Who was made anew is deleted by an undo only where nobody has logged in as that user and nothing
// belongs to them: Looker would take it along. Else the account is disabled, which the undo says, and
// enabled again when that is undone.
func TestUndoOfUsers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		used func(r *rig, user string)
		want string // of what the undo says, "" where the user is deleted
	}{
		{"not used", func(*rig, string) {}, ""},
		{"logged in", func(r *rig, user string) {
			r.set("users", user, "credentials_email.logged_in_at", `"2026-06-01 08:30:00 +0000"`)
		}, "logged in"},
		{"has a key", func(r *rig, user string) { r.set("users", user, "credentials_api3", `[{"id":"77"}]`) }, "logged in"},
		{"owns a dashboard", func(r *rig, user string) {
			r.make("dashboards", `{"title":"Theirs","folder_id":"3","user_id":%q}`, user)
		}, "dashboards/"},
		{"owns a look", func(r *rig, user string) {
			r.make("looks", `{"title":"Theirs","folder_id":"3","user_id":%q,"query_id":%q}`, user, r.make("queries", `{"model":"thelook","view":"users","fields":["users.id"]}`))
		}, "looks/"},
		{"owns a schedule", func(r *rig, user string) {
			r.make("scheduled_plans", `{"name":"S","user_id":%q,"look_id":"3","crontab":"0 6 * * *",`+planFlags+`,"scheduled_plan_destination":[{"type":"email","address":"ann@example.com","format":"csv"}]}`, user)
		}, "scheduled_plans/"},
		{"owns an alert", func(r *rig, user string) {
			r.do("PATCH", "/alerts/"+first(r.t, r, "alerts").ID, `{"owner_id":"`+user+`"}`)
		}, "alerts/"},
		{"owns a board", func(r *rig, user string) { r.make("boards", `{"title":"Theirs","user_id":%q}`, user) }, "boards/"},
		{"has something of others in the personal folder", func(r *rig, user string) {
			r.make("dashboards", `{"title":"Of others","folder_id":%q}`, canon.Text(canon.Member(r.sim.Document("users", user), "personal_folder_id")))
		}, "personal folder"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			user := record.Ref{Kind: "users", ID: r.make("users", `{"first_name":"Ann","last_name":"Test"}`)}
			r.do("POST", "/users/"+user.ID+"/credentials_email", `{"email":"ann.test@example.com"}`)
			r.backup()
			r.do("DELETE", "/users/"+user.ID, "")
			done := r.apply(r.plan(restore.Request{Items: []record.Ref{user}}))
			complete(t, done)
			made := targetOf(done, user)
			test.used(r, made)
			undone := r.apply(r.plan(restore.Request{Undo: done.ID}))
			complete(t, undone)
			is, said := r.sim.Document("users", made), strings.Join(undone.Notes, "\n")
			if test.want == "" {
				if is != nil {
					t.Errorf("the user is still there: %q", said)
				}
				return
			}
			if disabled := canon.Text(canon.Member(is, "is_disabled")); disabled != "true" || !strings.Contains(said, test.want) {
				t.Errorf("is_disabled is %q, want a note on %s: %q", disabled, test.want, said)
			}
			for _, w := range r.sim.Writes() {
				if w.Method == "DELETE" {
					t.Errorf("%s %s", w.Method, w.Path)
				}
			}
			complete(t, r.apply(r.plan(restore.Request{Undo: undone.ID})))
			if disabled := canon.Text(canon.Member(r.sim.Document("users", made), "is_disabled")); disabled != "false" {
				t.Errorf("when that is undone is_disabled is %q", disabled)
			}
		})
	}
}

// An undo that is cut off right after it has disabled somebody whom it may not delete knows that for its
// own work when it goes on, and nothing else.
func TestUndoOfAUserIsCutOff(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		meanwhile string // somebody changes
		want      record.ActionState
	}{"nobody else": {`{}`, record.ActionDone}, "somebody else": {`{"first_name":"Changed"}`, record.ActionDrifted}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			user := record.Ref{Kind: "users", ID: r.make("users", `{"first_name":"Ann","last_name":"Test"}`)}
			r.backup()
			r.do("DELETE", "/users/"+user.ID, "")
			done := r.apply(r.plan(restore.Request{Items: []record.Ref{user}}))
			complete(t, done)
			made := targetOf(done, user)
			r.make("dashboards", `{"title":"Theirs","folder_id":"3","user_id":%q}`, made)
			undo := r.plan(restore.Request{Undo: done.ID})
			if _, err := r.applyCutOff(undo, 2); err == nil {
				t.Fatal("it was not cut off")
			}
			if disabled := canon.Text(canon.Member(r.sim.Document("users", made), "is_disabled")); disabled != "true" {
				t.Fatalf("is_disabled is %q when it was cut off", disabled)
			}
			r.do("PATCH", "/users/"+made, test.meanwhile)
			if a := onlyAction(t, r.apply(undo), record.Ref{Kind: "users", ID: made}); a.State != test.want {
				t.Errorf("it is %s, want %s: %s", a.State, test.want, a.Message)
			}
		})
	}
}

// set changes a member of a document as the server does by itself.
func (r *rig) set(kind, id, path, value string) {
	r.t.Helper()
	if _, err := r.sim.Mutate(lookersim.Change{Op: lookersim.OpSet, Kind: kind, ID: id, Path: path, Value: value}); err != nil {
		r.t.Fatal(err)
	}
}

// Service accounts have routes of their own, for the way back as well.
func TestServiceAccounts(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	account := record.Ref{Kind: "users", ID: r.make("users/service_accounts", `{"service_account_name":"Robot"}`)}
	r.do("PATCH", "/users/service_accounts/"+account.ID, `{"is_disabled":true}`)
	r.do("POST", "/groups/3/users", `{"user_id":"`+account.ID+`"}`)
	r.backup()
	r.do("DELETE", "/users/service_accounts/"+account.ID, "")
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{account}}))
	complete(t, done)
	made := targetOf(done, account)
	if body := r.sim.Document("users", made); canon.Text(canon.Member(body, "service_account_name")) != "Robot" || canon.Text(canon.Member(body, "is_disabled")) != "true" {
		t.Errorf("the account: %s", body)
	}
	complete(t, r.apply(r.plan(restore.Request{Undo: done.ID})))
	var got []string
	for _, w := range r.sim.Writes() {
		got = append(got, w.Method+" "+w.Path)
	}
	want := "POST /users/service_accounts, POST /groups/3/users, PATCH /users/service_accounts/" + made + ", DELETE /users/service_accounts/" + made
	if strings.Join(got, ", ") != want {
		t.Errorf("writes: %q, want %s", got, want)
	}
}

// Somebody whom a restore had made anew comes back with their schedule by an undo of the undo, which
// plans the schedule first.
func TestUndoOfAnUndoBringsTheScheduleOfAUserBack(t *testing.T) {
	t.Parallel()
	for _, only := range []bool{false, true} {
		r := newRig(t, lookersim.Options{Seed: 1})
		user := record.Ref{Kind: "users", ID: r.make("users", `{"first_name":"Ann","last_name":"Test"}`)}
		r.do("POST", "/users/"+user.ID+"/credentials_email", `{"email":"ann.test@example.com"}`)
		schedule := record.Ref{Kind: "scheduled_plans", ID: r.make("scheduled_plans", `{"name":"Ann's","user_id":%q,"look_id":"3","crontab":"0 6 * * *",`+planFlags+`,"scheduled_plan_destination":[{"type":"email","address":"ann@example.com","format":"csv"}]}`, user.ID)}
		r.backup()
		counts := r.counts()
		r.do("DELETE", "/users/"+user.ID, "")
		done := r.apply(r.plan(restore.Request{Items: []record.Ref{user, schedule}, Only: only}))
		complete(t, done)
		undone := r.apply(r.plan(restore.Request{Undo: done.ID}))
		complete(t, undone)
		again := r.apply(r.plan(restore.Request{Undo: undone.ID}))
		complete(t, again)
		owner := targetOf(again, record.Ref{Kind: "users", ID: targetOf(done, user)})
		made := targetOf(again, record.Ref{Kind: "scheduled_plans", ID: targetOf(done, schedule)})
		if is := canon.Text(canon.Member(r.sim.Document("scheduled_plans", made), "user_id")); is != owner || is == "" {
			t.Errorf("only %t: the schedule is of users/%s, want users/%s", only, is, owner)
		}
		if diff := cmp.Diff(counts, r.counts()); diff != "" {
			t.Errorf("only %t: (-want +got):\n%s", only, diff)
		}
	}
}
