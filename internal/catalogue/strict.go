package catalogue

import "iter"

// Strict yields the relations of a kind that are strict, see [Relation.Strict]. Kinds that are
// only kept for reference, or only when they are named, have none.
func (k *Spec) Strict() iter.Seq[*Relation] {
	return func(yield func(*Relation) bool) {
		if k.Reference || k.OptIn {
			return
		}
		for i := range k.Relations {
			if r := &k.Relations[i]; r.Strict() && !yield(r) {
				return
			}
		}
	}
}
