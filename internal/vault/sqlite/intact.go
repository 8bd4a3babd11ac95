package sqlite

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"slices"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// A documentRow is a row of the query for documents: the columns of the head, of
// the version and of its refs, so that the checksums of both can be computed. Their
// kind and id are read once: the row of the other table is another document's if its
// checksum does not match with them.
type documentRow []driver.Value

// The columns of a documentRow.
const (
	columnKind = iota
	columnItem
	columnHeadState
	columnHeadVersion
	columnStamp
	columnHeadPolicy
	columnSettled
	columnHeadChecksum
	columnVersion
	columnState
	columnHash
	columnSize
	columnFingerprint
	columnPolicy
	columnFirstRun
	columnLastRun
	columnGoneRun
	columnFetchedAt
	columnRoute
	columnRedacted
	columnName
	columnFolder
	columnOwner
	columnUpdated
	columnChecksum
	columnRefs
	columnBody // the first one of the body
)

// documentColumns are those of a documentRow behind kind and id. Refs are one text,
// every kind and id with a NUL behind it. The primary key, by which they are found,
// gives them in the order of the checksum; to ask for that order would sort them.
const documentColumns = `h.state, h.version, h.stamp, h.policy, h.settled_run, h.checksum, ` + versionColumns

// versionColumns are those of a documentRow behind the columns of the head.
const versionColumns = `v.id, v.state, v.hash, v.size, v.fingerprint, v.policy, v.first_run, v.last_run, v.gone_run, v.fetched_at, v.route,
	v.redacted, v.name, v.folder, v.owner, v.updated_at, v.checksum, ` + refsColumn

// refsColumn is columnRefs.
const refsColumn = `(SELECT group_concat(r.kind || char(0) || r.item || char(0), '') FROM refs r WHERE r.version = v.id)`

func (row documentRow) ref() record.Ref {
	return record.Ref{Kind: record.Kind(text(row[columnKind])), ID: text(row[columnItem])}
}

// check checks a row of an instance: that head and version are there and are as they
// were written.
func (row documentRow) check(sum *summer, instance int64) error {
	switch {
	case row[columnHeadChecksum] == nil:
		return vault.Damaged(nil, "heads %s: is missing, but a version of it is there", shown(row.ref()))
	case row[columnChecksum] == nil:
		return vault.Damaged(nil, "versions %s: the version that its head leads to is missing", shown(row.ref()))
	}
	sum.begin("heads", instance, row[columnKind], row[columnItem])
	sum.addAll(row[columnHeadState:columnHeadChecksum])
	if !sum.is(row[columnHeadChecksum]) {
		return vault.Damaged(nil, "heads %s: does not match its checksum", shown(row.ref()))
	}
	return row.checkVersion(sum, instance)
}

// checkVersion checks the columns of the version.
func (row documentRow) checkVersion(sum *summer, instance int64) error {
	sum.begin("versions", row[columnVersion], instance, row[columnKind], row[columnItem])
	sum.addAll(row[columnState:columnChecksum])
	sum.addRefs(text(row[columnRefs]))
	if !sum.is(row[columnChecksum]) {
		return vault.Damaged(nil, "versions %s: does not match its checksum", shown(row.ref()))
	}
	return nil
}

// tally counts documents that are read, by kind, to be compared with what the runs
// have counted: a damaged page of an index can lead past documents without an error.
type tally map[record.Kind]int64

