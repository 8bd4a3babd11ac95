package sqlite_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

func TestBusy(t *testing.T) {
	path := newPath(t)
	aRun(t, path, doc("1", "One"))
	w, err := sqlite.Open(t.Context(), path, sqlite.Options{Busy: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Begin(t.Context(), startOf("acme")); err != nil {
		t.Fatal(err)
	}
	other := begunElsewhere(t, path)
	err = w.Commit(t.Context(), record.Batch{doc("2", "Two")})
	checkError(t, "commit", err, path, vault.ErrBusy)
	other()
	commit(t, w, doc("2", "Two"))
	finish(t, w, dashboards)
	sound(t, path)
}

func TestBusyEnds(t *testing.T) {
	path := newPath(t)
	w := begin(t, path, startOf("acme"))
	other := begunElsewhere(t, path)
	done := make(chan error, 1)
	go func() { done <- w.Commit(t.Context(), record.Batch{doc("1", "One")}) }()
	other()
	if err := <-done; err != nil {
		t.Errorf("the commit did not wait for the other program: %v", err)
	}
}

func TestBusyObeysTheContext(t *testing.T) {
	path := newPath(t)
	w := begin(t, path, startOf("acme"))
	defer begunElsewhere(t, path)()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Commit(ctx, record.Batch{doc("1", "One")}) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// begunElsewhere is another program with a write transaction.
func begunElsewhere(t *testing.T, path string) (end func()) {
	t.Helper()
	begun, release, done := make(chan error), make(chan struct{}), make(chan error)
	go func() { done <- sqlite.HoldWrite(path, begun, release) }()
	if err := <-begun; err != nil {
		t.Fatal(err)
	}
	return func() {
		close(release)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestReplaced(t *testing.T) {
	rename := func(t *testing.T, path string) {
		if err := os.Rename(path, path+".old"); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		do   func(*testing.T, string)
	}{
		{"deleted", func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}},
		{"moved", rename},
		{"replaced", func(t *testing.T, path string) {
			rename(t, path)
			writeFile(t, path, []byte("something else"))
		}},
		{"log deleted", func(t *testing.T, path string) {
			if err := os.Remove(path + "-wal"); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := newPath(t)
			w := begin(t, path, startOf("acme"))
			commit(t, w, doc("1", "One"))
			tt.do(t, path)
			err := w.Commit(t.Context(), record.Batch{doc("2", "Two")})
			checkError(t, "commit", err, path, vault.ErrReplaced)
			_, err = w.Finish(t.Context(), record.Finish{Outcome: record.RunFailed})
			checkError(t, "finish", err, path, vault.ErrReplaced)
			if tt.name == "replaced" {
				_ = w.Close()
				if b, err := os.ReadFile(path); err != nil || string(b) != "something else" {
					t.Errorf("the other file is now %q, %v", b, err)
				}
			}
		})
	}
}
