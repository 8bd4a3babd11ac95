package extract_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/vault"
)

// trashRig is a rig that counts the calls for what lies in the trash, by route.
type trashRig struct {
	*rig
	mu    sync.Mutex
	asked map[string]int
}

func newTrashRig(t *testing.T, age time.Duration) *trashRig {
	r := &trashRig{asked: make(map[string]int)}
	r.rig = newRig(t, lookersim.Options{Seed: 3, TrashShare: 0.1, Observe: func(c lookersim.Call) {
		if strings.Contains(c.Query, "deleted=true") {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.asked[c.Route]++
		}
	}})
	r.refresh = map[record.Kind]time.Duration{refresh.Trash: age}
	return r
}

// night makes a run, and returns how often it asked for dashboards in the trash.
func (r *trashRig) night() int {
	r.t.Helper()
	r.mu.Lock()
	clear(r.asked)
	r.mu.Unlock()
	r.month(1, nil)
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked["GET /dashboards/search"]
}

// newestCounts are the counts of a kind in the newest run, and the notes of that.
func (r *rig) newestCounts(kind record.Kind) (record.Counts, []string) {
	r.t.Helper()
	run := r.newestRun()
	i := slices.IndexFunc(run.Kinds, func(c record.Counts) bool { return c.Kind == kind })
	return run.Kinds[i], run.Notes
}

// stateOf is what the vault holds of a document.
func (r *rig) stateOf(kind record.Kind, id string) record.State {
	r.t.Helper()
	reader := simtest.Reader(r.t, r.path)
	defer reader.Close()
	for e, err := range reader.Entries(r.t.Context(), vault.Query{Instance: "test", Kind: kind}) {
		if err != nil {
			r.t.Fatal(err)
		}
		if e.ID == id {
			return e.State
		}
	}
	return record.Gone
}

// inTrash is a document of a kind that lies in the trash, and one that does not.
func (r *rig) inTrash(kind record.Kind) (trashed, present string) {
	r.t.Helper()
	for _, id := range r.sim.IDs(string(kind)) {
		switch state := r.stateOf(kind, id); {
		case state == record.Trashed && trashed == "":
			trashed = id
		case state == record.Present && present == "":
			present = id
		}
	}
	if trashed == "" || present == "" {
		r.t.Fatalf("no %s in and out of the trash", kind)
	}
	return trashed, present
}

// TestTrashRests: what lies in the trash is asked for as seldom as the age says, and each point
// in time tells who saw it last.
func TestTrashRests(t *testing.T) {
	t.Parallel()
	r := newTrashRig(t, 7*aDay)
	r.night()
	asked := 0
	for night := range 21 {
		calls := r.night()
		if calls > 0 {
			asked++
		}
		c, notes := r.newestCounts("dashboards")
		if c.TrashRested != (calls == 0) || c.TrashRested && (c.TrashDeferred == 0 || c.Trashed > 0) || c.Deferred != c.TrashDeferred || c.Gone > 0 {
			t.Errorf("night %d, %d calls for the trash: %+v", night, calls, c)
		}
		told := slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, " dashboards in the trash") })
		if told != c.TrashRested {
			t.Errorf("night %d: the notes %q", night, notes)
		}
	}
	if asked < 3 || asked > 7 {
		t.Errorf("the trash was listed in %d of 21 nights, want about 3", asked)
	}
	reader := simtest.Reader(t, r.path)
	defer reader.Close()
	started, err := reader.RunStarts(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	for run, began := range started {
		for e, err := range reader.Entries(t.Context(), vault.Query{Instance: "test", At: vault.AtRun(run)}) {
			if err != nil {
				t.Fatal(err)
			}
			age, most := began.Began.Sub(started[e.LastRun].Began), time.Minute
			if e.State == record.Trashed {
				most += 7 * aDay
			}
			if age > most && e.Kind != "content_access" {
				t.Errorf("as of run %d %s, %s, was seen %s ago", run, e.Ref, e.State, age)
			}
		}
	}
	compareWith(t, r.rig)
}

// TestTrashThatRestsHidesNothing: what is thrown away is found the same night, what comes back
// too; what is deleted out of the trash is known of when that is listed again.
func TestTrashThatRestsHidesNothing(t *testing.T) {
	t.Parallel()
	r := newTrashRig(t, 211*aDay)
	r.night()
	for r.night() > 0 { // until it rests
	}
	trashed, present := r.inTrash("dashboards")
	steps := []struct {
		name    string
		change  lookersim.Change
		asks    bool
		present record.State // of the document that was present
		trashed record.State // of the one in the trash
	}{
		{"thrown away", lookersim.Change{Op: lookersim.OpTrash, Kind: "dashboards", ID: present}, true, record.Trashed, record.Trashed},
		{"nothing", lookersim.Change{}, false, record.Trashed, record.Trashed},
		{"taken out", lookersim.Change{Op: lookersim.OpRestore, Kind: "dashboards", ID: present}, false, record.Present, record.Trashed},
		{"deleted out of the trash", lookersim.Change{Op: lookersim.OpDelete, Kind: "dashboards", ID: trashed}, false, record.Present, record.Trashed},
		{"deleted", lookersim.Change{Op: lookersim.OpDelete, Kind: "dashboards", ID: present}, true, record.Gone, record.Gone},
	}
	for _, step := range steps {
		if step.change.Kind != "" {
			mutate(t, r.rig, step.change)
		}
		asked := r.night()
		if got := r.stateOf("dashboards", present); asked > 0 != step.asks || got != step.present {
			t.Errorf("%s: %d calls for the trash, the one that was present is %s", step.name, asked, got)
		}
		if got := r.stateOf("dashboards", trashed); got != step.trashed {
			t.Errorf("%s: the one in the trash is %s", step.name, got)
		}
	}
	compareWith(t, r.rig)
}

// TestTrashIsListedAllTheSame: by a full run, for a key of which nobody knows that it is an
// administrator's, of kinds with an age of their own, and where something of the trash failed.
func TestTrashIsListedAllTheSame(t *testing.T) {
	t.Parallel()
	r := newTrashRig(t, 211*aDay)
	r.night()
	for r.night() > 0 {
	}
	ask := func(name string, s record.Start) {
		t.Helper()
		r.mu.Lock()
		clear(r.asked)
		r.mu.Unlock()
		r.run(record.RunComplete, s)
		if c, _ := r.newestCounts("dashboards"); c.TrashRested || r.asked["GET /dashboards/search"] == 0 {
			t.Errorf("%s: %+v", name, c)
		}
	}
	full := start(defaults()...)
	full.Full = true
	ask("a full run", full)
	r.refresh["dashboards"] = 211 * aDay
	if r.night() > 0 {
		t.Error("the dashboards do not rest")
	}
	r.refresh["dashboards"] = time.Hour
	if c, _ := r.newestCounts("dashboards"); r.night() == 0 {
		t.Errorf("a kind with an age of its own: %+v", c)
	}
	delete(r.refresh, "dashboards")
	somebody := start(defaults()...)
	somebody.Caller.Admin = nil
	ask("an unknown key", somebody)
}
