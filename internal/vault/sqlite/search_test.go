package sqlite_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

// titleTerms are the words of a document's title, and its id as a user.
func titleTerms(body []byte) ([]byte, error) {
	var d struct{ ID, Title string }
	if err := json.Unmarshal(body, &d); err != nil {
		return nil, err
	}
	lines := []string{"u" + d.ID}
	for word := range strings.FieldsSeq(d.Title) {
		if lines = append(lines, "w"+word); len(word) > 8 {
			lines = append(lines, "x")
		}
	}
	slices.Sort(lines)
	return []byte(strings.Join(slices.Compact(lines), "\n") + "\n"), nil
}

func indexing(start record.Start) record.Start {
	start.TermRules, start.Terms = 1, titleTerms
	return start
}

// anIndexedRun is aRun with a search index.
func anIndexedRun(t *testing.T, path string, records ...record.Record) {
	t.Helper()
	w := begin(t, path, indexing(startOf("acme", dashboards)))
	commit(t, w, records...)
	finish(t, w, dashboards)
}

func candidates(t *testing.T, documents iter.Seq2[vault.Document, error]) (list []string) {
	t.Helper()
	for d, err := range documents {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%s %s %d-%d %s", d.Ref, d.State, d.FirstRun, d.LastRun, titleOf(t, d.Body)))
	}
	return list
}

func titleOf(t *testing.T, body []byte) string {
	t.Helper()
	var d struct{ Title string }
	if err := json.Unmarshal(body, &d); err != nil {
		t.Fatal(err)
	}
	return d.Title
}

func search(rules int, needs ...vault.Need) vault.Search {
	return vault.Search{Needs: needs, Rules: rules}
}

func TestCandidates(t *testing.T) {
	path := newPath(t)
	anIndexedRun(t, path, doc("1", "sales overview"), doc("2", "returns"), doc("3", "sales", vaulttest.Trash), doc("4", "averylongword"))
	anIndexedRun(t, path, doc("1", "sales of returns"), same("2"), doc("10", "overview")) // 3 and 4 are gone
	r := read(t, path)
	part := func(word string) vault.Need { return vault.Need{Term: "w" + word, Part: true, Or: "x"} }
	history := func(needs ...vault.Need) vault.Search {
		s := search(1, needs...)
		s.History = true
		return s
	}
	for _, tt := range []struct {
		name   string
		search vault.Search
		want   []string
	}{
		{"a word", search(1, part("sales")), []string{"dashboards/1 present 2-2 sales of returns"}},
		{"a part of one", search(1, part("etur")), []string{"dashboards/1 present 2-2 sales of returns", "dashboards/2 present 1-2 returns"}},
		{"both", search(1, part("etur"), part("sal")), []string{"dashboards/1 present 2-2 sales of returns"}},
		{"not across words", search(1, part("esof")), nil},
		{"the letter of the class is no part", search(1, part("wret")), nil},
		{"a whole term", search(1, vault.Need{Term: "u1"}), []string{"dashboards/1 present 2-2 sales of returns"}},
		{"no beginning of one", search(1, vault.Need{Term: "u"}), nil},
		{"in history, the newest first", history(part("sales")), []string{
			"dashboards/1 present 2-2 sales of returns", "dashboards/1 present 1-1 sales overview", "dashboards/3 trashed 1-1 sales",
			"dashboards/4 present 1-1 averylongword",
		}},
		{"or what may be anything", history(part("nowhere")), []string{"dashboards/4 present 1-1 averylongword"}},
		{"of another kind", vault.Search{Kind: looks, Rules: 1, Needs: []vault.Need{part("sales")}}, nil},
		{"chosen by their entries", vault.Search{Rules: 1, Needs: []vault.Need{part("etur")}, Entry: func(e vault.Entry) bool { return e.ID == "2" }}, []string{"dashboards/2 present 1-2 returns"}},
		{"without needs", search(1), []string{"dashboards/1 present 2-2 sales of returns", "dashboards/10 present 2-2 overview", "dashboards/2 present 1-2 returns"}},
		{"of other rules", search(2, part("sales")), []string{"dashboards/1 present 2-2 sales of returns", "dashboards/10 present 2-2 overview", "dashboards/2 present 1-2 returns"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, candidates(t, r.Candidates(t.Context(), tt.search))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	sound(t, path)
}

// TestCandidatesAreTheModel makes random histories, with runs that keep no index, that
// are killed, and with versions that are removed, and compares what the index says with
// what is in every version.
func TestCandidatesAreTheModel(t *testing.T) {
	t.Parallel()
	words := []string{"sales", "returns", "overview", "by", "region", "byregion", "averylongword", "ab", "b"}
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 3))
			path := newPath(t)
			title := func() string {
				return strings.Join([]string{words[random.IntN(len(words))], words[random.IntN(len(words))], fmt.Sprint(random.IntN(50))}, " ")
			}
			for run := range 12 {
				start := startOf("acme", dashboards)
				if random.IntN(4) > 0 || run == 11 {
					start = indexing(start)
				}
				w := begin(t, path, start)
				for range 1 + random.IntN(8) {
					commit(t, w, doc(fmt.Sprint(random.IntN(12)), title()))
				}
				if random.IntN(4) == 0 && run < 11 {
					if err := w.Close(); err != nil { // as a kill does, after its commits
						t.Fatal(err)
					}
				} else {
					finish(t, w, dashboards)
				}
				compareCandidates(t, path, random, words, run == 11)
			}
			sound(t, path)
		})
	}
}

