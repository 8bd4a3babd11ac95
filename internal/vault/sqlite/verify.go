package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sourcegraph/conc"

	"github.com/lookervault/lookervault/internal/vault"
)

// Verify reads everything and checks it: SQLite's own structures, the schema,
// the checksum of every row, that every id leads somewhere, the hash of every
// body, and the digest of each instance's newest run if that is finished. It
// returns what is wrong, nothing when all is well; an error means that it could
// not look. Memory grows with the vault by a bit for each body, and no more.
func (r *Reader) Verify(ctx context.Context) ([]vault.Finding, error) {
	return r.VerifyWith(ctx, vault.VerifyOptions{})
}

// VerifyWith is Verify of a part of the bodies, or while somebody watches.
func (r *Reader) VerifyWith(ctx context.Context, o vault.VerifyOptions) ([]vault.Finding, error) {
	findings, err := r.verify(ctx, o, nil)
	return findings, doing("verify the vault", err)
}

// verify is VerifyWith that takes notes for a run that heals, where noted is not nil.
func (r *Reader) verify(ctx context.Context, o vault.VerifyOptions, noted *damage) (findings []vault.Finding, err error) {
	err = r.sideBySide(ctx, func(_ querier, conns []*conn) error {
		findings, err = verifyBeside(ctx, conns, verifier{ctx: ctx, options: o, noted: noted})
		return err
	})
	return findings, err
}

// A verifier makes checks on one connection, for one goroutine.
type verifier struct {
	ctx      context.Context
	c        *conn
	sum      summer
	findings []vault.Finding

	options      vault.VerifyOptions
	dictionaries dictionaries
	noted        *damage     // nil, or what takes notes for a run that heals; no two checks note the same
	passed       *passedRows // nil where nobody asks what leads to what
	loose        bool        // something does not lead where it should, which is to be named
}

// newVerifier returns a verifier of what a snapshot sees.
func newVerifier(ctx context.Context, q querier) (*verifier, error) {
	c, err := rawOf(q)
	return &verifier{ctx: ctx, c: c}, err
}

// verifyBeside makes all checks, as many at the same time as there are connections, and returns
// what they find in the order of the checks.
func verifyBeside(ctx context.Context, conns []*conn, as verifier) ([]vault.Finding, error) {
	passed, ok := newPassedRows(conns[0])
	as.passed, as.loose = passed, !ok
	order := inOrder(as.checks())
	parts := make([]verifier, len(order))
	var next atomic.Int64
	var beside conc.WaitGroup
	for _, c := range conns {
		if err := c.exec(widePages); err != nil {
			return nil, err
		}
		beside.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(order) && ctx.Err() == nil; i = next.Add(1) - 1 {
				place := order[i]
				parts[place] = as
				part := &parts[place]
				part.c = c
				check := part.checks()[place]
				part.guard(check.table, check.do)
			}
		})
	}
	beside.Wait()
	as.c = conns[0]
	for i := range parts {
		as.findings, as.loose = append(as.findings, parts[i].findings...), as.loose || parts[i].loose
	}
	if ctx.Err() == nil {
		as.passedHold()
	}
	if as.loose || len(as.findings) > 0 {
		as.nameLinks()
	}
	return as.findings, errors.Join(ctx.Err(), as.c.exec(usualPages))
}

// A verification looks rows up in no order, in indexes and tables of many pages: with the usual
// 2 MB of pages SQLite reads the same ones again and again.
const (
	widePages  = "PRAGMA cache_size = -16000"
	usualPages = "PRAGMA cache_size = -2000"
)

// A check is one of a verification. An error is a finding about its table.
type check struct {
	table string
	do    func() error
}

