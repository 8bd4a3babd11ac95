package extract_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/vault"
)

// trashWalk is a walk through nights in which dashboards and looks go into the trash, come back,
// are made and are deleted, and which trash rests.
type trashWalk struct {
	*rig
	random *rand.Rand
	truth  map[record.Ref]record.State
	said   []string // what happened, for who reads a failure
}

// TestTrashRestsWhateverHappens: after each complete run of everything the vault knows of every
// document that is not in the trash, of everything that was thrown away since the run before,
// and of everything that vanished from where it was not in the trash. Only what lay in the
// trash already may have left it unseen; and that for no longer than its age.
func TestTrashRestsWhateverHappens(t *testing.T) {
	for seed := range many(t, 1) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := &trashWalk{
				rig:    newRig(t, lookersim.Options{Seed: 3, TrashShare: 0.1}),
				random: rand.New(rand.NewPCG(uint64(seed), 1)),
			}
			w.refresh = map[record.Kind]time.Duration{refresh.Trash: 4 * aDay}
			w.month(1, nil)
			w.truth = w.held()
			rested := false
			for range 12 {
				before := w.held()
				w.changes()
				w.between()
				w.month(1, nil)
				counts, _ := w.newestCounts("dashboards")
				rested = rested || counts.TrashRested
				w.compare(before)
			}
			if !rested {
				t.Error("the trash has never rested, so this shows nothing")
			}
			w.refresh = nil
			w.month(1, nil)
			if t.Failed() {
				return
			}
			for ref, state := range w.held() {
				if want := w.truth[ref]; want != state {
					t.Errorf("%s is %s at last, want %s", ref, state, want)
				}
			}
			compareWith(t, w.rig)
			if t.Failed() {
				t.Log(w.said)
			}
		})
	}
}

// held are the states in which the vault holds dashboards and looks.
func (w *trashWalk) held() map[record.Ref]record.State {
	w.t.Helper()
	reader := simtest.Reader(w.t, w.path)
	defer reader.Close()
	states := make(map[record.Ref]record.State)
	for _, kind := range []record.Kind{"dashboards", "looks"} {
		for _, deleted := range []bool{true, false} {
			for e, err := range reader.Entries(w.t.Context(), vault.Query{Instance: "test", Kind: kind, Deleted: deleted}) {
				if err != nil {
					w.t.Fatal(err)
				}
				states[e.Ref] = e.State
			}
		}
	}
	return states
}

// changes makes up to three changes of the instance.
func (w *trashWalk) changes() {
	w.t.Helper()
	for range w.random.IntN(4) {
		refs := slices.SortedFunc(maps.Keys(w.truth), func(a, b record.Ref) int { return strings.Compare(a.String(), b.String()) })
		ref := refs[w.random.IntN(len(refs))]
		change := lookersim.Change{Kind: string(ref.Kind), ID: ref.ID}
		switch state, dice := w.truth[ref], w.random.IntN(10); {
		case dice == 0:
			change = lookersim.Change{Op: lookersim.OpAdd, Kind: string(ref.Kind)}
			state = record.Present
			id, err := w.sim.Mutate(change)
			if err != nil {
				w.t.Fatal(err)
			}
			ref.ID = id[0]
			change = lookersim.Change{Kind: string(ref.Kind), ID: ref.ID, Op: lookersim.OpTouch, Value: "2026-03-31T00:00:00.000+00:00"}
			if w.random.IntN(2) == 0 { // and thrown away at once
				change.Op, state = lookersim.OpTrash, record.Trashed
			}
			w.truth[ref] = state
		case state == record.Gone:
			continue
		case dice < 4:
			change.Op, w.truth[ref] = lookersim.OpDelete, record.Gone
		case state == record.Present:
			change.Op, w.truth[ref] = lookersim.OpTrash, record.Trashed
		default:
			change.Op, w.truth[ref] = lookersim.OpRestore, record.Present
		}
		mutate(w.t, w.rig, change)
		w.said = append(w.said, fmt.Sprintf("night %d: %s %s", w.nights, change.Op, ref))
	}
}

// between makes a run besides those of the nights, or none: of some kinds, with a key of which
// nobody knows whose it is, or one that is stopped, which the next night does not continue.
func (w *trashWalk) between() {
	w.t.Helper()
	at, began := time.Date(2026, 4, 1, 1, 0, 0, 0, time.UTC).Add(time.Duration(w.nights)*aDay), time.Now()
	w.now = func() time.Time { return at.Add(time.Since(began)) }
	switch w.random.IntN(5) {
	case 0:
		w.said = append(w.said, "a run of looks")
		w.run(record.RunComplete, start("looks"))
	case 1:
		w.said = append(w.said, "a run with an unknown key")
		s := start(defaults()...)
		s.Caller.Admin = nil
		if _, err := w.try(s); err != nil { // partial where something was not listed
			w.t.Fatal(err)
		}
	case 2:
		w.said = append(w.said, "a run that is stopped, and resumed")
		w.stopAt(1+w.random.IntN(3), w.random.IntN(2) == 0)
		if _, err := w.try(start(defaults()...)); err == nil {
			w.t.Fatal("the run was not stopped")
		}
		w.undisturbed()
		w.run(record.RunComplete, resume())
	}
}

// compare holds what the vault holds against what is true and what it held before.
func (w *trashWalk) compare(before map[record.Ref]record.State) {
	w.t.Helper()
	held := w.held()
	for ref, state := range w.truth {
		got, known := held[ref]
		ok := got == state && known
		switch state {
		case record.Trashed: // made and thrown away between two runs: only its own list tells
			ok = ok || !known && before[ref] == ""
		case record.Gone: // out of the trash
			ok = ok || before[ref] != record.Present && (got == record.Trashed || !known)
		}
		if !ok {
			w.t.Errorf("night %d: %s is %q, was %q, want %s\n%q", w.nights, ref, got, before[ref], state, w.said)
		}
	}
}
