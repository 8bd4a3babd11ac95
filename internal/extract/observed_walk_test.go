package extract_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/stages"
)

// observedWalk is a walk through nights in which anything changes and much rests.
type observedWalk struct {
	*rig
	random *rand.Rand
	truth  map[int64][]snapshot // what the server held during each run, and each part of one that was resumed
	said   []string             // what happened, for who reads a failure
}

// snapshot is what a server held: state and fingerprint, by ref.
type snapshot map[record.Ref]seen

// seen is what is known of a document, the zero value where it is not there.
type seen struct {
	state       record.State
	fingerprint record.Digest
}

// TestWhatWasObserved: what the vault says that a run saw is what the server held in that run,
// whatever rests, and whoever ran between; what it says to be gone was gone; what it does not
// hold after a complete run of everything was in a trash, or in a kind, that rested. When nothing
// rests any more the vault is the server.
func TestWhatWasObserved(t *testing.T) {
	for seed := range many(t, 1) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := newObservedWalk(t, uint64(seed))
			defer func() {
				if t.Failed() {
					for _, line := range w.said {
						t.Log(line)
					}
				}
			}()
			w.night()
			for range 12 {
				w.changes()
				w.between()
				w.night()
				w.check()
				if t.Failed() {
					return
				}
			}
			w.refresh, w.config.TrustDates, w.config.Looker.Quota = nil, config.DatesNever, config.Quota{}
			w.say("nothing rests any more")
			for range 3 { // what follows from what is gone goes with the runs after it
				w.night()
			}
			w.check()
			w.same()
		})
	}
}

func newObservedWalk(t *testing.T, seed uint64) *observedWalk {
	random := rand.New(rand.NewPCG(seed, 11))
	w := &observedWalk{
		rig: newRig(t, lookersim.Options{
			Seed: int64(seed), TrashShare: pick(random, -1, 0.1, 0.3), PersonalFolders: random.IntN(2) == 0,
			Quirks: lookersim.Quirks{NoTotals: random.IntN(4) == 0, IgnoreIDs: random.IntN(6) == 0},
		}),
		random: random, truth: make(map[int64][]snapshot),
	}
	w.release = "25.6.1"
	w.config.Stages.List.PageSize = pick(random, 3, 10, 100)
	w.config.TrustDates = pick(random, config.DatesNever, config.DatesLearned)
	if random.IntN(2) == 0 {
		w.config.Looker.Quota = config.Quota{Administrative: 1000, Query: 1000}
	}
	w.refresh = map[record.Kind]time.Duration{}
	for _, kind := range catalogue.Default() {
		if random.IntN(3) == 0 {
			w.refresh[kind.Name] = pick(random, 2*aDay, 3*aDay, 5*aDay)
		}
	}
	if random.IntN(4) > 0 {
		w.refresh[refresh.Trash] = pick(random, 2*aDay, 4*aDay, 8*aDay)
	}
	for _, kind := range []record.Kind{"dashboards", "looks", "agents"} {
		if random.IntN(4) > 0 {
			delete(w.refresh, kind)
		}
	}
	w.say("refresh %v, dates %s, quota %v", w.refresh, w.config.TrustDates, w.config.Looker.Quota)
	return w
}

func (w *observedWalk) say(format string, args ...any) {
	w.said = append(w.said, fmt.Sprintf("night %d: ", w.nights)+fmt.Sprintf(format, args...))
}

// at sets the clock to an hour of the next night, from where it goes on.
func (w *observedWalk) at(hour int) {
	at, began := time.Date(2026, 4, 1, hour, 0, 0, 0, time.UTC).Add(time.Duration(w.nights)*aDay), time.Now()
	w.now = func() time.Time { return at.Add(time.Since(began)) }
}

// night makes a complete run of everything.
func (w *observedWalk) night() {
	w.t.Helper()
	w.at(2)
	w.nights++
	s := start(defaults()...)
	s.Full = w.refresh != nil && w.random.IntN(12) == 0
	result, err := w.try(s)
	if err != nil || result.Run.Outcome != record.RunComplete {
		w.t.Fatalf("night %d: %s, %v, %+v %q", w.nights, result.Run.Outcome, err, w.faults(), result.Run.Notes)
	}
	w.note()
}

// note remembers what the server holds as what the newest run saw.
func (w *observedWalk) note() {
	w.t.Helper()
	run := w.newest()
	w.truth[run] = append(w.truth[run], w.snapshot())
}