// inOrder are the places of checks in the order in which they begin: those that take longest
// first, as any of them would be left alone at the end.
func inOrder(checks []check) (places []int) {
	for _, long := range []string{"bodies", "", "versions", "heads"} { // SQLite's own check has no table
		for place, check := range checks {
			if check.table == long {
				places = append(places, place)
			}
		}
	}
	for place := range checks {
		if !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	return places
}

// checks are those of a verification, in the order in which what they find is told.
func (v *verifier) checks() []check {
	return []check{
		{"", v.integrity},
		{"", v.schema},
		{"", v.foreignKeys(`NOT IN`)},
		{"instances", v.rowsOf("instances")},
		{"runs", v.rowsOf("runs")},
		{"run_kinds", v.rowsOf("run_kinds")},
		{"run_calls", v.rowsOf("run_calls")},
		{"run_sessions", v.rowsOf("run_sessions")},
		{"run_lessons", v.rowsOf("run_lessons")},
		{"pruned_versions", v.rowsOf("pruned_versions")},
		{"count_corrections", v.rowsOf("count_corrections")},
		{"restores", v.rowsOf("restores")},
		{"restore_actions", v.rowsOf("restore_actions")},
		{"restore_steps", v.rowsOf("restore_steps")},
		{"id_map", v.rowsOf("id_map")},
		{"restore_calls", v.rowsOf("restore_calls")},
		{"restores", v.plans},
		{"heads", v.heads},
		{"heads", v.counts},
		{"faults", v.rowsOf("faults")},
		{"versions", v.versions},
		{"dictionaries", v.rowsOf("dictionaries")},
		{"bodies", v.bodies},
		{"search_blocks", v.rowsOf("search_blocks")},
		{"", v.relationsOf(relations)},
		{"", v.links},
	}
}

// guard makes a check. A page that SQLite refuses to read is a finding, and the
// other tables are still worth a look.
func (v *verifier) guard(table string, check func() error) {
	if err := check(); err != nil && v.ctx.Err() == nil {
		v.found(table, "", "cannot be read: %v", err)
	}
}

// pages checks the pages of one table and of its indexes.
func (v *verifier) pages(table string) func() error {
	return func() error {
		return v.each(func(row []driver.Value) error {
			if text(row[0]) != "ok" {
				v.found(table, "", "%s", text(row[0]))
			}
			return nil
		}, `PRAGMA integrity_check('`+table+`')`)
	}
}

// rowsOf checks the rows of one table.
func (v *verifier) rowsOf(table string) func() error {
	switch table {
	case "versions":
		return v.versions
	case "heads":
		return v.checksums("heads", 2, 1)
	case "run_kinds":
		return v.kinds
	case "run_sessions":
		return v.checksums(table, 2, 0)
	case "restore_actions":
		return v.checksums(table, 2, 0)
	case "run_lessons", "pruned_versions", "count_corrections", "restore_steps":
		return v.checksums(table, 3, 0)
	case "run_calls", "restore_calls", "id_map":
		return v.checksums(table, 4, 0)
	}
	return v.checksums(table, 1, 0)
}

// counts compares the documents of each kind with what the runs have counted.
func (v *verifier) counts() error {
	return v.each(func(row []driver.Value) error {
		v.found("heads", fmt.Sprintf("%v/%v", row[0], row[1]), "%v documents, the runs counted %v", row[2], row[3])
		return nil
	}, `SELECT instance, kind, sum(held), sum(counted) FROM (
			SELECT instance, kind, count(*) AS held, 0 AS counted FROM heads GROUP BY instance, kind
			UNION ALL SELECT s.instance, k.kind, 0, sum(k.new) FROM runs s CROSS JOIN run_kinds k ON k.run = s.id GROUP BY 1, 2
			UNION ALL SELECT instance, kind, 0, -sum(documents) FROM count_corrections GROUP BY 1, 2
		) GROUP BY instance, kind HAVING sum(held) <> sum(counted)`)
}

func (v *verifier) found(table, key, format string, args ...any) {
	v.findings = append(v.findings, vault.Finding{Table: table, Key: vault.Printable(key), Problem: vault.Printable(fmt.Sprintf(format, args...))})
}

// each calls fn with every row of a query, which can be interrupted at any time.
func (v *verifier) each(fn func(row []driver.Value) error, query string, args ...driver.Value) error {
	return v.c.eachUntil(v.ctx, query, fn, args...)
}

// scan is each for queries of many rows: to be interrupted costs each row of them a goroutine.
// What such a query needs for its first row cannot be interrupted.
func (v *verifier) scan(fn func(row []driver.Value) error, query string) error {
	return v.c.each(query, func(row []driver.Value) error {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		return fn(row)
	})
}

func (v *verifier) integrity() error {
	return v.each(func(row []driver.Value) error {
		if text(row[0]) != "ok" {
			if v.noted != nil {
				v.noted.indexes = true
			}
			v.found("", "", "%s", text(row[0]))
		}
		return nil
	}, `PRAGMA integrity_check`)
}

// schema compares the tables, indexes and views with those of a new vault. What
// somebody added is none of its business.
func (v *verifier) schema() error {
	version := 0
	if err := v.each(func(row []driver.Value) error {
		version = int(integer(row[0]))
		return nil
	}, `PRAGMA user_version`); err != nil {
		return err
	}
	made, err := schemas()
	if err != nil {
		return err
	}
	want := maps.Clone(made[max(0, min(version, Schema))])
	err = v.each(func(row []driver.Value) error {
		name := text(row[0])
		if sql, ok := want[name]; ok && sql != schemaEntry(row) {
			v.found("sqlite_schema", name, "is not as this version makes it")
		}
		delete(want, name)
		return nil
	}, schemaQuery)
	for name := range want {
		v.found("sqlite_schema", name, "is missing")
	}
	return err
}

// schemaQuery asks for what schemaEntry describes.
const schemaQuery = `SELECT type || ' ' || name, coalesce(sql, ''), tbl_name FROM sqlite_schema`

func schemaEntry(row []driver.Value) string { return text(row[1]) + " on " + text(row[2]) }

// schemas returns the entries of a new vault of each schema version, by type and name. A process
// that verifies often makes them once.
var schemas = sync.OnceValues(func() (versions []map[string]string, err error) {
	fresh, err := connect("file::memory:")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, fresh.close()) }()
	versions = append(versions, nil) // a file without a version has nothing of a vault
	for _, step := range steps {
		if err := fresh.exec(step); err != nil {
			return nil, err
		}
		entries := make(map[string]string)
		if err := fresh.each(schemaQuery, func(row []driver.Value) error {
			entries[text(row[0])] = schemaEntry(row)
			return nil
		}); err != nil {
			return nil, err
		}
		versions = append(versions, entries)
	}
	return versions, nil
})

