package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/testenv"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

// aFullVault has a row in every table.
func aFullVault(t testing.TB, path string) {
	t.Helper()
	theFullVault.put(t, path, fillFullVault)
}

var theFullVault fixture

func fillFullVault(t testing.TB, path string) {
	t.Helper()
	aHistory(t, path)
	start := startOf("acme", dashboards, looks)
	start.Calls = func() []record.Calls { return []record.Calls{{Route: "GET /dashboards/search", Class: "query", N: 3}} }
	start.Config = []byte(`{"kinds":["all"]}`)
	w := begin(t, path, start)
	long := doc("6", "Six")
	long.Redacted = []string{"$.secret"}
	compress(t, &long, nil, strings.Repeat("a long text that compresses ", 2000))
	with := doc("7", "Seven")
	compressWith(t, &with, aDictionary(t), "what dashboards have in common, and seven")
	commit(t, w, with)
	commit(t, w, doc("5", "Five", vaulttest.Pointing(record.Ref{Kind: looks, ID: "9"}, record.Ref{Kind: looks, ID: "10"}, record.Ref{Kind: "merge_queries", ID: "9"})),
		long, same("1", vaulttest.StateOnly), vaulttest.Fault(dashboards, "2", "server", 5), vaulttest.Fault(looks, "9", "denied", 1))
	finish(t, w, dashboards)
	aRestore(t, path)
}

