package stages

import (
	"slices"
	"strings"
)

// firstFew is how many documents are named of many.
const firstFew = 5

// fewIDs counts documents, and knows the first of them by id: as many as are named, and one more.
// The zero value has none.
type fewIDs struct {
	n     int
	first []string // in order
}

func (f *fewIDs) add(id string) {
	f.n++
	at, _ := slices.BinarySearch(f.first, id)
	if at <= firstFew {
		f.first = slices.Insert(f.first, at, id)
		f.first = f.first[:min(len(f.first), firstFew+1)]
	}
}

// String names the first few of many, in order.
func (f fewIDs) String() string {
	if len(f.first) > firstFew {
		return strings.Join(f.first[:firstFew], ", ") + ", ..."
	}
	return strings.Join(f.first, ", ")
}

// FirstFew names the first few of many, in order.
func FirstFew(ids []string) string {
	var few fewIDs
	for _, id := range ids {
		few.add(id)
	}
	return few.String()
}
