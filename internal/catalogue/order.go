package catalogue

import (
	"slices"

	"github.com/lookervault/lookervault/internal/record"
)

// needs returns the kinds of which documents must be there before one of each kind can
// be made. What is set late counts only if it is asked for; a kind never needs itself.
func needs(late bool) map[record.Kind][]record.Kind {
	needed := make(map[record.Kind][]record.Kind)
	for _, kind := range table.rows {
		for _, r := range kind.Relations {
			first, then := r.Kind, kind.Name
			if r.Role == Owns {
				first, then = then, first
			}
			if r.Role != Actor && first != then && (late || !r.Late) && !slices.Contains(needed[then], first) {
				needed[then] = append(needed[then], first)
			}
		}
	}
	return needed
}

// CreationOrder returns all kinds in an order in which their documents can be made:
// before each kind those that its documents lie in, are made of and belong to. Among
// kinds that need nothing of each other it keeps the order of [All]. Relations that
// are [Relation.Late] are set afterwards. Within a kind of [Cycles] the documents
// themselves decide: folders are made from the root down.
func CreationOrder() []record.Kind {
	needed := needs(false)
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

// Cycles returns the kinds whose documents name each other, those among them included
// that are set late, and alone the kinds whose documents name others of the same kind.
func Cycles() [][]record.Kind {
	needed := needs(true)
	var cycles [][]record.Kind
	for i, kind := range table.rows {
		if slices.ContainsFunc(kind.Relations, func(r Relation) bool { return r.Kind == kind.Name && r.Role != Actor }) {
			cycles = append(cycles, []record.Kind{kind.Name})
		}
		cycle := []record.Kind{kind.Name}
		for j, other := range table.rows {
			if i == j || !reaches(needed, kind.Name, other.Name) || !reaches(needed, other.Name, kind.Name) {
				continue
			}
			if j < i {
				cycle = nil // named with the first of its kinds
				break
			}
			cycle = append(cycle, other.Name)
		}
		if len(cycle) > 1 {
			cycles = append(cycles, cycle)
		}
	}
	return cycles
}

// reaches reports whether one kind needs another one, at once or through others.
func reaches(needed map[record.Kind][]record.Kind, from, to record.Kind) bool {
	seen := map[record.Kind]bool{from: true}
	for open := []record.Kind{from}; len(open) > 0; open = open[1:] {
		for _, next := range needed[open[0]] {
			if next == to {
				return true
			}
			if !seen[next] {
				seen[next] = true
				open = append(open, next)
			}
		}
	}
	return false
}
