package vaulttest_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/memory"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

// newSQLite makes a vault in a file.
func newSQLite(t *testing.T) vaulttest.Engine {
	path := filepath.Join(t.TempDir(), "looker.db")
	open := func(t *testing.T) *sqlite.Writer {
		t.Helper()
		s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	return vaulttest.Engine{
		Open: func(t *testing.T) vault.Writer { return open(t) },
		Read: func(t *testing.T) vault.Answers { return reader(t, path) },
		Prune: func(t *testing.T, p vault.Pruning) (vault.Pruned, error) {
			w := open(t)
			pruned, err := w.Prune(t.Context(), p, nil)
			return pruned, errors.Join(err, w.Close())
		},
		Verify: func(t *testing.T) ([]vault.Finding, error) { return reader(t, path).Verify(t.Context()) },
	}
}

// verified verifies a vault when its test has ended.
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

func reader(t *testing.T, path string) *sqlite.Reader {
	t.Helper()
	r, err := sqlite.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func newMemory(*testing.T) vaulttest.Engine {
	m := memory.New()
	return vaulttest.Engine{
		Open:   func(*testing.T) vault.Writer { return m },
		Read:   func(*testing.T) vault.Answers { return m.Reader() },
		Prune:  func(t *testing.T, p vault.Pruning) (vault.Pruned, error) { return m.Prune(t.Context(), p) },
		Verify: func(t *testing.T) ([]vault.Finding, error) { return m.Verify(t.Context()) },
	}
}

func TestSQLite(t *testing.T) { vaulttest.Suite(t, newSQLite) }

func TestMemory(t *testing.T) { vaulttest.Suite(t, newMemory) }
