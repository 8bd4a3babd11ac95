package extract_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/vault"
)

const aDay = 24 * time.Hour

// month makes a run each night, and returns the calls of each by route.
func (r *rig) month(nights int, before func(night int)) (calls []map[string]int64) {
	r.t.Helper()
	for range nights {
		if before != nil {
			before(r.nights)
		}
		at, began := time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC).Add(time.Duration(r.nights)*aDay), time.Now()
		r.now = func() time.Time { return at.Add(time.Since(began)) }
		r.nights++
		r.sim.ResetCounts()
		r.run(record.RunComplete, start(defaults()...))
		made := make(map[string]int64)
		for route, n := range r.sim.Counts().Routes {
			made[route] = int64(n)
		}
		calls = append(calls, made)
	}
	return calls
}

// TestRefresh: what may grow old is asked for in turns, and nothing is older than it may.
func TestRefresh(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 3})
	r.refresh = map[record.Kind]time.Duration{"content_access": 7 * aDay, "settings": 7 * aDay, "themes": 5 * aDay, "role_users": 3 * aDay}
	all := r.month(1, nil)[0]
	const nights = 21
	calls := r.month(nights, nil)
	for route, most := range map[string]int64{
		"GET /content_metadata_access": all["GET /content_metadata_access"] * nights / 7, "GET /roles/{id}/users": all["GET /roles/{id}/users"] * nights / 3,
		"GET /themes": nights / 5 * 2,
	} {
		var n int64
		for _, c := range calls {
			n += c[route]
		}
		if n == 0 || n > most+most/3+2 {
			t.Errorf("%s: %d calls in %d nights, want about %d", route, n, nights, most)
		}
	}
	reader := simtest.Reader(t, r.path)
	defer reader.Close()
	runs, err := reader.Runs(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	started := make(map[int64]time.Time)
	for _, run := range runs {
		started[run.ID] = run.Started
		for _, k := range run.Kinds {
			if k.Gone > 0 {
				t.Errorf("run %d took %d %s for gone", run.ID, k.Gone, k.Kind)
			}
		}
		if run.ID > 1 && !slices.ContainsFunc(run.Notes, func(n string) bool { return strings.HasPrefix(n, "not asked for again: ") }) {
			t.Errorf("run %d says nothing of what it did not ask for: %q", run.ID, run.Notes)
		}
	}
	// What was known at each point, and who saw it, is what the server was asked for.
	for _, run := range runs {
		for e, err := range reader.Entries(t.Context(), vault.Query{At: vault.AtRun(run.ID)}) {
			if err != nil {
				t.Fatal(err)
			}
			age := run.Started.Sub(started[e.LastRun])
			if limit := r.refresh[e.Kind]; age > limit+time.Minute {
				t.Errorf("as of run %d %s was seen %s ago, by run %d; %s is the most", run.ID, e.Ref, age, e.LastRun, limit)
			}
		}
	}
	compareWith(t, r)
}

// compareWith compares all that is stored with what is served.
func compareWith(t *testing.T, r *rig) {
	t.Helper()
	served, stored := r.served(defaults()...), r.stored()
	for ref := range served {
		if _, ok := stored[ref]; !ok {
			t.Errorf("%s is not stored", ref)
		}
	}
	for ref := range stored {
		if _, ok := served[ref]; !ok {
			t.Errorf("%s is stored and not served", ref)
		}
	}
}

// TestWholeKindsRest: kinds that others are found by, and content, may rest as well. What
// they lead to is there meanwhile, and what went is gone when they are listed again.
func TestWholeKindsRest(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 3})
	r.refresh = map[record.Kind]time.Duration{"roles": 5 * aDay, "agents": 4 * aDay, "dashboards": 3 * aDay, "alerts": 2 * aDay, "role_users": 2 * aDay}
	r.month(3, nil)
	mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: "dashboards", ID: r.sim.IDs("dashboards")[3]})
	mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: "roles", ID: r.sim.IDs("roles")[4]})
	gone := make(map[record.Kind]int64)
	for range 8 {
		r.month(1, nil)
		reader := simtest.Reader(t, r.path)
		run, err := reader.Run(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range run.Kinds {
			gone[k.Kind] += k.Gone
		}
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if gone["dashboards"] != 1 || gone["roles"] != 1 || gone["role_users"] != 1 || gone["agents"]+gone["alerts"] != 0 {
		t.Errorf("gone: %v", gone)
	}
	compareWith(t, r)
}

// TestTheAgeOfWhatRestsIsTold: how old the oldest observation is of what was not asked for
// again, also where that is whole kinds.
func TestTheAgeOfWhatRestsIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 3})
	r.refresh = map[record.Kind]time.Duration{"themes": 20 * aDay, "connections": 3 * aDay, "content_access": 0}
	r.month(1, nil)
	listed, told := map[string]int{"themes": 1, "connections": 1}, 0
	for night := 2; night <= 12; night++ {
		r.month(1, nil)
		oldest, rests := night, ""
		for _, kind := range []string{"connections", "themes"} { // as the run has them
			if r.sim.Counts().Routes["GET /"+kind] > 0 {
				listed[kind] = night
				continue
			}
			oldest, rests = min(oldest, listed[kind]), rests+", "+kind
		}
		want := ""
		if rests != "" {
			age := fmt.Sprintf("%d d", night-oldest)
			if night-oldest == 1 {
				age = "24 h"
			}
			want = "not asked for again: " + rests[2:] + "; none older than " + age
			told++
		}
		if got := strings.Join(r.newestRun().Notes, "\n"); got != want {
			t.Errorf("night %d: %q, want %q", night, got, want)
		}
	}
	if told < 5 {
		t.Errorf("in %d nights something rested", told)
	}
}