// aRestore puts something into each table of restores.
func aRestore(t testing.TB, path string) {
	t.Helper()
	f, err := sqlite.OpenFile(t.Context(), path, sqlite.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	plan := aPlan()
	for i := range plan.Actions {
		plan.Actions[i].Version, plan.Actions[i].Before = 1, 2
	}
	r := apply(t, f, putPlan(t, f, plan).ID, func() []record.Calls {
		return []record.Calls{{Route: "POST /dashboards", Class: "administrative", N: 1}}
	})
	if err := r.Advance(t.Context(), nil, intent(2, 1)); err != nil {
		t.Fatal(err)
	}
	failed := record.Action{Seq: 1, State: record.ActionFailed, Class: "invalid", Status: 422, Message: "Validation Failed"}
	mapping := record.Mapping{Ref: record.Ref{Kind: dashboards, ID: "3"}, TargetID: "90", How: record.MapCreated}
	if err := r.Settle(t.Context(), nil, []record.Action{failed}, []record.Mapping{mapping}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Finish(t.Context(), record.RestorePartial, 2, nil); err != nil {
		t.Fatal(err)
	}
	mustClose(t, f)
}

// compress gives a record a compressed body.
func compress(t testing.TB, rec *record.Record, dictionaries *codec.Dictionaries, content string) {
	t.Helper()
	enc, err := codec.NewEncoder(record.Zstd, dictionaries)
	if err != nil {
		t.Fatal(err)
	}
	plain := doc(rec.ID, content)
	rec.Hash, rec.Size, rec.Fingerprint = plain.Hash, plain.Size, plain.Fingerprint
	rec.Body, rec.Codec, rec.Dictionary = enc.Encode(plain.Kind, plain.Body, nil)
}

func TestVerifyFindsNothing(t *testing.T) {
	path := newPath(t)
	aFullVault(t, path)
	sound(t, path)
	for _, table := range []string{"instances", "runs", "run_kinds", "run_calls", "dictionaries", "bodies", "versions", "heads", "refs", "faults",
		"restores", "restore_actions", "restore_steps", "id_map", "restore_calls"} {
		if n, err := sqlite.Value(path, "SELECT count(*) FROM "+table); err != nil || n == int64(0) {
			t.Errorf("%s has %v rows, %v: the test looks at nothing", table, n, err)
		}
	}
}

func TestVerifyNames(t *testing.T) {
	source := newPath(t)
	aFullVault(t, source)
	whole := readFile(t, source)
	tests := []struct {
		name  string
		sql   string
		table string
		key   string // a part of it
	}{
		{"instance", "UPDATE instances SET base_url = 'https://evil.example.com'", "instances", "1"},
		{"run", "UPDATE runs SET outcome = 'complete' WHERE outcome = 'partial'", "runs", "6"},
		{"run config", "UPDATE runs SET config = replace(config, 'all', 'alk') WHERE id = 6", "runs", "6"},
		{"digest", "UPDATE runs SET digest = zeroblob(32) WHERE id = 6", "runs", "6"},
		{"counter", "UPDATE run_kinds SET new = new + 1 WHERE run = 1", "run_kinds", "1/dashboards"},
		{"failed", "UPDATE run_kinds SET failed = 0 WHERE failed = 1", "run_kinds", "6/"},
		{"dangling", "UPDATE run_kinds SET dangling = 1 WHERE run = 1", "run_kinds", "1/dashboards"},
		{"calls", "UPDATE run_calls SET calls = 1", "run_calls", "6/"},
		{"head stamp", "UPDATE heads SET stamp = zeroblob(32) WHERE item = '1'", "heads", "dashboards/1"},
		{"head state", "UPDATE heads SET state = 'present' WHERE item = '3'", "heads", "dashboards/3"},
		{"head settled", "UPDATE heads SET settled_run = 1 WHERE item = '2'", "heads", "dashboards/2"},
		{"head gone", "DELETE FROM heads WHERE item = '2'", "versions", "(dashboards/2)"},
		{"version name", "UPDATE versions SET name = 'Too' WHERE name = 'Two'", "versions", "(dashboards/2)"},
		{"version interval", "UPDATE versions SET first_run = 2 WHERE first_run = 1 AND item = '1'", "versions", "(dashboards/1)"},
		{"version other body", "UPDATE versions SET hash = (SELECT hash FROM versions WHERE item = '9') WHERE item = '5'", "versions", "(dashboards/5)"},
		{"version missing", "DELETE FROM versions WHERE item = '5'", "heads", "dashboards/5"},
		{"version missing, its body", "DELETE FROM versions WHERE item = '5'", "bodies", "dashboards/5 "},
		{"version hash, its body", "UPDATE versions SET hash = randomblob(32) WHERE item = '6'", "bodies", "dashboards/6 "},
		{"version not current", "UPDATE versions SET last_run = NULL WHERE last_run IS NOT NULL AND item = '1'", "versions", "(dashboards/1)"},
		{"version size", "UPDATE versions SET size = size + 1 WHERE item = '5'", "versions", "(dashboards/5)"},
		{"ref changed", "UPDATE refs SET item = '11' WHERE item = '10'", "versions", "(dashboards/5)"},
		{"ref missing", "DELETE FROM refs WHERE item = '10'", "versions", "(dashboards/5)"},
		{"ref added", "INSERT INTO refs SELECT id, 'looks', '1' FROM versions WHERE item = '6'", "versions", "(dashboards/6)"},
		{"body bytes", "UPDATE bodies SET data = CAST(replace(CAST(data AS TEXT), 'Five', 'Four') AS BLOB) WHERE CAST(data AS TEXT) LIKE '%Five%'", "bodies", "dashboards/5 "},
		{"body codec", "UPDATE bodies SET codec = 'none' WHERE codec = 'zstd'", "bodies", ""},
		{"body size", "UPDATE bodies SET size = size + 1 WHERE codec = 'zstd'", "bodies", "dashboards/6 "},
		{"body unknown codec", "UPDATE bodies SET codec = 'lzma' WHERE codec = 'zstd'", "bodies", ""},
		{"body truncated", "UPDATE bodies SET data = substr(data, 1, 20) WHERE codec = 'zstd'", "bodies", ""},
		{"body missing", "DELETE FROM bodies WHERE codec = 'zstd'", "versions", "(dashboards/6)"},
		{"body without its dictionary", "UPDATE bodies SET dictionary = NULL", "bodies", ""},
		{"body with another dictionary", "UPDATE bodies SET dictionary = 99 WHERE dictionary = 1", "bodies", ""},
		{"dictionary", "UPDATE dictionaries SET kind = 'looks'", "dictionaries", "1"},
		{"dictionary missing", "DELETE FROM dictionaries", "bodies", ""},
		{"dictionary text", "UPDATE dictionaries SET data = zeroblob(length(data))", "bodies", ""},
		{"body orphaned", "INSERT INTO bodies VALUES (zeroblob(32), 'none', 0, x'', NULL)", "bodies", "0000"},
		{"fault", "UPDATE faults SET class = 'denied' WHERE class = 'server'", "faults", ""},
		{"fault resolved", "UPDATE faults SET resolved_run = 6", "faults", ""},
		{"sequence", "UPDATE sqlite_sequence SET seq = 2", "sqlite_sequence", "runs"},
		{"restore", "UPDATE restores SET state = 'complete'", "restores", "1"},
		{"restore action", "UPDATE restore_actions SET state = 'done' WHERE seq = 2", "restore_actions", "1/2"},
		{"restore action missing", "DELETE FROM restore_actions WHERE seq = 5", "restores", "1"},
		{"version of an action", "DELETE FROM versions WHERE id = 1", "restore_actions", "1/1"},
		{"restore step", "UPDATE restore_steps SET state = 'done'", "restore_steps", "1/2/1"},
		{"action of a step", "DELETE FROM restore_actions WHERE seq = 2", "restore_steps", "1/2/1"},
		{"id map", "UPDATE id_map SET target_item = '91'", "id_map", "1/1/dashboards/3"},
		{"restore calls", "UPDATE restore_calls SET calls = 0", "restore_calls", "1/"},
		{"restore sequence", "UPDATE sqlite_sequence SET seq = 9 WHERE name = 'restores'", "sqlite_sequence", "restores"},
		{"index dropped", "DROP INDEX versions_item", "sqlite_schema", "index versions_item"},
		{"view changed", "DROP VIEW open_faults; CREATE VIEW open_faults AS SELECT 1 AS run", "sqlite_schema", "view open_faults"},
	}
	unnamed := []string{"body orphaned", "version other body", "version of an action"} // nothing leads to the document of a body
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := newPath(t)
			writeFile(t, path, whole)
			execute(t, path, tt.sql)
			r := read(t, path)
			findings, err := r.Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			beside, err := r.VerifyBeside(t.Context(), 3)
			if diff := cmp.Diff(findings, beside); diff != "" || err != nil {
				t.Errorf("with three connections: %v (-one +three):\n%s", err, diff)
			}
			if !slices.ContainsFunc(findings, func(f vault.Finding) bool {
				return f.Table == tt.table && strings.Contains(f.Key, tt.key)
			}) {
				t.Errorf("got %v, want one about %s %s", findings, tt.table, tt.key)
			}
			for _, f := range findings {
				named := f.Document() != record.Ref{} || f.Key == "" || strings.Contains(f.Problem, "the runs counted") || slices.Contains(unnamed, tt.name)
				if slices.Contains([]string{"heads", "versions", "bodies"}, f.Table) && !named {
					t.Errorf("%+v names no document", f)
				}
			}
		})
	}
}

