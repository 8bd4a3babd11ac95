package extract

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
)

// unlistedNamed is how many documents a note names.
const unlistedNamed = 5

// unlisted notes what the store holds and complete listings did not, in a run
// whose caller is not known to be an administrator: another key may still see it,
// so it is not gone. Where nobody knows what the key sees, the run is partial for
// that, unless a partial view is wanted: either the document is gone, or the
// listing left it out.
func (f *flow) unlisted(ctx context.Context, finish *record.Finish) error {
	caller := f.job.Start.Caller
	if caller.KnownAdmin() || !f.begun.Scope.Unscoped() {
		return nil
	}
	why := "as this key may not see everything"
	if !caller.SeesLess() {
		why = "as it is not known whose key this is"
	}
	for _, end := range finish.Kinds {
		if end.Listing != record.Complete || end.Unproven {
			continue
		}
		n, first, err := f.unsettled(ctx, end.Kind, finish.Keep)
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		finish.Notes = append(finish.Notes, fmt.Sprintf(
			"%s: %d that the vault holds were not listed (%s); %s, only an administrator's run can tell whether they are gone",
			end.Kind, n, first, why))
		if !caller.SeesLess() && !finish.PartialView {
			finish.Outcome = record.RunPartial
		}
	}
	return nil
}

// unsettled counts the documents of a kind that the run has neither settled nor
// failed to fetch, and names the first few. Those in keep do not count.
func (f *flow) unsettled(ctx context.Context, kind record.Kind, keep []record.Ref) (n int, first string, err error) {
	const atOnce = 1000
	kept := make(map[record.Ref]bool, len(keep))
	for _, ref := range keep {
		kept[ref] = true
	}
	var named []string
	for after := ""; ; {
		ids, err := f.job.Sink.Unsettled(ctx, kind, after, atOnce)
		if err != nil {
			return 0, "", fmt.Errorf("find %s that were not listed: %w", kind, err)
		}
		more := len(ids) == atOnce
		if more {
			after = ids[len(ids)-1]
		}
		also, err := f.job.Sink.Kept(ctx, kind, ids)
		if err != nil {
			return 0, "", fmt.Errorf("find %s that were not listed: %w", kind, err)
		}
		ids = slices.DeleteFunc(ids, func(id string) bool {
			_, spared := also[id]
			return spared || kept[record.Ref{Kind: kind, ID: id}]
		})
		n += len(ids)
		named = append(named, ids[:min(len(ids), unlistedNamed-len(named))]...)
		if !more {
			break
		}
	}
	if n > len(named) {
		named = append(named, "...")
	}
	return n, strings.Join(named, ", "), nil
}
