package stages

import (
	"cmp"
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
	most  int      // that are named, 0 for firstFew
}

func (f *fewIDs) add(id string) {
	f.n++
	at, _ := slices.BinarySearch(f.first, id)
	if most := cmp.Or(f.most, firstFew); at <= most {
		f.first = slices.Insert(f.first, at, id)
		f.first = f.first[:min(len(f.first), most+1)]
	}
}

// String names the first few of many, in order.
func (f fewIDs) String() string {
	if most := cmp.Or(f.most, firstFew); len(f.first) > most {
		return strings.Join(f.first[:most], ", ") + ", ..."
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
