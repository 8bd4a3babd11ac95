package stages

import (
	"context"
	"strconv"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// many asks once for all of want and settles what the answer holds. It returns
// what the answer leaves.
func (t *task) many(ctx context.Context, many catalogue.Many, offset int, want []record.Listed) ([]record.Listed, error) {
	call := t.manyCall(many, offset, want)
	if len(want) > 1 {
		call.Tries = patience
	}
	answer, held, err := t.get(ctx, call, Load{Bytes: t.guess(len(want)), Items: int64(len(want))}, len(want) > 1)
	if err != nil {
		return want, err
	}
	rows, err := canon.Rows(answer.Body)
	if err != nil {
		t.Limits.drop(answer, held)
		return want, broken(err)
	}
	found, strangers := t.match(rows, want)
	if many.How == record.IDs && strangers > 0 {
		t.shut(record.IDs, many.Route.String()+" does not honour a list of ids, fetching one by one")
	}
	v, err := t.prove(ctx, found)
	if err != nil || !v.usable() {
		t.Limits.drop(answer, held)
		return want, err
	}
	t.learn(held.Bytes, len(rows))
	t.served(many.How, len(want))
	if len(found) == 0 {
		t.Limits.drop(answer, held)
		return want, nil
	}
	t.Limits.Correct(held, Load{Bytes: held.Bytes, Items: int64(len(found))})
	return rest(want, found), t.settleAll(found, t.Limits.share(answer, len(found)), v, many.Route)
}

// rest is what of want was not found.
func rest(want []record.Listed, found []matched) []record.Listed {
	have := make(map[string]bool, len(found))
	for _, m := range found {
		have[m.want.ID] = true
	}
	var left []record.Listed
	for _, w := range want {
		if !have[w.ID] {
			left = append(left, w)
		}
	}
	return left
}

// settleAll settles the rows of an answer. Rows that are trusted without a proof
// get no stamp, so that the next run fetches them again.
func (t *task) settleAll(found []matched, in *room, v verdict, route catalogue.Route) error {
	at := t.Now()
	for _, m := range found {
		if v == trusted {
			m.want.Stamp = record.Digest{}
		}
		if err := t.settle(t.item(m.want, m.row, in, route, at)); err != nil {
			return err
		}
	}
	return nil
}

// matched is a row of an answer and the document that it was asked for.
type matched struct {
	want record.Listed
	row  []byte
}

// match finds the rows that were wanted, each document once, and counts those
// that were not.
func (t *task) match(rows [][]byte, want []record.Listed) (found []matched, strangers int) {
	wanted := make(map[string]record.Listed, len(want))
	for _, w := range want {
		wanted[w.ID] = w
	}
	for _, row := range rows {
		id := canon.Text(canon.Member(row, t.kind.Fields.ID))
		w, ok := wanted[id]
		if !ok {
			strangers++
			continue
		}
		delete(wanted, id)
		found = append(found, matched{w, row})
	}
	return found, strangers
}

func (t *task) manyCall(many catalogue.Many, offset int, want []record.Listed) Call {
	var params [][2]string
	path := many.Route.Path
	switch many.How {
	case record.Page:
		params = [][2]string{{"limit", strconv.Itoa(len(want))}, {"offset", strconv.Itoa(offset)}}
		if !t.kind.Listing.Unsorted {
			params = append(params, [2]string{"sorts", t.kind.Fields.ID})
		}
	case record.IDs:
		params = [][2]string{{many.IDs, idList(want)}, {"limit", strconv.Itoa(len(want))}}
	case record.Folder:
		path = many.Route.Fill(t.ask.Folder)
		if many.Route.Param != "" {
			params = [][2]string{{many.Route.Param, t.ask.Folder}}
		}
	}
	if t.ask.State == record.Trashed {
		params = append(params, [2]string{"deleted", "true"})
	}
	return Call{Route: many.Route, Path: path, Query: many.Route.Values(params...)}
}

func idList(want []record.Listed) string {
	ids := make([]string, len(want))
	for i, w := range want {
		ids[i] = w.ID
	}
	return strings.Join(ids, ",")
}
