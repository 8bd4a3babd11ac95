package sqlite

import (
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

	"github.com/lookervault/lookervault/internal/vault"
)

// Heads, versions, bodies and runs lead to each other. That all of them do is proved in passing,
// while their rows are checked, by what names nothing: the queries that name what does not take
// five times as long, and are asked only where something does not or something else was found.

// passedRows are what a verification passes while it checks rows, of which it then tells what
// leads to what. No two checks write to the same.
type passedRows struct {
	passedBodies
	instances, runs map[int64]bool            // that there are
	current, headed int64                     // versions that no run has ended, and heads of one
	snapshots       map[int64]*vault.Snapshot // what the heads of each instance lead to; nil where not all were read
}

// newPassedRows reads which instances and runs there are. It reports false where it cannot.
func newPassedRows(c *conn) (p *passedRows, ok bool) {
	p = &passedRows{instances: make(map[int64]bool), runs: make(map[int64]bool)}
	ok = p.led.expect(c, "versions") && p.held.expect(c, "bodies")
	for table, ids := range map[string]map[int64]bool{"instances": p.instances, "runs": p.runs} {
		err := c.each(`SELECT id FROM `+table, func(row []driver.Value) error {
			ids[integer(row[0])] = true
			return nil
		})
		ok = ok && err == nil
	}
	return p, ok
}

// has reports whether an id is one of those that there are.
func has(ids map[int64]bool, id driver.Value) bool {
	number, ok := id.(int64)
	return ok && ids[number]
}

// passVersion takes what leads from and to a version, a row of versions, and reports whether its
// instance and its runs are there.
func (p *passedRows) passVersion(row []driver.Value) bool {
	p.led.add(row[5], row[6])
	ended := row[10] != nil
	if !ended {
		p.current++
	}
	return has(p.instances, row[1]) && has(p.runs, row[9]) && (!ended || has(p.runs, row[10])) && (row[11] == nil || has(p.runs, row[11]))
}

// links proves that each document that has versions has a head. It sets loose where not.
func (v *verifier) links() error {
	return v.each(func(row []driver.Value) error {
		v.loose = v.loose || row[0] != int64(1)
		return nil
	}, `SELECT (SELECT count(*) FROM heads) = (SELECT count(*) FROM (SELECT DISTINCT instance, kind, item FROM versions))`)
}

// passedHold proves of the rows that were passed that they lead to each other. It sets loose
// where they do not.
func (v *verifier) passedHold() {
	v.guard("", v.digests)
	v.guard("bodies", v.bodiesHold)
	// Each head leads to a version of its document, so that those that no run has ended need
	// only be counted.
	v.loose = v.loose || v.passed.current != v.passed.headed
}

// bodiesHold proves that versions and bodies lead to each other, once both have been read. It
// sets loose where they do not.
func (v *verifier) bodiesHold() (err error) {
	hold, ok := v.passed.hold()
	if !ok {
		hold, err = v.bodyLinks()
	}
	v.loose = v.loose || !hold
	return err
}

// passedBodies are the bodies that versions lead to, and those that are there, as a
// verification passes them: to look each up takes a tenth of its time.
type passedBodies struct{ led, held bodySet }

// hold reports whether both are the same, and false for ok where there are too many to tell.
func (p *passedBodies) hold() (hold, ok bool) {
	if p.led.tooMany || p.held.tooMany {
		return false, false
	}
	return slices.Equal(p.led.sorted(), p.held.sorted()), true
}

// A bodySet has 8 bytes for each body that was added, which are its hash and its size, folded.
// Each row is checked on its own, so that two that are as they were written, of one key, are one.
type bodySet struct {
	keys    []uint64
	tooMany bool
}

// bodySetLimit bounds a bodySet to 16 MB, and as much while it grows.
const bodySetLimit = 1 << 21

// expect makes room for a body for each row of a table, and reports whether it can tell how
// many there are.
func (s *bodySet) expect(c *conn, table string) bool {
	newest, err := c.number(`SELECT max(rowid) FROM main.` + table)
	s.keys = make([]uint64, 0, max(0, min(newest, bodySetLimit)))
	return err == nil
}

// add adds a body by its columns. Where these are no hash and no size, their row does not
// match its checksum.
func (s *bodySet) add(hash, size driver.Value) {
	if s.tooMany = s.tooMany || len(s.keys) == bodySetLimit; s.tooMany {
		s.keys = nil
		return
	}
	folded := digest(hash)
	key := uint64(integer(size))
	for at := 0; at < len(folded); at += 8 {
		key = bits.RotateLeft64(key, 17) ^ binary.BigEndian.Uint64(folded[at:])
	}
	s.keys = append(s.keys, key)
}

// sorted are the keys, each once. Nothing can be added any more.
func (s *bodySet) sorted() []uint64 {
	slices.Sort(s.keys)
	return slices.Compact(s.keys)
}

// heads checks the rows of heads and follows each to its version. It sets loose where one does
// not lead to a version of its document, or not to its runs. Where that cannot be read, it checks
// the rows alone.
func (v *verifier) heads() error {
	findings, noted := len(v.findings), 0
	if v.noted != nil {
		noted = len(v.noted.heads)
	}
	snapshots, err := v.followHeads()
	if err == nil {
		v.passed.snapshots = snapshots
		return nil
	}
	v.findings, v.loose = v.findings[:findings], true
	if v.noted != nil {
		v.noted.heads = v.noted.heads[:noted]
	}
	v.found("", "", "cannot be read: %v", err)
	return v.rowsOf("heads")()
}