// What somebody adds for reports of their own is no damage.
func TestVerifyLeavesOthersAlone(t *testing.T) {
	path := newPath(t)
	aFullVault(t, path)
	execute(t, path, "CREATE VIEW mine AS SELECT * FROM documents", "CREATE INDEX my_names ON versions (name)")
	sound(t, path)
}

func TestVerifyObeysTheContext(t *testing.T) {
	path := newPath(t)
	aFullVault(t, path)
	r := read(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if findings, err := r.Verify(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v, want context.Canceled", findings, err)
	}
}

// A body that is damaged is an error which names its document; the others are
// still read.
func TestDamagedBody(t *testing.T) {
	path := newPath(t)
	aFullVault(t, path)
	execute(t, path, "UPDATE bodies SET data = CAST(replace(CAST(data AS TEXT), 'Five', 'Four') AS BLOB) WHERE CAST(data AS TEXT) LIKE '%Five%'")
	r := read(t, path)
	_, err := r.Document(t.Context(), "", record.Ref{Kind: dashboards, ID: "5"}, vault.Point{})
	checkError(t, "document", err, path, vault.ErrCorrupt)
	if err != nil && !strings.Contains(err.Error(), "dashboards/5") {
		t.Errorf("%v does not name the document", err)
	}
	if _, err := r.Document(t.Context(), "", record.Ref{Kind: dashboards, ID: "6"}, vault.Point{}); err != nil {
		t.Error(err)
	}
}

// A document that lost its version gets another one when it is fetched, and is not
// counted as a new one.
func TestDamagedHead(t *testing.T) {
	path := newPath(t)
	aHistory(t, path)
	execute(t, path, "DELETE FROM versions WHERE kind = 'dashboards' AND item = '4'")
	w := begin(t, path, startOf("acme"))
	if known, err := w.Known(t.Context(), dashboards, []string{"2", "4"}); err != nil || len(known) != 1 {
		t.Errorf("got %v, %v, want 2 alone: 4 must be fetched", known, err)
	}
	commit(t, w, same("1", vaulttest.Trash), doc("2", "Two, better"), doc("4", "Four"))
	run := finish(t, w, dashboards)
	if got := run.Kinds[0]; got.New != 0 || got.Changed != 1 || got.Gone != 0 {
		t.Errorf("%+v: want one that changed", got)
	}
	sound(t, path)
}

// TestFlippedBytes flips one byte of the file at a time, and expects that it is
// found or that every row is still the same. LOOKERVAULT_TEST_FLIPS asks for more
// than a few.
func TestFlippedBytes(t *testing.T) {
	t.Parallel()
	flips := testenv.Rounds(t, testenv.Flips, 80)
	path := newPath(t)
	aFullVault(t, path)
	whole := readFile(t, path)
	want, err := allRows(path)
	if err != nil {
		t.Fatal(err)
	}
	used := usedBytes(whole)
	random := rand.New(rand.NewPCG(1, 2))
	found := 0
	for range flips {
		at := used[random.IntN(len(used))]
		if random.IntN(10) == 0 {
			at = random.IntN(len(whole))
		}
		by := byte(1 + random.IntN(255))
		whole[at] ^= by
		writeFile(t, path, whole)
		whole[at] ^= by
		if noticed(t, path) {
			found++
			continue
		}
		if got, err := allRows(path); err != nil || got != want {
			t.Errorf("byte %d of page %d xor %#x is not noticed, and the rows are others (%v)", at%16384, at/16384+1, by, err)
		}
	}
	t.Logf("%d of %d flips were found, the others changed no row", found, flips)
	if found < flips*2/5 { // the others hit what rows have left behind in pages
		t.Errorf("only %d of %d flips were found", found, flips)
	}
}

// usedBytes are the places of a file that are worth a flip: most of a small vault's pages are
// empty.
func usedBytes(whole []byte) (places []int) {
	for i, b := range whole {
		if b != 0 {
			places = append(places, i)
		}
	}
	return places
}

// dropLog removes what an open vault has beside its file, so that the file alone counts.
func dropLog(path string) {
	for _, suffix := range []string{"-wal", "-shm"} {
		_ = os.Remove(path + suffix)
	}
}

func noticed(t *testing.T, path string) bool {
	t.Helper()
	dropLog(path)
	r, err := sqlite.OpenReader(t.Context(), path)
	if err != nil {
		return true
	}
	defer r.Close()
	findings, err := r.Verify(t.Context())
	return err != nil || len(findings) > 0
}

// allRows is every row of every table, and the schema.
func allRows(path string) (string, error) {
	var all strings.Builder
	for _, table := range []string{"sqlite_schema", "instances", "runs", "run_kinds", "run_calls", "dictionaries", "bodies", "versions", "heads",
		"refs", "faults", "sqlite_sequence"} {
		columns := "*"
		if table == "sqlite_schema" {
			columns = "type, name, tbl_name, sql"
		}
		list, err := sqlite.Rows(path, "SELECT "+columns+" FROM "+table)
		if err != nil {
			return "", err
		}
		slices.Sort(list)
		fmt.Fprintln(&all, table, list)
	}
	return all.String(), nil
}
