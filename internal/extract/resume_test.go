package extract_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/sinks"
)

func resume() record.Start {
	s := start()
	s.Resume = true
	return s
}

// stopAt stops a run when its n-th batch is about to be committed, or is. The run hears of that in a
// goroutine of its own. The commit waits for it meanwhile, so that a run of few documents does not
// get through before.
func (r *rig) stopAt(n int, after bool) {
	stop, cancel := context.WithCancel(r.t.Context())
	r.stop = stop
	now := func() {
		cancel()
		for range 100 {
			runtime.Gosched()
		}
	}
	var commits atomic.Int64
	r.wrap = func(s sinks.Sink) sinks.Sink {
		return &sinks.Faulty{
			Sink: s,
			BeforeCommit: func(context.Context, int, record.Batch) error {
				if commits.Add(1) == int64(n) && !after {
					now()
				}
				return nil
			},
			AfterCommit: func(context.Context, int) error {
				if commits.Load() == int64(n) && after {
					now()
				}
				return nil
			},
		}
	}
}

// undisturbed takes back what stopAt has done.
func (r *rig) undisturbed() { r.stop, r.wrap = nil, nil }

// settled is what a run has committed, by ref.
func (r *rig) settled(run int64) map[record.Ref]bool {
	r.t.Helper()
	reader := simtest.Reader(r.t, r.path)
	defer reader.Close()
	all := make(map[record.Ref]bool)
	for entry, err := range reader.Entries(r.t.Context(), vault.Query{}) {
		if err != nil {
			r.t.Fatal(err)
		}
		if entry.LastRun == run {
			all[entry.Ref] = true
		}
	}
	return all
}

// notAgain checks on the server's side that nothing of what was settled was
// given again since its counts were reset. Lists that come in one answer are
// read again: they are what a resume begins with. Groups stand in the documents
// of roles and of other groups as well.
func (r *rig) notAgain(settled map[record.Ref]bool) {
	r.t.Helper()
	for _, k := range catalogue.All() {
		for id, served := range r.sim.Served(string(k.Name)) {
			again := served.Single
			if !k.Listing.Whole && k.Name != "groups" {
				again += served.Listed
			}
			if settled[record.Ref{Kind: k.Name, ID: id}] && again > 0 {
				r.t.Errorf("%s/%s was committed and is fetched again: %+v", k.Name, id, served)
			}
		}
	}
}

// TestResumeFetchesOnlyWhatIsMissing stops runs at every batch. A resume says
// what it found, fetches nothing again, and ends as a run that nobody stopped.
func TestResumeFetchesOnlyWhatIsMissing(t *testing.T) {
	whole := newRig(t, lookersim.Options{Seed: 9})
	undisturbed := whole.run(record.RunComplete, start()).Run
	for _, at := range []int{1, 5, 19, 37} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("stopped at batch %d, committed: %v", at, after), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, lookersim.Options{Seed: 9})
				r.config.Stages.Batch.Records = 10
				r.stopAt(at, after)
				stopped, err := r.try(start())
				if !errors.Is(err, job.ErrInterrupted) || stopped.Run.Outcome != record.RunInterrupted {
					t.Fatalf("run: %v, outcome %s", err, stopped.Run.Outcome)
				}
				r.undisturbed()
				settled := r.settled(1)
				if len(settled) < 9*at { // some records are of documents that are not there
					t.Errorf("%d documents are committed, want all of %d batches", len(settled), at)
				}
				r.sim.ResetCounts()
				resumed := r.run(record.RunComplete, resume())
				r.notAgain(settled)

				if b := resumed.Begun; !b.Resumed || b.Run != 1 || resumed.Run.ID != 1 {
					t.Errorf("begun: %+v", b)
				}
				found := make(map[record.Kind]int64)
				for ref := range settled {
					found[ref.Kind]++
				}
				for _, k := range resumed.Begun.Kinds {
					if k.Settled() != found[k.Kind] || k.Failed != 0 || k.Listing != record.Open {
						t.Errorf("%s: a resume finds %+v, want %d settled", k.Kind, k, found[k.Kind])
					}
				}
				if resumed.Run.Digest != undisturbed.Digest {
					t.Errorf("digest %s, want %s as without the stop", resumed.Run.Digest, undisturbed.Digest)
				}
				if diff := cmp.Diff(numbersOf(undisturbed), numbersOf(resumed.Run)); diff != "" {
					t.Errorf("numbers (-undisturbed +resumed):\n%s", diff)
				}
				if diff := cmp.Diff(undisturbed.Notes, resumed.Run.Notes); diff != "" {
					t.Errorf("notes (-undisturbed +resumed):\n%s", diff)
				}
			})
		}
	}
}

// numbersOf is what a run says of its kinds, but for bytes: which of two bodies
// of the same meaning is stored depends on which came first.
func numbersOf(run record.Run) []record.Counts {
	kinds := slices.Clone(run.Kinds)
	for i := range kinds {
		kinds[i].Bytes, kinds[i].Stored = 0, 0
	}
	return kinds
}

