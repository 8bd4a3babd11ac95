package sqlite_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

func trashed(r *record.Record) { r.State = record.Trashed }

func TestChanges(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"), doc("2", "Two"), doc("3", "Three"), doc("4", "Four"))
	aRun(t, path, doc("1", "One"), doc("2", "Two, longer"), doc("3", "Three", trashed))
	aRun(t, path, doc("1", "One"), doc("2", "Two again"), doc("3", "Three"), doc("4", "Four"), doc("5", "Five"))
	r := read(t, path)
	for run, want := range map[int64]map[string]string{
		1: {"1": "new", "2": "new", "3": "new", "4": "new"},
		2: {"2": "changed", "3": "trashed", "4": "gone"},
		3: {"2": "changed", "3": "restored", "4": "back", "5": "new"},
	} {
		list, counts, err := r.Changes(t.Context(), run, 10)
		if err != nil {
			t.Fatal(err)
		}
		got, sum := map[string]string{}, map[string]int64{}
		for _, c := range list {
			got[c.ID] = c.What
			sum[c.What]++
			if (c.Was == 0) != (c.What == "new") || c.Size == 0 || c.Name == "" {
				t.Errorf("run %d: %+v", run, c)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("run %d (-want +got):\n%s", run, diff)
		}
		if !maps.Equal(counts, sum) {
			t.Errorf("run %d: counts %v of %v", run, counts, sum)
		}
	}
	list, counts, err := r.Changes(t.Context(), 1, 3)
	if err != nil || len(list) != 3 || counts["new"] != 4 {
		t.Errorf("limited to 3: got %d of %d, %v", len(list), counts["new"], err)
	}
}

func TestRanked(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"), doc("2", "A title that makes the body large"), doc("3", "x"), doc("4", "Large but gone in the second run"))
	aRun(t, path, doc("1", "Uno"), doc("2", "A title that makes the body large"), doc("3", "y"))
	aRun(t, path, doc("1", "Un"), doc("2", "A title that makes the body large"), doc("3", "y"))
	r := read(t, path)
	refs := func(list []vault.Ranked, err error) (got []string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range list {
			got = append(got, i.ID+" "+i.Name)
		}
		return got
	}
	if diff := cmp.Diff([]string{"2 A title that makes the body large", "1 Un"}, refs(r.Largest(t.Context(), "acme", 2))); diff != "" {
		t.Errorf("largest (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"1 Un", "3 y"}, refs(r.MostChanged(t.Context(), "", 5))); diff != "" {
		t.Errorf("most changed (-want +got):\n%s", diff)
	}
}

// A process that is killed leaves how long it worked, up to its last commit; one that
// ends leaves what it measured instead, or nothing.
func TestAKilledSessionLeavesItsTime(t *testing.T) {
	path := newPath(t)
	at := vaulttest.Dawn
	work := func(resume bool, finish *record.Finish, commits int) {
		t.Helper()
		start := startOf("acme")
		start.Resume, start.At = resume, at
		w, err := sqlite.Open(t.Context(), path, sqlite.Options{Now: func() time.Time { return at }})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Begin(t.Context(), start); err != nil {
			t.Fatal(err)
		}
		for range commits {
			at = at.Add(90 * time.Second)
			if err := w.Commit(t.Context(), record.Batch{}); err != nil {
				t.Fatal(err)
			}
		}
		at = at.Add(time.Hour) // nobody knows what it did in this time
		if finish != nil {
			if _, err := w.Finish(t.Context(), *finish); err != nil {
				t.Fatal(err)
			}
		}
		mustClose(t, w)
	}
	second := record.Session{Began: vaulttest.Dawn.Add(2 * time.Hour), Seconds: 30, Items: 7}
	work(false, nil, 2)
	work(true, &record.Finish{Outcome: record.RunInterrupted, Session: &second, At: at}, 3)
	work(true, &record.Finish{Outcome: record.RunInterrupted, At: at}, 1)
	work(true, nil, 0)
	runs, err := read(t, path).Runs(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	want := []record.Session{{Began: vaulttest.Dawn, Seconds: 180, Unfinished: true}, second}
	if diff := cmp.Diff(want, runs[0].Sessions); diff != "" {
		t.Errorf("sessions (-want +got):\n%s", diff)
	}
	if want := 210 * time.Second; runs[0].Took() != want {
		t.Errorf("took %s, want %s", runs[0].Took(), want)
	}
	sound(t, path)
}

// What each process measured of a run stays with it, in order.
func TestSessions(t *testing.T) {
	path := newPath(t)
	first := record.Session{Began: vaulttest.Dawn, Seconds: 1.5, Items: 1, Advice: "go on", Stages: []record.StageUse{{Name: "fetch", Workers: 8}}, Samples: []record.Sample{{At: 1, Items: 1}}}
	second := record.Session{Began: vaulttest.Dawn.Add(time.Hour), Seconds: 2}
	end := func(resume bool, outcome record.Outcome, session *record.Session) {
		t.Helper()
		start := startOf("acme")
		start.Resume = resume
		w := begin(t, path, start)
		if _, err := w.Finish(t.Context(), record.Finish{Outcome: outcome, Session: session, At: vaulttest.Dawn}); err != nil {
			t.Fatal(err)
		}
		mustClose(t, w)
	}
	end(false, record.RunInterrupted, &first)
	end(true, record.RunInterrupted, nil)
	end(true, record.RunInterrupted, &second)
	end(false, record.RunInterrupted, nil)
	runs, err := read(t, path).Runs(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	got := [][]record.Session{runs[1].Sessions, runs[0].Sessions}
	if diff := cmp.Diff([][]record.Session{{first, second}, nil}, got); diff != "" {
		t.Errorf("sessions (-want +got):\n%s", diff)
	}
	brief, err := read(t, path).RunsInBrief(t.Context(), "acme", 0)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(withoutLists(runs), brief); diff != "" {
		t.Errorf("in brief (-want +got):\n%s", diff)
	}
	sound(t, path)
	execute(t, path, `UPDATE run_sessions SET measured = '{}' WHERE session = 1`)
	findings, err := read(t, path).Verify(t.Context())
	if err != nil || len(findings) != 1 || findings[0].Table != "run_sessions" || findings[0].Key != "1/1" {
		t.Errorf("findings %v, %v", findings, err)
	}
}
