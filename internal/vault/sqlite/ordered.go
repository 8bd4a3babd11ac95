package sqlite

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// entriesAtOnce is how many entries are looked up by one statement.
const entriesAtOnce = 200

// eachOrdered calls fn with what is held now, or deleted, in the order that the query
// asks for, until it returns false. First it reads all ids of a kind, which is cheap,
// then the rest of each entry as it is wanted: the first hundred of 100,000 documents
// cost what a hundred cost, and memory holds ids only.
func (r *Reader) eachOrdered(ctx context.Context, h horizon, query vault.Query, fn func(vault.Entry) bool) error {
	return r.snapshot(ctx, func(q querier) error {
		kinds, err := kindsOf(ctx, q, h.instance, query)
		if err != nil {
			return err
		}
		read := tally{}
		for _, kind := range kinds {
			ids, err := idsOf(ctx, q, h.instance, kind, query.Deleted)
			if err != nil {
				return err
			}
			query.Sort(ids)
			for some := range slices.Chunk(ids, entriesAtOnce) {
				entries, err := entriesByID(ctx, q, h, kind, some)
				if err != nil {
					return err
				}
				for _, e := range entries {
					read[kind]++
					if !fn(e) {
						return nil
					}
				}
			}
		}
		return r.complete(ctx, q, h, query, read)
	})
}

func kindsOf(ctx context.Context, q querier, instance int64, query vault.Query) (kinds []record.Kind, err error) {
	if query.Kind != "" {
		return []record.Kind{query.Kind}, nil
	}
	for row, err := range rows(ctx, q, `SELECT DISTINCT kind FROM heads WHERE instance = ? ORDER BY kind`, instance) {
		if err != nil {
			return nil, err
		}
		kinds = append(kinds, record.Kind(text(row[0])))
	}
	return kinds, nil
}

// idsOf reads the ids of a kind as one text, in which each has its length before it: a
// row for each would cost ten times as much.
func idsOf(ctx context.Context, q querier, instance int64, kind record.Kind, deleted bool) (ids []string, err error) {
	state := "gone"
	if deleted {
		state = "present"
	}
	var all string
	for row, err := range rowsDirect(ctx, q, `SELECT group_concat(length(CAST(item AS BLOB)) || ':' || item, '') FROM heads
		WHERE instance = ? AND kind = ? AND state <> ?`, instance, string(kind), state) {
		if err != nil {
			return nil, err
		}
		all = text(row[0])
	}
	for all != "" {
		digits, rest, _ := strings.Cut(all, ":")
		size, err := strconv.Atoi(digits)
		if err != nil || size > len(rest) {
			return nil, vault.Damaged(nil, "heads: ids of %s cannot be read", vault.Printable(string(kind)))
		}
		ids, all = append(ids, rest[:size]), rest[size:]
	}
	return ids, nil
}

// entriesByID reads the entries of some ids of a kind, in the order of the ids.
func entriesByID(ctx context.Context, q querier, h horizon, kind record.Kind, ids []string) ([]vault.Entry, error) {
	args := []any{h.instance, string(kind)}
	for i := range entriesAtOnce {
		args = append(args, ids[min(i, len(ids)-1)])
	}
	found := make(map[string]vault.Entry, len(ids))
	var sum summer
	for row, err := range rowsDirect(ctx, q, `SELECT h.kind, h.item, `+documentColumns+fromHeads+
		` WHERE h.instance = ? AND h.kind = ? AND h.item IN (?`+strings.Repeat(",?", entriesAtOnce-1)+`)`, args...) {
		if err != nil {
			return nil, err
		}
		if err := documentRow(row).check(&sum, h.instance); err != nil {
			return nil, err
		}
		e := scanEntry(row, h)
		found[e.ID] = e
	}
	entries := make([]vault.Entry, len(ids))
	for i, id := range ids {
		e, ok := found[id]
		if !ok {
			return nil, vault.Damaged(nil, "heads %s: is there, and its key does not lead to it", shown(record.Ref{Kind: kind, ID: id}))
		}
		entries[i] = e
	}
	return entries, nil
}
