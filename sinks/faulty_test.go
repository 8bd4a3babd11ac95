package sinks_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/memory"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
	"github.com/lookervault/lookervault/sinks"
)

func TestFaultyWithoutFaults(t *testing.T) {
	vaulttest.Suite(t, around(func(w vault.Writer) vault.Writer { return sinks.NewFaulty(w) }))
}

func begunFaulty(t *testing.T) (*sinks.Faulty, *memory.Vault) {
	t.Helper()
	m := memory.New()
	f := sinks.NewFaulty(m)
	if _, err := f.Begin(t.Context(), record.Start{Instance: "acme", At: vaulttest.Dawn}); err != nil {
		t.Fatal(err)
	}
	return f, m
}

func docs(ids ...string) (batch record.Batch) {
	for _, id := range ids {
		batch = append(batch, vaulttest.Doc("dashboards", id, "Title"))
	}
	return batch
}

func TestFaultyFails(t *testing.T) {
	f, m := begunFaulty(t)
	boom := errors.New("boom")
	f.BeforeCommit = sinks.FailAt(2, boom)
	if err := f.Commit(t.Context(), docs("1")); err != nil {
		t.Fatalf("first commit: %v", err)
	}
	for range 2 {
		if err := f.Commit(t.Context(), docs("2", "3")); !errors.Is(err, boom) {
			t.Fatalf("got %v, want boom", err)
		}
	}
	if asked, durable := f.Commits(); asked != 3 || durable != 1 {
		t.Errorf("%d of %d commits are durable, want 1 of 3", durable, asked)
	}
	if got := len(m.Items()); got != 1 {
		t.Errorf("%d items are stored, want 1", got)
	}
}

func TestFaultyLosesTheAnswer(t *testing.T) {
	f, m := begunFaulty(t)
	boom := errors.New("boom")
	f.AfterCommit = func(context.Context, int) error { return boom }
	if err := f.Commit(t.Context(), docs("1")); !errors.Is(err, boom) {
		t.Fatalf("got %v, want boom", err)
	}
	if asked, durable := f.Commits(); asked != 1 || durable != 1 || len(m.Items()) != 1 {
		t.Errorf("%d of %d commits are durable and %d items stored, want 1 each", durable, asked, len(m.Items()))
	}
}

func TestFaultyDies(t *testing.T) {
	f, m := begunFaulty(t)
	f.BeforeCommit = sinks.DieAt(1, func() { panic("dead") })
	func() {
		defer func() {
			if got := recover(); got != "dead" {
				t.Errorf("recovered %v, want the panic", got)
			}
		}()
		_ = f.Commit(t.Context(), docs("1"))
	}()
	if got := len(m.Items()); got != 0 {
		t.Errorf("%d items are stored, want none", got)
	}
}

func TestFaultyFinish(t *testing.T) {
	f, m := begunFaulty(t)
	boom := errors.New("boom")
	f.BeforeFinish = func(context.Context) error { return boom }
	if _, err := f.Finish(t.Context(), record.Finish{}); !errors.Is(err, boom) {
		t.Errorf("got %v, want boom", err)
	}
	if got := m.Runs()[0].Outcome; got != record.RunRunning {
		t.Errorf("the run is %s, want running", got)
	}
}

func TestFaultyIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, m := begunFaulty(t)
		gate := make(chan struct{})
		f.BeforeCommit = sinks.Gated(gate)
		done := make(chan error, 1)
		go func() { done <- f.Commit(t.Context(), docs("1")) }()
		synctest.Wait()
		if len(done) != 0 || len(m.Items()) != 0 {
			t.Fatal("the commit did not wait")
		}
		gate <- struct{}{}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { done <- f.Commit(ctx, docs("2")) }()
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		if got := len(m.Items()); got != 1 {
			t.Errorf("%d items are stored, want 1", got)
		}
	})
}
