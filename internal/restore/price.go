package restore

import (
	"context"
	"slices"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// page is how many documents a list or a search by ids brings with one call, at most.
const page = 100

// identifying is about how many calls it takes to see who calls and that the same Looker answers
// when a plan is applied, where the plan does not begin with a document that tells.
const identifying = 3

// proof is how many calls it takes at most to find out whether the rows of a list are documents.
const proof = 2

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
		if putsAway(spec, *a) || mayEmpty(spec, *a) {
			a.PlannedCalls++ // what is not where it was, or holds nothing any more, is asked for twice
		}
		if level, ok := relisted[a.Kind]; a.Deed == record.DeedCreate && listsTell(spec) && (!ok || level != a.Level) {
			relisted[a.Kind] = a.Level
			calls, err := d.listing(ctx, spec)
			if err != nil {
				return err
			}
			a.PlannedCalls += calls
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

// putsAway reports whether an action deletes its document, or puts it into the trash.
func putsAway(spec *catalogue.Spec, a record.Action) bool {
	if a.Deed == record.DeedDelete || spec.Write == nil {
		return a.Deed == record.DeedDelete
	}
	trash := spec.Write.Trash
	return !trash.IsZero() && slices.ContainsFunc(a.Changes, func(c record.Change) bool {
		return c.Path == trash.Name && string(c.After) == trash.Value
	})
}

// mayEmpty reports whether an action may leave nothing in a list that is a document of its own.
func mayEmpty(spec *catalogue.Spec, a record.Action) bool {
	route, _ := spec.Single(a.ID)
	return route.Array && len(a.Changes) > 0 && !slices.ContainsFunc(a.Changes, func(c record.Change) bool { return len(c.After) > 0 })
}

// listing is about how many calls it takes to read the list of a kind to its end: a page without a row.
func (d *draft) listing(ctx context.Context, spec *catalogue.Spec) (int, error) {
	if spec.Listing.Whole {
		return 1, nil
	}
	held, err := d.present.all(ctx, spec.Name)
	return 2 + len(held)/searchRows, err
}

// readingBack is about how many calls it takes to read so many documents of a kind.
func (d *draft) readingBack(ctx context.Context, spec *catalogue.Spec, n int) (int, error) {
	alone := 0 // those that are asked for one by one, since rows only tell which have changed
	if spec.Listing.Stamped && n > proof {
		alone = n
	}
	switch {
	case isListed(spec, n, 0) && spec.Listing.Whole:
		return 1 + proof, nil
	case isListed(spec, n, 0):
		held, err := d.present.all(ctx, spec.Name)
		return 2*pages(len(held)) + 1 + proof + alone, err // rows and documents; what lies in the trash is a list of its own
	case spec.Listing.IDs != "" && n > proof:
		return pages(n) + proof + alone, nil
	}
	return n, nil
}

func pages(n int) int { return (n + page - 1) / page }

// ownedCalls is about how many calls it takes to read a part that is a document of its own, and to
// write what lies in it, besides what the server has put there: as much as any of its kind has.
func (d *draft) ownedCalls(ctx context.Context, spec *catalogue.Spec, body []byte) (int, error) {
	calls := 1 + setCalls(spec.Write, body)
	for _, list := range partLists(spec.Write.Parts) {
		calls += countParts(list.part, body)
	}
	copied, err := d.mostParts(ctx, spec)
	return max(2, calls+copied), err
}

// mostParts is how many parts a document of a kind has at most, in the backup.
func (d *draft) mostParts(ctx context.Context, spec *catalogue.Spec) (most int, err error) {
	if most, known := d.partsAtMost[spec.Name]; known || len(spec.Write.Parts) == 0 {
		return most, nil
	}
	held, err := d.past.all(ctx, spec.Name)
	if err != nil {
		return 0, err
	}
	for _, e := range held {
		body, err := d.body(ctx, e)
		if err != nil {
			return 0, err
		}
		count := 0
		for _, list := range partLists(spec.Write.Parts) {
			count += countParts(list.part, body)
		}
		most = max(most, count)
	}
	d.partsAtMost[spec.Name] = most
	return most, nil
}