// TestResumeOfPoorKinds: what has to be fetched one by one is fetched once.
func TestResumeOfPoorKinds(t *testing.T) {
	quirks := lookersim.Quirks{PoorRows: []string{"roles", "users", "boards"}}
	sizes := lookersim.DefaultSizes()
	sizes.Users = 300 // more than can be fetched before the fourth batch is committed
	r := newRig(t, lookersim.Options{Seed: 9, Sizes: sizes, Quirks: quirks})
	r.config.Stages.Batch.Records = 5
	r.stopAt(4, true)
	if _, err := r.try(start("roles", "users", "boards")); !errors.Is(err, job.ErrInterrupted) {
		t.Fatal(err)
	}
	r.undisturbed()
	settled := r.settled(1)
	r.sim.ResetCounts()
	result := r.run(record.RunComplete, resume())
	r.notAgain(settled)
	compare(t, r, "roles", "users", "boards")
	for i, note := range result.Run.Notes {
		if slices.Contains(result.Run.Notes[:i], note) || strings.Count(strings.Join(result.Run.Notes, "\n"), strings.SplitN(note, ":", 2)[0]+":") > 1 {
			t.Errorf("said twice: %q", result.Run.Notes)
		}
	}
}

// TestFollowedDocumentThatFailedIsTriedAgain: its dashboard is committed and the
// same, the merge query behind it failed.
func TestFollowedDocumentThatFailedIsTriedAgain(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 9, TrashShare: -1})
	r.rules("kind=merge_queries status=500", "kind=queries status=500")
	failed := r.run(record.RunPartial, start("dashboards", "merge_queries", "queries"))
	n := countsOf(t, failed, "merge_queries").Failed
	if n == 0 || countsOf(t, failed, "dashboards").New != 60 {
		t.Fatalf("%+v", failed.Run.Kinds)
	}
	r.rules()
	again := r.run(record.RunComplete, start("dashboards", "merge_queries", "queries"))
	if got := countsOf(t, again, "merge_queries"); got.New != n {
		t.Errorf("%+v, want the %d that failed", got, n)
	}
	if got := countsOf(t, again, "dashboards"); got.Same != 60 {
		t.Errorf("%+v, want all the same", got)
	}
	compare(t, r, "dashboards", "merge_queries")
	if faults := r.faults(); len(faults) > 0 {
		t.Errorf("still open: %+v", faults)
	}
}

// TestResumeTriesFaultsAgain: what an interrupted run failed to fetch is tried
// again by its resume, and resolved.
func TestResumeTriesFaultsAgain(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 9, Quirks: lookersim.Quirks{PoorRows: []string{"users"}}})
	r.config.Stages.Batch.Records, r.config.Stages.Fetch.Workers = 5, 1
	r.rules("route=GET /users/{id} status=500 after=1 times=6") // two attempts each, and the proof
	r.stopAt(3, true)
	if _, err := r.try(start("users")); !errors.Is(err, job.ErrInterrupted) {
		t.Fatal(err)
	}
	failed := len(r.faults())
	if failed == 0 {
		t.Fatal("nothing failed")
	}
	r.undisturbed()
	r.rules()
	resumed := r.run(record.RunComplete, resume())
	if got := resumed.Begun.Kinds[0]; got.Failed != int64(failed) {
		t.Errorf("a resume finds %+v, want %d failed", got, failed)
	}
	if faults := r.faults(); len(faults) > 0 {
		t.Errorf("still open: %+v", faults)
	}
	compare(t, r, "users")
}

// TestTokensThatAreForgottenCostNothing: the server ends all sessions in the
// middle of a run, several times, but never twice within one call and its repeat.
func TestTokensThatAreForgottenCostNothing(t *testing.T) {
	const apart = 80 // calls; ten rounds of all fetch workers
	r := newHandlesOf(t, lookersim.Options{Seed: 9})
	var calls, forgotten atomic.Int64
	r.arrived = func(int, string) {
		if calls.Add(1)%apart == 0 {
			r.sim.ForgetTokens()
			forgotten.Add(1)
		}
	}
	result := r.run(record.RunComplete, start())
	r.accounted(result)
	if forgotten.Load() < 2 {
		t.Fatalf("sessions were ended %d times, want twice at least", forgotten.Load())
	}
	if logins := result.API.Logins; logins < forgotten.Load() || logins > forgotten.Load()+1 {
		t.Errorf("%d logins for %d ended sessions", logins, forgotten.Load())
	}
}

// TestServerThatDies ends runs at every moment. What was committed until then is
// kept, the run says that it is partial and can be resumed, and when the server
// is back a resume ends as if nothing had been.
func TestServerThatDies(t *testing.T) {
	options := lookersim.Options{Seed: 9}
	undisturbed := newRig(t, options).run(record.RunComplete, start()).Run
	for _, nth := range []int{1, 9, 60, 160} {
		t.Run(fmt.Sprint("at call ", nth), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, options)
			r.config.Stages.Batch.Records = 10
			r.rules(fmt.Sprintf("route=GET * after=%d do=die", nth))
			result, err := r.try(start())
			if !errors.Is(err, looker.ErrDown) || result.Run.Outcome != record.RunPartial || !result.Run.Resumable() {
				t.Fatalf("run: %v, outcome %s", err, result.Run.Outcome)
			}
			if faults := r.faults(); len(faults) > 60 {
				t.Errorf("%d faults: a dead server is no fault of every document", len(faults))
			}
			settled := r.settled(1)
			back := newRig(t, options)
			back.path, back.config = r.path, r.config
			resumed := back.run(record.RunComplete, resume())
			back.notAgain(settled)
			if resumed.Run.ID != 1 || resumed.Run.Digest != undisturbed.Digest {
				t.Errorf("run %d, digest %s, want run 1 and %s", resumed.Run.ID, resumed.Run.Digest, undisturbed.Digest)
			}
			if faults := back.faults(); len(faults) > 0 {
				t.Errorf("still open: %+v", faults)
			}
		})
	}
}
