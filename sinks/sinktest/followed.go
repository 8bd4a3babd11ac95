package sinktest

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

func listedLook(id, folder string) record.Listed {
	return record.Listed{ID: id, Folder: folder, State: record.Present}
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
	s.follows(listedLook("d", ""), listedLook("e", ""))
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
