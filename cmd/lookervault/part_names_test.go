package main

import (
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
)

// What is a part of another document is called by that one's name.
func TestPartsAreNamed(t *testing.T) {
	goldenVault(t)
	reader := simtest.Reader(t, "looker.db")
	defer reader.Close()
	for _, tt := range []struct{ ref, part, named string }{
		{"role_users/40", "Admin (role_users)", "Admin (role_users/40)"},
		{"role_users/41", "", "role_users/41"},
		{"roles/40", "", "Admin (roles/40)"},
	} {
		kind, id := record.Kind(tt.ref[:len(tt.ref)-3]), tt.ref[len(tt.ref)-2:]
		ref := record.Ref{Kind: kind, ID: id}
		if got := partName(t.Context(), reader, "acme", ref); got != tt.part {
			t.Errorf("%s is a part called %q, want %q", tt.ref, got, tt.part)
		}
		if got := named(t.Context(), reader, "acme", ref); got != tt.named {
			t.Errorf("%s is named %q, want %q", tt.ref, got, tt.named)
		}
	}
}
