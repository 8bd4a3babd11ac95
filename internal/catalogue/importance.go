package catalogue

import (
	"slices"

	"github.com/lookervault/lookervault/internal/record"
)

// Importance ranks a kind by what a backup is made for, 0 first: content with what it is
// made of, people, access, and then settings and the rest. What is counted, as the calls of
// a licence, is spent in this order. A kind is never more important than those that lead to
// it.
func Importance(name record.Kind) int {
	ranks := [][]Spec{content, people, access}
	for rank, kinds := range ranks {
		if slices.ContainsFunc(kinds, func(k Spec) bool { return k.Name == name }) {
			return rank
		}
	}
	if slices.ContainsFunc(behind, func(k Spec) bool { return k.Name == name && !k.Reference }) {
		return 0
	}
	return len(ranks)
}
