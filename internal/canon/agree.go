package canon

import (
	"cmp"
	"slices"

	"github.com/lookervault/lookervault/internal/record"
)

// agreedID is an id at one of the two paths of an agreement.
type agreedID struct {
	agreementSide
	id string
}

// disagrees reports whether two paths of the document that should hold the same ids do not, see
// [catalogue.Agreement]. Of a member that is no array, or missing, nothing is known.
func (r *Reader) disagrees() bool {
	slices.SortFunc(r.agreed, func(a, b agreedID) int {
		return cmp.Or(cmp.Compare(a.agreement, b.agreement), cmp.Compare(a.id, b.id))
	})
	for i := 0; i < len(r.agreed); {
		first, one, other := r.agreed[i], false, false
		for ; i < len(r.agreed) && r.agreed[i].agreement == first.agreement && r.agreed[i].id == first.id; i++ {
			one, other = one || !r.agreed[i].other, other || r.agreed[i].other
		}
		if places := r.rules.agreements[first.agreement]; one != other && r.hasArray(places[0]) && r.hasArray(places[1]) {
			return true
		}
	}
	return false
}

// hasArray reports whether the document has an array at a place.
func (r *Reader) hasArray(place uint64) bool {
	return slices.ContainsFunc(r.doc.Lengths, func(l record.Length) bool { return l.Place == place })
}

// InAgreement reports whether a place is that of an array which an agreement is about: its length
// tells nothing that this does not.
func (r *Rules) InAgreement(place uint64) bool {
	return slices.ContainsFunc(r.agreements, func(p [2]uint64) bool { return p[0] == place || p[1] == place })
}
