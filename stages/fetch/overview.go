package fetch

import (
	"context"
	"fmt"

	"github.com/lookervault/lookervault/internal/record"
)

// agrees reports whether the body of a document holds the parts that the overview told of,
// where one did. Else one of them is older than the other, and who knows the one must not
// be taken to know the other.
func (t *task) agrees(want record.Listed, body []byte) bool {
	if t.kind.Listing.Overview == nil || t.Overviews == nil || want.Stamp.IsZero() {
		return true
	}
	return t.Overviews.Tells(t.kind, want.ID, body)
}

// believe compares a document that an overview says is unchanged with what is stored of
// it. Where it has changed and the overview, asked for once more, still does not tell,
// it is not believed any more, and what it said of others in this run is in doubt.
func (t *task) believe(ctx context.Context, want record.Listed, got alone) error {
	if !want.Sampled {
		return nil
	}
	if got.same || got.doc == nil || got.doc.Fingerprint == want.Fingerprint {
		if t.Proven != nil {
			t.Ledger.Learn(t.kind.Name, record.RowsProven)
		}
		return nil
	}
	of := t.kind.Listing.Overview
	stamp, err := t.Overviews.Again(ctx, t.Looker, t.kind, t.Ledger.SoFar(of.Of), want.ID)
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil && stamp != want.Stamp:
		return nil // it has changed meanwhile
	}
	reason := fmt.Sprintf("%s does not tell that %s/%s changed; the next run asks for each document", of.Route, t.kind.Name, want.ID)
	t.Log.Warn("an overview is not believed, the kind is incomplete", "kind", t.kind.Name, "reason", reason)
	t.Ledger.Learn(t.kind.Name, record.StampsOff)
	t.Ledger.Ended(t.kind.Name, record.Incomplete, reason)
	return nil
}
