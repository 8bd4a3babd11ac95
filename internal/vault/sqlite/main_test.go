package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/testenv"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

// childVariable names what the test binary does instead of tests when it is
// started by one.
const childVariable = "LOOKERVAULT_TEST_CHILD"

var children = map[string]func(ctx context.Context, args []string) error{
	"lock":    lockChild,
	"crash":   crashChild,
	"full":    fullChild,
	"nothing": nothingChild,
	"read":    readChild,
	"nolocks": noLocksChild,
	"prune":   pruneChild,
	"journal": journalChild,
}

func TestMain(m *testing.M) {
	// What lives is small, so the collector took a sixth of the processor time of these tests.
	debug.SetGCPercent(400)
	testenv.TempInMemory()
	child, ok := children[os.Getenv(childVariable)]
	if !ok {
		os.Exit(m.Run())
	}
	if err := child(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// childCommand is this binary as a child.
func childCommand(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), childVariable+"="+name)
	cmd.Stderr = os.Stderr
	return cmd
}

// lockChild opens a vault, says so, and holds it until its input ends.
func lockChild(ctx context.Context, args []string) error {
	w, err := sqlite.Open(ctx, args[0], sqlite.Options{})
	if err != nil {
		return err
	}
	if _, err := w.Begin(ctx, startOf("acme")); err != nil {
		return err
	}
	fmt.Println("held")
	bufio.NewScanner(os.Stdin).Scan()
	return w.Close()
}

const dashboards, looks record.Kind = "dashboards", "looks"

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "looker.db") }

func mustClose(t testing.TB, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func writeFile(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// execute executes statements on the file of a vault that nothing has open.
func execute(t testing.TB, path string, statements ...string) {
	t.Helper()
	if err := sqlite.Execute(path, statements...); err != nil {
		t.Fatal(err)
	}
}

// A fixture is a vault that many tests begin with. The first of them makes it, and all get copies
// of the file: made anew for each, the fixtures took a fifth of the processor time of these tests.
type fixture struct {
	once sync.Once
	file []byte
}

// put puts a copy of the vault that fill fills at a path where there is none.
func (f *fixture) put(t testing.TB, path string, fill func(t testing.TB, path string)) {
	t.Helper()
	f.once.Do(func() {
		first := newPath(t)
		fill(t, first)
		var err error
		if f.file, err = os.ReadFile(first); err != nil {
			t.Fatal(err)
		}
	})
	if f.file == nil {
		t.Fatal("the test that made this vault has failed")
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s is there already: %v", path, err)
	}
	writeFile(t, path, f.file)
}

func startOf(instance string, kinds ...record.Kind) record.Start {
	if kinds == nil {
		kinds = []record.Kind{dashboards}
	}
	return record.Start{
		Instance: instance, BaseURL: "https://" + instance + ".looker.com", Origin: "api",
		Scope: record.Scope{Kinds: kinds}, Looker: "26.2.11", Tool: "1.0.0", At: vaulttest.Dawn,
		Policy: 1, Fingerprint: vaulttest.Fingerprint(1),
	}
}

func open(t testing.TB, path string) *sqlite.Writer {
	t.Helper()
	// The search index has all the time that it takes.
	w, err := sqlite.Open(t.Context(), path, sqlite.Options{IndexShare: 1e6})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

func begin(t testing.TB, path string, start record.Start) *sqlite.Writer {
	t.Helper()
	w := open(t, path)
	if _, err := w.Begin(t.Context(), start); err != nil {
		t.Fatal(err)
	}
	return w
}

func commit(t testing.TB, w *sqlite.Writer, records ...record.Record) {
	t.Helper()
	if err := w.Commit(t.Context(), records); err != nil {
		t.Fatal(err)
	}
}

// finish ends a run whose listings were complete and closes the vault.
func finish(t testing.TB, w *sqlite.Writer, kinds ...record.Kind) record.Run {
	t.Helper()
	f := record.Finish{At: vaulttest.Dawn.Add(time.Hour)}
	for _, kind := range kinds {
		f.Kinds = append(f.Kinds, record.End{Kind: kind, Listing: record.Complete})
	}
	run, err := w.Finish(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, w)
	return run
}

// aRun is a whole run over dashboards.
func aRun(t testing.TB, path string, records ...record.Record) record.Run {
	t.Helper()
	w := begin(t, path, startOf("acme"))
	commit(t, w, records...)
	return finish(t, w, dashboards)
}

func doc(id, title string, more ...func(*record.Record)) record.Record {
	return vaulttest.Doc(dashboards, id, title, more...)
}

func same(id string, more ...func(*record.Record)) record.Record {
	return vaulttest.Same(dashboards, id, more...)
}

func read(t testing.TB, path string) *sqlite.Reader {
	t.Helper()
	r, err := sqlite.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// sound checks that nothing is wrong with the vault.
func sound(t testing.TB, path string) {
	t.Helper()
	findings, err := read(t, path).Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Errorf("verify: %s", f)
	}
}
