package fetch

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"

	"github.com/lookervault/lookervault/internal/budget"
	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// many asks once for all of want and settles what the answer holds. It returns
// what the answer leaves.
func (t *task) many(ctx context.Context, many catalogue.Many, offset int, want []record.Listed) ([]record.Listed, error) {
	call := t.manyCall(many, offset, want)
	if len(want) > 1 {
		call.Tries = stages.Patience
	}
	answer, lease, err := t.get(ctx, call, budget.Load{Bytes: t.expect(want), Items: int64(len(want))}, len(want) > 1)
	if err != nil {
		return want, err
	}
	defer lease.Release() // which does nothing once it is split
	found, unclear, strangers, err := t.readRows(answer.Body, want)
	if err != nil {
		return want, stages.Broken(err)
	}
	if len(t.kind.Kin) > 0 && len(found) > 0 && !slices.ContainsFunc(found, func(m matched) bool { return stages.HasOneOf(m.row, t.kind.Kin) }) {
		return want, stages.NotOfKind(t.kind)
	}
	t.closeIfIgnored(many, offset, len(want), len(found)+len(unclear), strangers)
	if rows := len(found) + len(unclear) + strangers; many.How == record.Page && answer.HasTotal && answer.Total > rows {
		t.Ledger.Counted(t.kind.Name, t.ask.State, answer.Total)
	}
	found, doubtful, v, err := t.trust(ctx, found)
	if err != nil || !v.usable() {
		return want, err
	}
	unclear = append(unclear, doubtful...)
	t.learn(int64(len(answer.Body)), len(found)+strangers)
	t.served(many.How, len(want))
	if err := t.settleAll(found, lease, v, many.Route); err != nil {
		return nil, err
	}
	if err := t.alone(ctx, unclear); err != nil {
		return nil, err
	}
	return notAmong(want, found, unclear), nil
}

// closeIfIgnored disables a route whose answer shows that the server does not honour what was
// asked for: found of so many that were wanted, and strangers besides.
func (t *task) closeIfIgnored(many catalogue.Many, offset, wanted, found, strangers int) {
	switch {
	case strangers == 0:
	case many.How == record.IDs:
		t.disable(record.IDs, many.Route.String()+" does not honour a list of ids, fetching one by one")
	case many.How != record.Page || !plan.Can(t.kind, record.IDs, t.ask.State):
	case found+strangers > wanted:
		t.disable(record.Page, many.Route.String()+" does not honour limit, asking by ids")
	case found == 0 && wanted > 1 && offset > 0:
		t.disable(record.Page, many.Route.String()+" does not honour offset, asking by ids")
	}
}

// notAmong is what of want was not found.
func notAmong(want []record.Listed, found []matched, unclear []record.Listed) []record.Listed {
	have := make(map[string]bool, len(found))
	for _, m := range found {
		have[m.want.ID] = true
	}
	for _, w := range unclear {
		have[w.ID] = true
	}
	var left []record.Listed
	for _, w := range want {
		if !have[w.ID] {
			left = append(left, w)
		}
	}
	return left
}

// settleAll settles the rows of an answer, whose room is given back when the last
// of them is done with. Rows that were not proven get no stamp and no date, so that
// the next run fetches them again.
func (t *task) settleAll(found []matched, lease *budget.Lease, v verdict, route catalogue.Route) error {
	leases := shareOut(found, lease)
	defer func() { // of rows that could not be handed on
		for _, l := range leases {
			l.Release()
		}
	}()
	at := t.Now()
	for _, m := range found {
		if v == unproven {
			m.want.Stamp = record.Digest{}
		}
		item := t.item(m.want, m.row, nil, route, at)
		t.Ledger.FromList(item.Ref)
		item.Read, item.Unproven = m.doc, v == unproven
		if m.same {
			item.Stamp = cmp.Or(item.Stamp, t.newDate(m.want, m.row))
			item.Same, item.Size, item.Body = true, int64(len(m.row)), nil
		} else {
			item.Lease, leases = leases[0], leases[1:]
		}
		if err := t.settle(item); err != nil {
			return err
		}
	}
	return nil
}

// shareOut splits the lease of an answer among the bodies that are cut out of it. Where
// there is none, it is released.
func shareOut(found []matched, lease *budget.Lease) []*budget.Lease {
	bodies := 0
	for _, m := range found {
		if !m.same {
			bodies++
		}
	}
	if bodies == 0 {
		lease.Release()
		return nil
	}
	return lease.Split(bodies)
}

