package vaulttest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Replacing makes a record one that takes the place of what its run has settled.
func Replacing(rec *record.Record) { rec.Replaces = true }

// again is a record that takes the place of what its run has settled.
func again(rec record.Record) record.Record {
	Replacing(&rec)
	return rec
}

// as gives a document of a record another id.
func as(id string, rec record.Record) record.Record {
	rec.ID = id
	return rec
}

// replacements are documents that come wrong first.
var replacements = []struct {
	name   string
	before []record.Record // of the run before; nil: there is none
	gone   bool            // a run in between took it for gone
	wrong  record.Record
	missed bool // then the run takes it for gone, too
	listed bool // and is resumed: the right one is asked for since a list holds it
	right  record.Record
}{
	{name: "new", wrong: Doc(dashboards, "1", "Wrong"), right: Doc(dashboards, "1", "Right")},
	{name: "new, other bytes that do not matter", wrong: Doc(dashboards, "1", "Right", Views(1)), right: Doc(dashboards, "1", "Right", Views(2))},
	{name: "new, in the trash", wrong: Doc(dashboards, "1", "Wrong", Trash), right: Doc(dashboards, "1", "Right")},
	{name: "new, into the trash", wrong: Doc(dashboards, "1", "Wrong"), right: Doc(dashboards, "1", "Right", Trash)},
	{name: "changed", before: []record.Record{Doc(dashboards, "1", "Old")}, wrong: Doc(dashboards, "1", "Wrong"), right: Doc(dashboards, "1", "Right")},
	{name: "unchanged in truth", before: []record.Record{Doc(dashboards, "1", "Old")}, wrong: Doc(dashboards, "1", "Wrong"), right: Doc(dashboards, "1", "Old")},
	{name: "trashed in truth", before: []record.Record{Doc(dashboards, "1", "Old")}, wrong: Doc(dashboards, "1", "Wrong"), right: Doc(dashboards, "1", "Old", StateOnly)},
	{name: "not trashed in truth", before: []record.Record{Doc(dashboards, "1", "Old")}, wrong: Same(dashboards, "1", StateOnly), right: Doc(dashboards, "1", "Old")},
	{name: "changed in truth", before: []record.Record{Doc(dashboards, "1", "Old")}, wrong: Same(dashboards, "1"), right: Doc(dashboards, "1", "Right")},
	{name: "back", before: []record.Record{Doc(dashboards, "1", "Old")}, gone: true, wrong: Doc(dashboards, "1", "Wrong"), right: Doc(dashboards, "1", "Right")},
	{name: "back as it was", before: []record.Record{Doc(dashboards, "1", "Old")}, gone: true, wrong: Doc(dashboards, "1", "Wrong"), right: Doc(dashboards, "1", "Old")},
	{name: "gone", before: []record.Record{Doc(dashboards, "1", "Old")}, wrong: Gone(dashboards, "1"), right: Doc(dashboards, "1", "Right")},
	{name: "gone, unchanged in truth", before: []record.Record{Doc(dashboards, "1", "Old")}, wrong: Gone(dashboards, "1"), right: Doc(dashboards, "1", "Old")},
	{name: "new, then gone", wrong: Doc(dashboards, "1", "Wrong"), missed: true, right: Doc(dashboards, "1", "Right")},
	{name: "new, then gone, and listed again", wrong: Doc(dashboards, "1", "Wrong"), missed: true, listed: true, right: Doc(dashboards, "1", "Right")},
	{name: "changed, then gone", before: []record.Record{Doc(dashboards, "1", "Old")}, wrong: Doc(dashboards, "1", "Wrong"), missed: true, right: Doc(dashboards, "1", "Right")},
	{name: "changed, then gone, and listed again", before: []record.Record{Doc(dashboards, "1", "Old")}, wrong: Doc(dashboards, "1", "Wrong"), missed: true, listed: true, right: Doc(dashboards, "1", "Right")},
	{name: "unchanged, then gone", before: []record.Record{Doc(dashboards, "1", "Old")}, wrong: Same(dashboards, "1"), missed: true, right: Doc(dashboards, "1", "Right")},
	{name: "unchanged, then gone, and listed again", before: []record.Record{Doc(dashboards, "1", "Old")}, wrong: Same(dashboards, "1"), missed: true, listed: true, right: Doc(dashboards, "1", "Right")},
	{name: "unchanged, then gone, unchanged in truth", before: []record.Record{Doc(dashboards, "1", "Old")}, wrong: Same(dashboards, "1"), missed: true, right: Doc(dashboards, "1", "Old")},
	{name: "unchanged, then gone, unchanged in truth, and listed again", before: []record.Record{Doc(dashboards, "1", "Old")}, wrong: Same(dashboards, "1"), missed: true, listed: true, right: Doc(dashboards, "1", "Old")},
	{name: "with the bytes of another", before: []record.Record{as("2", Doc(dashboards, "1", "Wrong"))}, wrong: Doc(dashboards, "1", "Wrong"), right: Doc(dashboards, "1", "Right")},
	{name: "the same bytes", before: []record.Record{Doc(dashboards, "1", "Old")}, wrong: Doc(dashboards, "1", "Right"), right: Doc(dashboards, "1", "Right")},
	{name: "the same", before: []record.Record{Doc(dashboards, "1", "Old")}, wrong: Doc(dashboards, "1", "Right"), right: Same(dashboards, "1")},
}

