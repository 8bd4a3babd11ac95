package sinks_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/memory"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

// around is the engine in memory, written through a sink that wraps it.
func around(wrap func(vault.Writer) vault.Writer) func(*testing.T) vaulttest.Engine {
	return func(*testing.T) vaulttest.Engine {
		m := memory.New()
		return vaulttest.Engine{
			Open:   func(*testing.T) vault.Writer { return wrap(m) },
			Read:   func(*testing.T) vault.Answers { return m.Reader() },
			Prune:  func(t *testing.T, p vault.Pruning) (vault.Pruned, error) { return m.Prune(t.Context(), p) },
			Verify: func(t *testing.T) ([]vault.Finding, error) { return m.Verify(t.Context()) },
		}
	}
}