// snapshot is what the server holds now.
func (w *observedWalk) snapshot() snapshot {
	w.t.Helper()
	secrets, err := stages.NewSecrets(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	all := make(snapshot)
	for ref, item := range w.served(defaults()...) {
		body, _ := secrets[ref.Kind].Redact(w.bodyOf(ref.Kind, item))
		all[ref] = seen{record.State(item.State), w.fingerprint(ref, body)}
	}
	return all
}

func (w *observedWalk) fingerprint(ref record.Ref, body []byte) record.Digest {
	w.t.Helper()
	kind, _ := catalogue.Find(ref.Kind)
	document, err := canon.NewReader().Read(canon.Compile(kind), body)
	if err != nil {
		w.t.Fatalf("%s: %v\n%s", ref, err, body)
	}
	return document.Fingerprint
}

// changes makes some changes of the instance.
func (w *observedWalk) changes() {
	w.t.Helper()
	for range w.random.IntN(8) {
		kind := pick(w.random, "dashboards", "dashboards", "looks", "looks", "users", "groups", "roles", "boards", "folders", "themes", "scheduled_plans", "alerts", "connections", "agents")
		ids := w.sim.IDs(kind)
		if len(ids) < 3 {
			continue
		}
		change := lookersim.Change{Kind: kind, ID: pick(w.random, ids...)}
		change.Op = pick(w.random, lookersim.OpTitle, lookersim.OpEdit, lookersim.OpEdit, lookersim.OpRemove, lookersim.OpDelete, lookersim.OpAdd)
		if lookersim.HasTrash(kind) {
			change.Op = pick(w.random, change.Op, lookersim.OpTrash, lookersim.OpRestore)
		}
		switch change.Op {
		case lookersim.OpTitle:
			change.Value = fmt.Sprint("Title ", w.random.IntN(1000))
		case lookersim.OpEdit:
			member := pick(w.random, "title", "name")
			change.Value = fmt.Sprintf(`{%q:"Edited %d"}`, member, w.random.IntN(1000))
			if lookersim.HasTrash(kind) && w.random.IntN(4) == 0 {
				change.Value = fmt.Sprintf(`{"folder_id":%q}`, pick(w.random, w.sim.IDs("folders")...))
			}
		case lookersim.OpDelete:
			if kind == "folders" || kind == "users" || kind == "groups" || kind == "roles" {
				change.Op = lookersim.OpRemove
			}
		}
		if kind == "users" && change.Op == lookersim.OpTitle || kind == "users" && change.ID == "1" {
			continue
		}
		if ids, err := w.sim.Mutate(change); err == nil {
			w.say("%s %v", change, ids)
		}
	}
}

// between makes a run besides that of the night, or a prune, or nothing.
func (w *observedWalk) between() {
	w.t.Helper()
	w.at(1)
	switch w.random.IntN(9) {
	case 0:
		kinds := []record.Kind{pick[record.Kind](w.random, "dashboards", "looks", "users", "folders", "roles")}
		w.say("a run of %v", kinds)
		w.begin(start(kinds...))
	case 1:
		s := start(defaults()...)
		s.Scope.Folders, s.Scope.Recursive = []string{pick(w.random, w.sim.IDs("folders")...)}, w.random.IntN(2) == 0
		w.say("a run of folders %v", s.Scope.Folders)
		w.begin(s)
	case 2:
		s := start(defaults()...)
		s.Caller.Admin = nil
		w.say("a run with an unknown key")
		w.begin(s)
	case 3:
		no := false
		s := start(defaults()...)
		s.Caller.Admin = &no
		w.config.Looker.PartialView = true
		w.say("a run with a lesser key")
		w.begin(s)
		w.config.Looker.PartialView = false
	case 4:
		w.say("a run that is stopped, and resumed")
		w.stopAt(1+w.random.IntN(9), w.random.IntN(2) == 0)
		_, err := w.try(start(defaults()...))
		if err != nil && !errors.Is(err, job.ErrInterrupted) && w.newestRun().Outcome == record.RunComplete {
			w.t.Fatal(err)
		}
		w.undisturbed()
		w.note()
		if err != nil && w.random.IntN(3) > 0 {
			w.changes()
			w.begin(resume())
		}
	case 5:
		w.prune()
	case 6:
		where := pick(w.random, "kind=dashboards", "kind=looks", "kind=role_users", "kind=content_access", "route=GET /looks/search", "route=GET /users", "route=GET /folders", "kind=settings")
		rule := where + " status=500 " + pick(w.random, "p=0.3", "nth=1", "nth=2", "after=2")
		w.say("a run with %s", rule)
		w.rules(rule)
		w.begin(start(defaults()...))
		w.rules()
	}
}

// begin makes a run that may find less than everything.
func (w *observedWalk) begin(s record.Start) {
	w.t.Helper()
	result, err := w.try(s)
	if err != nil && !expected(err) {
		w.t.Fatal(err)
	}
	w.say("which ends: %s %v", result.Run.Outcome, err)
	w.note()
}

// prune removes some runs.
func (w *observedWalk) prune() {
	w.t.Helper()
	newest := w.newest()
	p := vault.Pruning{Instance: "test"}
	for run := range w.truth {
		if run != newest && w.random.IntN(2) == 0 {
			p.Runs = append(p.Runs, run)
		}
	}
	slices.Sort(p.Runs)
	if w.random.IntN(2) == 0 {
		p.LostBefore = w.now().Add(-2 * aDay)
	}
	writer, err := sqlite.Open(w.t.Context(), w.path, sqlite.Options{Now: w.now})
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := writer.Prune(w.t.Context(), p, nil); err != nil {
		w.t.Logf("prune %v: %v", p.Runs, err)
	}
	if err := writer.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.say("pruned %v %v", p.Runs, p.LostBefore)
}

// check holds what the vault says of each run against what the server held then.
func (w *observedWalk) check() {
	w.t.Helper()
	reader := simtest.Reader(w.t, w.path)
	defer reader.Close()
	held := make(map[record.Ref]bool)
	for document, err := range reader.Documents(w.t.Context(), vault.Query{Instance: "test"}) {
		if err != nil {
			w.t.Fatal(err)
		}
		held[document.Ref] = true
		got := seen{document.State, w.fingerprint(document.Ref, document.Body)}
		if w.truth[document.LastRun] == nil {
			continue // a pruned run, or one of before
		}
		if !slices.ContainsFunc(w.truth[document.LastRun], func(s snapshot) bool { return w.serves(s, document.Ref, got) }) {
			w.t.Errorf("night %d: %s is not what run %d saw: %s, the server had %v", w.nights, document.Ref, document.LastRun, document.State, w.truth[document.LastRun][0][document.Ref].state)
		}
	}
	newest := w.newestRun()
	for e, err := range reader.Entries(w.t.Context(), vault.Query{Instance: "test", Deleted: true}) {
		if err != nil {
			w.t.Fatal(err)
		}
		if e.GoneRun == 0 {
			continue
		}
		snapshots := w.truth[e.GoneRun]
		if snapshots != nil && !slices.ContainsFunc(snapshots, func(s snapshot) bool { return s[e.Ref] == seen{} }) {
			w.t.Errorf("night %d: %s is gone since run %d, in which the server had it", w.nights, e.Ref, e.GoneRun)
		}
	}
	now := w.truth[newest.ID][len(w.truth[newest.ID])-1]
	for ref, s := range now {
		if !held[ref] && !slices.Contains(behind, ref.Kind) && !w.rested(newest, ref, s) {
			w.t.Errorf("night %d: %s, %s, is not held: %+v", w.nights, ref, s.state, newest.Kinds[slices.IndexFunc(newest.Kinds, func(c record.Counts) bool { return c.Kind == ref.Kind })])
		}
	}
}

// serves reports whether a snapshot holds a document as it was seen. Documents that nothing
// lists are known by their single routes; and an overview tells that a document has no parts, and
// not whether it is there, which the list of its owners does when that does not rest.
func (w *observedWalk) serves(s snapshot, ref record.Ref, got seen) bool {
	if s[ref] == got || s[ref] == (seen{}) && w.refresh["roles"] > 0 && got.fingerprint == w.fingerprint(record.Ref{Kind: "role_groups"}, []byte("[]")) {
		return true
	}
	row, _ := catalogue.Find(ref.Kind)
	_, path := row.Single(ref.ID)
	status, body := w.sim.Peek(path)
	return slices.Contains(behind, ref.Kind) && status == http.StatusOK && w.fingerprint(ref, body) == got.fingerprint
}

// rested reports whether a document may be unknown, since nobody looked where it is.
func (w *observedWalk) rested(run record.Run, ref record.Ref, s seen) bool {
	i := slices.IndexFunc(run.Kinds, func(c record.Counts) bool { return c.Kind == ref.Kind })
	c := run.Kinds[i]
	switch {
	case c.TrashRested && s.state == record.Trashed:
		return true
	case c.Listing == record.Deferred, w.refresh[ref.Kind] > 0 && c.Deferred > 0:
		return true
	}
	return w.mayRest(ref.Kind)
}

// mayRest reports whether documents of a kind may be found later, since what leads to them rests.
func (w *observedWalk) mayRest(kind record.Kind) bool {
	return slices.ContainsFunc(catalogue.LeadingTo(kind), func(parent record.Kind) bool { return w.refresh[parent] > 0 || w.mayRest(parent) })
}

// same holds the vault against the server.
func (w *observedWalk) same() {
	w.t.Helper()
	stored, now := w.stored(), w.snapshot()
	refs := slices.SortedFunc(maps.Keys(now), func(a, b record.Ref) int { return strings.Compare(a.String(), b.String()) })
	for _, ref := range refs {
		document, ok := stored[ref]
		switch {
		case !ok && slices.Contains(behind, ref.Kind):
		case !ok:
			w.t.Errorf("at last %s is missing", ref)
		case now[ref] != seen{document.State, w.fingerprint(ref, document.Body)}:
			w.t.Errorf("at last %s is another one", ref)
		}
	}
	for ref := range stored {
		if _, ok := now[ref]; !ok && !slices.Contains(behind, ref.Kind) {
			w.t.Errorf("at last %s is there, and not on the server", ref)
		}
	}
}
