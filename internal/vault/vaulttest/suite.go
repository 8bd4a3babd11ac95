package vaulttest

import (
	"slices"
	"testing"

	"github.com/lookervault/lookervault/internal/vault"
)

// An Engine is a store, and the ways to read back what it holds.
type Engine struct {
	Open Store
	// Read opens the store to answer for what is committed. What it opens is closed when
	// the test ends.
	Read func(t *testing.T) vault.Answers
	// Prune removes what the pruning says. Nobody writes meanwhile.
	Prune func(t *testing.T, p vault.Pruning) (vault.Pruned, error)
	// Verify checks everything that the store holds.
	Verify func(t *testing.T) ([]vault.Finding, error)
}

// trial is one case of the suite, about what is written.
type trial struct {
	name string
	run  func(*testing.T, Store)
}

// Suite runs every case on an engine of its own, which fresh makes, and verifies it in the
// end.
func Suite(t *testing.T, fresh func(t *testing.T) Engine) {
	for _, c := range slices.Concat(settling(), states(), reports(), references(), nights()) {
		t.Run(c.name, func(t *testing.T) {
			e := fresh(t)
			c.run(t, e.Open)
			e.sound(t)
		})
	}
	for _, c := range readings() {
		t.Run("read back: "+c.name, func(t *testing.T) {
			e := fresh(t)
			c.run(t, e)
			e.sound(t)
		})
	}
	t.Run("a failure at every operation", func(t *testing.T) { failures(t, fresh) })
}

// sound verifies the engine.
func (e Engine) sound(t *testing.T) {
	t.Helper()
	findings, err := e.Verify(t)
	if err != nil {
		t.Error(err)
	}
	for _, f := range findings {
		t.Errorf("verify: %s", f)
	}
}

// references are the cases about documents that point to others.
func references() []trial {
	return []trial{
		{"followed", followed},
		{"followed in pages", followedInPages},
		{"followed in a scope", followedInScope},
		{"followed from what the run has settled", followedFromSettled},
		{"followed that dangles", followedThatDangles},
		{"parents", parents},
		{"naming", naming},
		{"called", called},
		{"seen by an administrator", seenByAdmin},
		{"a dangling reference is no failure", dangling},
	}
}

// nights are the cases about what a run knows of the runs before it.
func nights() []trial {
	return []trial{
		{"not served", notServed},
		{"kept", keeps},
		{"dates", dates},
		{"a refused run", refusedRuns},
	}
}

// settling are the cases about runs, and what becomes of documents in them.
func settling() []trial {
	return []trial{
		{"begin", begins},
		{"an empty run", emptyRun},
		{"resume", resumes},
		{"resume finds nothing", resumesNothing},
		{"a new run beside an unfinished one", leavesOpen},
		{"a died run", diedRun},
		{"a resumable partial run", budgetRun},
		{"instances are apart", instancesApart},
		{"new, then same", newThenSame},
		{"changed", changedDocument},
		{"what does not matter", immaterialChange},
		{"dedupe in a run", dedupes},
		{"replaced by what else may come", replacedBy},
		{"stamps", stamps},
		{"known", knownIDs},
	}
}

// states are the cases about the states that documents come into.
func states() []trial {
	return []trial{
		{"trashed", trashed},
		{"trashed, state only", trashedStateOnly},
		{"gone by listing", goneByListing},
		{"gone by detail", goneByDetail},
		{"gone and back in the same run", goneAndBack},
		{"reappeared", reappeared},
		{"no gone without a complete listing", noGone},
		{"kind-scoped", kindScoped},
		{"folder-scoped", folderScoped},
		{"of single documents", namedDocuments},
		{"no gone without proof", unproven},
		{"no gone for a key that sees less", seesLess},
		{"a run with two callers", twoCallers},
		{"what a lesser key listed", listedByALesserKey},
		{"kept", kept},
		{"many gone", manyGone},
		{"unsettled", unsettled},
		{"holds", holds},
	}
}

// reports are the cases about what else a run stores: faults, counts, outcomes.
func reports() []trial {
	return []trial{
		{"faults", faults},
		{"a fault resolved in its run", faultResolved},
		{"a fault resolved by a later run", faultResolvedLater},
		{"a fault of a listing", listingFault},
		{"a fault touches no head", faultTouchesNothing},
		{"a fault of what is gone", faultOfGone},
		{"a fault of a row", faultOfRow},
		{"policy change", policyChange},
		{"policy change, other bytes", policyChangeOtherBytes},
		{"policy change of one kind", policyChangeOfOneKind},
		{"policy change, real change", policyChangeRealChange},
		{"all or nothing", atomic},
		{"bad records", badRecords},
		{"cancelled", cancelled},
		{"outcomes", outcomes},
		{"calls", countsCalls},
		{"calls of a failed commit", callsOfFailedCommit},
		{"lessons survive", lessonsSurvive},
		{"doubts", doubts},
		{"bytes", countsBytes},
		{"bytes that two kinds have", countsBytesOfTwins},
		{"the run as it is returned", returnedRun},
		{"order and batches do not matter", orderDoesNotMatter},
		{"interrupted equals uninterrupted", interruptedEquals},
		{"the batch is the caller's again", batchIsCallers},
		{"known while committing", knownWhileCommitting},
		{"out of order", outOfOrder},
	}
}
