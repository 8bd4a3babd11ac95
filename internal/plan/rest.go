package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
)

// ProofRests reports whether rows of a kind need not be compared with a document in this
// run, where calls are counted: they were by a run that began at proven.
func (r *Rules) ProofRests(kind record.Kind, proven time.Time) bool {
	return r.Refresh.Rests(record.Ref{Kind: kind, ID: "rows"}, r.Limits.Usual().ProvenFor, proven)
}

// ProofExpires reports whether a comparison by a run that began at proven says nothing any
// more.
func (l Limits) ProofExpires(now, proven time.Time) bool {
	return now.Sub(proven) > l.Usual().ProvenFor
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

// RestsWhole reports whether a kind with a list need not be listed in this run. doubted is
// that of [Page].
func (r *Rules) RestsWhole(kind *catalogue.Spec, doubted bool) bool {
	return !r.Full && !kind.Listing.Followed && len(kind.Listing.Fixed) == 0 && MayRest(kind) == "" &&
		!doubted && r.Refresh.RestsWhole(kind.Name)
}

// TrashRests reports whether the trash of a kind need not be listed in this run, where the
// list of the other documents shows that nothing was thrown away. doubted is that of [Page].
func (r *Rules) TrashRests(kind *catalogue.Spec, doubted bool) bool {
	return !r.Full && kind.Listing.Trash && !doubted && r.Refresh.TrashRests(kind.Name)
}

// rests reports whether a document need not be asked for, given what is stored of it. One
// that could not be fetched lately is asked for.
func (r *Rules) rests(kind *catalogue.Spec, row record.Listed, known record.Known, age time.Duration) bool {
	return known.State == row.State && !known.Troubled && !known.Hash.IsZero() && Rests(r.Refresh, kind, row, age, known.Observed)
}

// restsByDate reports whether a document need not be asked for since its date has not moved,
// in a list that tells of it. One that moved to another folder, or could not be fetched
// lately, is asked for, and so is one in a trash that is not listed in each run.
func (r *Rules) restsByDate(kind *catalogue.Spec, row record.Listed, known record.Known) bool {
	if age, _ := r.Refresh.Age(refresh.Trash); age > 0 && row.State == record.Trashed {
		return false
	}
	return known.State == row.State && known.Folder == row.Folder && !known.Troubled && !known.Hash.IsZero() &&
		r.Refresh.RestsByDate(record.Ref{Kind: kind.Name, ID: row.ID}, row.Date, known.Stamp, known.Observed)
}

// NotServedFor is how long a run takes it that the server does not have a document which it did
// not have, of a kind whose documents have a route each: as long as those that it has may rest,
// and where nobody has said that and calls are counted, as long as a comparison counts. 0 means
// that each run asks.
func (r *Rules) NotServedFor(kind *catalogue.Spec) time.Duration {
	if len(kind.Listing.Fixed) == 0 {
		return 0
	}
	age, said := r.Refresh.Age(kind.Name)
	if !said && r.Counted {
		return r.Limits.Usual().ProvenFor
	}
	return age
}

// NotServedRests reports whether a document need not be asked for that no run has stored, since
// the server did not have it in a run that began at asked.
func (r *Rules) NotServedRests(kind *catalogue.Spec, id string, asked time.Time) bool {
	return !r.Full && r.Refresh.Rests(record.Ref{Kind: kind.Name, ID: id}, r.NotServedFor(kind), asked)
}

// Rests reports whether a document need not be asked for that was seen by a run which began
// at seen.
func Rests(rules *refresh.Rules, kind *catalogue.Spec, row record.Listed, age time.Duration, seen time.Time) bool {
	turn := record.Ref{Kind: kind.Name, ID: row.ID}
	if row.Folder != "" && Can(kind, record.Folder, row.State) {
		turn.ID = "in " + row.Folder // one call brings all of a folder, so they have one turn
	}
	return rules.Rests(turn, age, seen)
}

// Ages are how old the observations of stored documents may grow, by id; one that is not
// there is asked for in each run. body returns what is stored of any document, nil where
// that is nothing.
func (r *Rules) Ages(kind *catalogue.Spec, ids []string, body func(record.Ref) ([]byte, error)) (map[string]time.Duration, error) {
	if r.Refresh == nil || !kind.Listing.Followed && len(kind.Listing.Fixed) == 0 {
		return nil, nil
	}
	ages := make(map[string]time.Duration, len(ids))
	said, set := r.Refresh.Age(kind.Name)
	for _, id := range ids {
		age := said
		if !set {
			calm, err := isCalm(kind, id, body)
			if err != nil {
				return nil, fmt.Errorf("read what %s/%s belongs to: %w", kind.Name, id, err)
			}
			if calm {
				age = kind.Calm.Age
			}
		}
		ages[id] = age
	}
	return ages, nil
}

// isCalm reports whether a document belongs to one of those that seldom change, as far as
// stored documents tell.
func isCalm(kind *catalogue.Spec, id string, body func(record.Ref) ([]byte, error)) (bool, error) {
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
		if text, err = body(ref); err != nil {
			return false, err
		}
	}
	return slices.ContainsFunc(kind.Calm.Where, func(member string) bool {
		return string(canon.Member(text, member)) == "true"
	}), nil
}
