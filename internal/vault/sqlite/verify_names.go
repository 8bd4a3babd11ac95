package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"
)

// foreignKeys finds rows that lead to a row which is missing, IN versions and heads, or NOT IN
// those, which links proves at less cost.
func (v *verifier) foreignKeys(in string) func() error {
	return func() error { return v.brokenKeys(in) }
}

func (v *verifier) brokenKeys(in string) error {
	type broken struct {
		table, parent string
		rowid         driver.Value // nil where the table has none
	}
	var all []broken
	seen := map[broken]bool{}
	err := v.each(func(row []driver.Value) error {
		if b := (broken{text(row[0]), text(row[2]), row[1]}); !seen[b] {
			seen[b] = b.rowid == nil
			all = append(all, b)
		}
		return nil
	}, `SELECT f.* FROM main.sqlite_schema t, pragma_foreign_key_check(t.name, 'main') f WHERE t.type = 'table' AND t.name `+in+` ('versions', 'heads')`)
	for _, b := range all {
		keys, failed := v.keysOf(b.table, b.parent, b.rowid)
		err = errors.Join(err, failed)
		for _, key := range keys {
			v.found(b.table, key, "leads to a row of %s that is missing", b.parent)
		}
	}
	return err
}

// keysOf are the keys by which findings name a row that leads to no row of parent, or
// all such rows of a table without rowids.
func (v *verifier) keysOf(table, parent string, rowid driver.Value) (keys []string, err error) {
	query, args := "", []driver.Value{rowid}
	switch {
	case table == "versions":
		query = `SELECT id || ' (' || kind || '/' || item || ')' FROM versions WHERE id = +?`
	case table == "bodies":
		query = `SELECT coalesce((SELECT v.kind || '/' || v.item || ' ' FROM versions v WHERE v.hash = b.hash ORDER BY v.first_run, v.id LIMIT 1), '')
			|| lower(hex(b.hash)) FROM bodies b WHERE b.rowid = +?`
	case table == "heads":
		column := map[string]string{"versions": "version", "runs": "settled_run", "instances": "instance"}[parent]
		query, args = `SELECT instance || '/' || kind || '/' || item FROM heads WHERE `+column+` NOT IN (SELECT id FROM `+parent+`)`, nil
	case table == "refs":
		query, args = `SELECT DISTINCT 'of version ' || version FROM refs WHERE version NOT IN (SELECT id FROM versions)`, nil
	case rowid == nil:
		return []string{""}, nil
	default:
		return []string{fmt.Sprint(rowid)}, nil
	}
	err = v.each(func(row []driver.Value) error {
		keys = append(keys, text(row[0]))
		return nil
	}, query, args...)
	return keys, err
}

// orphans finds bodies that no version has. It names the document to which one belongs
// where something still leads there: a version of the same size that has no body, or the
// only head that has no version.
func (v *verifier) orphans() error {
	type orphan struct {
		hash string
		size int64
	}
	var all []orphan
	err := v.each(func(row []driver.Value) error {
		all = append(all, orphan{text(row[0]), integer(row[1])})
		return nil
	}, `SELECT lower(hex(hash)), size FROM bodies WHERE hash NOT IN (SELECT hash FROM versions)`)
	for _, o := range all {
		key, failed := v.formerOwner(o.size, len(all))
		err = errors.Join(err, failed)
		v.found("bodies", key+o.hash, "no version has it")
	}
	return err
}

// formerOwner returns "kind/id " of the document to which a body of a size belonged
// that is one of so many without a version, "" when nobody can tell.
func (v *verifier) formerOwner(size int64, orphans int) (owner string, err error) {
	var owners []string
	note := func(row []driver.Value) error {
		owners = append(owners, text(row[0])+"/"+text(row[1])+" ")
		return nil
	}
	err = v.each(note, `SELECT kind, item FROM versions v WHERE size = +?
		AND NOT EXISTS (SELECT 1 FROM bodies b WHERE b.hash = v.hash) LIMIT 2`, size)
	if err == nil && len(owners) == 0 && orphans == 1 {
		err = v.each(note, `SELECT kind, item FROM heads h WHERE NOT EXISTS (SELECT 1 FROM versions v WHERE v.id = h.version) LIMIT 2`)
	}
	if len(owners) == 1 {
		return owners[0], err
	}
	return "", err
}
