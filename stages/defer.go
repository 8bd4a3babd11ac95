package stages

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
)

// deferral is a document that this run does not ask for again.
type deferral struct {
	id   string
	seen time.Time // by the run that began then
}

// MayRest says why a kind must be asked for in each run, "" where what is known of its
// documents may grow old.
func MayRest(kind *catalogue.Spec) string {
	switch {
	case kind.Immutable:
		return "its documents never change: they are asked for once"
	case catalogue.HasOverviewOf(kind.Name):
		return "it is listed in each run, since one call then tells what each of them holds"
	case kind.Place == catalogue.IsFolder:
		return "it is listed in each run, since others lie in it"
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
	return known.State == row.State && !known.Troubled && !known.Hash.IsZero() && Rests(l.Refresh, kind, row, age, known.Observed)
}

// Rests reports whether a document need not be asked for that was seen by a run which began
// at seen.
func Rests(rules *refresh.Rules, kind *catalogue.Spec, row record.Listed, age time.Duration, seen time.Time) bool {
	turn := record.Ref{Kind: kind.Name, ID: row.ID}
	if row.Folder != "" && can(kind, record.Folder, row.State) {
		turn.ID = "in " + row.Folder // one call brings all of a folder, so they have one turn
	}
	return age > 0 && rules.Rests(turn, age, seen)
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
		if !set {
			calm, err := IsCalm(kind, row.ID, func(ref record.Ref) ([]byte, error) { return l.Store.Body(ctx, ref) })
			if err != nil {
				return nil, fmt.Errorf("read what %s/%s belongs to: %w", kind.Name, row.ID, err)
			}
			if calm {
				age = kind.Calm.Age
			}
		}
		ages[row.ID] = age
	}
	return ages, nil
}

// IsCalm reports whether a document belongs to one of those that seldom change, as far as
// stored documents tell, which body returns; nil for one that is not stored.
func IsCalm(kind *catalogue.Spec, id string, body func(record.Ref) ([]byte, error)) (bool, error) {
	if kind.Calm == nil {
		return false, nil
	}
	ref := record.Ref{Kind: kind.Name, ID: id}
	var text []byte
	for _, step := range kind.Calm.Through {
		ref.Kind = step.Kind
		if step.Member != "" {
			if ref.ID = canon.Text(canon.Member(text, step.Member)); ref.ID == "" {
				return false, nil
			}
		}
		var err error
		if text, err = body(ref); err != nil || text == nil {
			return false, err
		}
	}
	return slices.ContainsFunc(kind.Calm.Where, func(member string) bool {
		return string(canon.Member(text, member)) == "true"
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
