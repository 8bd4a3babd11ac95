package sinks_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/sinks"
	"github.com/lookervault/lookervault/sinks/sinktest"
)

// newSQLite makes a vault that is verified when the test ends.
func newSQLite(t *testing.T) sinktest.Store {
	path := filepath.Join(t.TempDir(), "looker.db")
	t.Cleanup(func() { verified(t, path) })
	return func(t *testing.T) sinks.Sink {
		t.Helper()
		s, err := sinks.OpenSQLite(t.Context(), path, sqlite.Options{})
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

func newMemory(*testing.T) sinktest.Store {
	m := sinks.NewMemory()
	return func(*testing.T) sinks.Sink { return m }
}

func TestSQLite(t *testing.T) { sinktest.Suite(t, newSQLite) }

func TestMemory(t *testing.T) { sinktest.Suite(t, newMemory) }
