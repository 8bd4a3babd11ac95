package vaulttest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lookervault/lookervault/internal/record"
)

// naming: bodies come of the documents that point to one, as they are now.
func naming(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards))
	one, two := Doc(dashboards, "1", "One", Pointing(look("a"), look("b"))), Doc(dashboards, "2", "Two", Pointing(look("a")))
	s.names(look("a"), 9)
	s.commit(two, one, Doc(dashboards, "3", "Three", Pointing(look("c"))))
	s.names(look("a"), 9, one, two)
	s.names(look("a"), 1, one)
	s.names(look("b"), 9, one)
	s.names(look("x"), 9)
	s.complete(Ended(dashboards, 3))
	s = store.begin(t, kinds(dashboards))
	better := Doc(dashboards, "1", "One, better", Pointing(look("b")))
	s.commit(better, Gone(dashboards, "2"))
	s.names(look("a"), 9)
	s.names(look("b"), 9, better)
	s.complete(Ended(dashboards, 1))
	other := store.begin(t, instance("other"), kinds(dashboards))
	other.names(look("b"), 9)
	other.close()
}

func (s *session) names(ref record.Ref, limit int, want ...record.Record) {
	s.t.Helper()
	bodies, err := s.Naming(s.t.Context(), ref, limit)
	if err != nil {
		s.t.Fatalf("naming %s: %v", ref, err)
	}
	var got, texts []string
	for _, body := range bodies {
		got = append(got, string(body))
	}
	for _, rec := range want {
		texts = append(texts, string(rec.Body))
	}
	if diff := cmp.Diff(texts, got, cmpopts.EquateEmpty()); diff != "" {
		s.t.Errorf("bodies that name %s (-want +got):\n%s", ref, diff)
	}
}

// called: documents are found by their names.
func called(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "2", "One"), Doc(dashboards, "1", "One"), Doc(dashboards, "3", "Three"), Doc(dashboards, "4", "Four", Trash))
	s.calls(map[string]string{"One": "1", "Four": "4"}, "One", "Four", "Five")
	s.calls(nil, "one")
	s.calls(nil)
	s.complete(Ended(dashboards, 4))
	s = store.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "3", "Five"), Gone(dashboards, "1"))
	s.calls(map[string]string{"One": "2", "Five": "3"}, "One", "Three", "Five")
	s.complete(Ended(dashboards, 1))
	other := store.begin(t, instance("other"), kinds(dashboards))
	other.calls(nil, "One")
	other.close()
}

func (s *session) calls(want map[string]string, names ...string) {
	s.t.Helper()
	got, err := s.Called(s.t.Context(), dashboards, names)
	if err != nil {
		s.t.Fatalf("called: %v", err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		s.t.Errorf("ids by name (-want +got):\n%s", diff)
	}
}

// seenByAdmin: the body of a document is told where a run of an administrator has read its
// kind whole since it is as it is.
func seenByAdmin(t *testing.T, store Store) {
	one, two := Doc(dashboards, "1", "One"), Doc(dashboards, "2", "Two")
	s := store.begin(t, kinds(dashboards), admin(false), unprovenAbsence)
	s.commit(one)
	s.complete(Ended(dashboards, 1))
	s = store.begin(t, kinds(dashboards), admin(false), unprovenAbsence)
	s.seenByAdmin(one, false)
	s.close()
	s = store.begin(t, kinds(dashboards), admin(true))
	s.commit(Same(dashboards, "1"), two)
	s.seenByAdmin(one, false) // this run does not count
	s.complete(Ended(dashboards, 2))
	s = store.begin(t, kinds(dashboards), admin(false), unprovenAbsence)
	s.seenByAdmin(one, true)
	s.seenByAdmin(two, true)
	s.seenByAdmin(Doc(dashboards, "3", "Three"), false)
	less, more := Doc(dashboards, "2", "Less"), Doc(dashboards, "4", "Four")
	s.commit(Same(dashboards, "1"), less, more)
	s.complete(Ended(dashboards, 3))
	s = store.begin(t, kinds(dashboards), admin(true))
	s.seenByAdmin(one, true)
	s.seenByAdmin(less, false)
	s.seenByAdmin(more, false)
	s.close()
	other := store.begin(t, instance("other"), kinds(dashboards))
	other.seenByAdmin(one, false)
	other.close()
}

func (s *session) seenByAdmin(rec record.Record, want bool) {
	s.t.Helper()
	got, err := s.SeenByAdmin(s.t.Context(), rec.Ref)
	if err != nil {
		s.t.Fatalf("seen by an administrator: %v", err)
	}
	body := ""
	if want {
		body = string(rec.Body)
	}
	if diff := cmp.Diff(body, string(got)); diff != "" {
		s.t.Errorf("%s as an administrator saw it (-want +got):\n%s", rec.Ref, diff)
	}
}
