package catalogue

import "slices"

// Dated reports whether rows of the kind's list have the date of the last change, and no
// stamp that tells more.
func (k *Spec) Dated() bool {
	l := k.Listing
	return k.Fields.Updated != "" && !l.Stamped && slices.Contains(l.Rows, k.Fields.Updated)
}

// Own is a row of the kind by whose rules a document does not change with what it repeats
// of others, and not with what rows of its list tell besides the date. Where it changes by
// these rules, somebody changed the document itself.
func (k *Spec) Own() *Spec {
	return k.With(func(own *Spec) {
		own.Volatile = slices.Concat(k.Volatile, k.Copies, slices.DeleteFunc(slices.Clone(k.Listing.Rows), func(member string) bool {
			return member == k.Fields.ID
		}))
		own.Derived = slices.Concat(k.Derived, k.Echoes)
		own.Relations = nil
	})
}
