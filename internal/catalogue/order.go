package catalogue

import (
	"slices"

	"github.com/lookervault/lookervault/internal/record"
)

// needs returns the kinds of which documents must be there before one of each kind can
// be made. What is set late does not count, and a kind never needs itself.
func needs() map[record.Kind][]record.Kind {
	needed := make(map[record.Kind][]record.Kind)
	for _, kind := range table.rows {
		for _, r := range kind.Relations {
			first, then := r.Kind, kind.Name
			if r.Role == Owns {
				first, then = then, first
			}
			if r.Role != Actor && first != then && !r.Late && !slices.Contains(needed[then], first) {
				needed[then] = append(needed[then], first)
			}
		}
	}
	return needed
}

// CreationOrder returns all kinds in an order in which their documents can be made:
// before each kind those that its documents lie in, are made of and belong to. Among
// kinds that need nothing of each other it keeps the order of [All]. Relations that
// are [Relation.Late] are set afterwards. Documents of one kind that name each other
// decide among themselves: folders are made from the root down.
func CreationOrder() []record.Kind {
	needed := needs()
	var order []record.Kind
	for len(order) < len(table.rows) {
		i := slices.IndexFunc(table.rows, func(k *Spec) bool {
			return !slices.Contains(order, k.Name) &&
				!slices.ContainsFunc(needed[k.Name], func(first record.Kind) bool { return !slices.Contains(order, first) })
		})
		if i < 0 {
			return order // kinds wait for each other; a test of this package shows which
		}
		order = append(order, table.rows[i].Name)
	}
	return order
}
