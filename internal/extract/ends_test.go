package extract_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/sinks"
)

func TestListingThatFailsEndsItsKindOnly(t *testing.T) {
	for _, route := range []string{"GET /users", "GET /user_attributes"} {
		t.Run(route, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 2})
			r.run(record.RunComplete, start("users", "user_attributes", "groups"))
			held := len(r.stored())
			r.rules("route=" + route + " status=500")
			result := r.run(record.RunPartial, start("users", "user_attributes", "groups"))
			kind := record.Kind(strings.TrimPrefix(route, "GET /"))
			if got := countsOf(t, result, kind); got.Listing != record.Incomplete || got.Gone != 0 || got.Reason == "" {
				t.Errorf("%s: %+v", kind, got)
			}
			if got := countsOf(t, result, "groups"); got.Listing != record.Complete || got.Same != got.Listed {
				t.Errorf("groups: %+v", got)
			}
			if now := len(r.stored()); now != held {
				t.Errorf("%d documents, want %d: a listing that fails makes nothing gone", now, held)
			}
		})
	}
}

func TestStopCommitsWhatWasFetched(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 4})
	r.config.Stages.Batch.Records = 10
	r.rules("route=GET /folders/{id}/looks delay=100ms")
	stop, now := context.WithCancel(t.Context())
	r.stop = stop
	r.wrap = func(s sinks.Sink) sinks.Sink { return stopping{s, now} }
	result, err := r.try(start())
	if !errors.Is(err, job.ErrInterrupted) || result.Run.Outcome != record.RunInterrupted {
		t.Fatalf("run: %v, outcome %s", err, result.Run.Outcome)
	}
	fetched := len(r.stored())
	if fetched == 0 || fetched == len(r.served()) {
		t.Fatalf("%d documents stored, want some but not all", fetched)
	}
	if faults := r.faults(); len(faults) > 0 {
		t.Errorf("a request cut by a stop is no fault: %+v", faults)
	}

	r.stop, r.wrap = nil, nil
	r.sim.ResetCounts()
	before := r.stored()
	resume := start()
	resume.Resume = true
	result = r.run(record.RunComplete, resume)
	if !result.Begun.Resumed || result.Run.ID != 1 {
		t.Errorf("begun %+v", result.Begun)
	}
	compare(t, r)
	for _, kind := range []record.Kind{"dashboards", "users"} {
		for id, served := range r.sim.Served(string(kind)) {
			// One row of each kind is compared with a single fetch, hence rows only.
			if _, had := before[record.Ref{Kind: kind, ID: id}]; had && served.Listed > 0 {
				t.Errorf("%s/%s was committed and fetched again: %+v", kind, id, served)
			}
		}
	}
	if _, err := r.try(resume); !errors.Is(err, vault.ErrNothingOpen) {
		t.Errorf("resume of a complete run: %v, want ErrNothingOpen", err)
	}
}

// stopping stops the run at its first commit.
type stopping struct {
	sinks.Sink
	stop context.CancelFunc
}

func (s stopping) Commit(ctx context.Context, batch record.Batch) error {
	s.stop()
	return s.Sink.Commit(ctx, batch)
}

func TestInterruptedAndResumedIsTheSameVault(t *testing.T) {
	whole := newRig(t, lookersim.Options{Seed: 9})
	want := whole.run(record.RunComplete, start()).Run.Digest
	r := newRig(t, lookersim.Options{Seed: 9})
	r.config.Stages.Batch.Records = 10
	for round := range 3 {
		stop, now := context.WithCancel(t.Context())
		r.stop, r.wrap = stop, func(s sinks.Sink) sinks.Sink { return stopping{s, now} }
		s := start()
		s.Resume = round > 0
		if _, err := r.try(s); !errors.Is(err, job.ErrInterrupted) {
			t.Fatalf("round %d: %v", round, err)
		}
	}
	r.stop, r.wrap = nil, nil
	s := start()
	s.Resume = true
	if got := r.run(record.RunComplete, s).Run.Digest; got != want {
		t.Errorf("digest %s, want %s as without interruptions", got, want)
	}
	compare(t, r)
}

func TestBudgetEndsTheRunBeforeTheCall(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 4})
	r.config.RateLimit.MaxCalls = 9
	result := r.run(record.RunPartial, start())
	if !result.Run.Resumable() {
		t.Fatalf("not resumable: %+v", result.Run)
	}
	if n := len(r.stored()); n == 0 {
		t.Error("what the budget paid for is not stored")
	}
	if calls := r.sim.Counts().Calls; calls != 9 {
		t.Errorf("%d calls were made, want the budget of 9", calls)
	}
	r.config.RateLimit.MaxCalls = 0
	resume := start()
	resume.Resume = true
	r.run(record.RunComplete, resume)
	compare(t, r)
}

func TestDeadServerEndsTheRun(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 4})
	r.rules("kind=looks nth=3 do=die")
	result, err := r.try(start())
	if !errors.Is(err, looker.ErrDown) || result.Run.Outcome != record.RunPartial || !result.Run.Resumable() {
		t.Fatalf("run: %v, outcome %s", err, result.Run.Outcome)
	}
	if n := len(r.faults()); n > 40 {
		t.Errorf("%d faults: a dead server must not become a fault an item", n)
	}
}

func TestSinkFailureIsReportedAndLeavesTheVaultWhole(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 4})
	broken := errors.New("the disk is on fire")
	r.config.Stages.Batch.Records = 10
	r.wrap = func(s sinks.Sink) sinks.Sink { return &sinks.Faulty{Sink: s, BeforeCommit: sinks.FailAt(3, broken)} }
	result, err := r.try(start())
	if !errors.Is(err, broken) || result.Run.Outcome != record.RunFailed {
		t.Fatalf("run: %v, outcome %q", err, result.Run.Outcome)
	}
	if n := len(r.stored()); n != 20 {
		t.Errorf("%d documents stored, want the 20 of two batches", n)
	}
	for _, k := range result.Run.Kinds {
		if k.Listing == record.Complete {
			t.Errorf("%s is complete although the run was killed", k.Kind)
		}
	}
}
