package forecast

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
)

// Within reports whether the calls are within what a licence includes, less so many per cent
// of it. A class that the licence does not name has no end.
func (m Month) Within(quota map[catalogue.Activity]int64, less int64) bool {
	for class, most := range quota {
		if m.Calls[class] > most-most*less/100 {
			return false
		}
	}
	return true
}

// Proposal is how old observations of kinds may grow so that nights fit a licence, or come
// nearest.
type Proposal struct {
	Month
	Ages map[record.Kind]time.Duration
	Fits bool
}

// leftForChanges is the part, in per cent, of a licence's calls that a proposal leaves for
// what changes more than it did.
const leftForChanges = 10

// Propose looks for the youngest ages that make nights fit a licence and leave some of it for
// changes: first of what costs most. Where none leave that, it returns the oldest, which may fit
// all the same. Kinds that are asked for every night keep that.
func Propose(ctx context.Context, ahead Ahead, nights int, quota map[catalogue.Activity]int64) (p Proposal, err error) {
	set := ahead.Refresh
	ahead.Refresh = nil
	whole, err := FromVault(ctx, ahead)
	if err != nil {
		return Proposal{}, err
	}
	for _, days := range []int{7, 14, 30} {
		for _, most := range []int64{3, 1} {
			p.Ages = maps.Clone(set)
			if p.Ages == nil {
				p.Ages = make(map[record.Kind]time.Duration)
			}
			for _, k := range whole.Kinds {
				kind := catalogue.Lookup(k.Kind)
				// What an overview tells of costs a call where it changed, and is asked for then.
				if k.Calls().Likely >= most && !kind.Nightly && kind.Listing.Overview == nil && plan.MayRest(kind) == "" {
					p.Ages[k.Kind] = max(p.Ages[k.Kind], time.Duration(days)*aDay)
				}
			}
			if slices.ContainsFunc(ahead.Kinds, func(k *catalogue.Spec) bool { return k.Listing.Trash && p.Ages[k.Name] == 0 }) {
				p.Ages[refresh.Trash] = max(p.Ages[refresh.Trash], time.Duration(days)*aDay)
			}
			ahead.Refresh = p.Ages
			if p.Month, _, err = Nights(ctx, ahead, nights); err != nil {
				return Proposal{}, err
			}
			if p.Fits = p.Within(quota, leftForChanges); p.Fits {
				return p, nil
			}
		}
	}
	// The oldest ages leave less than that, perhaps nothing too few.
	p.Fits = p.Within(quota, 0)
	return p, nil
}
