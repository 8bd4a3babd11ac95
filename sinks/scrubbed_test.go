package sinks_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
	"github.com/lookervault/lookervault/sinks"
)

func TestScrubbedIsASink(t *testing.T) {
	vaulttest.Suite(t, around(func(w vault.Writer) vault.Writer {
		return sinks.Scrubbed(w, func(text string) string { return text })
	}))
}

// heard is a sink that keeps the texts that it is given.
type heard struct {
	sinks.Sink

	texts []string
}

func (h *heard) Begin(_ context.Context, start record.Start) (record.Begun, error) {
	h.texts = append(h.texts, start.Caller.ID, start.Looker)
	return record.Begun{}, nil
}

func (h *heard) Commit(_ context.Context, batch record.Batch) error {
	for _, rec := range batch {
		if rec.Fault != nil {
			h.texts = append(h.texts, rec.Fault.Message)
		}
	}
	return nil
}

func (h *heard) Finish(_ context.Context, finish record.Finish) (record.Run, error) {
	for _, end := range finish.Kinds {
		h.texts = append(h.texts, end.Reason)
	}
	h.texts = append(h.texts, finish.Notes...)
	return record.Run{}, nil
}

// TestScrubbed: every text about the server goes through the scrubber, and what the
// caller shares with others is not changed.
func TestScrubbed(t *testing.T) {
	inner := &heard{}
	sink := sinks.Scrubbed(inner, func(text string) string { return strings.ReplaceAll(text, "canary", "***") })
	if _, err := sink.Begin(t.Context(), record.Start{Caller: record.Caller{ID: "canary 1"}, Looker: "canary 2"}); err != nil {
		t.Fatal(err)
	}
	fault := &record.Fault{Class: record.FaultRow, Message: "canary 3"}
	batch := append(docs("1"), record.Record{Ref: record.Ref{Kind: "looks", ID: "2"}, Fault: fault})
	if err := sink.Commit(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	finish := record.Finish{Kinds: []record.End{{Kind: "looks", Reason: "canary 4"}}, Notes: []string{"canary 5"}}
	if _, err := sink.Finish(t.Context(), finish); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"*** 1", "*** 2", "*** 3", "*** 4", "*** 5"}, inner.texts); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	if got := batch[1].Fault.Message; got != "*** 3" {
		t.Errorf("who is told of the batch afterwards sees %q", got)
	}
	if fault.Message+finish.Kinds[0].Reason+finish.Notes[0] != "canary 3canary 4canary 5" {
		t.Error("what the caller holds was changed")
	}
}
