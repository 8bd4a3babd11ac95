package restore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// What others have changed since a restore is left by its undo and named, whatever the restore did
// to it.
func TestAnUndoLeavesWhatOthersChanged(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		ref  record.Ref
		lose [2]string // method and body by which it is lost or changed
		edit string    // by somebody else, after the restore
		want string
		hard bool
	}{
		{"the member that was restored", record.Ref{Kind: "looks", ID: "2"}, [2]string{"PATCH", `{"title":"Oops"}`}, `{"title":"Better"}`, "title", false},
		{"another member", record.Ref{Kind: "looks", ID: "2"}, [2]string{"PATCH", `{"title":"Oops"}`}, `{"description":"Mine"}`, "description", false},
		{"thrown away since", record.Ref{Kind: "looks", ID: "2"}, [2]string{"PATCH", `{"title":"Oops"}`}, `{"deleted":true}`, "deleted", false},
		{"out of the trash", record.Ref{Kind: "dashboards", ID: "2"}, [2]string{"PATCH", `{"deleted":true}`}, `{"description":"Mine"}`, "description", false},
		{"a dashboard that was made", record.Ref{Kind: "dashboards", ID: "2"}, [2]string{"DELETE"}, `{"description":"Mine"}`, "description", false},
		{"one that is to be deleted for good", record.Ref{Kind: "dashboards", ID: "2"}, [2]string{"DELETE"}, `{"description":"Mine"}`, "description", true},
		{"a schedule that was made", record.Ref{Kind: "scheduled_plans", ID: "1"}, [2]string{"DELETE"}, `{"crontab":"9 9 * * *"}`, "crontab", false},
		{"a board that was made", record.Ref{Kind: "boards", ID: "2"}, [2]string{"DELETE"}, `{"description":"Mine"}`, "description", false},
	} {
		for _, backup := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel()
				r, run := newBackedUpRig(t)
				r.do(test.lose[0], "/"+test.ref.String(), test.lose[1])
				done := r.apply(r.plan(restore.Request{Items: []record.Ref{test.ref}, Run: run}))
				complete(t, done)
				is := record.Ref{Kind: test.ref.Kind, ID: targetOf(done, test.ref)}
				r.do("PATCH", "/"+is.String(), test.edit)
				if backup {
					r.backup()
				}
				before := r.normal(is)
				plan := r.plan(restore.Request{Undo: done.ID, Hard: test.hard, ExactMembers: true})
				a := onlyAction(t, plan, is)
				if a.Deed != record.DeedSkip || !strings.HasSuffix(a.Reason, "since the restore: "+test.want) {
					t.Errorf("%s: %q", a.Deed, a.Reason)
				}
				if undone := r.apply(plan); undone.State != record.RestorePartial {
					t.Errorf("the undo is %s", undone.State)
				}
				if after := r.normal(is); after != before {
					t.Errorf("(-before +after):\n%s", cmp.Diff(before, after))
				}
			})
		}
	}
}

// A schedule that was made is woken after it was read back, which is no work of others. What was
// thrown away since is thrown away.
func TestWhatIsNoWorkOfOthers(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	schedule := r.refsOf("scheduled_plans", "present", awake)[0]
	dashboard := record.Ref{Kind: "dashboards", ID: "2"}
	r.do("DELETE", "/"+schedule.String(), "")
	r.do("DELETE", "/"+dashboard.String(), "")
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{schedule, dashboard}}))
	complete(t, done)
	r.do("PATCH", "/dashboards/"+targetOf(done, dashboard), `{"deleted":true}`)
	complete(t, r.apply(r.plan(restore.Request{Undo: done.ID, Hard: true, ExactMembers: true})))
	for _, ref := range []record.Ref{schedule, dashboard} {
		if body := r.sim.Document(string(ref.Kind), targetOf(done, ref)); body != nil {
			t.Errorf("%s is still there: %.200s", ref, body)
		}
	}
}

