package sqlite_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// aDictionary is made of a thousand dashboards.
func aDictionary(t testing.TB) *codec.Dictionaries {
	t.Helper()
	dictionaries := codec.NewDictionaries(nil)
	enc, err := codec.NewEncoder(record.Zstd, dictionaries)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		enc.Encode(dashboards, doc(fmt.Sprint(i), "what dashboards have in common").Body, nil)
	}
	return dictionaries
}

// compressWith gives a record a body that needs a dictionary.
func compressWith(t testing.TB, rec *record.Record, dictionaries *codec.Dictionaries, content string) {
	t.Helper()
	compress(t, rec, dictionaries, content)
	if rec.Dictionary == nil {
		t.Fatalf("%q is encoded without a dictionary", content)
	}
}

// TestBodiesWithADictionary: they are read back, also by a run of later, which
// encodes with the same dictionary.
func TestBodiesWithADictionary(t *testing.T) {
	path := newPath(t)
	one, two := doc("1", ""), doc("2", "")
	made := aDictionary(t)
	compressWith(t, &one, made, "dashboards have one")
	compressWith(t, &two, made, "dashboards have two")
	w := begin(t, path, startOf("acme", dashboards))
	commit(t, w, one, doc("3", "without"))
	commit(t, w, two)
	finish(t, w, dashboards)

	w = open(t, path)
	begun, err := w.Begin(t.Context(), startOf("acme", dashboards))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]*record.Dictionary{one.Dictionary}, begun.Dictionaries); diff != "" {
		t.Errorf("dictionaries (-want +got):\n%s", diff)
	}
	four := doc("4", "")
	compressWith(t, &four, codec.NewDictionaries(begun.Dictionaries), "dashboards have four")
	commit(t, w, four, same("1"), same("2"), same("3"))
	finish(t, w, dashboards)
	sound(t, path)
	if n, err := sqlite.Value(path, "SELECT count(*) FROM dictionaries"); err != nil || n != int64(1) {
		t.Errorf("%v dictionaries, %v; want one", n, err)
	}
	want := map[string]string{"1": "dashboards have one", "2": "dashboards have two", "3": "without", "4": "dashboards have four"}
	for d, err := range read(t, path).Documents(t.Context(), vault.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		if plain := doc(d.ID, want[d.ID]).Body; !bytes.Equal(plain, d.Body) {
			t.Errorf("%s: %s, want %s", d.Ref, d.Body, plain)
		}
		delete(want, d.ID)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}

// TestDictionaryGoesWithItsBatch: a transaction that fails leaves neither, and the
// next one writes the dictionary again.
func TestDictionaryGoesWithItsBatch(t *testing.T) {
	path := newPath(t)
	one, bad := doc("1", ""), doc("2", "Two")
	compressWith(t, &one, aDictionary(t), "dashboards have one")
	bad.State = "lost"
	w := begin(t, path, startOf("acme", dashboards))
	if err := w.Commit(t.Context(), record.Batch{one, bad}); err == nil {
		t.Fatal("a record without a state was stored")
	}
	commit(t, w, one)
	finish(t, w, dashboards)
	sound(t, path)
	if _, err := read(t, path).Document(t.Context(), "", one.Ref, vault.Point{}); err != nil {
		t.Error(err)
	}
}

func TestDamagedDictionaryIsNamed(t *testing.T) {
	path := newPath(t)
	one := doc("1", "")
	compressWith(t, &one, aDictionary(t), "dashboards have one")
	w := begin(t, path, startOf("acme", dashboards))
	commit(t, w, one, doc("2", "Two"))
	finish(t, w, dashboards)
	execute(t, path, "UPDATE dictionaries SET data = zeroblob(100)")
	r := read(t, path)
	if _, err := r.Document(t.Context(), "", one.Ref, vault.Point{}); !errors.Is(err, vault.ErrCorrupt) {
		t.Errorf("Document = %v, want ErrCorrupt", err)
	}
	if _, err := r.Document(t.Context(), "", record.Ref{Kind: dashboards, ID: "2"}, vault.Point{}); err != nil {
		t.Errorf("a document that needs no dictionary: %v", err)
	}
	// A run goes on without it.
	w = open(t, path)
	begun, err := w.Begin(t.Context(), startOf("acme", dashboards))
	if err != nil || begun.Dictionaries != nil {
		t.Errorf("Begin = %+v, %v; want no dictionary", begun.Dictionaries, err)
	}
	// The same documents make it again.
	two := doc("3", "")
	compressWith(t, &two, aDictionary(t), "dashboards have three")
	commit(t, w, same("1"), same("2"), two)
	finish(t, w, dashboards)
	sound(t, path)
	if d, err := read(t, path).Document(t.Context(), "", one.Ref, vault.Point{}); err != nil || d.Hash != one.Hash {
		t.Errorf("Document = %v, want what was stored", err)
	}
}
