package vaulttest_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/memory"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

// TestDanglingFaultCloses: the fault of a reference to nothing stays open as long
// as that is what it is, and no longer.
func TestDanglingFaultCloses(t *testing.T) {
	page := func(id string) record.Ref { return record.Ref{Kind: "looks", ID: id} }
	first := record.Batch{
		vaulttest.Doc("dashboards", "1", "One", vaulttest.Pointing(page("a"))),
		vaulttest.Doc("dashboards", "2", "Two", vaulttest.Pointing(page("a"), page("b"))),
		vaulttest.Fault("looks", "a", record.FaultDangling, 1), vaulttest.Fault("looks", "b", record.FaultDangling, 1),
		vaulttest.Fault("looks", "c", "server", 1),
	}
	tests := []struct {
		name   string
		kinds  []record.Kind
		then   record.Batch
		finish record.Outcome
		want   []record.Ref
	}{
		{
			name: "it is found", kinds: []record.Kind{"dashboards", "looks"}, want: []record.Ref{page("b"), page("b"), page("c"), page("c")},
			then: record.Batch{vaulttest.Same("dashboards", "1"), vaulttest.Same("dashboards", "2"), vaulttest.Doc("looks", "a", "Here it is"),
				vaulttest.Fault("looks", "b", record.FaultDangling, 1), vaulttest.Fault("looks", "c", "server", 1)},
		},
		{
			name: "it still dangles, and its kind is not asked for", kinds: []record.Kind{"dashboards"}, want: []record.Ref{page("a"), page("b"), page("c")},
			then: record.Batch{vaulttest.Same("dashboards", "1"), vaulttest.Same("dashboards", "2")},
		},
		{
			name: "one of two does not name it any more", kinds: []record.Kind{"dashboards"}, want: []record.Ref{page("a"), page("c")},
			then: record.Batch{vaulttest.Same("dashboards", "1"), vaulttest.Doc("dashboards", "2", "Two that names nothing")},
		},
		{
			name: "what names it is gone", kinds: []record.Kind{"dashboards"}, want: []record.Ref{page("a"), page("c")},
			then: record.Batch{vaulttest.Same("dashboards", "1")},
		},
		{
			name: "what names it was not seen", kinds: []record.Kind{"dashboards"}, finish: record.RunFailed, want: []record.Ref{page("a"), page("b"), page("c")},
		},
	}
	for _, tt := range tests {
		for name, engine := range engines {
			t.Run(tt.name+" in "+name, func(t *testing.T) {
				open, faults := engine(t)
				run := func(kinds []record.Kind, batch record.Batch, finish record.Finish) {
					t.Helper()
					sink := open()
					_, err := sink.Begin(t.Context(), record.Start{Instance: "acme", Scope: record.Scope{Kinds: kinds}, At: vaulttest.Dawn, Policy: 1, Fingerprint: vaulttest.Fingerprint(1)})
					if err == nil {
						err = sink.Commit(t.Context(), batch)
					}
					if err == nil {
						_, err = sink.Finish(t.Context(), finish)
					}
					if err == nil {
						err = sink.Close()
					}
					if err != nil {
						t.Fatal(err)
					}
				}
				both := []record.Kind{"dashboards", "looks"}
				run(both, first, record.Finish{Kinds: []record.End{vaulttest.Ended("dashboards", 2), vaulttest.Ended("looks", 3)}})
				end := record.Finish{Outcome: tt.finish}
				if tt.finish == "" {
					for _, kind := range tt.kinds {
						end.Kinds = append(end.Kinds, vaulttest.Ended(kind, 2))
					}
				}
				run(tt.kinds, tt.then, end)
				if diff := cmp.Diff(tt.want, faults(), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("open faults (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// engines make a store that is opened anew with every call, and a way to read
// which faults are open, by kind and id.
var engines = map[string]func(t *testing.T) (open func() vault.Writer, faults func() []record.Ref){
	"memory": func(*testing.T) (func() vault.Writer, func() []record.Ref) {
		memory := memory.New()
		return func() vault.Writer { return memory }, func() (open []record.Ref) {
			for _, f := range memory.Faults() {
				if f.Resolved == 0 {
					open = append(open, f.Ref)
				}
			}
			return ordered(open)
		}
	},
	"sqlite": func(t *testing.T) (func() vault.Writer, func() []record.Ref) {
		path := filepath.Join(t.TempDir(), "looker.db")
		t.Cleanup(func() { verified(t, path) })
		open := func() vault.Writer {
			sink, err := sqlite.Open(t.Context(), path, sqlite.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return sink
		}
		return open, func() (open []record.Ref) {
			reader, err := sqlite.OpenReader(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			faults, err := reader.OpenFaults(t.Context(), "acme")
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range faults {
				open = append(open, f.Ref)
			}
			return ordered(open)
		}
	},
}

func ordered(refs []record.Ref) []record.Ref {
	slices.SortFunc(refs, func(a, b record.Ref) int { return strings.Compare(a.String(), b.String()) })
	return refs
}
