package sqlite_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

// manyDocuments are so many that several connections read them.
const manyDocuments = 12_000

func manyStored(t *testing.T) (path string, held map[record.Ref]string) {
	t.Helper()
	path, held = newPath(t), make(map[record.Ref]string)
	w := begin(t, path, startOf("acme", dashboards))
	var batch []record.Record
	for i := range manyDocuments {
		rec := doc(fmt.Sprint(i), fmt.Sprintf("No. %d", i))
		batch, held[rec.Ref] = append(batch, rec), rec.Name
	}
	commit(t, w, batch...)
	finish(t, w, dashboards)
	mustClose(t, w)
	return path, held
}

func current(t *testing.T, r *sqlite.Reader) (map[record.Ref]string, error) {
	t.Helper()
	got := make(map[record.Ref]string)
	for e, err := range r.Current(t.Context(), "acme", dashboards) {
		if err != nil {
			return got, err
		}
		got[e.Ref] = e.Name
	}
	return got, nil
}

// TestCurrentOfMany: what several connections read is what one holds, whoever stops early
// leaves nothing behind, and damage is seen wherever it is.
func TestCurrentOfMany(t *testing.T) {
	path, held := manyStored(t)
	r := read(t, path)
	for range 3 {
		for _, err := range r.Current(t.Context(), "acme", dashboards) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	got, err := current(t, r)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(held, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, damage := range []struct{ sql, want string }{
		{`UPDATE versions SET name = 'Other' WHERE item IN ('3000', '11000')`, "dashboards/3000: does not match its checksum"},
		{`DELETE FROM versions WHERE item IN ('3000', '11000')`, "documents of dashboards can be read"},
	} {
		execute(t, path, damage.sql)
		if _, err := current(t, r); err == nil || !strings.Contains(err.Error(), damage.want) {
			t.Errorf("%s: %v, want %q", damage.sql, err, damage.want)
		}
	}
}

// TestCompanions: a connection whose transaction begins after a commit does not see what
// the snapshot before it sees, and reads nothing for it.
func TestCompanions(t *testing.T) {
	path, _ := manyStored(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0))))
	r := read(t, path)
	n, err := r.Companions(t.Context(), func() error { return nil })
	if err != nil || n == 0 {
		t.Errorf("while nobody writes %d, %v", n, err)
	}
	w := begin(t, path, startOf("acme", dashboards))
	n, err = r.Companions(t.Context(), func() error { return w.Commit(t.Context(), record.Batch{doc("new", "New")}) })
	if err != nil || n != 0 {
		t.Errorf("after a commit %d, %v", n, err)
	}
}

// TestCurrentOfOddTexts: what is read from packed rows is what is read column by column,
// and so is what they cannot tell apart.
func TestCurrentOfOddTexts(t *testing.T) {
	path := newPath(t)
	w := begin(t, path, startOf("acme", dashboards))
	odd := doc("6", "")
	odd.Folder, odd.Owner, odd.Updated, odd.Route = "", "", "", ""
	redacted := doc("7", "Redacted")
	redacted.Redacted = []string{"/a", "/b"}
	referring := doc("8", "日本 \xff")
	referring.Refs = []record.Ref{{Kind: "looks", ID: "2"}, {Kind: "looks", ID: "10"}, {Kind: "queries", ID: ""}}
	commit(t, w, doc("1", "One"), doc("2", "Two", vaulttest.Trash), odd, redacted, referring,
		doc("a\x00b", "An id with a NUL"), doc("3", "A name\x00with one"), doc("9", "The last"))
	finish(t, w, dashboards)
	r := read(t, path)
	want, got := map[string]vault.Entry{}, map[string]vault.Entry{}
	for e, err := range r.Entries(t.Context(), vault.Query{Instance: "acme", Kind: dashboards}) {
		if err != nil {
			t.Fatal(err)
		}
		e.LastRun = 0 // which Current does not tell
		want[e.ID] = e
	}
	for e, err := range r.Current(t.Context(), "acme", dashboards) {
		if err != nil {
			t.Fatal(err)
		}
		got[e.ID] = e
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got) != 8 {
		t.Errorf("%d entries (-want +got):\n%s", len(got), diff)
	}
	if told, untold, err := r.Packed(t.Context(), 1, dashboards); told != 6 || untold != 2 || err != nil {
		t.Errorf("of packed rows %d are told apart and %d are not, %v; want 6 and 2", told, untold, err)
	}
	for _, damage := range []string{"name = 'other'", "folder = folder || x'00'", "gone_run = 1", "hash = x'00'", "size = size + 1", "policy = 7", "redacted = '[]'"} {
		execute(t, path, "UPDATE versions SET "+damage+" WHERE item = '9'")
		if _, err := current(t, r); err == nil || !strings.Contains(err.Error(), "dashboards/9: does not match its checksum") {
			t.Errorf("%s: %v", damage, err)
		}
	}
}

// TestCurrentOfOddIDs: a damaged id, below all others or far above them, is read in some
// part, and named.
func TestCurrentOfOddIDs(t *testing.T) {
	path, _ := manyStored(t)
	r := read(t, path)
	for _, id := range []string{"-5", "0", "1000000000", "9223372036854775807"} {
		execute(t, path, "UPDATE versions SET id = "+id+" WHERE item = '3000'")
		if _, err := current(t, r); err == nil || !strings.Contains(err.Error(), "dashboards/3000: does not match its checksum") {
			t.Errorf("an id of %s: %v", id, err)
		}
	}
}
