package vaulttest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
)

func newThenSame(t *testing.T, store Store) {
	first := store.first(t)
	ended(t, first, record.RunComplete)
	counted(t, first, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, New: 3})
	s := store.begin(t, kinds(dashboards))
	s.commit(Same(dashboards, "1"), Doc(dashboards, "2", "Two"))
	s.commit(Same(dashboards, "3"))
	second := s.complete(Ended(dashboards, 3))
	counted(t, second, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, Same: 3})
	if first.Digest.IsZero() || first.Digest != second.Digest {
		t.Errorf("digests %s and %s, want the same: nothing changed", first.Digest, second.Digest)
	}
}

func changedDocument(t *testing.T, store Store) {
	first := store.first(t)
	s := store.begin(t, kinds(dashboards))
	s.commit(Same(dashboards, "1"), Doc(dashboards, "2", "Two, better"), Same(dashboards, "3"))
	second := s.complete(Ended(dashboards, 3))
	counted(t, second, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, Same: 2, Changed: 1})
	if first.Digest == second.Digest {
		t.Error("a changed document did not change the digest")
	}
	s = store.begin(t, kinds(dashboards))
	s.commit(Same(dashboards, "1"), Doc(dashboards, "2", "Two"), Same(dashboards, "3"))
	third := s.complete(Ended(dashboards, 3))
	counted(t, third, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, Same: 2, Changed: 1})
	if third.Digest != first.Digest {
		t.Error("a document that was changed back has another digest")
	}
}

func immaterialChange(t *testing.T, store Store) {
	first := store.first(t)
	s := store.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "1", "One", Views(5)), Doc(dashboards, "2", "Two", Views(6)), Doc(dashboards, "3", "Three"))
	second := s.complete(Ended(dashboards, 3))
	counted(t, second, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, Same: 3})
	if second.Kinds[0].Stored != 0 {
		t.Errorf("%d bytes stored for bodies that are the same", second.Kinds[0].Stored)
	}
	if second.Digest != first.Digest {
		t.Error("view counts changed the digest")
	}
}

func dedupes(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "1", "One"), Doc(dashboards, "1", "One, seen on the next page"))
	s.commit(Same(dashboards, "1"), Fault(dashboards, "1", "server", 5), Gone(dashboards, "1"))
	run := s.complete(Ended(dashboards, 1))
	ended(t, run, record.RunComplete)
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 1, New: 1})
	once := store.begin(t, instance("once"), kinds(dashboards))
	once.commit(Doc(dashboards, "1", "One"))
	if want := once.complete(Ended(dashboards, 1)); want.Digest != run.Digest {
		t.Error("what came second was stored")
	}
}

func stamps(t *testing.T, store Store) {
	store.first(t)
	doc := Doc(dashboards, "1", "One")
	s := store.begin(t, kinds(dashboards))
	before := holding(doc.Stamp, doc, false)
	before.Observed = Dawn
	if diff := cmp.Diff(map[string]record.Known{"1": before}, s.known(dashboards, "1")); diff != "" {
		t.Errorf("known (-want +got):\n%s", diff)
	}
	stamped := Same(dashboards, "1", func(rec *record.Record) { rec.Stamp = record.Digest{1} })
	without := Doc(dashboards, "2", "Two", func(rec *record.Record) { rec.Stamp = record.Digest{} })
	s.commit(stamped, without, Same(dashboards, "3"))
	want := map[string]record.Known{
		"1": holding(record.Digest{1}, doc, true),
		"2": holding(record.Digest{}, Doc(dashboards, "2", "Two"), true),
		"3": holding(Doc(dashboards, "3", "Three").Stamp, Doc(dashboards, "3", "Three"), true),
	}
	if diff := cmp.Diff(want, s.known(dashboards, "1", "2", "3")); diff != "" {
		t.Errorf("known after the commit (-want +got):\n%s", diff)
	}
	s.close()
}

// holding is what is known of a document that is there.
func holding(stamp record.Digest, doc record.Record, settled bool) record.Known {
	return record.Known{Stamp: stamp, Hash: doc.Hash, Size: doc.Size, State: record.Present, Settled: settled, Fingerprint: doc.Fingerprint}
}