// compareTally checks that as many documents were read as the runs of the horizon
// left: each run counts what it found to be new, gone and back, and corrections count
// what was removed since. With all, documents that are gone are among those that were
// read.
func (r *Reader) compareTally(ctx context.Context, q querier, h horizon, kind record.Kind, read tally, all bool) error {
	counted, missing := "k.new + k.reappeared - k.gone", "held"
	if all {
		counted, missing = "k.new", "documents"
	}
	expected := tally{}
	for row, err := range rows(ctx, q, `SELECT k.kind, sum(`+counted+`) FROM runs s CROSS JOIN run_kinds k ON k.run = s.id
		WHERE +s.instance = +?1 AND (?2 = 0 OR s.id <= ?2) AND `+ofKind("k.kind", kind)+` GROUP BY k.kind`, h.instance, h.run, string(kind)) {
		if err != nil {
			return err
		}
		expected[record.Kind(text(row[0]))] = integer(row[1])
	}
	for row, err := range rows(ctx, q, `SELECT kind, sum(`+missing+`) FROM count_corrections
		WHERE instance = +?1 AND (?2 = 0 OR run <= ?2) AND `+ofKind("kind", kind)+` GROUP BY kind`, h.instance, h.run, string(kind)) {
		if err != nil {
			return err
		}
		expected[record.Kind(text(row[0]))] -= integer(row[1])
	}
	for kind, n := range read {
		if expected[kind] != n {
			return r.blame(ctx, q, kind, n, expected[kind])
		}
	}
	for kind, n := range expected {
		if read[kind] != n {
			return r.blame(ctx, q, kind, read[kind], n)
		}
	}
	return nil
}

// blame says what is damaged when documents and the counts of runs disagree.
func (r *Reader) blame(ctx context.Context, q querier, kind record.Kind, read, expected int64) error {
	v, err := newVerifier(ctx, q)
	if err != nil {
		return err
	}
	if err := errors.Join(v.kinds(), v.checksums("runs", 1, 0)(), v.rowsOf("count_corrections")()); err != nil {
		return err
	}
	if len(v.findings) > 0 {
		return v.damage()
	}
	return vault.Damaged(nil, "heads: %d documents of %s can be read, the runs left %d", read, vault.Printable(string(kind)), expected)
}

// checkIndexes checks the indexes of versions, for a horizon in the past: which version
// was the newest by then is read from an index, and what is wrong there shows in no
// checksum. It takes as long as reading all versions, so a Reader does it once.
func (r *Reader) checkIndexes(ctx context.Context, q querier, h horizon) error {
	if h.run == 0 || r.indexed.Load() {
		return nil
	}
	v, err := newVerifier(ctx, q)
	if err != nil {
		return err
	}
	if err := v.pages("versions")(); err != nil {
		return err
	}
	if len(v.findings) > 0 {
		return v.damage()
	}
	r.indexed.Store(true)
	return nil
}

// tallyAll counts all documents of a horizon, also those that are gone.
func (r *Reader) tallyAll(ctx context.Context, q querier, h horizon, kind record.Kind) (tally, error) {
	query := `SELECT kind, count(*) FROM heads WHERE instance = +?1 AND ?2 = 0 AND ` + ofKind("kind", kind) + ` GROUP BY kind`
	if h.run != 0 {
		query = `SELECT kind, count(DISTINCT item) FROM versions WHERE instance = +?1 AND first_run <= ?2 AND ` + ofKind("kind", kind) + ` GROUP BY kind`
	}
	return countByKind(ctx, q, query, h, kind)
}

// countByKind reads the kinds and numbers of a query, whose arguments are the instance, the
// run of a horizon, and a kind.
func countByKind(ctx context.Context, q querier, query string, h horizon, kind record.Kind) (tally, error) {
	counted := tally{}
	for row, err := range rows(ctx, q, query, h.instance, h.run, string(kind)) {
		if err != nil {
			return nil, err
		}
		counted[record.Kind(text(row[0]))] = integer(row[1])
	}
	return counted, nil
}

// ofKind is the condition that a column is the kind which is the third argument of a query,
// or any where that is empty. To ask for both in one query would hide the kind from the
// index that leads to it.
func ofKind(column string, kind record.Kind) string {
	if kind == "" {
		return `?3 = ''`
	}
	return column + ` = +?3`
}

