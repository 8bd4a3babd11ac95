package history

import (
	"iter"
	"slices"

	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/vault"
)

// passagesByNumber yields the passages of each kind in each run by their ids as people count
// them: 9 before 10.
func passagesByNumber(passages iter.Seq2[vault.Passage, error]) iter.Seq2[vault.Passage, error] {
	together := func(a, b vault.Passage) bool { return a.Run == b.Run && a.Kind == b.Kind }
	return sortedGroups(passages, together, func(p vault.Passage) string { return p.ID })
}

// sortedGroups sorts by their ids the values that follow each other and are together.
func sortedGroups[T any](values iter.Seq2[T, error], together func(a, b T) bool, id func(T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var group []T
		flush := func() bool {
			slices.SortStableFunc(group, func(a, b T) int { return table.Compare(id(a), id(b)) })
			for _, value := range group {
				if !yield(value, nil) {
					return false
				}
			}
			group = group[:0]
			return true
		}
		for value, err := range values {
			if len(group) > 0 && (err != nil || !together(group[0], value)) && !flush() {
				return
			}
			if err != nil {
				yield(value, err)
				return
			}
			group = append(group, value)
		}
		flush()
	}
}
