package stages

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// deferral is a document that this run does not ask for again.
type deferral struct {
	id   string
	seen time.Time // by the run that began then
}

// MayRest says why a kind must be asked for in each run, "" where what is known of its
// documents may grow old. Kinds that others are found by are listed in each run.
func MayRest(kind *catalogue.Spec) string {
	switch {
	case kind.Immutable:
		return "its documents never change: they are asked for once"
	case kind.Listing.Followed, len(kind.Listing.Fixed) > 0:
		return ""
	case len(catalogue.FoundBy(kind.Name)) > 0:
		return fmt.Sprintf("it is listed in each run, since %s are found by it", catalogue.FoundBy(kind.Name)[0])
	case kind.Listing.Trash:
		return "it is content, which is listed in each run"
	}
	return ""
}

// restsWhole reports whether a kind with a list need not be listed in this run.
func (l *lister) restsWhole(kind *catalogue.Spec) bool {
	return !l.Full && !kind.Listing.Followed && len(kind.Listing.Fixed) == 0 && MayRest(kind) == "" &&
		!l.Ledger.Knows(kind.Name, record.RowsDoubted) && l.Refresh.RestsWhole(kind.Name)
}

// rests reports whether a document need not be asked for, given what is stored of it. One
// that could not be fetched lately is asked for.
func (l *lister) rests(kind *catalogue.Spec, row record.Listed, known record.Known, age time.Duration) bool {
	return age > 0 && known.State == row.State && !known.Troubled && !known.Hash.IsZero() &&
		l.Refresh.Rests(record.Ref{Kind: kind.Name, ID: row.ID}, age, known.Observed)
}

// ages are how old the observations of documents may grow; one that is not there is asked
// for in each run.
func (l *lister) ages(ctx context.Context, kind *catalogue.Spec, rows []record.Listed, known map[string]record.Known) (map[string]time.Duration, error) {
	if l.Refresh == nil || MayRest(kind) != "" || !kind.Listing.Followed && len(kind.Listing.Fixed) == 0 {
		return nil, nil
	}
	ages := make(map[string]time.Duration, len(rows))
	said, set := l.Refresh.Age(kind.Name)
	for _, row := range rows {
		if _, ok := known[row.ID]; !ok {
			continue
		}
		age := said
		if !set && kind.Calm != nil {
			calm, err := l.calm(ctx, kind, row.ID)
			if err != nil {
				return nil, err
			}
			if calm {
				age = kind.Calm.Age
			}
		}
		ages[row.ID] = age
	}
	return ages, nil
}

// calm reports whether a document belongs to one of those that seldom change, as far as
// stored documents tell.
func (l *lister) calm(ctx context.Context, kind *catalogue.Spec, id string) (bool, error) {
	ref := record.Ref{Kind: kind.Name, ID: id}
	var body []byte
	for _, step := range kind.Calm.Through {
		ref.Kind = step.Kind
		if step.Member != "" {
			if ref.ID = canon.Text(canon.Member(body, step.Member)); ref.ID == "" {
				return false, nil
			}
		}
		var err error
		if body, err = l.Store.Body(ctx, ref); err != nil {
			return false, fmt.Errorf("read what is stored of %s: %w", ref, err)
		}
		if body == nil {
			return false, nil
		}
	}
	return slices.ContainsFunc(kind.Calm.Where, func(member string) bool {
		return string(canon.Member(body, member)) == "true"
	}), nil
}

// namedByDeferred takes documents for named that a document names which this run did not
// ask for again: that one is there.
func (l *lister) namedByDeferred(ctx context.Context, kind *catalogue.Spec, rows []record.Listed) error {
	if !slices.ContainsFunc(catalogue.LeadingTo(kind.Name), l.Ledger.hasDeferred) {
		return nil
	}
	for i, row := range rows {
		if row.Named {
			continue
		}
		owners, err := l.Store.Parents(ctx, record.Ref{Kind: kind.Name, ID: row.ID}, fewOwners)
		if err != nil {
			return fmt.Errorf("find what names %s/%s: %w", kind.Name, row.ID, err)
		}
		rows[i].Named = slices.ContainsFunc(owners, l.Ledger.isDeferred)
	}
	return nil
}