// nothingLost checks that no document of a kind was lost on the way to an answer
// which does not hold them all.
func (r *Reader) nothingLost(ctx context.Context, q querier, h horizon, kind record.Kind) error {
	read, err := r.tallyAll(ctx, q, h, kind)
	if err != nil {
		return err
	}
	return r.compareTally(ctx, q, h, kind, read, true)
}

// NothingLost counts the documents of a kind, and looks whether each has a version under its
// id: a damaged id leads to none. It sees no damage that keeps a document in its place.
func (r *Reader) NothingLost(ctx context.Context, instance string, kind record.Kind) error {
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return err
	}
	h := horizon{instance: found.ID}
	return doing("check what was not read", r.snapshot(ctx, func(q querier) error {
		if err := r.nothingLost(ctx, q, h, kind); err != nil {
			return err
		}
		held, err := countByKind(ctx, q, `SELECT kind, count(*) FROM heads WHERE instance = +?1 AND ?2 = 0 AND state <> 'gone' AND `+ofKind("kind", kind)+` GROUP BY kind`, h, kind)
		if err != nil {
			return err
		}
		if err := r.compareTally(ctx, q, h, kind, held, false); err != nil {
			return err
		}
		for row, err := range rows(ctx, q, `SELECT kind, item FROM heads h WHERE instance = +?1 AND ?2 = 0 AND state <> 'gone' AND `+ofKind("kind", kind)+`
			AND NOT EXISTS (SELECT 1 FROM versions v INDEXED BY versions_item WHERE v.instance = h.instance AND v.kind = h.kind AND v.item = h.item) LIMIT 1`, h.instance, h.run, string(kind)) {
			if err != nil {
				return err
			}
			return vault.Damaged(nil, "heads %s: no version has its id", shown(record.Ref{Kind: record.Kind(text(row[0])), ID: text(row[1])}))
		}
		return nil
	}))
}

// CheckRows checks the rows of some tables: their pages, their checksums and, by
// counting, that none is missing. It returns an ErrCorrupt that names the first one
// that is damaged and says how many are. Bodies are not looked at.
func (r *Reader) CheckRows(ctx context.Context, groups ...vault.Tables) error {
	return r.checkTables(ctx, slices.Concat(groups...), (*verifier).counts)
}

// checkTables checks the pages and the rows of tables, and makes other checks behind them.
func (r *Reader) checkTables(ctx context.Context, tables vault.Tables, also ...func(*verifier) error) error {
	var v *verifier
	err := r.snapshot(ctx, func(q querier) (err error) {
		if v, err = newVerifier(ctx, q); err != nil {
			return err
		}
		for _, table := range tables {
			v.guard(table, v.pages(table))
			v.guard(table, v.rowsOf(table))
			if table == "runs" {
				v.guard(table, v.relationsOf([]string{newestRun, countedRuns}))
			}
		}
		for _, check := range also {
			v.guard("", func() error { return check(v) })
		}
		return ctx.Err()
	})
	if err == nil && len(v.findings) > 0 {
		err = classify(r.path, v.damage())
	}
	return doing("check what was read", err)
}

// damage is an error about what was found.
func (v *verifier) damage() error { return vault.DamageOf("", v.findings) }

// shown is a document's name as it can be printed: a damaged one is any bytes.
func shown(ref record.Ref) string {
	return vault.Printable(string(ref.Kind)) + "/" + vault.Printable(ref.ID)
}

// begin begins the checksum of a row.
func (s *summer) begin(table string, columns ...driver.Value) {
	s.buf, s.long = appendText(s.buf[:0], table), nil
	s.addAll(columns)
}

func (s *summer) addAll(columns []driver.Value) {
	for _, c := range columns {
		s.add(c)
	}
}

// is reports whether the row that was added has that checksum.
func (s *summer) is(checksum driver.Value) bool {
	sum := s.sum()
	return bytes.Equal(sum[:checksumSize], blob(checksum))
}
