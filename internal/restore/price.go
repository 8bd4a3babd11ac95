package restore

import (
	"context"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// page is how many documents a list or a search by ids brings with one call, at most.
const page = 100

// identifying is about how many calls it takes to see who calls and that the same Looker answers
// when a plan is applied, where the plan does not begin with a document that tells.
const identifying = 3

// addSharedCalls adds to the price of a plan the calls that serve many of its actions: by which
// Looker is recognized, lists are read again before something is made, and what was written is
// read back. The first action of each kind bears those of its kind.
func (d *draft) addSharedCalls(ctx context.Context, actions []record.Action) error {
	firsts, written := make(map[record.Kind]int), make(map[record.Kind]int)
	relisted := make(map[record.Kind]int) // the level before which a list is read, by kind
	identified := false
	_, few := firstOfFew(actions)
	for i := range actions {
		a := &actions[i]
		if a.State != record.ActionPlanned {
			continue
		}
		if !identified && !few {
			a.PlannedCalls += identifying
		}
		identified = true
		if written[a.Kind]++; written[a.Kind] == 1 {
			firsts[a.Kind] = i
		}
		spec := catalogue.Lookup(a.Kind)
		if level, ok := relisted[a.Kind]; a.Deed == record.DeedCreate && listsTell(spec) && (!ok || level != a.Level) {
			relisted[a.Kind] = a.Level
			a.PlannedCalls++
		}
	}
	for kind, n := range written {
		calls, err := d.readingBack(ctx, catalogue.Lookup(kind), n)
		if err != nil {
			return err
		}
		actions[firsts[kind]].PlannedCalls += calls
	}
	return nil
}

// readingBack is about how many calls it takes to read so many documents of a kind.
func (d *draft) readingBack(ctx context.Context, spec *catalogue.Spec, n int) (int, error) {
	switch {
	case isListed(spec, n, 0) && spec.Listing.Whole:
		return 1, nil
	case isListed(spec, n, 0):
		held, err := d.present.all(ctx, spec.Name)
		return pages(len(held)) + 1, err // what lies in the trash is a list of its own
	case spec.Listing.IDs != "":
		return pages(n), nil
	}
	return n, nil
}

func pages(n int) int { return (n + page - 1) / page }
