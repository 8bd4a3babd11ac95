package fetch

import (
	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
)

// newDate is the date of a row that is what is stored, byte for byte, where another date or
// none was seen last. To find it in each of them takes as long as to receive it.
func (t *task) newDate(want record.Listed, row []byte) record.Digest {
	if !t.kind.Dated() || !want.SeenDate.IsZero() && want.SeenDate == want.Date {
		return record.Digest{}
	}
	return record.DateOf(canon.Text(canon.Member(row, t.kind.Fields.Updated)))
}
