package vault_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

// What run 7 does with a record, given what the vault holds of its document.
func TestStep(t *testing.T) {
	held := func(state record.State, settled int64) *vault.Standing {
		return &vault.Standing{State: state, Settled: settled, Interval: record.Present}
	}
	document := vaulttest.Doc("looks", "1", "One")
	trashed := vaulttest.Doc("looks", "1", "One", vaulttest.StateOnly)
	gone, same, fault := vaulttest.Gone("looks", "1"), vaulttest.Same("looks", "1"), vaulttest.Fault("looks", "1", "server", 1)
	replacing := vaulttest.Doc("looks", "1", "One", vaulttest.Replacing)
	with := func(rec record.Record, change func(*record.Record)) record.Record {
		change(&rec)
		return rec
	}
	for _, tt := range []struct {
		name     string
		rec      record.Record
		held     *vault.Standing
		unproven bool
		want     vault.Step
		bad      bool
	}{
		{name: "new", rec: document, want: vault.Settle},
		{name: "new in the trash", rec: trashed, want: vault.Settle},
		{name: "seen before", rec: document, held: held(record.Present, 6), want: vault.Settle},
		{name: "settled by this run", rec: document, held: held(record.Present, 7), want: vault.Ignore},
		{name: "in place of what is settled", rec: replacing, held: held(record.Present, 7), want: vault.Replace},
		{name: "in place of what an earlier run settled", rec: replacing, held: held(record.Present, 6), want: vault.Settle},
		{name: "in place of what is damaged", rec: replacing, held: &vault.Standing{State: record.Present, Settled: 7, Broken: true}, want: vault.Settle},
		{name: "the same", rec: same, held: held(record.Present, 6), want: vault.Settle},
		{name: "the same as nothing", rec: same, bad: true},
		{name: "fault", rec: fault, held: held(record.Present, 6), want: vault.KeepFault},
		{name: "fault of what is settled", rec: fault, held: held(record.Present, 7), want: vault.Ignore},
		{name: "gone", rec: gone, held: held(record.Trashed, 6), want: vault.Bury},
		{name: "gone after it was settled", rec: gone, held: held(record.Present, 7), want: vault.Ignore},
		{name: "gone already", rec: gone, held: held(record.Gone, 6), want: vault.ResolveFault},
		{name: "gone and never seen", rec: gone, want: vault.ResolveFault},
		{name: "gone, of a damaged head", rec: gone, held: &vault.Standing{State: record.Present, Broken: true}, want: vault.ResolveFault},
		{name: "gone without proof", rec: gone, held: held(record.Present, 6), unproven: true, want: vault.Ignore},
		{name: "no id", rec: with(document, func(r *record.Record) { r.ID = "" }), bad: true},
		{name: "no body", rec: with(document, func(r *record.Record) { r.Hash = record.Digest{} }), bad: true},
		{name: "no state", rec: with(document, func(r *record.Record) { r.State = "lost" }), bad: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := vault.Judge{Run: 7, Unscoped: true, AbsenceUnproven: tt.unproven}.Step(&tt.rec, tt.held)
			if got != tt.want || (err != nil) != tt.bad {
				t.Errorf("got step %d and %v, want step %d and an error: %t", got, err, tt.want, tt.bad)
			}
		})
	}
}

// Which versions end and begin when run 7 sees a document.
func TestObserve(t *testing.T) {
	present, trashed := vaulttest.Doc("looks", "1", "One"), vaulttest.Doc("looks", "1", "One", vaulttest.StateOnly)
	gone := func(by int64) *vault.Standing {
		return &vault.Standing{State: record.Gone, Settled: 5, Interval: record.Present, GoneRun: by}
	}
	there := &vault.Standing{State: record.Present, Settled: 6, Interval: record.Present}
	for _, tt := range []struct {
		name string
		rec  record.Record
		held *vault.Standing
		same bool
		want vault.Verdict
	}{
		{name: "new", rec: present, want: vault.Verdict{Begin: vault.NewInterval, Counts: record.Counts{New: 1}}},
		{name: "same", rec: present, held: there, same: true, want: vault.Verdict{Counts: record.Counts{Same: 1}}},
		{name: "changed", rec: present, held: there,
			want: vault.Verdict{End: true, Begin: vault.NewInterval, Counts: record.Counts{Changed: 1}}},
		{name: "into the trash", rec: trashed, held: there, same: true,
			want: vault.Verdict{End: true, Begin: vault.SameInterval, Counts: record.Counts{Same: 1}}},
		{name: "back as it was", rec: present, held: gone(6), same: true,
			want: vault.Verdict{Begin: vault.SameInterval, Counts: record.Counts{Same: 1, Reappeared: 1}}},
		{name: "back with changes", rec: present, held: gone(6),
			want: vault.Verdict{Begin: vault.NewInterval, Counts: record.Counts{Changed: 1, Reappeared: 1}}},
		{name: "this run took it for gone", rec: present, held: gone(7), same: true,
			want: vault.Verdict{Reopen: true, Counts: record.Counts{Same: 1, Gone: -1}}},
		{name: "this run took it for gone, and it changed", rec: present, held: gone(7),
			want: vault.Verdict{Reopen: true, End: true, Begin: vault.NewInterval, Counts: record.Counts{Changed: 1, Gone: -1}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, vault.Judge{Run: 7}.Observe(&tt.rec, tt.held, tt.same)); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
		})
	}
}