// matched is a row of an answer and the document that it was asked for.
type matched struct {
	want record.Listed
	row  []byte
	doc  *record.Document // what was read from the row, nil when nothing was
	same bool             // the row is, byte for byte, the body that is stored

	observed bool     // its members were taken note of
	lacks    []string // what its neighbours, or the stored version, have and it has not
}

// readRows reads the rows of an answer and finds those that were wanted, each document
// once, and counts the documents that were not. Rows that are no documents count for
// nothing: what was wanted and does not come is asked for again. A document that
// comes twice with different contents is unclear.
//
// A row that begins with the very bytes that are stored of its document is not
// read: what was a whole, valid object once is one still.
func (t *task) readRows(answer []byte, want []record.Listed) (found []matched, unclear []record.Listed, strangers int, err error) {
	wanted := make(map[string]*record.Listed, len(want))
	for i := range want {
		wanted[want[i].ID] = &want[i]
	}
	type beginning struct {
		of    *record.Listed // nil: of a document that was not wanted
		known int            // bytes
	}
	seen := make([]beginning, 0, len(want))
	rows, err := t.reader.Rows(t.rules, answer, func(rest []byte) int {
		b := beginning{of: wanted[canon.Text(canon.Member(rest, t.kind.Fields.ID))]}
		if b.of != nil && begins(rest, b.of) {
			b.known = int(b.of.Size)
		}
		seen = append(seen, b)
		return b.known
	})
	if err != nil {
		return nil, nil, 0, err
	}
	found = make([]matched, 0, len(rows))
	first := make(map[*record.Listed]int, len(want)) // index in found
	differs := make(map[*record.Listed]bool)
	for i, row := range rows {
		b := seen[i]
		m := matched{row: row.Body, doc: row.Doc}
		if b.of == nil {
			if row.Doc.ID != "" {
				strangers++
				t.Ledger.Unasked(t.kind.Name, row.Doc.ID, row.Doc.Fingerprint)
			}
			continue
		}
		if at, again := first[b.of]; again {
			differs[b.of] = differs[b.of] || !alike(found[at], m)
			continue
		}
		first[b.of] = len(found)
		m.want, m.same = *b.of, b.known == len(row.Body)
		found = append(found, m)
	}
	found = slices.DeleteFunc(found, func(m matched) bool {
		d := differs[wanted[m.want.ID]]
		if d {
			t.Log.Warn("an answer holds a document twice, with different contents", "kind", t.ask.Kind, "id", m.want.ID)
			unclear = append(unclear, m.want)
		}
		return d
	})
	return found, unclear, strangers, nil
}

// alike reports whether two rows are the same document but for what does not matter.
func alike(a, b matched) bool {
	return bytes.Equal(a.row, b.row) || a.doc != nil && b.doc != nil && a.doc.Fingerprint == b.doc.Fingerprint
}

// begins reports whether a text begins with the body that is stored of a document.
func begins(text []byte, w *record.Listed) bool {
	return !w.Hash.IsZero() && 0 < w.Size && w.Size <= int64(len(text)) && text[w.Size-1] == '}' &&
		w.Hash == sha256.Sum256(text[:w.Size])
}

func (t *task) manyCall(many catalogue.Many, offset int, want []record.Listed) stages.Call {
	var params [][2]string
	path := many.Route.Path
	switch many.How {
	case record.Page:
		params = [][2]string{{"limit", strconv.Itoa(len(want))}, {"offset", strconv.Itoa(offset)}}
		if !t.kind.Listing.Unsorted {
			params = append(params, [2]string{"sorts", t.kind.Fields.ID})
		}
	case record.IDs:
		// One row more, so that a document which stands there twice shows.
		params = [][2]string{{many.IDs, idList(want)}, {"limit", strconv.Itoa(len(want) + 1)}}
	case record.Folder:
		path = many.Route.Fill(t.ask.Folder)
		if many.Route.Param != "" {
			params = [][2]string{{many.Route.Param, t.ask.Folder}}
		}
	}
	if t.ask.State == record.Trashed {
		params = append(params, [2]string{"deleted", "true"})
	}
	return stages.Call{Kind: t.kind.Name, Route: many.Route, Path: path, Query: many.Route.Values(params...), Check: stages.IsArray}
}

func idList(want []record.Listed) string {
	ids := make([]string, len(want))
	for i, w := range want {
		ids[i] = w.ID
	}
	return strings.Join(ids, ",")
}
