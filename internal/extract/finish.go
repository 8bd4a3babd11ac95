package extract

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
)

// finish says how the run is to be sealed, given the error that it ended with.
func (f *flow) finish(ctx context.Context, err error) record.Finish {
	finish := record.Finish{
		Kinds: f.ledger.Ends(), Keep: f.job.Exclude,
		Notes: slices.Concat(f.job.Notices, f.ledger.Notes()), PartialView: f.job.Config.Looker.PartialView, At: f.job.Now(),
	}
	if f.refresh != nil {
		if rested := f.ledger.Rested(f.refresh.Now); rested != "" {
			finish.Notes = append(finish.Notes, rested)
		}
	}
	finish.Notes = append(finish.Notes, f.brokenDates()...)
	switch {
	case err == nil:
	case errors.Is(err, job.ErrInterrupted), errors.Is(err, context.Canceled):
		finish.Outcome = record.RunInterrupted
	case errors.Is(err, looker.ErrDown), errors.Is(err, looker.ErrLogin):
		finish.Outcome = record.RunPartial
	default:
		finish.Outcome = record.RunFailed
	}
	for i := range finish.Kinds {
		if end := &finish.Kinds[i]; f.waves.Killed() && end.Listing == record.Complete {
			end.Listing = record.Open // what was answered may not have been committed
		}
	}
	for i := range finish.Kinds {
		// Of a run that was cut short, bad rows may not have been committed.
		finish.Kinds[i].Through = finish.Kinds[i].Through && err == nil
	}
	if err != nil {
		f.unchecked(ctx, &finish)
	}
	unproven(finish.Kinds, f.view.failed)
	cutShort(finish.Kinds)
	return finish
}

// unchecked corrects, of a run that was cut short, kinds whose lists came and of which nobody has
// asked what speaks against them: documents that the vault holds, or that others name, and that
// the list does not hold, or an end that may be none, or lists that came empty and may not be. Such
// a kind is open.
func (f *flow) unchecked(ctx context.Context, finish *record.Finish) {
	list := f.listOptions()
	doubted := list.DoubtedTails()
	for i := range finish.Kinds {
		end := &finish.Kinds[i]
		if end.Listing != record.Complete {
			continue
		}
		doubt := slices.Contains(doubted, end.Kind) || f.ledger.InDoubtEmpty(end.Kind, f.surelyEmpty)
		if !doubt && !slices.Contains(f.lookedFor, end.Kind) && list.ProvesAbsence {
			held, _, err := f.unsettled(ctx, end.Kind, finish.Keep)
			named, unknown := list.Unlisted(ctx, end.Kind)
			doubt = held+len(named) > 0 || err != nil || unknown != nil
		}
		if doubt {
			end.Listing = record.Open
		}
	}
}

// unproven marks kinds that were followed from documents which this run did not
// read whole: what they do not hold may still be there. A kind of which some
// documents failed was not read whole, however complete its listing is.
func unproven(ends []record.End, failed func(record.Kind) bool) {
	proven := func(kind record.Kind) bool {
		i := slices.IndexFunc(ends, func(e record.End) bool { return e.Kind == kind })
		return i >= 0 && ends[i].Listing == record.Complete && !ends[i].Unproven && !failed(kind)
	}
	slices.SortStableFunc(ends, func(a, b record.End) int { return cmp.Compare(catalogue.Wave(a.Kind), catalogue.Wave(b.Kind)) })
	for i := range ends {
		if kind, ok := catalogue.Find(ends[i].Kind); ok && kind.Listing.Followed {
			parents := catalogue.LeadingTo(kind.Name)
			ends[i].Unproven = slices.ContainsFunc(parents, func(parent record.Kind) bool { return !proven(parent) })
		}
	}
}

// cutShort corrects kinds that were followed from documents of a listing that was
// cut short: nobody knows yet what they hold, so they are not complete either.
// Ends are in the order of their waves.
func cutShort(ends []record.End) {
	cut := make(map[record.Kind]record.End)
	for i := range ends {
		end := &ends[i]
		kind, ok := catalogue.Find(end.Kind)
		if ok && kind.Listing.Followed && end.Listing == record.Complete {
			for _, parent := range catalogue.LeadingTo(kind.Name) {
				if above, isCut := cut[parent]; isCut {
					end.Listing, end.Reason = above.Listing, above.Reason
					break
				}
			}
		}
		if end.Listing == record.Open || end.Listing == record.Budget {
			cut[end.Kind] = *end
		}
	}
}
