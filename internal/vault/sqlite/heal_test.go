package sqlite_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// TestHealing damages a vault, and makes a run that fetches everything.
func TestHealing(t *testing.T) {
	t.Parallel()
	server := []record.Record{doc("1", "One"), doc("2", "Two"), doc("3", "Three")}
	for _, tt := range []struct {
		name   string
		damage string
		full   bool
		note   string // a part of the run's notes, "" for none
	}{
		{"body", "UPDATE bodies SET data = zeroblob(length(data)) WHERE rowid = 2", true, "healed"},
		{"body missing", "DELETE FROM bodies WHERE rowid = 2", true, "healed"},
		{"hash of a body", "UPDATE bodies SET hash = zeroblob(32) WHERE rowid = 2", true, "healed"},
		{"version", "UPDATE versions SET name = 'Else' WHERE item = '2'", true, "healed"},
		{"hash of a version", "UPDATE versions SET hash = zeroblob(32) WHERE item = '2'", true, "healed"},
		{"version of another document", "UPDATE versions SET item = '3' WHERE item = '2'", true, "healed"},
		{"ref", "INSERT INTO refs VALUES (2, 'looks', '7')", true, "healed"},
		{"state of a head", "UPDATE heads SET state = 'gone' WHERE item = '2'", true, "healed"},
		{"version of a head", "UPDATE heads SET version = 1 WHERE item = '2'", true, "healed"},
		{"key of a head", "UPDATE heads SET item = '20' WHERE item = '2'", true, "healed"},
		{"counts of a run", "UPDATE run_kinds SET same = 7", true, "could not heal it, in 1 place, the first: run_kinds 1/dashboards"},
		{"outcome of a run", "UPDATE runs SET outcome = 'partial'", true, "could not heal it, in 1 place, the first: runs 1"},
		{"address of an instance", "UPDATE instances SET base_url = 'https://other.looker.com'", true, "healed"},
		{"name of an instance", "UPDATE instances SET name = 'acmf'", true, "healed"},
		{"head in an ordinary run", "UPDATE heads SET version = 1 WHERE item = '2'", false, ""},
		{"missing version in an ordinary run", "DELETE FROM versions WHERE item = '2'", false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := newPath(t)
			aRun(t, path, server...)
			execute(t, path, tt.damage)
			start := startOf("acme")
			start.Full = tt.full
			w := begin(t, path, start)
			known, err := w.Known(t.Context(), dashboards, []string{"1", "2", "3"})
			if err != nil {
				t.Fatal(err)
			}
			var batch record.Batch
			for _, rec := range server {
				// What is known to have these bytes is not sent again.
				if k, ok := known[rec.ID]; ok && k.Hash == rec.Hash {
					rec.Same, rec.Body = true, nil
				}
				batch = append(batch, rec)
			}
			commit(t, w, batch...)
			run := finish(t, w, dashboards)
			if notes := strings.Join(run.Notes, "\n"); !strings.Contains(notes, tt.note) || tt.note == "" && notes != "" {
				t.Errorf("the notes are %q, want %q", notes, tt.note)
			}
			if unhealed := strings.Contains(tt.note, "could not"); unhealed != strings.Contains(run.Unhealed, "begin a new vault") {
				t.Errorf("what could not be healed is told as %q", run.Unhealed)
			}
			if got := run.Kinds[0]; got.New != 0 || got.Gone != 0 || got.Changed+got.Same != 3 {
				t.Errorf("the run counts %+v", got)
			}
			if strings.Contains(tt.note, "could not") {
				return
			}
			sound(t, path)
			if got := ids(t, read(t, path), vault.Query{}); got != "1:present 2:present 3:present" {
				t.Errorf("holds %s", got)
			}
		})
	}
}

// What a full run of everything could not heal, another one cannot either: it does not say
// so again.
func TestWhatNoRunHeals(t *testing.T) {
	for _, all := range []bool{true, false} {
		path := newPath(t)
		aRun(t, path, doc("1", "One"), doc("2", "Two"))
		aRun(t, path, doc("1", "One"))
		execute(t, path, "UPDATE bodies SET data = zeroblob(length(data)) WHERE rowid = 2")
		start := startOf("acme")
		start.Full, start.Scope.All = true, all
		w := begin(t, path, start)
		commit(t, w, same("1"))
		run := finish(t, w, dashboards)
		if again := strings.Contains(run.Unhealed, "run --full"); again == all || !strings.Contains(run.Unhealed, "lookervault salvage") {
			t.Errorf("after a run of everything (%t): %q", all, run.Unhealed)
		}
	}
}

// A body that is damaged is stored again with the next document that has it.
func TestABodyIsStoredAgain(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"), doc("2", "Two"))
	execute(t, path, "UPDATE bodies SET data = zeroblob(length(data)) WHERE rowid = 1")
	again := doc("1", "One")
	again.ID = "7"
	aRun(t, path, same("1"), same("2"), again)
	sound(t, path)
}

// A schema that no LookerVault writes is damage, to whoever opens the file.
func TestNegativeSchema(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	execute(t, path, "PRAGMA user_version=-3")
	_, err := sqlite.OpenReader(t.Context(), path)
	checkError(t, "read", err, path, vault.ErrCorrupt)
	_, err = sqlite.Open(t.Context(), path, sqlite.Options{})
	checkError(t, "write", err, path, vault.ErrCorrupt)
}
