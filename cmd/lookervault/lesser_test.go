package main

import (
	"testing"

	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

// TestWhatALesserKeySaw: runs 1 and 4 were an administrator's, runs 2 and 3 were not.
func TestWhatALesserKeySaw(t *testing.T) {
	less := vault.RunStart{SeesLess: true}
	key := lesserKey{history.Keys{Keys: vault.KeysOf(map[int64]vault.RunStart{1: {}, 2: less, 3: less, 4: {}})}}
	alone := lesserKey{history.Keys{Keys: vault.KeysOf(map[int64]vault.RunStart{2: less, 3: less})}}
	for _, tt := range []struct {
		name        string
		key         lesserKey
		kind        record.Kind
		first, last int64
		want        view.InPart
	}{
		{"an administrator's", key, "users", 1, 4, view.Whole},
		{"seen by the lesser key last", key, "users", 1, 3, view.SeenInPart},
		{"stored by the lesser key", key, "users", 2, 3, view.StoredInPart},
		{"stored by it and seen by an administrator's", key, "users", 2, 4, view.StoredInPart},
		{"of a kind that shows all or nothing", key, "looks", 1, 3, view.Whole},
		{"no administrator's run was ever made", alone, "users", 2, 3, view.Whole},
		{"no such key", lesserKey{}, "users", 1, 3, view.Whole},
	} {
		entry := vault.Entry{Ref: record.Ref{Kind: tt.kind, ID: "9"}, FirstRun: tt.first, LastRun: tt.last}
		if got := tt.key.inPart(entry); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
