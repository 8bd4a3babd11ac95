package sqlite

import (
	"context"
	"database/sql/driver"
	"iter"
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
	return r.sideBySide(ctx, func(q querier, conns []*conn) error {
		var readers []partReader[idPart]
		for _, c := range conns {
			read, done, err := c.idReader(h)
			if err != nil {
				return err
			}
			defer done()
			readers = append(readers, read)
		}
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
			var parts []idPart
			for some := range slices.Chunk(ids, entriesAtOnce) {
				parts = append(parts, idPart{kind, some})
			}
			// Who wants a few gets them from the first part, which is read alone.
			for _, some := range [][]idPart{parts[:min(1, len(parts))], parts[min(1, len(parts)):]} {
				whole, err := eachBeside(ctx, readers[:min(len(some), len(readers))], some, func(e *vault.Entry) bool {
					read[kind]++
					return fn(*e)
				})
				if err != nil || !whole {
					return err
				}
			}
		}
		return r.complete(ctx, q, h, query, read)
	})
}

// eachOrderedAt is eachOrdered for a horizon in the past, on one connection: what an entry
// was at a horizon is not all in its rows.
func (r *Reader) eachOrderedAt(ctx context.Context, h horizon, query vault.Query, fn func(vault.Entry) bool) error {
	return r.snapshot(ctx, func(q querier) error {
		if err := r.checkIndexes(ctx, q, h); err != nil {
			return err
		}
		if err := h.readListings(ctx, q, query.Kind); err != nil {
			return err
		}
		kinds, err := kindsOf(ctx, q, h.instance, query)
		if err != nil {
			return err
		}
		var sum summer
		read := tally{}
		asked := query.Kind
		for _, query.Kind = range kinds {
			ids, err := idsAt(ctx, q, h, query.Kind)
			if err != nil {
				return err
			}
			query.Sort(ids)
			for some := range growingChunks(ids) {
				entries, err := entriesAt(ctx, q, &sum, h, query, some)
				for _, e := range entries {
					if read[e.Kind]++; !fn(e) {
						return nil
					}
				}
				if err != nil {
					return err
				}
			}
		}
		query.Kind = asked
		return r.complete(ctx, q, h, query, read)
	})
}

// mostAtOnce is how many entries of a past moment are looked up by one statement at most:
// fewer make SQLite read the same pages more often, and more take memory.
const mostAtOnce = 8 * entriesAtOnce

// growingChunks cuts ids into chunks, of which the first is small, for whoever wants a few,
// and each is twice as large as the one before.
func growingChunks(ids []string) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		for size := entriesAtOnce; len(ids) > 0; size = min(2*size, mostAtOnce) {
			some := ids[:min(size, len(ids))]
			if ids = ids[len(some):]; !yield(some) {
				return
			}
		}
	}
}

// entriesAt reads what a horizon tells of some ids of a kind, in their order, without those
// that a query does not ask for.
func entriesAt(ctx context.Context, q querier, sum *summer, h horizon, query vault.Query, ids []string) (held []vault.Entry, err error) {
	found := make(map[string]vault.Entry, len(ids))
	statement, args := statementOf(query, h, false, ids...)
	for row, err := range rowsDirect(ctx, q, statement, args...) {
		if err != nil {
			return nil, err
		}
		if err := documentRow(row).check(sum, h.instance); err != nil {
			return nil, err
		}
		e := scanEntry(row, h)
		if err := h.limit(ctx, q, &e); err != nil {
			return nil, err
		}
		found[e.ID] = e
	}
	notAsked := record.Gone
	if query.Deleted {
		notAsked = record.Present
	}
	for _, id := range ids {
		e, ok := found[id]
		if !ok {
			return held, vault.Damaged(nil, "versions %s: is there, and its key does not lead to it", shown(record.Ref{Kind: query.Kind, ID: id}))
		}
		if e.State != notAsked {
			held = append(held, e)
		}
	}
	return held, nil
}

