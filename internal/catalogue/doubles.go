package catalogue

import (
	"strings"

	"github.com/lookervault/lookervault/internal/record"
)

// Double is a member of a document that holds another document whole.
type Double struct {
	Holder record.Kind
	Member string
	Of     record.Kind
}

// Doubles returns the members by which documents of a kind show up twice in listed documents: those
// that hold other listed documents whole, and those of other kinds that hold one of these.
func (k *Spec) Doubles() []Double { return table.doubles[k.Name] }

// findDoubles enters which listed documents lie whole in documents of a kind.
func (t *index) findDoubles(kind *Spec) {
	for _, r := range kind.Relations {
		member, isID := strings.CutSuffix(r.Path, ".id")
		of, known := t.byName[r.Kind]
		if !r.Nested || !isID || !known || of.Listing.Followed || strings.Contains(member, ".") {
			continue
		}
		d := Double{Holder: kind.Name, Member: member, Of: of.Name}
		t.doubles[d.Holder], t.doubles[d.Of] = append(t.doubles[d.Holder], d), append(t.doubles[d.Of], d)
	}
}
