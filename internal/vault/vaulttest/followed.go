package vaulttest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lookervault/lookervault/internal/record"
)

func look(id string) record.Ref { return record.Ref{Kind: looks, ID: id} }

func (s *session) follows(want ...record.Listed) {
	s.t.Helper()
	got, err := s.Followed(s.t.Context(), looks, "", 10)
	if err != nil {
		s.t.Fatalf("followed: %v", err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		s.t.Errorf("looks that are pointed to (-want +got):\n%s", diff)
	}
}

// listedLook is a look that a document points to which the run has settled.
func listedLook(id, folder string) record.Listed {
	return record.Listed{ID: id, Folder: folder, State: record.Present, Named: true}
}

func unnamed(l record.Listed) record.Listed {
	l.Named = false
	return l
}

func followed(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards))
	s.follows()
	// 2 is in 1's folder: what 1 points to is above what 2 points to.
	s.commit(Doc(dashboards, "1", "One", Pointing(look("b"), look("a"), record.Ref{Kind: dashboards, ID: "9"})),
		Doc(dashboards, "2", "Two", In("1"), Pointing(look("c"), look("a"))),
		Doc(dashboards, "3", "Three", Trash, Pointing(look("d"))))
	s.follows(listedLook("a", "a"), listedLook("b", ""), listedLook("c", "a"), listedLook("d", ""))
	s.complete(Ended(dashboards, 3))

	other := store.begin(t, instance("other"), kinds(dashboards))
	other.follows()
	other.close()

	// Only newest versions count, and what is gone points to nothing.
	s = store.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "2", "Two, better", In("1"), Pointing(look("e"))), Same(dashboards, "3", StateOnly))
	s.complete(Ended(dashboards, 2))
	s = store.begin(t, kinds(dashboards))
	s.follows(unnamed(listedLook("d", "")), unnamed(listedLook("e", "")))
	s.close()
}

func followedInPages(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards))
	var batch record.Batch
	for i := range 25 {
		batch = append(batch, Doc(dashboards, fmt.Sprint(i), "Some", Pointing(look(fmt.Sprintf("%02d", i)), look(fmt.Sprintf("%02d", i/2)))))
	}
	s.commit(batch...)
	after, seen := "", 0
	for {
		page, err := s.Followed(t.Context(), looks, after, 4)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range page {
			if want := fmt.Sprintf("%02d", seen); l.ID != want {
				t.Errorf("got %q, want %q", l.ID, want)
			}
			seen++
		}
		if len(page) < 4 {
			break
		}
		after = page[3].ID
	}
	if seen != 25 {
		t.Errorf("%d ids in all pages, want 25", seen)
	}
	s.close()
}

func followedInScope(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "1", "One", Pointing(look("a"))), Doc(dashboards, "2", "Two", Pointing(look("b"))))
	s.complete(Ended(dashboards, 2))
	s = store.begin(t, kinds(dashboards), folders("5"))
	s.follows()
	s.commit(Same(dashboards, "2"))
	s.follows(listedLook("b", ""))
	s.close()
}

// followedFromSettled: only a document that the run has seen proves that what it
// points to should be there.
func followedFromSettled(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "1", "One", Pointing(look("a"), look("b"))), Doc(dashboards, "2", "Two", Pointing(look("b"), look("c"))))
	s.finish(record.Finish{Outcome: record.RunInterrupted})
	s = store.begin(t, resume)
	s.follows(listedLook("a", ""), listedLook("b", ""), listedLook("c", ""))
	s.complete(Ended(dashboards, 2))
	s = store.begin(t, kinds(dashboards))
	s.commit(Same(dashboards, "2"))
	s.follows(unnamed(listedLook("a", "")), listedLook("b", ""), listedLook("c", ""))
	s.close()
}

// followedThatDangles: a reference that an open fault says to lead to nothing is told
// from others, until it is found.
func followedThatDangles(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards, looks))
	s.commit(Doc(dashboards, "1", "One", Pointing(look("a"), look("b"), look("c"))), Fault(looks, "a", record.FaultDangling, 1),
		Fault(looks, "b", record.FaultDangling, 1), Fault(looks, "c", "server", 1))
	s.complete(Ended(dashboards, 1), Ended(looks, 3))
	s = store.begin(t, kinds(dashboards, looks))
	s.commit(Same(dashboards, "1"), Doc(looks, "b", "Found"))
	a := listedLook("a", "")
	a.Dangled = true
	s.follows(a, listedLook("b", ""), listedLook("c", ""))
	s.close()
}

func parents(t *testing.T, store Store) {
	dashboard := func(id string) record.Ref { return record.Ref{Kind: dashboards, ID: id} }
	s := store.begin(t, kinds(dashboards, looks))
	s.commit(Doc(dashboards, "1", "One", Pointing(look("a"))), Doc(dashboards, "2", "Two", Pointing(look("a"), look("b"))),
		Doc(dashboards, "3", "Three", Pointing(look("a"))), Doc(looks, "a", "A look that points to itself", Pointing(look("a"))))
	s.complete(Ended(dashboards, 3), Ended(looks, 1))

	other := store.begin(t, instance("other"), kinds(dashboards))
	other.parents(look("a"), 9)
	other.close()

	// What this run has settled comes first; what is gone, or was changed, names nothing.
	s = store.begin(t, kinds(dashboards, looks))
	s.commit(Same(dashboards, "3"), Gone(dashboards, "1"), Doc(looks, "a", "It does no more"))
	s.parents(look("a"), 9, dashboard("3"), dashboard("2"))
	s.parents(look("a"), 1, dashboard("3"))
	s.parents(look("b"), 9, dashboard("2"))
	s.parents(look("c"), 9)
	s.close()
}

func (s *session) parents(ref record.Ref, limit int, want ...record.Ref) {
	s.t.Helper()
	got, err := s.Parents(s.t.Context(), ref, limit)
	if err != nil {
		s.t.Fatalf("parents: %v", err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		s.t.Errorf("parents of %s (-want +got):\n%s", ref, diff)
	}
}
