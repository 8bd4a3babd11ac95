package sinks

import (
	"context"
	"slices"

	"github.com/lookervault/lookervault/internal/record"
)

// Scrubbed returns a sink that takes secrets out of every text about the server before
// it is stored: messages of faults, reasons of listings, notes, who calls and what
// release answers. scrub returns a text without them. Documents and their ids are
// stored as they came.
//
// Commit changes the faults of the batch itself, so that whoever is told of them later
// sees what is stored.
func Scrubbed(sink Sink, scrub func(string) string) Sink { return &scrubbed{sink, scrub} }

type scrubbed struct {
	Sink

	scrub func(string) string
}

func (s *scrubbed) Begin(ctx context.Context, start record.Start) (record.Begun, error) {
	start.Caller.ID, start.Looker = s.scrub(start.Caller.ID), s.scrub(start.Looker)
	return s.Sink.Begin(ctx, start)
}

func (s *scrubbed) Commit(ctx context.Context, batch record.Batch) error {
	for i := range batch {
		if batch[i].Fault == nil {
			continue
		}
		fault := *batch[i].Fault // others may read the one that it points to
		fault.Message = s.scrub(fault.Message)
		batch[i].Fault = &fault
	}
	return s.Sink.Commit(ctx, batch)
}

func (s *scrubbed) Finish(ctx context.Context, finish record.Finish) (record.Run, error) {
	finish.Kinds, finish.Notes = slices.Clone(finish.Kinds), slices.Clone(finish.Notes)
	for i := range finish.Kinds {
		finish.Kinds[i].Reason = s.scrub(finish.Kinds[i].Reason)
	}
	for i, note := range finish.Notes {
		finish.Notes[i] = s.scrub(note)
	}
	return s.Sink.Finish(ctx, finish)
}