// checksums checks a table whose last column is the checksum of the others. Its
// key begins at a column and has keys more.
func (v *verifier) checksums(table string, keys, from int) func() error {
	return func() error {
		return v.scan(func(row []driver.Value) error {
			last := len(row) - 1
			if v.sum.begin(table, row[:last]...); !v.sum.is(row[last]) {
				v.note(table, row)
				v.found(table, keyOf(row[from:from+keys]), "does not match its checksum")
			}
			return nil
		}, `SELECT * FROM `+table)
	}
}

// kinds checks run_kinds, whose checksum is not its last column.
func (v *verifier) kinds() error {
	return v.scan(func(row []driver.Value) error {
		if !v.sum.wholeCounts(row) {
			v.found("run_kinds", keyOf(row[:2]), "does not match its checksum")
		}
		return nil
	}, `SELECT * FROM run_kinds`)
}

// note takes a note of a damaged row for a run that heals.
func (v *verifier) note(table string, row []driver.Value) {
	switch {
	case v.noted == nil:
	case table == "heads":
		v.noted.heads = append(v.noted.heads, scanHead(row))
	case table == "search_blocks":
		v.noted.blocks = append(v.noted.blocks, integer(row[0]))
	}
}

func keyOf(values []driver.Value) string {
	parts := make([]string, len(values))
	for i, value := range values {
		parts[i] = fmt.Sprint(value)
	}
	return strings.Join(parts, "/")
}
