package sqlite_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// TestIndexTakesItsShare: a run that has no time left for the index leaves it to a later
// one, and what is looked for is found meanwhile.
func TestIndexTakesItsShare(t *testing.T) {
	path := newPath(t)
	w, err := sqlite.Open(t.Context(), path, sqlite.Options{IndexShare: 1e-9})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Begin(t.Context(), indexing(startOf("acme", dashboards))); err != nil {
		t.Fatal(err)
	}
	commit(t, w, doc("1", "sales overview"), doc("2", "returns"))
	finish(t, w, dashboards)
	known := func() any {
		t.Helper()
		n, err := sqlite.Value(path, `SELECT coalesce(sum(count), 0) FROM search_blocks`)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := known(); n != int64(0) {
		t.Errorf("a run without time indexed %v versions", n)
	}
	// What is not indexed is a candidate: who searches looks into it.
	all := []string{"dashboards/1 present 1-1 sales overview", "dashboards/2 present 1-1 returns"}
	if diff := cmp.Diff(all, candidates(t, read(t, path).Candidates(t.Context(), search(1, vault.Need{Term: "wsal", Part: true})))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	anIndexedRun(t, path, same("1"), same("2"))
	if n := known(); n != int64(2) {
		t.Errorf("the next run knows %v versions, want 2", n)
	}
	if diff := cmp.Diff([]string{"dashboards/1 present 1-2 sales overview"}, candidates(t, read(t, path).Candidates(t.Context(), search(1, vault.Need{Term: "wsal", Part: true})))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	sound(t, path)
}

// TestManyRunsLeaveFewBlocks: what runs add little by little is put together.
func TestManyRunsLeaveFewBlocks(t *testing.T) {
	path := newPath(t)
	for run := range 40 {
		anIndexedRun(t, path, doc("1", fmt.Sprint("title ", run)))
	}
	blocks, err := sqlite.Value(path, `SELECT count(*) FROM search_blocks`)
	if err != nil || blocks.(int64) > 7 {
		t.Errorf("%v blocks, %v, want one for every doubling at most", blocks, err)
	}
	known, err := sqlite.Value(path, `SELECT sum(count) FROM search_blocks`)
	if err != nil || known != int64(40) {
		t.Errorf("the index knows %v versions, %v, want 40", known, err)
	}
	s := search(1, vault.Need{Term: "w7", Part: true})
	s.History = true
	if got := candidates(t, read(t, path).Candidates(t.Context(), s)); len(got) != 4 { // 7, 17, 27, 37
		t.Errorf("%d versions have a 7: %v", len(got), got)
	}
}

// TestLargeDocumentsLeaveSmallBlocks: a block has a megabyte of places and what its last
// version has, however large documents are and however few of them make it so, also where
// the blocks of two runs would be put together.
func TestLargeDocumentsLeaveSmallBlocks(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	const words, documents = 180_000, 14
	random := rand.New(rand.NewPCG(1, 4))
	for run := range 2 {
		var some []record.Record
		for i := range documents {
			text := []string{fmt.Sprintf("r%dd%d", run, i), "every"}
			for word := range words {
				if random.IntN(2) == 0 {
					text = append(text, fmt.Sprint(word))
				}
			}
			some = append(some, doc(fmt.Sprint(i), strings.Join(text, " ")))
		}
		anIndexedRun(t, path, some...)
	}
	counts, err := sqlite.Value(path, `SELECT group_concat(count, ' ') FROM search_blocks`)
	if want := "12 2 12 2"; err != nil || counts != want {
		t.Errorf("blocks of %v versions, %v, want %s", counts, err, want)
	}
	r := read(t, path)
	for _, term := range []string{"wr1d11", "wr1d12"} { // on both sides of an end
		n := 0
		for range r.Candidates(t.Context(), search(1, vault.Need{Term: term}, vault.Need{Term: "wevery"})) {
			n++
		}
		if n != 1 {
			t.Errorf("%s: %d found, want 1", term, n)
		}
	}
	sound(t, path)
	checksumOfBlock(t, path)
}

// checksumOfBlock compares the checksum of the first block with one that is made here: each
// column with its type and size, as rows of every vault have it, also where a column is long.
func checksumOfBlock(t *testing.T, path string) {
	t.Helper()
	column := func(name string) any {
		t.Helper()
		value, err := sqlite.Value(path, `SELECT `+name+` FROM search_blocks ORDER BY first LIMIT 1`)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	written := append([]byte{'t', byte(len("search_blocks"))}, "search_blocks"...)
	for _, name := range []string{"first", "last", "count", "rules", "versions", "terms", "postings"} {
		switch value := column(name).(type) {
		case int64:
			written = binary.BigEndian.AppendUint64(append(written, 'i'), uint64(value))
		case []byte:
			written = append(binary.AppendUvarint(append(written, 'b'), uint64(len(value))), value...)
		}
	}
	if sum := sha256.Sum256(written); len(written) < 100_000 || !bytes.Equal(sum[:8], column("checksum").([]byte)) {
		t.Errorf("the checksum of %d bytes is not what it is of rows", len(written))
	}
}

// TestDamagedIndex: whatever byte of the index is damaged, nothing is missed, verify
// names the row, and a full run makes it anew.
func TestDamagedIndex(t *testing.T) {
	for _, column := range []string{"last", "count", "rules", "versions", "terms", "postings", "checksum", "first"} {
		t.Run(column, func(t *testing.T) {
			path := newPath(t)
			anIndexedRun(t, path, doc("1", "sales overview"), doc("2", "returns"))
			statement := `UPDATE search_blocks SET ` + column + ` = ` + column + ` + 5`
			if slices.Contains([]string{"versions", "terms", "postings", "checksum"}, column) {
				statement = `UPDATE search_blocks SET ` + column + ` = CAST(zeroblob(1) || substr(` + column + `, 2) AS BLOB)`
			}
			execute(t, path, statement)
			r := read(t, path)
			warned := ""
			r.OnLog(func(text string) { warned = text })
			if got := candidates(t, r.Candidates(t.Context(), search(1, vault.Need{Term: "wsal", Part: true}))); len(got) == 0 || !strings.HasPrefix(got[0], "dashboards/1 ") {
				t.Errorf("the damaged index hides the document: %v", got)
			}
			if (column == "rules") == strings.Contains(warned, "search index") {
				t.Errorf("warned: %q", warned)
			}
			findings, err := r.Verify(t.Context())
			if err != nil || len(findings) != 1 || findings[0].Table != "search_blocks" {
				t.Errorf("findings %v, %v, want one in search_blocks", findings, err)
			}
			mustClose(t, r)
			start := indexing(startOf("acme", dashboards))
			start.Full = true
			w := begin(t, path, start)
			commit(t, w, doc("1", "sales overview"), doc("2", "returns"))
			finish(t, w, dashboards)
			sound(t, path)
			if got := candidates(t, read(t, path).Candidates(t.Context(), search(1, vault.Need{Term: "wsal", Part: true}))); len(got) != 1 {
				t.Errorf("the healed index leads to %v", got)
			}
		})
	}
}

func reindex(t *testing.T, path string) int64 {
	t.Helper()
	w := open(t, path)
	n, err := w.Reindex(t.Context(), 1, titleTerms)
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, w)
	return n
}

// TestReindex: an index that is made of stored bodies is the one that runs make, as far
// as answers go.
func TestReindex(t *testing.T) {
	path := newPath(t)
	aHistory(t, path)
	if n := reindex(t, path); n == 0 {
		t.Error("no version is indexed")
	}
	sound(t, path)
	r := read(t, path)
	s := search(1, vault.Need{Term: "wbetter", Part: true})
	s.History = true
	if got := candidates(t, r.Candidates(t.Context(), s)); len(got) != 3 { // One, better twice: in the trash as well
		t.Errorf("found %v", got)
	}
}

// TestIndexThatCannotBeWritten costs no run.
func TestIndexThatCannotBeWritten(t *testing.T) {
	path := newPath(t)
	anIndexedRun(t, path, doc("1", "sales"))
	var warned bytes.Buffer
	w, err := sqlite.Open(t.Context(), path, sqlite.Options{IndexShare: 1e6, Warn: func(text string) { warned.WriteString(text) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Exec(`DROP TABLE search_blocks; CREATE TABLE search_blocks (first, last, other)`); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Begin(t.Context(), indexing(startOf("acme", dashboards))); err != nil {
		t.Fatal(err)
	}
	commit(t, w, doc("1", "returns"))
	if run := finish(t, w, dashboards); run.Outcome != record.RunComplete || !strings.Contains(warned.String(), "stays behind") {
		t.Errorf("the run is %s, and warned %q", run.Outcome, warned.String())
	}
}

// TestPruneForgetsWords: what a prune removes can not be read in the index either, and
// the rest is found.
func TestPruneForgetsWords(t *testing.T) {
	path := newPath(t)
	aLongHistory(t, path)
	reindex(t, path)
	known := func() any {
		t.Helper()
		n, err := sqlite.Value(path, `SELECT sum(count) FROM search_blocks`)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := known()
	prune(t, path, vault.Pruning{Runs: []int64{1, 2, 3, 4}, LostBefore: hour(6)})
	left, err := sqlite.Value(path, `SELECT count(*) FROM versions`)
	if err != nil || known() != left || before == left {
		t.Errorf("the index knows %v versions of %v, %v, before the prune %v", known(), left, err, before)
	}
	sound(t, path)
	r := read(t, path)
	for word, want := range map[string]int{"wThree": 0, "wOne": 2, "wSix": 1} {
		s := search(1, vault.Need{Term: word, Part: true})
		s.History = true
		if got := candidates(t, r.Candidates(t.Context(), s)); len(got) != want {
			t.Errorf("%s is found in %v, want %d", word, got, want)
		}
	}
}
