package sqlite

import (
	"context"
	"iter"
	"strconv"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Entries yields documents in the order of kind and id, both bytewise unless the query
// sorts the ids, without
// reading bodies. They are of one state of the vault. An error ends it.
func (r *Reader) Entries(ctx context.Context, query vault.Query) iter.Seq2[vault.Entry, error] {
	return func(yield func(vault.Entry, error) bool) {
		more := true
		err := r.eachEntry(ctx, query, func(e vault.Entry) bool {
			more = yield(e, nil)
			return more
		})
		if err != nil && more {
			yield(vault.Entry{}, err)
		}
	}
}

// eachEntry calls fn with entries until it returns false.
func (r *Reader) eachEntry(ctx context.Context, query vault.Query, fn func(vault.Entry) bool) error {
	h, err := r.horizonOf(ctx, query)
	if err != nil {
		return err
	}
	switch {
	case query.Sort != nil && h.run == 0:
		return doing("read documents", r.eachOrdered(ctx, h, query, fn))
	case query.Sort != nil:
		return doing("read documents", r.eachOrderedAt(ctx, h, query, fn))
	}
	return doing("read documents", r.snapshot(ctx, func(q querier) error {
		if err := r.checkIndexes(ctx, q, h); err != nil {
			return err
		}
		if err := h.readListings(ctx, q, query.Kind); err != nil {
			return err
		}
		var sum summer
		read := tally{}
		statement, args := statementOf(query, h, false)
		for row, err := range rowsDirect(ctx, q, statement, args...) {
			if err != nil {
				return err
			}
			if err := documentRow(row).check(&sum, h.instance); err != nil {
				return err
			}
			e := scanEntry(row, h)
			read[e.Kind]++
			if err := h.limit(ctx, q, &e); err != nil {
				return err
			}
			if !fn(e) {
				return nil
			}
		}
		return r.complete(ctx, q, h, query, read)
	}))
}

// complete checks that a query was answered with all documents that it asks for.
func (r *Reader) complete(ctx context.Context, q querier, h horizon, query vault.Query, read tally) error {
	if query.Deleted {
		return r.nothingLost(ctx, q, h, query.Kind)
	}
	return r.compareTally(ctx, q, h, query.Kind, read, false)
}

// Documents yields documents with their bodies in the order of kind and id. A
// body that is damaged is an ErrCorrupt that names the document. An error ends
// it.
func (r *Reader) Documents(ctx context.Context, query vault.Query) iter.Seq2[vault.Document, error] {
	return func(yield func(vault.Document, error) bool) {
		more := true
		h, err := r.horizonOf(ctx, query)
		if err == nil {
			err = r.eachDocument(ctx, h, query, "", func(d vault.Document) bool {
				more = yield(d, nil)
				return more
			})
		}
		if err != nil && more {
			yield(vault.Document{}, err)
		}
	}
}

// Document returns one document as it was known at a point: now is its newest
// version, also when it is gone. It returns an [vault.AbsentError], which is an
// ErrNotFound, when the vault does not hold it, when nobody had seen it by then,
// and when it was gone by then.
func (r *Reader) Document(ctx context.Context, instance string, ref record.Ref, at vault.Point) (document vault.Document, err error) {
	query := vault.Query{Instance: instance, Kind: ref.Kind, At: at}
	h, err := r.horizonOf(ctx, query)
	if err != nil {
		return document, err
	}
	held := false
	err = r.eachDocument(ctx, h, query, ref.ID, func(d vault.Document) bool {
		document, held = d, true
		return false
	})
	switch {
	case err != nil:
		return vault.Document{}, err
	case !held:
		if err := r.snapshot(ctx, func(q querier) error { return r.nothingLost(ctx, q, h, ref.Kind) }); err != nil {
			return vault.Document{}, doing("look for "+ref.String(), err)
		}
		return vault.Document{}, r.neverSeen(ctx, h, ref)
	case h.run != 0 && document.State == record.Gone:
		return vault.Document{}, &vault.AbsentError{Ref: ref, Run: h.run, Gone: document.GoneRun, LastSeen: document.LastRun, Path: r.path}
	}
	return document, nil
}

// neverSeen is the error about a document that nobody had seen at a horizon.
func (r *Reader) neverSeen(ctx context.Context, h horizon, ref record.Ref) error {
	absent := &vault.AbsentError{Ref: ref, Run: h.run, Path: r.path}
	for row, err := range rows(ctx, r.db, `SELECT min(first_run), (SELECT first_run FROM pruned_versions WHERE instance = +?1 AND kind = +?2 AND item = +?3)
		FROM versions WHERE instance = +?1 AND kind = +?2 AND item = +?3`, h.instance, string(ref.Kind), ref.ID) {
		if err != nil {
			return doing("read documents", classify(r.path, err))
		}
		absent.Seen = integer(row[0])
		absent.Pruned = row[1] != nil && integer(row[1]) <= h.run
		if absent.Seen != 0 && h.run == 0 {
			return classify(r.path, vault.Damaged(nil, "heads %s: is missing, but a version of it is there", shown(ref)))
		}
	}
	return absent
}

// eachDocument calls fn with documents until it returns false. What it reads is
// one state of the vault, so that no body needs a dictionary of later.
func (r *Reader) eachDocument(ctx context.Context, h horizon, query vault.Query, id string, fn func(vault.Document) bool) error {
	return r.withBodies(ctx, func(q querier, bodies bodyReader) error {
		if err := r.checkIndexes(ctx, q, h); err != nil {
			return err
		}
		if err := h.readListings(ctx, q, query.Kind); err != nil {
			return doing("read runs", err)
		}
		var sum summer
		read := tally{}
		var ids []string
		if id != "" {
			ids = []string{id}
		}
		statement, args := statementOf(query, h, true, ids...)
		for row, err := range rowsDirect(ctx, q, statement, args...) {
			if err != nil {
				return doing("read documents", err)
			}
			if err := documentRow(row).check(&sum, h.instance); err != nil {
				return err
			}
			d := vault.Document{Entry: scanEntry(row, h)}
			read[d.Kind]++
			if err := h.limit(ctx, q, &d.Entry); err != nil {
				return doing("read documents", err)
			}
			if d.Body, err = bodies.ofDocument(row, d.Entry); err != nil {
				return err
			}
			if !fn(d) {
				return nil
			}
		}
		if id != "" {
			return nil
		}
		return r.complete(ctx, q, h, query, read)
	})
}

// The order of these joins is not changed by SQLite: the first table's index is the
// order of the result. What should be there and is not is a row of nulls.
const (
	fromHeads    = ` FROM heads h LEFT JOIN versions v ON v.id = h.version`
	fromVersions = ` FROM versions v LEFT JOIN heads h ON h.instance = v.instance AND h.kind = v.kind AND h.item = v.item`
)

// statementOf builds the query for what is held, or deleted, at a horizon; with
// ids for these documents in whatever state. In both forms an index gives the
// order: nothing is sorted, so the first row comes at once and memory does not
// grow.
func statementOf(q vault.Query, h horizon, bodies bool, ids ...string) (string, []any) {
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return "?" + strconv.Itoa(len(args))
	}
	key, state, from := "h", "h.state", fromHeads
	var where []string
	if h.run != 0 {
		run := "+" + arg(h.run)
		key, from = "v", fromVersions
		state = "CASE WHEN v.gone_run <= " + run + " THEN 'gone' ELSE v.state END"
		// The index of the order is to be used, not that of first_run.
		where = []string{"+v.first_run <= " + run, `NOT EXISTS (SELECT 1 FROM versions n WHERE n.instance = v.instance
			AND n.kind = v.kind AND n.item = v.item AND n.first_run > v.first_run AND n.first_run <= ` + run + ")"}
	}
	switch {
	case len(ids) > 0:
		var list []string
		for _, id := range ids {
			list = append(list, arg(id))
		}
		where = append(where, key+".item IN ("+strings.Join(list, ", ")+")")
	case q.Deleted:
		where = append(where, state+" IS NOT 'present'")
	default:
		where = append(where, state+" IS NOT 'gone'")
	}
	where = append(where, key+".instance = +"+arg(h.instance))
	if q.Kind != "" {
		where = append(where, key+".kind = +"+arg(string(q.Kind)))
	}
	columns := key + ".kind, " + key + ".item, " + documentColumns
	if bodies {
		columns, from = columns+", "+storedColumns, from+" LEFT JOIN bodies b ON b.hash = v.hash"
	}
	return "SELECT " + columns + from + " WHERE " + strings.Join(where, " AND ") +
		" ORDER BY " + key + ".kind, " + key + ".item", args
}

// scanEntry reads an entry as it stood at a horizon. The last run that saw a version
// is, while it is the current one, the run that settled its head last.
func scanEntry(row documentRow, h horizon) vault.Entry {
	e := vault.Entry{
		Ref: row.ref(), State: record.State(text(row[columnHeadState])), Name: text(row[columnName]), Folder: text(row[columnFolder]),
		Owner: text(row[columnOwner]), Updated: text(row[columnUpdated]), Size: integer(row[columnSize]), Hash: digest(row[columnHash]),
		FirstRun: integer(row[columnFirstRun]), LastRun: integer(row[columnLastRun]), GoneRun: integer(row[columnGoneRun]),
		FetchedAt: moment(integer(row[columnFetchedAt])), Route: text(row[columnRoute]), Redacted: redacted(row[columnRedacted]),
		Version: integer(row[columnVersion]),
	}
	if row[columnLastRun] == nil {
		e.LastRun = integer(row[columnSettled])
	}
	if h.run != 0 {
		e.State = record.State(text(row[columnState]))
		if e.GoneRun != 0 && e.GoneRun <= h.run {
			e.State = record.Gone
		}
	}
	return e
}
