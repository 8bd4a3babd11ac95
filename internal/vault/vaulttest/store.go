package vaulttest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// A Store opens the same store with every call. The sink before is closed by
// then.
type Store func(t *testing.T) vault.Writer

// A session is a run that the suite drives.
type session struct {
	t *testing.T
	vault.Writer
	begun record.Begun
}

// start is the beginning of a run over dashboards and looks.
func start(more ...func(*record.Start)) record.Start {
	s := record.Start{
		Instance: "acme", BaseURL: "https://acme.looker.com", Origin: "api",
		Scope:  record.Scope{Kinds: []record.Kind{dashboards, looks}},
		Looker: "26.2.11", Tool: "1.0.0", Config: []byte(`{"looker":{"name":"acme"}}`), At: Dawn,
		Policy: 1, Fingerprint: Fingerprint(1),
	}
	for _, change := range more {
		change(&s)
	}
	return s
}

func kinds(list ...record.Kind) func(*record.Start) {
	return func(s *record.Start) { s.Scope.Kinds = list }
}

func folders(ids ...string) func(*record.Start) {
	return func(s *record.Start) { s.Scope.Folders = ids }
}

func resume(s *record.Start) { s.Resume = true }

func instance(name string) func(*record.Start) {
	return func(s *record.Start) { s.Instance = name }
}

func policy(version int) func(*record.Start) {
	return func(s *record.Start) { s.Policy, s.Fingerprint = version, Fingerprint(version) }
}

func calls(made func() []record.Calls) func(*record.Start) {
	return func(s *record.Start) { s.Calls = made }
}

func (open Store) begin(t *testing.T, more ...func(*record.Start)) *session {
	t.Helper()
	s := &session{t: t, Writer: open(t)}
	var err error
	if s.begun, err = s.Begin(t.Context(), start(more...)); err != nil {
		t.Fatalf("begin: %v", err)
	}
	return s
}

func (s *session) commit(records ...record.Record) {
	s.t.Helper()
	if err := s.Commit(s.t.Context(), records); err != nil {
		s.t.Fatalf("commit: %v", err)
	}
}

// finish ends the run and closes the sink.
func (s *session) finish(f record.Finish) record.Run {
	s.t.Helper()
	if f.At.IsZero() {
		f.At = Dawn.Add(time.Hour)
	}
	run, err := s.Finish(s.t.Context(), f)
	if err != nil {
		s.t.Fatalf("finish: %v", err)
	}
	s.close()
	return run
}

// complete finishes a run whose listings were complete.
func (s *session) complete(listed ...record.End) record.Run {
	s.t.Helper()
	return s.finish(record.Finish{Kinds: listed})
}

func (s *session) close() {
	s.t.Helper()
	if err := s.Close(); err != nil {
		s.t.Fatalf("close: %v", err)
	}
}

func (s *session) known(kind record.Kind, ids ...string) map[string]record.Known {
	s.t.Helper()
	known, err := s.Known(s.t.Context(), kind, ids)
	if err != nil {
		s.t.Fatalf("known: %v", err)
	}
	return known
}

// first is a whole run over dashboards 1, 2 and 3.
func (open Store) first(t *testing.T) record.Run {
	t.Helper()
	s := open.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "1", "One"), Doc(dashboards, "2", "Two"), Doc(dashboards, "3", "Three"))
	return s.complete(Ended(dashboards, 3))
}

var withoutBytes = cmpopts.IgnoreFields(record.Counts{}, "Bytes", "Stored")

// counted checks what a run counted of a kind, bytes apart.
func counted(t *testing.T, run record.Run, want record.Counts) {
	t.Helper()
	for _, got := range run.Kinds {
		if got.Kind == want.Kind {
			if diff := cmp.Diff(want, got, withoutBytes); diff != "" {
				t.Errorf("counts of %s in run %d (-want +got):\n%s", want.Kind, run.ID, diff)
			}
			return
		}
	}
	t.Errorf("run %d counts nothing of %s", run.ID, want.Kind)
}

func ended(t *testing.T, run record.Run, want record.Outcome) {
	t.Helper()
	if run.Outcome != want {
		t.Errorf("run %d is %s, want %s", run.ID, run.Outcome, want)
	}
}
