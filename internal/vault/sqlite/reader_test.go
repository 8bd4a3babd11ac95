package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

// A reader of a closed vault leaves no files beside it.
func TestReaderLeavesNothing(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	before := readFile(t, path)
	r, err := sqlite.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Stats(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustClose(t, r)
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{path, path + ".lock"}, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	after, err := os.ReadFile(path)
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("the reader changed the file (%v)", err)
	}
}

// The rules also say what is read from a body: new ones correct what is stored of
// a document that is the same.
func TestNewRulesReadAnew(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One", vaulttest.In("5")))
	start := startOf("acme")
	start.Policy, start.Fingerprint = 2, vaulttest.Fingerprint(2)
	w := begin(t, path, start)
	again := doc("1", "One", vaulttest.In("5"), vaulttest.Under(2), vaulttest.Views(3), vaulttest.Pointing(record.Ref{Kind: looks, ID: "7"}))
	again.Name, again.Folder, again.Owner, again.Updated = "Uno", "6", "8", "today"
	commit(t, w, again)
	if listed, err := w.Followed(t.Context(), looks, "", 9); err != nil || len(listed) != 1 {
		t.Errorf("got %v, %v, want the new reference", listed, err)
	}
	finish(t, w, dashboards)
	d, err := read(t, path).Document(t.Context(), "", again.Ref, vault.Point{})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{d.Name, d.Folder, d.Owner, d.Updated, string(d.Body)}
	want := []string{"Uno", "6", "8", "today", string(doc("1", "One", vaulttest.In("5")).Body)}
	if diff := cmp.Diff(want, got); diff != "" || d.FirstRun != 1 {
		t.Errorf("first run %d, (-want +got):\n%s", d.FirstRun, diff)
	}
	sound(t, path)
}

func TestStats(t *testing.T) {
	path := newPath(t)
	aHistory(t, path)
	got, err := read(t, path).Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := vault.Stats{Runs: 5, Versions: 10, Bodies: 7,
		Kinds: []vault.KindStats{
			{Instance: "acme", Kind: dashboards, Present: 2, Trashed: 1, Gone: 1},
			{Instance: "acme", Kind: looks, Present: 1},
		}}
	ignore := cmp.Options{
		cmpopts.IgnoreFields(vault.Stats{}, "FileBytes", "LogBytes", "FreeBytes", "BodyBytes", "StoredBytes"),
		cmpopts.IgnoreFields(vault.KindStats{}, "Bytes"),
	}
	if diff := cmp.Diff(want, got, ignore); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	info, err := os.Stat(path)
	if err != nil || got.FileBytes != info.Size() || got.BodyBytes == 0 || got.BodyBytes != got.StoredBytes || got.Kinds[1].Bytes == 0 {
		t.Errorf("sizes are off: %+v", got)
	}
}

// Statements are compiled once: the driver clears bindings before every use, and
// SQLite compiles anew what depends on the value of a parameter.
func TestStatementsAreCompiledOnce(t *testing.T) {
	path := newPath(t)
	aHistory(t, path)
	w := begin(t, path, startOf("acme"))
	for i := range 3 {
		commit(t, w, doc(fmt.Sprint("new", i), "New"), same("1"), vaulttest.Fault(dashboards, fmt.Sprint("f", i), "server", 1),
			doc("2", fmt.Sprint("Changed ", i)), vaulttest.Gone(dashboards, "4"))
		if _, err := w.Known(t.Context(), dashboards, []string{"1", "2"}); err != nil {
			t.Fatal(err)
		}
	}
	// Beginning may have changed the schema's cookie for the statements, once.
	if n := w.Recompiled(); n > 0 {
		t.Errorf("%d statements were compiled again", n)
	}
}

// A reader sees whole batches only, and a listing that began sees one state.
func TestReaderBesideWriter(t *testing.T) {
	path := newPath(t)
	w := begin(t, path, startOf("acme"))
	const batches, size = 40, 10
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range batches {
			var batch record.Batch
			for j := range size {
				batch = append(batch, doc(fmt.Sprintf("%03d-%d", i, j), "x"))
			}
			if err := w.Commit(context.WithoutCancel(t.Context()), batch); err != nil {
				t.Error(err)
			}
		}
	}()
	r := read(t, path)
	for n := 0; n < batches*size; {
		n = 0
		for _, err := range r.Documents(t.Context(), vault.Query{Instance: "acme"}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n%size != 0 {
			t.Fatalf("%d documents: a part of a batch is visible", n)
		}
		run, err := r.Run(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if run.Kinds[0].New%size != 0 || run.Outcome != record.RunRunning {
			t.Fatalf("run 1 is %s and counts %d new", run.Outcome, run.Kinds[0].New)
		}
	}
	<-done
	finish(t, w, dashboards)
}
