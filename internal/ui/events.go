package ui

import (
	"context"
	"io"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/view"
)

// Events writes a run as JSON lines, as docs/EVENTS.md describes them. No method but
// Finished waits for the reader.
type Events struct{ *EventLog }

// NewEvents writes to out, stamped by now.
func NewEvents(out io.Writer, now func() time.Time) *Events {
	return &Events{NewEventLog(out, now, "run")}
}

// Started writes run_started. It comes before every other event.
func (e *Events) Started(run int64, s view.Started) {
	if s.Folders == nil {
		s.Folders = []string{}
	}
	e.Of(run)
	e.Write("run_started", s)
}

// Committed writes a fault event for every fault of a batch that is durable. It does
// not keep the batch.
func (e *Events) Committed(batch record.Batch) {
	for _, rec := range batch {
		if rec.Fault == nil {
			continue
		}
		e.Write("fault", view.FaultEvent{
			Kind: rec.Kind, ID: rec.ID, Class: rec.Fault.Class, Status: rec.Fault.Status, Attempts: rec.Fault.Attempts, Message: rec.Fault.Message,
		})
	}
}

// Close writes what the last frame tells, progress included however soon, and of
// a run that went to its end that every kind is finished.
func (e *Events) Close(f Frame, ends []record.Counts) {
	for i := range f.Kinds {
		k := &f.Kinds[i]
		for _, end := range ends {
			if end.Kind == k.Kind && end.Listing != record.Open {
				k.State, k.Listing, k.Listed = Finished, end.Listing, end.Listed
			}
		}
	}
	e.Last(f)
}

// Finished writes run_finished, the last event, and waits until everything is written
// or patience ends. Then what waits is dropped, and where the writer is [Roomy] the
// last event still follows what the reader has not read; the error is [ErrUnread].
// unread is called, when that happens, before the event is made. Lines that others
// dropped before they became events are added to those of this queue.
func (e *Events) Finished(patience context.Context, s view.Summary, othersDropped int64, unread func(*view.Summary)) error {
	return e.End(patience, func(dropped int64) any {
		s.Dropped = othersDropped + dropped
		return s
	}, func() { unread(&s) })
}
