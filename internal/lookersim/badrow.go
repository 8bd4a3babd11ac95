package lookersim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// RowForm is what stands in a list in place of a document.
type RowForm string

// The forms of bad rows.
const (
	RowNull    RowForm = "null"
	RowNumber  RowForm = "number"   // 17
	RowNoID    RowForm = "no-id"    // a document without the member that is its id
	RowNullID  RowForm = "null-id"  // a document whose id is null, as a model without a connection
	RowEmptyID RowForm = "empty-id" // a document whose id is ""
	RowTwice   RowForm = "twice"    // the document behind it, once more
	RowOther   RowForm = "other"    // a document with the id of the one behind it and another name
	RowFar     RowForm = "far"      // a document with the id of the one half a list away and another name
	RowMoved   RowForm = "moved"    // a document with the id of the one behind it, which stands at the end of the list instead, and another name
)

var rowForms = []RowForm{RowNull, RowNumber, RowNoID, RowNullID, RowEmptyID, RowTwice, RowOther, RowFar, RowMoved}

// BadRow stands in every list of a kind besides its documents, at the position
// that it names from 1 on; lists that are shorter do not hold it. Totals count it.
type BadRow struct {
	Kind string
	At   int
	Form RowForm
}

// ParseBadRow reads the text form of a bad row: "lookml_models:2:null-id".
func ParseBadRow(text string) (BadRow, error) {
	kind, rest, _ := strings.Cut(text, ":")
	at, form, _ := strings.Cut(rest, ":")
	n, err := strconv.Atoi(at)
	b := BadRow{Kind: kind, At: n, Form: RowForm(form)}
	if err == nil {
		err = b.check()
	}
	if err != nil {
		return BadRow{}, fmt.Errorf("bad row %q: want KIND:POSITION:FORM with a position from 1 on and a form of %v", text, rowForms)
	}
	return b, nil
}

func (b BadRow) check() error {
	if b.Kind == "" || b.At < 1 || !slices.Contains(rowForms, b.Form) {
		return fmt.Errorf("bad row of kind %q at %d: no form %q, or no position", b.Kind, b.At, b.Form)
	}
	return nil
}

// SetBadRows puts bad rows in place of all that were there; none means that lists
// hold documents only. It fails, changing nothing, when one of them makes no sense.
func (s *Server) SetBadRows(rows ...BadRow) error {
	for _, b := range rows {
		if err := b.check(); err != nil {
			return err
		}
	}
	rows = slices.SortedStableFunc(slices.Values(rows), func(a, b BadRow) int { return a.At - b.At })
	s.badRows.Store(&rows)
	return nil
}

// badRowsOf returns those that a list of a kind holds, in their order.
func (c *call) badRowsOf(kind string) (rows []BadRow) {
	all := c.badRows.Load()
	if all == nil || c.quiet {
		return nil
	}
	for _, b := range *all {
		if b.Kind == kind {
			rows = append(rows, b)
		}
	}
	return rows
}

// placedRows are the bad rows of one list, in the order of their positions.
type placedRows []BadRow

// placed leaves out the bad rows that a list of n documents is too short for, and
// all but the first of those at one position.
func placed(rows []BadRow, n int) (bad placedRows) {
	for _, b := range rows {
		if n > 0 && b.At <= n+len(bad)+1 && (len(bad) == 0 || bad[len(bad)-1].At < b.At) {
			bad = append(bad, b)
		}
	}
	return bad
}

// row is what stands in a list at an offset: a document, or a bad row that is like
// the document behind it, where there is one.
func (bad placedRows) row(t *table, list []int32, at int) found {
	before, moved := 0, -1
	form := RowForm("")
	for _, b := range bad {
		switch {
		case b.At-1 < at && b.Form == RowMoved:
			moved = b.At - 1 - before
		case b.At-1 < at:
			before++
		case b.At-1 == at:
			form = b.Form
		}
	}
	of := min(at-before, len(list)-1)
	if form == RowFar {
		of = (of + len(list)/2) % len(list)
	}
	if moved >= 0 && at == len(list)+len(bad)-1 {
		of = min(moved, len(list)-1)
	}
	f := t.found(int(list[of]))
	f.bad = form
	return f
}

// spoiled is what stands in a list in place of a document.
func (f RowForm) spoiled(kind string, doc []byte) []byte {
	id := "id"
	if kind == "lookml_models" || kind == "connections" {
		id = "name"
	}
	set := func(member, value string) []byte {
		if lookup(doc, member) == nil {
			return doc // a list that is cut to other fields
		}
		out, err := splice(doc, member, []byte(value))
		if err != nil {
			return doc
		}
		return out
	}
	switch f {
	case RowNull:
		return []byte("null")
	case RowNumber:
		return []byte("17")
	case RowNoID:
		return without(nil, doc, id)
	case RowNullID:
		return set(id, "null")
	case RowEmptyID:
		return set(id, `""`)
	case RowOther, RowFar, RowMoved:
		for _, member := range []string{"name", "title", "label", "display_name", "custom_title", "host", "folder_id"} {
			if member != id && lookup(doc, member) != nil {
				return set(member, `"somebody else's"`)
			}
		}
	}
	return doc
}
