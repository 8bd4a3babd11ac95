package vaulttest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
)

// teach is a Lessons that hands over one part of what was learnt a time.
func teach(parts ...[]record.Learnt) func(*record.Start) {
	return func(s *record.Start) {
		s.Lessons = func() (part []record.Learnt) {
			if len(parts) > 0 {
				part, parts = parts[0], parts[1:]
			}
			return part
		}
	}
}

// lessonsSurvive: a resume knows what the run has learnt, a new run does not.
func lessonsSurvive(t *testing.T, store Store) {
	poor, noIDs := record.Learnt{Kind: dashboards, Code: record.RowsPoor}, record.Learnt{Kind: looks, Code: record.IDsOff}
	s := store.begin(t, teach(nil, []record.Learnt{poor}, []record.Learnt{noIDs, poor}))
	s.commit(Doc(dashboards, "1", "One"))
	s.commit(Doc(dashboards, "2", "Two"))
	s.close() // killed

	s = store.begin(t, resume)
	if diff := cmp.Diff([]record.Learnt{poor, noIDs}, s.begun.Lessons); diff != "" || s.begun.Doubted != nil {
		t.Errorf("lessons of a resumed run (-want +got):\n%s\nin doubt: %v", diff, s.begun.Doubted)
	}
	s.complete(Ended(dashboards, 2), Ended(looks, 0))

	s = store.begin(t)
	if s.begun.Lessons != nil || s.begun.Doubted != nil {
		t.Errorf("a new run knows %v and doubts %v, want nothing", s.begun.Lessons, s.begun.Doubted)
	}
	s.close()
}

// doubts last until a complete run of the whole kind, by a key that sees all of it,
// and are no other instance's.
func doubts(t *testing.T, store Store) {
	doubt := []record.Learnt{{Kind: dashboards, Code: record.RowsDoubted}}
	s := store.begin(t, teach(nil, doubt))
	s.commit(Doc(dashboards, "1", "One"))
	s.finish(record.Finish{Kinds: []record.End{{Kind: dashboards, Listing: record.Incomplete}, Ended(looks, 0)}})

	steps := []struct {
		name  string
		start []func(*record.Start)
		end   record.Finish
		fault bool
		want  []record.Kind
	}{
		{name: "another instance", start: []func(*record.Start){instance("other")}, want: nil},
		{name: "another kind", start: []func(*record.Start){kinds(looks)}, end: record.Finish{Kinds: []record.End{Ended(looks, 0)}}, want: []record.Kind{dashboards}},
		{name: "a folder", start: []func(*record.Start){folders("1")}, end: record.Finish{Kinds: []record.End{Ended(dashboards, 1)}}, want: []record.Kind{dashboards}},
		{name: "a fault", fault: true, end: record.Finish{Kinds: []record.End{Ended(dashboards, 1)}}, want: []record.Kind{dashboards}},
		{name: "incomplete", end: record.Finish{Kinds: []record.End{{Kind: dashboards, Listing: record.Incomplete}}}, want: []record.Kind{dashboards}},
		{name: "a key that may see less", start: []func(*record.Start){unprovenAbsence}, end: record.Finish{Kinds: []record.End{Ended(dashboards, 1)}}, want: []record.Kind{dashboards}},
		{name: "complete", end: record.Finish{Kinds: []record.End{Ended(dashboards, 1)}}, want: []record.Kind{dashboards}},
		{name: "afterwards", want: nil},
	}
	for _, step := range steps {
		s := store.begin(t, step.start...)
		if diff := cmp.Diff(step.want, s.begun.Doubted); diff != "" {
			t.Errorf("%s: in doubt (-want +got):\n%s", step.name, diff)
		}
		if step.fault {
			s.commit(Fault(dashboards, "1", "server", 1))
		}
		s.finish(step.end)
	}
}

// notServed: what administrators' runs have learnt that the server does not have is told with
// when the newest of them began, but for documents of which a fault is open.
func notServed(t *testing.T, store Store) {
	begin := func(run int64, is bool, of string, ids ...string) *session {
		var learnt []record.Learnt
		for _, id := range ids {
			learnt = append(learnt, record.Learnt{Kind: dashboards, Code: record.NotServed(id)})
		}
		return store.begin(t, kinds(dashboards), admin(is), instance(of), teach(nil, learnt), func(s *record.Start) { s.At = hour(run) })
	}
	begin(1, true, "one", "a", "b%", "c").complete(Ended(dashboards, 0))
	begin(2, false, "one", "a", "d").complete(Ended(dashboards, 0))
	begin(3, true, "other", "a").complete(Ended(dashboards, 0))
	s := begin(4, true, "one", "a")
	equal(t, "not served", map[record.Ref]time.Time{
		{Kind: dashboards, ID: "a"}: hour(1), {Kind: dashboards, ID: "b%"}: hour(1), {Kind: dashboards, ID: "c"}: hour(1),
	}, s.begun.NotServed)
	s.commit(Fault(dashboards, "c", "server", 1))
	s.finish(record.Finish{Kinds: []record.End{Ended(dashboards, 0)}})
	s = begin(5, true, "one")
	equal(t, "later", map[record.Ref]time.Time{{Kind: dashboards, ID: "a"}: hour(4), {Kind: dashboards, ID: "b%"}: hour(1)}, s.begun.NotServed)
	s.close()
}