func compareCandidates(t *testing.T, path string, random *rand.Rand, words []string, exact bool) {
	t.Helper()
	r := read(t, path)
	for _, history := range []bool{false, true} {
		all := candidates(t, r.Candidates(t.Context(), vault.Search{History: history}))
		for range 8 {
			word := words[random.IntN(len(words))]
			from := random.IntN(len(word))
			need := vault.Need{Term: "w" + word[from:from+1+random.IntN(len(word)-from)], Part: true, Or: "x"}
			var want []string
			for _, line := range all {
				fields := strings.Fields(line)[3:]
				if slices.ContainsFunc(fields, func(f string) bool { return strings.Contains(f, need.Term[1:]) || len(f) > 8 }) {
					want = append(want, line)
				}
			}
			got := candidates(t, r.Candidates(t.Context(), vault.Search{Rules: 1, History: history, Needs: []vault.Need{need}}))
			for _, line := range want {
				if !slices.Contains(got, line) {
					t.Errorf("%+v does not meet %q", need, line)
				}
			}
			if diff := cmp.Diff(want, got); exact && diff != "" {
				t.Errorf("%+v, history %t (-want +got):\n%s", need, history, diff)
			}
		}
	}
}

// TestSlowSearchIsExplained: who waits because the index is far behind is told how to
// mend that.
func TestSlowSearchIsExplained(t *testing.T) {
	path := newPath(t)
	w := begin(t, path, startOf("acme", dashboards)) // without an index
	var some []record.Record
	for i := range 5000 {
		some = append(some, doc(fmt.Sprint(i), "sales"))
	}
	commit(t, w, some...)
	finish(t, w, dashboards)
	told := func() (texts []string) {
		t.Helper()
		r := read(t, path)
		r.OnLog(func(text string) { texts = append(texts, text) })
		if got := candidates(t, r.Candidates(t.Context(), search(1, vault.Need{Term: "wsales", Part: true}))); len(got) != 5000 {
			t.Errorf("%d found", len(got))
		}
		return texts
	}
	if got := told(); len(got) != 1 || !strings.Contains(got[0], "5000 versions") || !strings.Contains(got[0], "lookervault reindex") {
		t.Errorf("told %q", got)
	}
	reindex(t, path)
	if got := told(); len(got) != 0 {
		t.Errorf("told %q though all is indexed", got)
	}
}

// TestDamagedBodyIsMet: a body that cannot be read is in no block, so that who searches
// is told.
func TestDamagedBodyIsMet(t *testing.T) {
	path := newPath(t)
	anIndexedRun(t, path, doc("1", "sales"), doc("2", "returns"), doc("3", "overview"))
	execute(t, path, `UPDATE bodies SET data = zeroblob(length(data)) WHERE hash = (SELECT hash FROM versions WHERE item = '2')`)
	reindex(t, path)
	var failed error
	for _, err := range read(t, path).Candidates(t.Context(), search(1, vault.Need{Term: "wsales", Part: true})) {
		failed = err
	}
	if failed == nil || !strings.Contains(failed.Error(), "dashboards/2") {
		t.Errorf("got %v, want the damaged body to be named", failed)
	}
}

// TestNoIdTwice: a version that was removed leaves its id to nobody while the index
// knows it.
func TestNoIdTwice(t *testing.T) {
	path := newPath(t)
	anIndexedRun(t, path, doc("1", "sales"), doc("2", "returns"))
	execute(t, path, `DELETE FROM heads WHERE item = '2'`, `DELETE FROM versions WHERE item = '2'`)
	anIndexedRun(t, path, same("1"), doc("3", "overview"))
	got := candidates(t, read(t, path).Candidates(t.Context(), search(1, vault.Need{Term: "wover", Part: true})))
	if diff := cmp.Diff([]string{"dashboards/3 present 2-2 overview"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