func knownIDs(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards))
	odd := []string{"1", "model::näme", `a"b`, "o'hara", "a,b", "", "%", "日本", "\xff"}
	var batch record.Batch
	for i := range 1001 {
		batch = append(batch, Doc(dashboards, fmt.Sprint("d", i), "Some"))
	}
	for _, id := range odd {
		if id != "" {
			batch = append(batch, Doc(dashboards, id, "Odd"))
		}
	}
	batch = append(batch, Doc(looks, "1", "A look"))
	s.commit(batch...)
	ids := append([]string{"absent"}, odd...)
	for i := range 1001 {
		ids = append(ids, fmt.Sprint("d", i))
	}
	known := s.known(dashboards, ids...)
	if want := len(batch) - 1; len(known) != want {
		t.Errorf("%d of %d asked for are known, want %d", len(known), len(ids), want)
	}
	for _, rec := range batch[:len(batch)-1] {
		if !known[rec.ID].Settled {
			t.Errorf("%q is not settled: %v", rec.ID, known[rec.ID])
		}
	}
	if got := s.known(looks, "1", "d1"); len(got) != 1 {
		t.Errorf("known looks: got %v, want 1 only", got)
	}
	if got := s.known(dashboards); len(got) != 0 {
		t.Errorf("asked for nothing, got %v", got)
	}
	s.close()
}

func trashed(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "1", "One"), Doc(dashboards, "2", "Two", Trash))
	run := s.complete(Ended(dashboards, 2))
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 2, New: 2, Trashed: 1})
	s = store.begin(t, kinds(dashboards))
	if got := s.known(dashboards, "2")["2"].State; got != record.Trashed {
		t.Errorf("state is %s, want trashed", got)
	}
	s.commit(Doc(dashboards, "1", "One", Trash), Same(dashboards, "2", StateOnly))
	run = s.complete(Ended(dashboards, 2))
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 2, Same: 1, Changed: 1, Trashed: 2})
	s = store.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "1", "One"), Doc(dashboards, "2", "Two"))
	run = s.complete(Ended(dashboards, 2))
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 2, Changed: 2})
}

func trashedStateOnly(t *testing.T, store Store) {
	first := store.first(t)
	s := store.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "1", "One", StateOnly), Same(dashboards, "2", StateOnly), Same(dashboards, "3"))
	run := s.complete(Ended(dashboards, 3))
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, Same: 3, Trashed: 2})
	if run.Digest == first.Digest {
		t.Error("documents went to the trash and the digest is the same")
	}
	s = store.begin(t, kinds(dashboards))
	known := s.known(dashboards, "1", "2", "3")
	if known["1"].State != record.Trashed || known["2"].State != record.Trashed || known["3"].State != record.Present {
		t.Errorf("got %v, want 1 and 2 trashed, 3 present", known)
	}
	s.commit(Same(dashboards, "1"), Same(dashboards, "2"), Same(dashboards, "3"))
	run = s.complete(Ended(dashboards, 3))
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, Same: 3})
	if run.Digest != first.Digest {
		t.Error("everything is back and the digest is another")
	}
}

func policyChange(t *testing.T, store Store) {
	first := store.first(t)
	s := store.begin(t, kinds(dashboards), policy(2))
	if known := s.known(dashboards, "1")["1"]; !known.Stamp.IsZero() || known.State != record.Present {
		t.Errorf("got %v, want no stamp: it was made under other rules", known)
	}
	s.commit(Doc(dashboards, "1", "One", Under(2)), Doc(dashboards, "2", "Two", Under(2)), Doc(dashboards, "3", "Three", Under(2)))
	run := s.complete(Ended(dashboards, 3))
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, Same: 3})
	if run.Digest != first.Digest {
		t.Error("new rules changed the digest")
	}
	s = store.begin(t, kinds(dashboards), policy(2))
	if known := s.known(dashboards, "1")["1"]; known.Stamp != Doc(dashboards, "1", "One", Under(2)).Stamp {
		t.Errorf("got %v, want the stamp of the new rules", known)
	}
	s.close()
}

// policyChangeOfOneKind: what is stored of other kinds stays what it was.
func policyChangeOfOneKind(t *testing.T, store Store) {
	s := store.begin(t)
	s.commit(Doc(dashboards, "1", "One"), Doc(looks, "1", "One"))
	s.complete(Ended(dashboards, 1), Ended(looks, 1))
	s = store.begin(t, func(s *record.Start) {
		s.Policies = map[record.Kind]int{dashboards: 2, looks: 1}
		s.Policy, s.Fingerprint = 3, func(kind record.Kind, body []byte) (record.Digest, error) {
			if kind != dashboards {
				t.Errorf("a fingerprint of %s is computed again: its rules are the same", kind)
			}
			return Fingerprint(2)(kind, body)
		}
	})
	if known := s.known(dashboards, "1")["1"]; !known.Stamp.IsZero() || !known.Hash.IsZero() {
		t.Errorf("got %v, want neither stamp nor hash: the rules of dashboards are others", known)
	}
	if known := s.known(looks, "1")["1"]; known.Stamp != Doc(looks, "1", "One").Stamp || known.Hash.IsZero() {
		t.Errorf("got %v, want stamp and hash: the rules of looks are the same", known)
	}
	s.commit(Doc(dashboards, "1", "One", Under(2), Views(5)), Doc(looks, "1", "One", Views(5)))
	run := s.complete(Ended(dashboards, 1), Ended(looks, 1))
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 1, Same: 1})
	counted(t, run, record.Counts{Kind: looks, Listing: record.Complete, Listed: 1, Same: 1})
}

