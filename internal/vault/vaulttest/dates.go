package vaulttest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
)

func on(release string) func(*record.Start) { return func(s *record.Start) { s.Looker = release } }

func dating(d record.Dating) func(*record.Record) {
	return func(rec *record.Record) { rec.Dating = d }
}

// dates: a new run knows what runs of the same release and instance have learnt of dates,
// of changes that were committed, and what was known of a document last.
func dates(t *testing.T, store Store) {
	s := store.begin(t, on("25.6"))
	s.commit(Doc(dashboards, "1", "One"), Doc(dashboards, "2", "Two"), Doc(dashboards, "3", "Three", In("7")), Doc(looks, "1", "Look"))
	s.complete(Ended(dashboards, 3), Ended(looks, 1))
	s = store.begin(t, on("25.6"), teach(nil, []record.Learnt{{Kind: looks, Code: record.IDsOff}}))
	if s.begun.Dates != nil {
		t.Errorf("before any change: %v", s.begun.Dates)
	}
	s.commit(Doc(dashboards, "1", "Uno", dating(record.DateMoved)))
	s.commit(Doc(dashboards, "2", "Due", dating(record.DateMoved)), Same(dashboards, "3", dating(record.DateStayed)))
	s.close() // killed

	moved := record.DateHistory{Dates: record.Dates{Moved: 2}}
	want := map[record.Kind]record.DateHistory{dashboards: moved, looks: {NoIDs: true}}
	s = store.begin(t, resume, on("25.6"))
	if diff := cmp.Diff(want, s.begun.Dates); diff != "" {
		t.Errorf("resumed (-want +got):\n%s", diff)
	}
	s.commit(Doc(dashboards, "1", "Uno", dating(record.DateMoved))) // settled before
	end := Ended(dashboards, 3)
	end.Deferred, end.Trusted = 1, 1
	run := s.complete(end, Ended(looks, 1))
	for _, k := range run.Kinds {
		if k.Kind == dashboards && (k.Trusted != 1 || k.Dates != moved.Dates) {
			t.Errorf("%+v", k)
		}
	}

	for _, step := range []struct {
		name  string
		start func(*record.Start)
		want  map[record.Kind]record.DateHistory
	}{
		{"another release", on("25.8"), nil},
		{"an unknown release", on(""), nil},
		{"another instance", func(s *record.Start) { s.Instance, s.Looker = "other", "25.6" }, nil},
		{"the same", on("25.6"), want},
	} {
		s := store.begin(t, step.start)
		if diff := cmp.Diff(step.want, s.begun.Dates); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
		s.complete(Ended(dashboards, 3), Ended(looks, 1))
	}

	s = store.begin(t, on("25.6"))
	known, err := s.Known(t.Context(), dashboards, []string{"3"})
	if err != nil || known["3"].Folder != "7" {
		t.Errorf("known: %+v, %v", known["3"], err)
	}
	broke := s.begun.Run
	s.commit(Doc(dashboards, "3", "Tre", dating(record.DateStayed)))
	s.complete(Ended(dashboards, 3), Ended(looks, 1))
	s = store.begin(t, on("25.6"))
	got := s.begun.Dates[dashboards]
	if diff := cmp.Diff(record.DateHistory{Dates: record.Dates{Moved: 2, Stayed: 1}, Broken: broke}, got); diff != "" {
		t.Errorf("a counterexample (-want +got):\n%s", diff)
	}
	s.close()
}
