package sqlite_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// TestBodiesAhead: bodies are read while others are looked into, and whoever asks sees nothing
// of it: each is whole until the next one, those in front of a damaged one come before the
// error, and nothing reads on behind somebody who has had enough.
func TestBodiesAhead(t *testing.T) {
	path := newPath(t)
	var some []record.Record
	var titles []string
	for i := range 50 {
		titles = append(titles, fmt.Sprintf("sales %0*d", 1+i*7%23, i))
		some = append(some, doc(fmt.Sprintf("%02d", i), titles[i]))
	}
	anIndexedRun(t, path, some...)
	met := func(enough int) (got []string, failed error) {
		r := read(t, path)
		for d, err := range r.Candidates(t.Context(), search(1, vault.Need{Term: "wsales", Part: true})) {
			if err != nil {
				failed = err
				continue
			}
			if got = append(got, titleOf(t, d.Body)); len(got) == enough {
				break
			}
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		return got, failed
	}
	for _, enough := range []int{1, 2, 49, 0} {
		want := titles
		if enough > 0 {
			want = titles[:enough]
		}
		if got, err := met(enough); err != nil || !slices.Equal(got, want) {
			t.Errorf("the first %d: %q, %v", enough, got, err)
		}
	}
	if err := sqlite.Execute(path, `UPDATE bodies SET data = zeroblob(length(data)) WHERE hash = (SELECT hash FROM versions WHERE item = '30')`); err != nil {
		t.Fatal(err)
	}
	if got, err := met(0); !corrupt(err) || !slices.Equal(got, titles[:30]) {
		t.Errorf("in front of a damaged body: %q, %v", got, err)
	}
}