// TestRefreshAsksForWhatFailed: what could not be fetched is asked for by the next run,
// however young what is stored of it is, and so is what is new.
func TestRefreshAsksForWhatFailed(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 3})
	r.refresh = map[record.Kind]time.Duration{"role_users": 30 * aDay}
	r.month(1, nil)
	if err := r.sim.SetRules(lookersim.Rule{Route: "GET /roles/{id}/users", Do: lookersim.FaultStatus, Status: 500}); err != nil {
		t.Fatal(err)
	}
	begin := time.Date(2026, 6, 20, 2, 0, 0, 0, time.UTC) // all of them are due
	r.now = func() time.Time { return begin }
	failed := r.run(record.RunPartial, start(defaults()...))
	r.rules()
	r.now = func() time.Time { return begin.Add(aDay) }
	r.sim.ResetCounts()
	r.run(record.RunComplete, start(defaults()...))
	want := int64(0)
	for _, k := range failed.Run.Kinds {
		if k.Kind == "role_users" {
			want = k.Failed
		}
	}
	if got := int64(r.sim.Counts().Routes["GET /roles/{id}/users"]); want == 0 || got < want {
		t.Errorf("%d of %d that had failed were asked for again", got, want)
	}
}

// TestAKindThatFailedIsListed: a list of which a row could not be stored is asked for by
// the next run, however young the last good one is.
func TestAKindThatFailedIsListed(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 3})
	r.refresh = map[record.Kind]time.Duration{"connections": 30 * aDay}
	r.month(1, nil)
	if err := r.sim.SetRules(lookersim.Rule{Route: "GET /connections", Do: lookersim.FaultStatus, Status: 500}); err != nil {
		t.Fatal(err)
	}
	full := start(defaults()...)
	full.Full = true
	r.now = func() time.Time { return time.Date(2026, 4, 2, 2, 0, 0, 0, time.UTC) }
	r.run(record.RunPartial, full)
	r.rules()
	for night, want := range []int{1, 0} { // and then it rests
		r.now = func() time.Time { return time.Date(2026, 4, 3+night, 2, 0, 0, 0, time.UTC) }
		r.sim.ResetCounts()
		r.run(record.RunComplete, start(defaults()...))
		if got := r.sim.Counts().Routes["GET /connections"]; got != want {
			t.Errorf("night %d: %d calls for the list, want %d", night, got, want)
		}
	}
}

// TestFullRefreshes: a full run asks for everything.
func TestFullRefreshes(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 3})
	r.refresh = map[record.Kind]time.Duration{"content_access": 30 * aDay, "settings": 30 * aDay, "themes": 30 * aDay}
	first := r.month(1, nil)[0]
	full := start(defaults()...)
	full.Full = true
	r.sim.ResetCounts()
	r.run(record.RunComplete, full)
	for _, route := range []string{"GET /content_metadata_access", "GET /themes"} {
		if got := int64(r.sim.Counts().Routes[route]); got != first[route] || got == 0 {
			t.Errorf("%s: %d calls, want %d", route, got, first[route])
		}
	}
}

// TestPersonalFoldersRest: access lists of personal folders are asked for once in 30 days
// where nobody says otherwise.
func TestPersonalFoldersRest(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("a month of nights, one after the other")
	}
	r := newRig(t, lookersim.Options{Seed: 3, PersonalFolders: true})
	r.refresh = map[record.Kind]time.Duration{}
	all := r.month(1, nil)[0]["GET /content_metadata_access"]
	var n int64
	for _, c := range r.month(30, nil) {
		n += c["GET /content_metadata_access"]
	}
	if want := 30*(all-personal(t, r)) + personal(t, r); n > want+want/10 || n < want {
		t.Errorf("%d calls in 30 nights for %d lists, %d of them personal; want %d", n, all, personal(t, r), want)
	}
	r.refresh = map[record.Kind]time.Duration{"content_access": 0}
	if got := r.month(1, nil)[0]["GET /content_metadata_access"]; got != all {
		t.Errorf("%d calls although every run is to ask, want %d", got, all)
	}
}

// personal counts the access lists of personal folders.
func personal(t *testing.T, r *rig) (n int64) {
	t.Helper()
	stored := r.stored()
	for ref := range stored {
		if ref.Kind != "content_access" {
			continue
		}
		of := stored[record.Ref{Kind: "content_metadata", ID: ref.ID}]
		folder := stored[record.Ref{Kind: "folders", ID: canon.Text(canon.Member(of.Body, "folder_id"))}]
		if string(canon.Member(folder.Body, "is_personal")) == "true" || string(canon.Member(folder.Body, "is_personal_descendant")) == "true" {
			n++
		}
	}
	if n == 0 {
		t.Fatal("no folder is personal")
	}
	return n
}

// TestOldestObservation: of what rests the vault tells how old the oldest observation is.
func TestOldestObservation(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 3})
	r.refresh = map[record.Kind]time.Duration{"content_access": 7 * aDay, "themes": 5 * aDay}
	r.month(13, nil)
	reader := simtest.Reader(t, r.path)
	defer reader.Close()
	oldest, err := reader.Oldest(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	last := time.Date(2026, 4, 13, 2, 0, 0, 0, time.UTC)
	for kind, most := range map[record.Kind]time.Duration{"content_access": 7 * aDay, "themes": 5 * aDay, "dashboards": 0, "merge_queries": 0} {
		if age := last.Sub(oldest[kind]).Round(time.Hour); age > most || most > 0 && age < aDay {
			t.Errorf("%s: the oldest observation is %s old, want at most %s", kind, age, most)
		}
	}
}