func policyChangeOtherBytes(t *testing.T, store Store) {
	store.first(t)
	s := store.begin(t, kinds(dashboards), policy(2))
	s.commit(Doc(dashboards, "1", "One", Under(2), Views(5)), Doc(dashboards, "2", "Two", Under(2)), Doc(dashboards, "3", "Three", Under(2)))
	run := s.complete(Ended(dashboards, 3))
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, Same: 3})
	s = store.begin(t, kinds(dashboards), policy(2), func(s *record.Start) {
		s.Fingerprint = func(kind record.Kind, body []byte) (record.Digest, error) {
			t.Errorf("a fingerprint of %s is computed again: it is of these rules", kind)
			return record.Digest{}, nil
		}
	})
	s.commit(Doc(dashboards, "1", "One", Under(2), Views(6)), Doc(dashboards, "2", "Two", Under(2)), Doc(dashboards, "3", "Three", Under(2)))
	counted(t, s.complete(Ended(dashboards, 3)), record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, Same: 3})
}

func policyChangeRealChange(t *testing.T, store Store) {
	store.first(t)
	s := store.begin(t, kinds(dashboards), policy(2))
	s.commit(Doc(dashboards, "1", "One, better", Under(2)), Same(dashboards, "2"), Doc(dashboards, "3", "Three", Under(2)))
	run := s.complete(Ended(dashboards, 3))
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, Same: 2, Changed: 1})
	// Without a way to compute the old fingerprint only equal bytes are the same.
	s = store.begin(t, kinds(dashboards), policy(3), func(s *record.Start) { s.Fingerprint = nil })
	s.commit(Doc(dashboards, "1", "One, better", Under(3)), Doc(dashboards, "2", "Two", Under(3), Views(1)), Same(dashboards, "3"))
	run = s.complete(Ended(dashboards, 3))
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, Same: 2, Changed: 1})
}

func countsBytes(t *testing.T, store Store) {
	one, two := Doc(dashboards, "1", "One"), Doc(dashboards, "2", "Two")
	copied := two
	copied.ID = "3" // another document with the same bytes
	s := store.begin(t, kinds(dashboards))
	s.commit(one, two, copied)
	run := s.complete(Ended(dashboards, 3))
	want := record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, New: 3,
		Bytes: one.Size + 2*two.Size, Stored: one.Size + two.Size}
	if diff := cmp.Diff([]record.Counts{want}, run.Kinds); diff != "" {
		t.Errorf("first run (-want +got):\n%s", diff)
	}
	changed := Doc(dashboards, "2", "Two, better")
	s = store.begin(t, kinds(dashboards))
	s.commit(Same(dashboards, "1"), changed, copied)
	run = s.complete(Ended(dashboards, 3))
	want = record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 3, Same: 2, Changed: 1,
		Bytes: changed.Size + copied.Size, Stored: changed.Size}
	if diff := cmp.Diff([]record.Counts{want}, run.Kinds); diff != "" {
		t.Errorf("second run (-want +got):\n%s", diff)
	}
}

// countsBytesOfTwins: a body that documents of two kinds have counts for the kind that brought it,
// and not any more when all of them are replaced.
func countsBytesOfTwins(t *testing.T, store Store) {
	s := store.begin(t)
	s.commit(Doc(dashboards, "2", "Old"), Doc(dashboards, "3", "Old"))
	s.complete(Ended(dashboards, 2), Ended(looks, 0))
	one, wrong := Doc(dashboards, "1", "Wrong and long"), Doc(dashboards, "3", "Wrong")
	twin := one
	twin.Kind = looks
	right, other := Doc(dashboards, "1", "Right", Replacing), Doc(looks, "1", "Another", Replacing)
	two, three := Doc(dashboards, "2", "Right", Replacing), Doc(dashboards, "3", "Right", Replacing)
	s = store.begin(t)
	s.commit(one, twin, Doc(dashboards, "2", "Wrong"), wrong, as("4", wrong))
	s.commit(right, other, two, three)
	got := map[record.Kind]int64{}
	for _, c := range s.complete(Ended(dashboards, 4), Ended(looks, 1)).Kinds {
		got[c.Kind] = c.Stored
	}
	want := map[record.Kind]int64{dashboards: right.Size + two.Size + three.Size + wrong.Size, looks: other.Size}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("bytes stored (-want +got):\n%s", diff)
	}
}