func (v *verifier) followHeads() (map[int64]*vault.Snapshot, error) {
	const checksum = 8 // the columns of heads, and behind it those of its version
	snapshots := make(map[int64]*vault.Snapshot)
	document := make([]driver.Value, 4)
	err := v.scan(func(row []driver.Value) error {
		if v.sum.begin("heads", row[:checksum]...); !v.sum.is(row[checksum]) {
			v.note("heads", row[:checksum+1])
			v.found("heads", keyOf(row[1:3]), "does not match its checksum")
		}
		leads := row[checksum+2] == int64(1) && has(v.passed.instances, row[0]) && has(v.passed.runs, row[7])
		v.loose = v.loose || !leads
		if row[checksum+1] == nil {
			return nil
		}
		instance := integer(row[0])
		if snapshots[instance] == nil {
			snapshots[instance] = vault.NewSnapshot()
		}
		v.passed.headed += integer(row[checksum+3])
		copy(document, row[1:4])
		document[3] = row[checksum+1]
		return addTo(snapshots[instance])(document)
	}, `SELECT h.*, v.hash,
			v.instance = h.instance AND v.kind = h.kind AND v.item = h.item AND (h.state = 'gone') = (v.gone_run IS NOT NULL) AND
			(h.state = 'gone' OR h.state = v.state AND v.last_run IS NULL), v.last_run IS NULL
		FROM heads h LEFT JOIN versions v ON v.id = h.version ORDER BY h.instance, h.kind, h.item`)
	return snapshots, err
}

// digests compares the digest of every instance whose newest run is finished with what the
// vault holds: until the next run the heads are what it ended with.
func (v *verifier) digests() error {
	if v.passed.snapshots == nil {
		return nil
	}
	return v.each(func(row []driver.Value) error {
		snapshot := v.passed.snapshots[integer(row[1])]
		if snapshot == nil {
			snapshot = vault.NewSnapshot()
		}
		if snapshot.Digest() != digest(row[2]) {
			v.found("runs", fmt.Sprint(row[0]), vault.OtherDocuments)
		}
		return nil
	}, `SELECT id, instance, digest FROM runs WHERE id IN (SELECT max(id) FROM runs GROUP BY instance)
		AND outcome IN ('complete', 'partial')`)
}

// bodyLinks reports whether every version has a body of its size, and every body a version. It
// looks each up, and takes a bit for it.
func (v *verifier) bodyLinks() (hold bool, err error) {
	var had rowSet
	hold = true
	err = v.scan(func(row []driver.Value) error {
		body, ok := row[0].(int64)
		hold = hold && ok && had.add(body)
		return nil
	}, `SELECT b.rowid FROM versions v LEFT JOIN main.bodies b ON b.hash = v.hash AND b.size = v.size`)
	if err != nil || !hold {
		return false, err
	}
	return hold, v.each(func(row []driver.Value) error {
		hold = integer(row[0]) == had.count()
		return nil
	}, `SELECT count(*) FROM main.bodies`)
}

// rowSet is a set of rowids, a bit for each.
type rowSet []uint64

// rowSetLimit bounds a rowSet to 32 MB.
const rowSetLimit = 1 << 28

// add adds a rowid. It reports false where that is out of bounds.
func (s *rowSet) add(id int64) bool {
	if id < 0 || id >= rowSetLimit {
		return false
	}
	for int64(len(*s)) <= id/64 {
		*s = append(*s, 0)
	}
	(*s)[id/64] |= 1 << (id % 64)
	return true
}

func (s rowSet) count() (n int64) {
	for _, word := range s {
		n += int64(bits.OnesCount64(word))
	}
	return n
}

// nameLinks names what leads nowhere.
func (v *verifier) nameLinks() {
	v.guard("", v.foreignKeys(`IN`))
	v.guard("bodies", v.missingBodies)
	v.guard("bodies", v.orphans)
	v.guard("", v.relationsOf(linkRelations))
}

// linkRelations are the relations between heads, versions and bodies, as relations has others.
var linkRelations = []string{
	`SELECT 'heads', h.instance || '/' || h.kind || '/' || h.item, 'its version is one of another document'
		FROM heads h JOIN versions v ON v.id = h.version
		WHERE v.instance <> h.instance OR v.kind <> h.kind OR v.item <> h.item`,
	`SELECT 'heads', h.instance || '/' || h.kind || '/' || h.item, 'its state is not that of its version'
		FROM heads h JOIN versions v ON v.id = h.version
		WHERE (h.state = 'gone') <> (v.gone_run IS NOT NULL) OR h.state <> 'gone' AND (h.state <> v.state OR v.last_run IS NOT NULL)`,
	`SELECT 'versions', v.id || ' (' || v.kind || '/' || v.item || ')', 'no head leads to its document' FROM versions v WHERE NOT EXISTS (
		SELECT 1 FROM heads h WHERE h.instance = v.instance AND h.kind = v.kind AND h.item = v.item)`,
	`SELECT 'versions', v.id || ' (' || v.kind || '/' || v.item || ')', 'it is current, but its head says otherwise' FROM versions v JOIN heads h
		ON h.instance = v.instance AND h.kind = v.kind AND h.item = v.item WHERE v.last_run IS NULL AND h.version <> v.id`,
	`SELECT 'versions', v.id || ' (' || v.kind || '/' || v.item || ')', 'its size is not that of its body' FROM versions v JOIN bodies b ON b.hash = v.hash
		WHERE b.size <> v.size`,
}
