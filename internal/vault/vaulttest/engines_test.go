package vaulttest_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/memory"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

// newSQLite makes a vault that is verified when the test ends.
func newSQLite(t *testing.T) vaulttest.Store {
	path := filepath.Join(t.TempDir(), "looker.db")
	t.Cleanup(func() { verified(t, path) })
	return func(t *testing.T) vault.Writer {
		t.Helper()
		s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
}

func verified(t *testing.T, path string) {
	t.Helper()
	// The test's own context has ended when its clean-up runs.
	ctx := context.WithoutCancel(t.Context())
	r, err := sqlite.OpenReader(ctx, path)
	if err != nil {
		t.Error(err)
		return
	}
	defer r.Close()
	findings, err := r.Verify(ctx)
	if err != nil {
		t.Error(err)
	}
	for _, f := range findings {
		t.Errorf("verify: %s", f)
	}
}

func newMemory(*testing.T) vaulttest.Store {
	m := memory.New()
	return func(*testing.T) vault.Writer { return m }
}

func TestSQLite(t *testing.T) { vaulttest.Suite(t, newSQLite) }

func TestMemory(t *testing.T) { vaulttest.Suite(t, newMemory) }
