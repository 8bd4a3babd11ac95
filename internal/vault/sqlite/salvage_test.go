package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/testenv"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// salvaged salvages a vault and returns the new one.
func salvaged(t *testing.T, path string) (string, vault.Salvaged) {
	t.Helper()
	to := newPath(t)
	s, err := sqlite.Salvage(t.Context(), path, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, to)
	return to, s
}

// contents is every version of every document of a vault with its body, by a name that
// stays when ids do not matter.
func contents(t *testing.T, path string) map[string]string {
	t.Helper()
	all := map[string]string{}
	r := read(t, path)
	instances, err := r.Instances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range instances {
		err := r.Bodies(t.Context(), func(body func(vault.Entry) ([]byte, error)) error {
			for _, deleted := range []bool{false, true} {
				for e, err := range r.Entries(t.Context(), vault.Query{Instance: i.Name, Deleted: deleted}) {
					if err != nil {
						return err
					}
					versions, err := r.Versions(t.Context(), i.Name, e.Ref)
					if err != nil {
						return err
					}
					for _, v := range versions {
						text, err := body(v)
						if err != nil {
							return err
						}
						all[fmt.Sprintf("%s version %d", v.Ref, v.Version)] = fmt.Sprint(v.State, v.FirstRun, v.Name, string(text))
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// Of a sound vault everything is copied: rows, digests, and what a prune left to know.
func TestSalvageOfASoundVault(t *testing.T) {
	for name, fill := range map[string]func(testing.TB, string){
		"full": aFullVault,
		"pruned": func(t testing.TB, path string) {
			aLongHistory(t, path)
			prune(t, path, vault.Pruning{Runs: []int64{1, 2, 3, 4}, LostBefore: hour(6)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			fill(t, path)
			to, s := salvaged(t, path)
			if len(s.LeftOut) > 0 {
				t.Errorf("left out %v", s.LeftOut)
			}
			want, err := allRows(path)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := allRows(to); err != nil || got != want {
				t.Errorf("%v: the rows are others\n%s\nwant\n%s", err, got, want)
			}
			for _, table := range []string{"pruned_versions", "count_corrections", "run_sessions", "run_lessons"} {
				want, err := sqlite.Rows(path, "SELECT * FROM "+table)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := sqlite.Rows(to, "SELECT * FROM "+table); err != nil || !slices.Equal(got, want) {
					t.Errorf("%s: %v, %v, want %v", table, got, err, want)
				}
			}
		})
	}
}

func TestSalvageNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, sql string
		want      []string // findings, table and a part of the rest
		lost      []string // versions that are not copied
	}{
		{"body", "UPDATE bodies SET data = zeroblob(size) WHERE hash = (SELECT hash FROM versions WHERE name = 'One of run 3')",
			[]string{"versions (dashboards/1)"}, []string{"One of run 3"}},
		{"newest body", "UPDATE bodies SET data = zeroblob(size) WHERE hash = (SELECT hash FROM versions WHERE name = 'One of run 6')",
			[]string{"versions (dashboards/1)", "heads dashboards/1: its newest version is left out: now it is the one of run 5"}, []string{"One of run 6"}},
		{"all of a document", "DELETE FROM bodies WHERE hash = (SELECT hash FROM versions WHERE name = 'Three')",
			[]string{"versions (dashboards/3)"}, []string{"Three"}},
		{"version", "UPDATE versions SET updated_at = 'now' WHERE name = 'Three'", []string{"versions (dashboards/3): does not match its checksum"}, []string{"Three"}},
		{"reference", "UPDATE refs SET item = '10'", []string{"versions (dashboards/6)"}, []string{"Six true", "Six false"}},
		{"head", "UPDATE heads SET settled_run = 1 WHERE item = '2'", []string{"heads dashboards/2: was damaged and is made anew"}, nil},
		{"heads", "DELETE FROM heads", []string{"heads dashboards/1", "heads dashboards/4"}, nil},
		{"run", "UPDATE runs SET tool_version = 'x' WHERE id = 3", []string{"runs 3: does not match", "runs 3: only its number is left"}, nil},
		{"newest run", "DELETE FROM runs WHERE id = 6", []string{"runs 6: only its number is left"}, nil},
		{"instance", "UPDATE instances SET created_at = 1", []string{`instances 1: was damaged and is made anew as "acme"`}, nil},
		{"counts", "UPDATE run_kinds SET new = 7 WHERE run = 1", []string{"run_kinds 1/dashboards"}, nil},
		{"counts of faults", "DELETE FROM faults", nil, nil},
		{"a table", "DROP TABLE run_calls", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := newPath(t)
			aLongHistory(t, path)
			execute(t, path, tt.sql)
			to, s := salvaged(t, path)
			for _, want := range tt.want {
				table, rest, _ := strings.Cut(want, " ")
				if !slices.ContainsFunc(s.LeftOut, func(f vault.Finding) bool { return f.Table == table && strings.Contains(f.String(), rest) }) {
					t.Errorf("left out %v, want %s", s.LeftOut, want)
				}
			}
			names, err := sqlite.Rows(to, "SELECT DISTINCT name FROM versions")
			if err != nil {
				t.Fatal(err)
			}
			const all = 12 // names of versions in the history
			if len(names) != all-len(tt.lost) {
				t.Errorf("%d names of versions are there, want %d: %v", len(names), all-len(tt.lost), names)
			}
			run := aRun(t, to, same("2"), doc("4", "Four true"), doc("5", "Two"))
			if c := run.Kinds[0]; c.New != 0 {
				t.Errorf("a run on it counts %+v", c)
			}
			sound(t, to)
		})
	}
}

// A run that lost something is not complete any more, and the others are what they were.
func TestSalvagedRuns(t *testing.T) {
	path := newPath(t)
	aLongHistory(t, path)
	execute(t, path, "DELETE FROM bodies WHERE hash = (SELECT hash FROM versions WHERE name = 'Three')")
	to, _ := salvaged(t, path)
	runs, err := read(t, to).Runs(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range runs {
		want := record.RunComplete
		if run.ID <= 2 {
			want = record.RunPartial
		}
		if run.Outcome != want || (want == record.RunPartial) != (len(run.Notes) == 1) {
			t.Errorf("run %d is %s %q, want %s", run.ID, run.Outcome, run.Notes, want)
		}
		if got := ids(t, read(t, to), vault.Query{At: vault.AtRun(run.ID)}); strings.Contains(got, "3") {
			t.Errorf("run %d holds %s", run.ID, got)
		}
	}
}

// TestSalvageOfDamagedPages flips bits, tears pages and cuts off the end. What SQLite can
// read at all is copied, and what is not is named, or its page is.
// LOOKERVAULT_TEST_FLIPS asks for more than a few.
func TestSalvageOfDamagedPages(t *testing.T) {
	t.Parallel()
	rounds := testenv.Rounds(t, testenv.Flips, 10)
	path := newPath(t)
	aLargeHistory(t, path, 150)
	w := begin(t, path, startOf("acme", dashboards, looks))
	commit(t, w, doc("7", "Seven"))
	finish(t, w)
	whole := readFile(t, path)
	want := contents(t, path)
	const page = 16384
	random := rand.New(rand.NewPCG(3, 5))
	refused, copied := 0, 0
	for round := range rounds {
		broken := slices.Clone(whole)
		at := random.IntN(len(whole)/page) * page
		what := ""
		switch round % 4 {
		case 0:
			what = fmt.Sprintf("page %d is empty", at/page+1)
			clear(broken[at:][:page])
		case 1:
			what = fmt.Sprintf("page %d is torn", at/page+1)
			for i := range page / 2 {
				broken[at+page/2+i] = byte(random.Uint32())
			}
		case 2:
			at = max(at, len(whole)*3/4/page*page) // the first pages hold the schema, without which there is nothing
			what = fmt.Sprintf("the file ends behind page %d", at/page+1)
			broken = broken[:at+page]
		default:
			for broken[at] == 0 {
				at = random.IntN(len(whole))
			}
			broken[at] ^= 1 << random.IntN(8)
			what = fmt.Sprintf("byte %d of page %d", at%page, at/page+1)
		}
		from, to := newPath(t), newPath(t)
		writeFile(t, from, broken)
		s, err := sqlite.Salvage(t.Context(), from, to, nil)
		if err != nil {
			refused++
			if !corrupt(err) {
				t.Errorf("%s: %v", what, err)
			}
			continue
		}
		copied += compareSalvaged(t, what, want, contents(t, to), s.LeftOut)
	}
	if refused > rounds/4 {
		t.Errorf("%d of %d were refused", refused, rounds)
	}
	t.Logf("%d of %d were refused, %d versions copied", refused, rounds, copied)
}

// compareSalvaged checks that what was copied is as it was, and that whatever was not is
// named.
func compareSalvaged(t *testing.T, what string, want, got map[string]string, leftOut []vault.Finding) int {
	t.Helper()
	named := map[string]bool{}
	for _, f := range leftOut {
		named[f.Document().String()] = true
		if strings.HasPrefix(f.Key, "behind") || f.Table == "bodies" || f.Key == "" {
			named["a page"] = true
		}
	}
	for name, body := range want {
		ref, _, _ := strings.Cut(name, " ")
		switch now, there := got[name]; {
		case there && now != body:
			t.Errorf("%s: %s was copied as %s", what, name, now)
		case !there && !named[ref] && !named["a page"]:
			t.Errorf("%s: %s is neither copied nor named (%d findings)", what, name, len(leftOut))
		}
	}
	for name := range got {
		if _, was := want[name]; !was {
			t.Errorf("%s: %s never was", what, name)
		}
	}
	return len(got)
}

func TestSalvageRefuses(t *testing.T) {
	path := newPath(t)
	aLongHistory(t, path)
	there := newPath(t)
	writeFile(t, there, []byte("mine"))
	if _, err := sqlite.Salvage(t.Context(), path, there, nil); err == nil || !strings.Contains(err.Error(), "there is a file already") {
		t.Errorf("over another file: %v", err)
	}
	if text, err := os.ReadFile(there); err != nil || string(text) != "mine" {
		t.Errorf("the file is now %q, %v", text, err)
	}
	if _, err := sqlite.Salvage(t.Context(), newPath(t), newPath(t), nil); !errors.Is(err, vault.ErrMissing) {
		t.Errorf("of nothing: %v", err)
	}
	to := newPath(t)
	if _, err := sqlite.Salvage(t.Context(), there, to, nil); !errors.Is(err, vault.ErrNotVault) || !sqlite.FilesOf(to).Missing {
		t.Errorf("of a text: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sqlite.Salvage(ctx, path, to, nil); !errors.Is(err, context.Canceled) || !sqlite.FilesOf(to).Missing {
		t.Errorf("stopped: %v, and %+v", err, sqlite.FilesOf(to))
	}
	w := begin(t, path, startOf("acme"))
	if _, err := sqlite.Salvage(t.Context(), path, to, nil); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("while a run writes: %v", err)
	}
	mustClose(t, w)
}

// What is damaged touches the runs that hold it; the others can be relied on.
func TestUntouched(t *testing.T) {
	for _, tt := range []struct {
		name, sql string
		want      []int64
		known     bool
	}{
		{"one version", "UPDATE bodies SET data = zeroblob(size) WHERE hash = (SELECT hash FROM versions WHERE name = 'One of run 3')", []int64{6, 5, 4, 2, 1}, true},
		{"what is gone", "UPDATE bodies SET data = zeroblob(size) WHERE hash = (SELECT hash FROM versions WHERE name = 'Three')", []int64{6, 5, 4, 3}, true},
		{"a head", "UPDATE heads SET settled_run = 3 WHERE item = '5'", []int64{4, 3, 2, 1}, true},
		{"all", "UPDATE bodies SET data = zeroblob(size) WHERE hash = (SELECT hash FROM versions WHERE name = 'Two')", nil, true},
		{"a version's row", "UPDATE versions SET name = 'Too' WHERE name = 'Two'", nil, true},
		{"counts", "UPDATE run_kinds SET new = 7 WHERE run = 1", nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := newPath(t)
			aLongHistory(t, path)
			execute(t, path, tt.sql)
			r := read(t, path)
			findings, err := r.Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got, known, err := r.Untouched(t.Context(), findings)
			if err != nil || known != tt.known || !slices.Equal(got, tt.want) {
				t.Errorf("got %v, %t, %v, want %v; the findings are %v", got, known, err, tt.want, findings)
			}
		})
	}
}

// TestSalvageWithoutAFirstPage: what the header and the schema say is known, so that a
// vault which has lost them loses nothing else.
func TestSalvageWithoutAFirstPage(t *testing.T) {
	t.Parallel()
	const page = 16384
	tests := []struct {
		name   string
		damage func(file []byte)
	}{
		{"the name of the format", func(file []byte) { copy(file, "not SQLite") }},
		{"the header", func(file []byte) { clear(file[:100]) }},
		{"the whole page", func(file []byte) { clear(file[:page]) }},
		{"a letter of every table in the schema", func(file []byte) {
			copy(file, bytes.ReplaceAll(file, []byte("CREATE TABLE "), []byte("CREATE #ABLE ")))
		}},
		{"a letter of one table in the schema", func(file []byte) {
			copy(file, bytes.ReplaceAll(file, []byte("CREATE TABLE versions"), []byte("CREATE #ABLE versions")))
		}},
	}
	for _, tt := range tests {
		for _, vacuumed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, vacuumed %v", tt.name, vacuumed), func(t *testing.T) {
				path := newPath(t)
				aFullVault(t, path)
				if vacuumed {
					execute(t, path, "VACUUM")
				}
				want := contents(t, path)
				file := readFile(t, path)
				tt.damage(file)
				writeFile(t, path, file)
				to, s := salvaged(t, path)
				if diff := cmp.Diff(want, contents(t, to)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				if len(s.LeftOut) == 0 {
					t.Error("nothing is said of it")
				}
				if left, err := filepath.Glob(filepath.Join(filepath.Dir(to), ".salvage-*")); err != nil || len(left) > 0 {
					t.Errorf("left behind: %v, %v", left, err)
				}
			})
		}
	}
}

// What is no vault stays none, however its first page is read.
func TestSalvageOfNoVault(t *testing.T) {
	path := newPath(t)
	writeFile(t, path, []byte(strings.Repeat("a text that goes on and on\n", 10_000)))
	if _, err := sqlite.Salvage(t.Context(), path, newPath(t), nil); !errors.Is(err, vault.ErrNotVault) {
		t.Errorf("%v", err)
	}
}
