package record

import "strconv"

// AnyRow is the id that stands for all rows of a kind's list that cannot be
// stored, in the setting that says that a kind has such rows: "lookml_models/#".
const AnyRow = "#"

// RowRef names a row of a kind's list that cannot be stored by its position, from
// 1 on: "lookml_models/#3". Where a kind is listed in two passes, the rows of the
// trash count on from those of the first pass.
func RowRef(kind Kind, position int) Ref {
	return Ref{Kind: kind, ID: AnyRow + strconv.Itoa(position)}
}

// IsRow reports whether r names a row by its position, see [RowRef].
func (r Ref) IsRow() bool {
	if len(r.ID) < 2 || r.ID[:1] != AnyRow {
		return false
	}
	for _, c := range r.ID[1:] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