// A fingerprint tells nothing about one that other rules have made.
func TestSameAs(t *testing.T) {
	rec, other, said := vaulttest.Doc("looks", "1", "One"), vaulttest.Doc("looks", "1", "Two"), vaulttest.Same("looks", "1")
	held := &vault.Standing{Fingerprint: rec.Fingerprint, Policy: rec.Policy}
	older := &vault.Standing{Fingerprint: rec.Fingerprint, Policy: rec.Policy + 1}
	for _, tt := range []struct {
		name        string
		rec         record.Record
		held        *vault.Standing
		same, known bool
	}{
		{name: "same", rec: rec, held: held, same: true, known: true},
		{name: "other", rec: other, held: held, known: true},
		{name: "said to be the same", rec: said, held: older, same: true, known: true},
		{name: "other rules", rec: other, held: older},
	} {
		same, known := tt.held.SameAs(&tt.rec)
		if known != tt.known || known && same != tt.same {
			t.Errorf("%s: same %t, known %t; want %t, %t", tt.name, same, known, tt.same, tt.known)
		}
	}
}

// What the end of a listing proves, and what it does not.
func TestListingProves(t *testing.T) {
	complete := record.End{Kind: "looks", Listing: record.Complete}
	whole := vault.Judge{Run: 7, Unscoped: true}
	for _, tt := range []struct {
		name         string
		judge        vault.Judge
		end          record.End
		failed       int64
		bury, assure bool
	}{
		{name: "complete", judge: whole, end: complete, bury: true, assure: true},
		{name: "with failures", judge: whole, end: complete, failed: 1, bury: true},
		{name: "in a scope", judge: vault.Judge{Run: 7}, end: complete},
		{name: "with a key that sees less", judge: vault.Judge{Run: 7, Unscoped: true, AbsenceUnproven: true}, end: complete},
		{name: "of which absence is not proven", judge: whole, end: record.End{Listing: record.Complete, Unproven: true}, assure: true},
		{name: "incomplete", judge: whole, end: record.End{Listing: record.Incomplete, Through: true}},
	} {
		if got := tt.judge.BuriesUnlisted(tt.end); got != tt.bury {
			t.Errorf("%s: buries what is not listed: %t", tt.name, got)
		}
		rested := tt.end
		rested.TrashRested = true
		for state, want := range map[record.State]bool{record.Present: tt.bury, record.Trashed: false} {
			if got := tt.judge.Buries(rested, state); got != want {
				t.Errorf("%s, the trash not listed: buries what is %s: %t", tt.name, state, got)
			}
		}
		if got := tt.judge.Buries(tt.end, record.Trashed); got != tt.bury {
			t.Errorf("%s: buries what was in the trash: %t", tt.name, got)
		}
		if got := tt.judge.EndsDoubt(tt.end, tt.failed); got != tt.assure {
			t.Errorf("%s: ends doubts: %t", tt.name, got)
		}
	}
}

func TestResolvesRow(t *testing.T) {
	row, document := record.Ref{Kind: "looks", ID: "#3"}, record.Ref{Kind: "looks", ID: "3"}
	through := record.End{Listing: record.Incomplete, Through: true}
	for _, tt := range []struct {
		name   string
		end    record.End
		ref    record.Ref
		failed bool
		want   bool
	}{
		{name: "complete", end: record.End{Listing: record.Complete}, ref: row, failed: true, want: true},
		{name: "read through", end: through, ref: row, want: true},
		{name: "read through, and failed again", end: through, ref: row, failed: true},
		{name: "not read through", end: record.End{Listing: record.Incomplete}, ref: row},
		{name: "a document", end: record.End{Listing: record.Complete}, ref: document},
	} {
		if got := vault.ResolvesRow(tt.end, tt.ref, tt.failed); got != tt.want {
			t.Errorf("%s: got %t", tt.name, got)
		}
	}
}
