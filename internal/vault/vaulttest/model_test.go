package vaulttest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/testenv"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/memory"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

// TestSQLiteIsTheModel does the same random things to a vault and to a memory
// sink, over many runs, and compares everything that both can tell.
// LOOKERVAULT_TEST_SEEDS asks for more than a few seeds.
func TestSQLiteIsTheModel(t *testing.T) {
	for seed := range uint64(testenv.Rounds(t, testenv.Seeds, 6)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "looker.db")
			walk := &walk{t: t, r: rand.New(rand.NewPCG(seed, 99)), memory: memory.New(), path: path, past: map[string]past{}}
			for range 12 {
				walk.run()
			}
			verified(t, path)
			walk.compareDocuments()
			walk.compareFaults()
			walk.readBack()
		})
	}
}

// A walk drives two sinks at once.
type walk struct {
	t      *testing.T
	r      *rand.Rand
	memory *memory.Vault
	path   string
	past   map[string]past
	policy int
	at     time.Time
}

var walkKinds = []record.Kind{"dashboards", "looks"}

func (w *walk) one(n int) bool { return w.r.IntN(n) == 0 }

func (w *walk) run() {
	w.t.Helper()
	disk, err := sqlite.Open(w.t.Context(), w.path, sqlite.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer disk.Close()
	defer w.memory.Close()
	both := []vault.Writer{w.memory, disk}
	start := w.start()
	begin := func(s vault.Writer) (record.Begun, error) {
		start.Calls = once(7)
		return s.Begin(w.t.Context(), start)
	}
	begun := inBoth(w, both, begin)
	if begun == nil {
		start.Resume = false
		begun = inBoth(w, both, begin)
	}
	defer func() { w.remember(begun.Run, start.Instance) }()
	for range w.r.IntN(12) {
		batch := w.batch()
		inBoth(w, both, func(s vault.Writer) (struct{}, error) { return struct{}{}, s.Commit(w.t.Context(), batch) })
		kind := walkKinds[w.r.IntN(2)]
		inBoth(w, both, func(s vault.Writer) ([]record.Listed, error) {
			listed, err := s.Followed(w.t.Context(), kind, fmt.Sprint(w.at.Second()%5), 4)
			return append([]record.Listed{}, listed...), err
		})
		inBoth(w, both, func(s vault.Writer) ([]record.Ref, error) {
			parents, err := s.Parents(w.t.Context(), record.Ref{Kind: kind, ID: "3"}, 3)
			return append([]record.Ref{}, parents...), err
		})
		inBoth(w, both, func(s vault.Writer) (map[string]record.Known, error) {
			return s.Known(w.t.Context(), kind, []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"})
		})
	}
	if w.one(5) {
		return // dies
	}
	finish := w.finish(begun.Scope)
	inBoth(w, both, func(s vault.Writer) (record.Run, error) {
		run, err := s.Finish(w.t.Context(), finish)
		run.Notes = nil // a vault notes with what a run was resumed
		return run, err
	})
}

// once tells of n calls, once.
func once(n int64) func() []record.Calls {
	return func() []record.Calls {
		told := []record.Calls{{Route: "GET /x", Class: "query", N: n}}
		n = 0
		return told
	}
}

// inBoth does the same to both sinks. It returns nil when both refuse.
func inBoth[T any](w *walk, both []vault.Writer, do func(vault.Writer) (T, error)) *T {
	w.t.Helper()
	want, wantErr := do(both[0])
	got, gotErr := do(both[1])
	if (wantErr == nil) != (gotErr == nil) {
		w.t.Fatalf("the model says %v, the vault %v", wantErr, gotErr)
	}
	if wantErr != nil {
		return nil
	}
	// A run that was not finished leaves its time in a vault, and nothing in memory.
	finished := cmpopts.AcyclicTransformer("finished", func(all []record.Session) (some []record.Session) {
		for _, session := range all {
			if !session.Unfinished {
				some = append(some, session)
			}
		}
		return some
	})
	if diff := cmp.Diff(want, got, finished); diff != "" {
		w.t.Fatalf("%T (-model +vault):\n%s", want, diff)
	}
	return &want
}

func (w *walk) start() record.Start {
	if w.policy == 0 || w.one(6) {
		w.policy++
	}
	w.at = vaulttest.Dawn.AddDate(0, 0, w.r.IntN(100)).Add(time.Duration(w.r.IntN(1e6)) * time.Millisecond)
	s := record.Start{
		Instance: []string{"acme", "other"}[w.r.IntN(2)], BaseURL: "https://acme.looker.com", Origin: "api",
		Resume: w.one(2), Scope: record.Scope{Kinds: walkKinds[:1+w.r.IntN(2)]}, Tool: "1.0.0",
		At: w.at, Policy: w.policy, Fingerprint: vaulttest.Fingerprint(w.policy),
	}
	if w.one(6) {
		s.Scope.Folders = []string{"5"}
	}
	if admin := !w.one(4); !w.one(4) {
		s.Caller.Admin, s.AbsenceUnproven = &admin, !admin
	}
	return s
}

func (w *walk) batch() (batch record.Batch) {
	for range w.r.IntN(10) {
		kind, id := walkKinds[w.r.IntN(2)], fmt.Sprint(w.r.IntN(12))
		more := []func(*record.Record){vaulttest.Under(w.policy), vaulttest.Views(w.r.IntN(3))}
		for range w.r.IntN(3) {
			more = append(more, vaulttest.Pointing(record.Ref{Kind: walkKinds[w.r.IntN(2)], ID: fmt.Sprint(w.r.IntN(9))}))
		}
		if w.one(3) {
			more = append(more, vaulttest.In(fmt.Sprint(w.r.IntN(12))))
		}
		switch w.r.IntN(8) {
		case 0:
			more = append(more, vaulttest.Trash)
		case 1:
			more = append(more, vaulttest.StateOnly)
		}
		switch w.r.IntN(10) {
		case 0:
			class := []string{"server", record.FaultDangling}[w.r.IntN(2)]
			batch = append(batch, vaulttest.Fault(kind, id, class, 1+w.r.IntN(5)))
		case 1:
			batch = append(batch, vaulttest.Gone(kind, id))
		case 2:
			if w.holds(kind, id) {
				batch = append(batch, vaulttest.Same(kind, id, vaulttest.Under(w.policy)))
			}
		case 3:
			batch = append(batch, vaulttest.Fault(kind, "", "network", 1))
		case 4:
			batch = append(batch, vaulttest.Doc(kind, id, fmt.Sprint("Title ", w.r.IntN(3)), append(more, vaulttest.Replacing)...))
		case 5:
			gone := vaulttest.Gone(kind, id)
			gone.Replaces = w.one(2)
			batch = append(batch, gone)
		default:
			batch = append(batch, vaulttest.Doc(kind, id, fmt.Sprint("Title ", w.r.IntN(3)), more...))
		}
	}
	return batch
}

func (w *walk) holds(kind record.Kind, id string) bool {
	known, err := w.memory.Known(w.t.Context(), kind, []string{id})
	return err == nil && len(known) > 0
}

func (w *walk) finish(scope record.Scope) record.Finish {
	f := record.Finish{At: w.at.Add(time.Minute)}
	if w.one(3) {
		f.Outcome = record.RunInterrupted
	}
	listings := []record.Listing{record.Complete, record.Complete, record.Complete, record.Complete, record.Incomplete,
		record.Denied, record.Budget, record.Open, record.Unavailable, record.Unavailable}
	for _, kind := range scope.Kinds {
		end := record.End{Kind: kind, Listing: listings[w.r.IntN(len(listings))], Listed: int64(w.r.IntN(12)), Unproven: w.one(4)}
		if end.TrashRested = w.one(3); end.TrashRested {
			end.TrashDeferred = int64(w.r.IntN(3))
			end.Deferred = end.TrashDeferred + int64(w.r.IntN(2))
		}
		f.Kinds = append(f.Kinds, end)
	}
	f.PartialView = w.one(2)
	if w.one(3) {
		f.Keep = []record.Ref{{Kind: "dashboards", ID: "3"}, {Kind: "looks", ID: "4"}}
	}
	return f
}

type held struct {
	State record.State
	Hash  record.Digest
	Body  string
	Last  int64
	Name  string
}

func (w *walk) compareDocuments() {
	w.t.Helper()
	want := map[string]held{}
	for _, item := range w.memory.Items() {
		want[item.Instance+"/"+item.Ref.String()] = held{item.State, item.Record.Hash, string(item.Body), item.Settled, item.Record.Name}
	}
	got := map[string]held{}
	ctx := context.WithoutCancel(w.t.Context())
	r, err := sqlite.OpenReader(ctx, w.path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer r.Close()
	instances, err := r.Instances(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, i := range instances {
		for _, deleted := range []bool{false, true} {
			for d, err := range r.Documents(ctx, vault.Query{Instance: i.Name, Deleted: deleted}) {
				if err != nil {
					w.t.Fatal(err)
				}
				got[i.Name+"/"+d.Ref.String()] = held{d.State, d.Hash, string(d.Body), d.LastRun, d.Name}
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("documents (-model +vault):\n%s", diff)
	}
}

func (w *walk) compareFaults() {
	w.t.Helper()
	r, err := sqlite.OpenReader(w.t.Context(), w.path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer r.Close()
	found, err := r.Faults(w.t.Context(), 0)
	if err != nil {
		w.t.Fatal(err)
	}
	var got []memory.Fault
	for _, f := range found {
		got = append(got, memory.Fault{Ref: f.Ref, Fault: f.Fault, Instance: f.Instance, Run: f.Run, Resolved: f.Resolved})
	}
	if diff := cmp.Diff(w.memory.Faults(), slices.Clip(got), cmpopts.IgnoreFields(memory.Fault{}, "At")); diff != "" {
		w.t.Errorf("faults (-model +vault):\n%s", diff)
	}
}
