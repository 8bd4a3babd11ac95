package vault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/vault"
)

func TestGoOn(t *testing.T) {
	t.Parallel()
	full := fmt.Errorf("write: %w", vault.Problem("v.db", vault.ErrFull, ""))
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"a problem that passes", full, "write: v.db: disk is full (free space or move the vault, then run that)"},
		{"one that does not", vault.Problem("v.db", vault.ErrTooNew, ""), "v.db: vault is too new (use the LookerVault that wrote it, or a newer one)"},
		{"another error", errors.New("give the command again)"), "give the command again)"},
	} {
		got := vault.GoOn(tt.err, "run that")
		if diff := cmp.Diff(tt.want, got.Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if !errors.Is(got, tt.err) {
			t.Errorf("%s: is not what it was", tt.name)
		}
	}
	if err := vault.GoOn(nil, "run that"); err != nil {
		t.Errorf("of nil: %v", err)
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	full, busy, another := vault.Problem("v.db", vault.ErrFull, ""), vault.Problem("v.db", vault.ErrBusy, ""), vault.Problem("w.db", vault.ErrFull, "")
	first := fmt.Errorf("act: %w", full)
	if got := vault.Join(first, fmt.Errorf("write: %w", full)); got.Error() != first.Error() {
		t.Errorf("the same problem is told twice: %v", got)
	}
	for _, second := range []error{busy, another, errors.New("another")} {
		if got := vault.Join(first, second); !errors.Is(got, second) || !errors.Is(got, full) {
			t.Errorf("%v joined with %v is %v", first, second, got)
		}
	}
	if got := vault.Join(first, nil); !errors.Is(got, full) {
		t.Errorf("joined with nil is %v", got)
	}
	if got := vault.Join(nil, nil); got != nil {
		t.Errorf("nil joined with nil is %v", got)
	}
}
