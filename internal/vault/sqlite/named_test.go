package sqlite_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

// TestLookResolvesNoListing: a run that asks for single documents has not listed their
// kind, so what was wrong with its listing still is.
func TestLookResolvesNoListing(t *testing.T) {
	path := newPath(t)
	w := begin(t, path, startOf("acme"))
	commit(t, w, doc("1", "One"), vaulttest.Fault(dashboards, "", "server", 5), vaulttest.Fault(dashboards, "#3", record.FaultRow, 1))
	if _, err := w.Finish(t.Context(), record.Finish{At: vaulttest.Dawn, Kinds: []record.End{{Kind: dashboards, Listing: record.Incomplete}}}); err != nil {
		t.Fatal(err)
	}
	mustClose(t, w)
	start := startOf("acme")
	start.Scope.Refs = map[record.Kind][]string{dashboards: {"1"}}
	w = begin(t, path, start)
	commit(t, w, same("1"))
	finish(t, w, dashboards)
	if open, err := sqlite.Value(path, `SELECT count(*) FROM open_faults`); err != nil || open != int64(2) {
		t.Errorf("%v faults are open, want 2 (%v)", open, err)
	}
	sound(t, path)
	finish(t, begin(t, path, startOf("acme")), dashboards)
	if open, err := sqlite.Value(path, `SELECT count(*) FROM open_faults`); err != nil || open != int64(0) {
		t.Errorf("%v faults are open after a listing (%v)", open, err)
	}
}