func kindsOf(ctx context.Context, q querier, instance int64, query vault.Query) (kinds []record.Kind, err error) {
	if query.Kind != "" {
		return []record.Kind{query.Kind}, nil
	}
	for row, err := range rows(ctx, q, `SELECT DISTINCT kind FROM heads WHERE instance = +? ORDER BY kind`, instance) {
		if err != nil {
			return nil, err
		}
		kinds = append(kinds, record.Kind(text(row[0])))
	}
	return kinds, nil
}

// idsOf reads the ids of a kind as one text, in which each has its length before it: a
// row for each would cost ten times as much.
func idsOf(ctx context.Context, q querier, instance int64, kind record.Kind, deleted bool) ([]string, error) {
	state := "gone"
	if deleted {
		state = "present"
	}
	return readIDs(ctx, q, "heads", kind, `heads WHERE instance = +? AND kind = +? AND state <> ?`, instance, string(kind), state)
}

// idsAt is idsOf for a horizon in the past, also of what was gone by then.
func idsAt(ctx context.Context, q querier, h horizon, kind record.Kind) ([]string, error) {
	return readIDs(ctx, q, "versions", kind, `(SELECT DISTINCT item FROM versions INDEXED BY versions_item
		WHERE instance = +? AND kind = +? AND first_run <= ?)`, h.instance, string(kind), h.run)
}

func readIDs(ctx context.Context, q querier, table string, kind record.Kind, from string, args ...any) (ids []string, err error) {
	var all string
	for row, err := range rowsDirect(ctx, q, `SELECT group_concat(length(CAST(item AS BLOB)) || ':' || item, '') FROM `+from, args...) {
		if err != nil {
			return nil, err
		}
		all = text(row[0])
	}
	for all != "" {
		digits, rest, _ := strings.Cut(all, ":")
		size, err := strconv.Atoi(digits)
		if err != nil || size > len(rest) {
			return nil, vault.Damaged(nil, "%s: ids of %s cannot be read", table, vault.Printable(string(kind)))
		}
		ids, all = append(ids, rest[:size]), rest[size:]
	}
	return ids, nil
}

// idPart are at most entriesAtOnce ids of a kind.
type idPart struct {
	kind record.Kind
	ids  []string
}

// idReader returns a reader of what a horizon tells of some ids, in their order, and a
// function that ends its use.
func (c *conn) idReader(h horizon) (partReader[idPart], func(), error) {
	statement, err := c.prepare(`SELECT h.kind, h.item, ` + documentColumns + fromHeads +
		` WHERE h.instance = +? AND h.kind = +? AND h.item IN (` + marks(entriesAtOnce) + `)`)
	if err != nil {
		return nil, nil, err
	}
	var sum summer
	args := make([]driver.Value, 2+entriesAtOnce)
	places := make(map[string]int, entriesAtOnce)
	read := func(entries []vault.Entry, some idPart) ([]vault.Entry, error) {
		args[0], args[1] = h.instance, string(some.kind)
		for i := range entriesAtOnce {
			args[2+i] = some.ids[min(i, len(some.ids)-1)]
		}
		before := len(entries)
		entries = append(entries, make([]vault.Entry, len(some.ids))...)
		found := entries[before:]
		clear(places)
		for i, id := range some.ids {
			places[id] = i
		}
		err := statement.each(func(row []driver.Value) error {
			if err := documentRow(row).check(&sum, h.instance); err != nil {
				return err
			}
			e := scanEntry(row, h)
			if place, ok := places[e.ID]; ok {
				found[place] = e
			}
			return nil
		}, args...)
		if err != nil {
			return entries[:before], err
		}
		for i, id := range some.ids {
			if ref := (record.Ref{Kind: some.kind, ID: id}); found[i].Ref != ref {
				return entries[:before], vault.Damaged(nil, "heads %s: is there, and its key does not lead to it", shown(ref))
			}
		}
		return entries, nil
	}
	return read, func() { _ = statement.close() }, nil
}