// What a second attempt has read back is not the work of those who came after the first one.
func TestWhatWasChangedBeforeASecondAttempt(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	run := r.backup()
	changed, broken := record.Ref{Kind: "looks", ID: "3"}, record.Ref{Kind: "looks", ID: "4"}
	for _, ref := range []record.Ref{changed, broken} {
		r.do("PATCH", "/"+ref.String(), `{"title":"Oops"}`)
	}
	plan := r.plan(restore.Request{Items: []record.Ref{changed, broken}, Run: run})
	if err := r.sim.SetRules(lookersim.Rule{Route: "PATCH /looks/{id}", ID: "4", Do: lookersim.FaultStatus, Status: 422, Times: 1}); err != nil {
		t.Fatal(err)
	}
	done := r.apply(plan)
	if done.State != record.RestorePartial {
		t.Fatalf("the restore is %s", done.State)
	}
	r.do("PATCH", "/"+changed.String(), `{"description":"Mine"}`)
	r.backup()
	complete(t, r.retry(done))
	undo := r.plan(restore.Request{Undo: done.ID, ExactMembers: true})
	for ref, want := range map[record.Ref]record.Deed{changed: record.DeedSkip, broken: record.DeedUpdate} {
		if a := onlyAction(t, undo, ref); a.Deed != want {
			t.Errorf("%s: %s, want %s: %s", ref, a.Deed, want, a.Reason)
		}
	}
}

// A restore that was cut off while it made something is undone whole: what it had begun goes as well,
// and where nobody knows whether it was made that is said.
func TestAnUndoOfWhatWasCutOff(t *testing.T) {
	for cutAfter := 1; cutAfter <= 6; cutAfter++ {
		t.Run(fmt.Sprint(cutAfter), func(t *testing.T) {
			t.Parallel()
			r, run := newBackedUpRig(t)
			ref := record.Ref{Kind: "dashboards", ID: "2"}
			r.do("DELETE", "/dashboards/"+ref.ID, "")
			counts := r.counts()
			plan := r.plan(restore.Request{Items: []record.Ref{ref}, Run: run, Only: true})
			done, _ := r.applyCutOff(plan, cutAfter)
			undo := r.plan(restore.Request{Undo: done.ID, Hard: true})
			unknown := strings.Contains(strings.Join(undo.Notes, "\n"), "nobody knows")
			if len(undo.Actions) > 0 {
				complete(t, r.apply(undo))
			}
			most := counts["dashboards"]
			if unknown {
				most++
			}
			if is := r.counts()["dashboards"]; is < counts["dashboards"] || is > most {
				t.Errorf("%d dashboards, want %d; unknown: %v", is, counts["dashboards"], unknown)
			}
			if unknown == (len(undo.Actions) > 0) {
				t.Errorf("unknown: %v, %v", unknown, deeds(undo))
			}
		})
	}
}

// An undo of users who were made anew can be undone: they come back, with a personal folder.
func TestAnUndoOfAnUndoOfUsers(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	user, folder := r.someoneWithAFolder(t)
	r.do("PATCH", "/users/"+user.ID, `{"home_folder_id":"`+folder+`"}`)
	r.backup()
	r.do("DELETE", "/users/"+user.ID, "")
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{user}}))
	complete(t, done)
	users := r.counts()["users"]
	undo := r.apply(r.plan(restore.Request{Undo: done.ID}))
	complete(t, undo)
	again := r.apply(r.plan(restore.Request{Undo: undo.ID}))
	complete(t, again)
	if is := r.counts()["users"]; is != users {
		t.Errorf("%d users, want %d: %v", is, users, deeds(again))
	}
}

// A tile that named what was gone before a restore stays as it is in the undo, which says no more than
// that: the dashboard has all of its tiles.
func TestAnUndoSaysWhatStays(t *testing.T) {
	t.Parallel()
	x := newTree(t)
	r, look := x.rig, x.look
	r.do("DELETE", "/looks/"+look.ID, "")
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{look}}))
	complete(t, done)
	undo := r.plan(restore.Request{Undo: done.ID, Hard: true})
	notes := strings.Join(undo.Notes, "\n")
	for _, a := range undo.Actions {
		notes += "\n" + a.Reason
	}
	if !strings.Contains(notes, "keeps dashboard_elements/") || strings.Contains(notes, "comes back without dashboard_elements") || strings.Contains(notes, "with only") {
		t.Errorf("the undo says: %s", notes)
	}
}