// replaced: what a run has settled of documents is replaced, and then everything is as if the
// right document had come first: its versions, the numbers but for bytes that came, the digest,
// and what later runs make of it.
func replaced(t *testing.T, e Engine) {
	var written []replacing
	for _, tt := range replacements {
		first := tt.right
		if tt.right.Same {
			first = tt.wrong
		}
		all := []record.Record{tt.wrong, again(tt.right)}
		if tt.missed {
			all = slices.Insert(all, 1, again(Gone(dashboards, "1")))
		}
		if tt.listed {
			all[len(all)-1] = tt.right
		}
		for _, changes := range []bool{false, true} { // after that, and comes in one batch where it does not
			run := func(instance string, records ...record.Record) (runs []record.Run) {
				if tt.before != nil {
					runs = append(runs, e.Open.replacing(t, instance, changes, tt.before...))
				}
				if tt.gone {
					runs = append(runs, e.Open.replacing(t, instance, changes))
				}
				runs = append(runs, e.Open.replacing(t, instance, changes, records...))
				runs = append(runs, e.Open.replacing(t, instance, changes, first))
				if changes {
					runs = append(runs, e.Open.replacing(t, instance, changes, Doc(dashboards, "1", "Later")))
				}
				return runs
			}
			name := fmt.Sprintf("%s, changes later: %v", tt.name, changes)
			written = append(written, replacing{name: name, want: run(name+", right at once", first), got: run(name, all...)})
		}
	}
	reader := e.Read(t)
	for _, r := range written {
		if diff := cmp.Diff(described(t, reader, r.want), described(t, reader, r.got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.name, diff)
		}
	}
}

// replacing are the runs of a document that came wrong first, and of one that was right at once.
type replacing struct {
	name      string
	want, got []record.Run
}

// replacing is a run that commits records, one by one or together.
func (open Store) replacing(t *testing.T, of string, single bool, records ...record.Record) record.Run {
	t.Helper()
	s := open.begin(t, instance(of), kinds(dashboards))
	atOnce := max(1, len(records))
	if single {
		atOnce = 1
	}
	for some := range slices.Chunk(records, atOnce) {
		s.commit(some...)
	}
	return s.complete(Ended(dashboards, int64(min(len(records), 1))))
}

// described is what runs of an instance counted and stored of its document 1. The first of them
// has the number 1.
func described(t *testing.T, r vault.Answers, runs []record.Run) (lines []string) {
	t.Helper()
	before := runs[0].ID - 1
	for _, run := range runs {
		counts := run.Kinds[0]
		counts.Bytes, counts.Stored = 0, 0
		lines = append(lines, fmt.Sprintf("run %d: %+v, digest %s", run.ID-before, counts, run.Digest))
	}
	versions, err := r.Versions(t.Context(), runs[0].Instance, ref("1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range versions {
		gone := v.GoneRun
		if gone != 0 {
			gone -= before
		}
		lines = append(lines, fmt.Sprintf("runs %d to %d, gone in %d: %s %s", v.FirstRun-before, v.LastRun-before, gone, v.State, v.Name))
	}
	return lines
}

// replacedBy: a document that a run has settled turns out to be gone or not to be had, or is
// replaced by a run that is resumed.
func replacedBy(t *testing.T, store Store) {
	store.first(t)
	s := store.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "1", "Wrong"), Doc(dashboards, "2", "Wrong"), Same(dashboards, "3"))
	s.close() // killed
	s = store.begin(t, resume)
	right := Doc(dashboards, "3", "Right")
	s.commit(again(Gone(dashboards, "1")), again(Fault(dashboards, "2", "server", 1)), again(right))
	known := s.known(dashboards, "1", "2", "3")
	if known["1"].State != record.Gone || known["2"].Fingerprint != Doc(dashboards, "2", "Wrong").Fingerprint || known["3"].Fingerprint != right.Fingerprint {
		t.Errorf("known: %v", known)
	}
	run := s.complete(Ended(dashboards, 3))
	ended(t, run, record.RunPartial)
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, Changed: 3, Gone: 1, Failed: 1})
	s = store.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "1", "Wrong"), Doc(dashboards, "2", "Two"), Doc(dashboards, "3", "Right"))
	run = s.complete(Ended(dashboards, 3))
	ended(t, run, record.RunComplete)
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, Changed: 1, Same: 2, Reappeared: 1})
}
