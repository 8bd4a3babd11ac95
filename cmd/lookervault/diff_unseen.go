package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// tellUnseen says what the later run of a span did not look at, as it rested: where no change
// of that is shown, nobody knows of one.
func tellUnseen(ctx context.Context, stderr io.Writer, reader vault.Reader, span vault.Span) error {
	point := vault.Latest(0)
	if span.Until != 0 {
		point = vault.Point{Run: max(span.After, span.Until)}
	}
	run, err := reader.RunAt(ctx, span.Instance, point)
	if err != nil {
		return err
	}
	if span.ID != "" {
		return tellUnseenDocument(ctx, stderr, reader, span, run.ID)
	}
	var parts []string
	rested := int64(0)
	for _, k := range run.Kinds {
		if span.Kind != "" && span.Kind != k.Kind {
			continue
		}
		if rested += k.Deferred; k.Listing == record.Deferred {
			parts = append(parts, "any "+string(k.Kind))
		}
	}
	if rested > 0 {
		parts = append([]string{plural(rested, "document", "documents")}, parts...)
	}
	if len(parts) > 0 {
		fmt.Fprintf(stderr, "Run %d did not ask again for %s: what changed there a later run tells.\n", run.ID, strings.Join(parts, ", "))
	}
	return nil
}

// tellUnseenDocument says that a run did not look at the document of a span.
func tellUnseenDocument(ctx context.Context, stderr io.Writer, reader vault.Reader, span vault.Span, run int64) error {
	ref := record.Ref{Kind: span.Kind, ID: span.ID}
	d, err := reader.Document(ctx, span.Instance, ref, vault.Point{Run: run})
	switch {
	case errors.Is(err, vault.ErrNotFound):
		return nil // there was no such document by then
	case err != nil:
		return err
	case d.State != record.Gone && d.LastRun < run:
		fmt.Fprintf(stderr, "Run %d did not look at %s: what it is compared by is what run %d saw, the newest before it.\n", run, ref, d.LastRun)
	}
	return nil
}
