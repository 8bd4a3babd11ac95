package vaulttest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
)

// Replacing makes a record one that takes the place of what its run has settled.
func Replacing(rec *record.Record) { rec.Replaces = true }

// replacements are documents that come wrong first.
var replacements = []struct {
	name   string
	before []record.Record // of the run before; nil: there is none
	gone   bool            // a run in between took it for gone
	wrong  record.Record
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
	{name: "the same bytes", before: []record.Record{Doc(dashboards, "1", "Old")}, wrong: Doc(dashboards, "1", "Right"), right: Doc(dashboards, "1", "Right")},
	{name: "the same", before: []record.Record{Doc(dashboards, "1", "Old")}, wrong: Doc(dashboards, "1", "Right"), right: Same(dashboards, "1")},
}

// replaced: what a run has settled of documents is replaced, and then everything is as if the
// right document had come first: what is held, the numbers but for bytes that came, the digest,
// and what later runs make of it.
func replaced(t *testing.T, store Store) {
	for _, tt := range replacements {
		for _, together := range []bool{false, true} {
			run := func(of string, records ...record.Record) (record.Run, record.Run) {
				one := func(more ...record.Record) record.Run {
					s := store.begin(t, instance(of), kinds(dashboards))
					if together {
						s.commit(more...)
					} else {
						for _, rec := range more {
							s.commit(rec)
						}
					}
					return s.complete(Ended(dashboards, int64(min(len(more), 1))))
				}
				if tt.before != nil {
					one(tt.before...)
				}
				if tt.gone {
					one()
				}
				now := one(records...)
				return now, one(Doc(dashboards, "1", "Later"))
			}
			name := tt.name
			if together {
				name += ", in one batch"
			}
			again := tt.right
			Replacing(&again)
			first := tt.right
			if tt.right.Same {
				first = tt.wrong
			}
			want, wantLater := run(name+", right at once", first)
			got, gotLater := run(name, tt.wrong, again)
			if diff := cmp.Diff(want.Kinds, got.Kinds, withoutBytes); diff != "" || got.Digest != want.Digest {
				t.Errorf("%s: digests equal: %v, counts (-want +got):\n%s", name, got.Digest == want.Digest, diff)
			}
			if diff := cmp.Diff(wantLater.Kinds, gotLater.Kinds, withoutBytes); diff != "" || gotLater.Digest != wantLater.Digest {
				t.Errorf("%s, later: digests equal: %v, counts (-want +got):\n%s", name, gotLater.Digest == wantLater.Digest, diff)
			}
		}
	}
}

// replacedBy: a document that a run has settled turns out to be gone or not to be had, or is
// replaced by a run that is resumed.
func replacedBy(t *testing.T, store Store) {
	store.first(t)
	s := store.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "1", "Wrong"), Doc(dashboards, "2", "Wrong"), Same(dashboards, "3"))
	s.close() // killed
	s = store.begin(t, resume)
	gone, fault, right := Gone(dashboards, "1"), Fault(dashboards, "2", "server", 1), Doc(dashboards, "3", "Right", Replacing)
	Replacing(&gone)
	Replacing(&fault)
	s.commit(gone, fault, right)
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
