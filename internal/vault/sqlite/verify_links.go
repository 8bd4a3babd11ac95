package sqlite

import (
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

	"github.com/lookervault/lookervault/internal/vault"
)

// Heads, versions, bodies and runs lead to each other. That all of them do is proved by few
// passes that name nothing, a fifth of the time of the queries that name what does not: those
// are asked only where a pass fails or something else was found.

// links proves that heads, versions and runs lead to each other, and computes the digests on
// the way. It sets loose where they do not.
func (v *verifier) links() error {
	current, err := v.headLinks()
	if err != nil {
		return err
	}
	hold, err := v.linksHold(current)
	v.loose = v.loose || !hold
	return err
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

// headLinks follows every head to its version, compares the digests of the newest runs
// with what the heads lead to, and returns how many lead to a version that no run has ended.
func (v *verifier) headLinks() (current int64, err error) {
	snapshots := make(map[int64]*vault.Snapshot)
	err = v.scan(func(row []driver.Value) error {
		if row[5] != int64(1) {
			v.loose = true
		}
		if row[4] == nil {
			return nil
		}
		instance := integer(row[0])
		if snapshots[instance] == nil {
			snapshots[instance] = vault.NewSnapshot()
		}
		current += integer(row[6])
		return addTo(snapshots[instance])(row[1:])
	}, `SELECT h.instance, h.kind, h.item, h.state, v.hash,
			v.instance = h.instance AND v.kind = h.kind AND v.item = h.item AND (h.state = 'gone') = (v.gone_run IS NOT NULL) AND
			(h.state = 'gone' OR h.state = v.state AND v.last_run IS NULL), v.last_run IS NULL
		FROM heads h LEFT JOIN versions v ON v.id = h.version ORDER BY h.instance, h.kind, h.item`)
	if err != nil {
		return 0, err
	}
	return current, v.digests(snapshots)
}

// digests compares the digest of every instance whose newest run is finished with what the
// vault holds: until the next run the heads are what it ended with.
func (v *verifier) digests(held map[int64]*vault.Snapshot) error {
	return v.each(func(row []driver.Value) error {
		snapshot := held[integer(row[1])]
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

// linksHold reports whether every version has a head, which is its own while no run has ended
// it, and every version and head its runs. Each head leads to a version of its document, so
// that both need only be counted; so many of those versions no run has ended.
func (v *verifier) linksHold(current int64) (hold bool, err error) {
	err = v.each(func(row []driver.Value) error {
		hold = row[0] == int64(1)
		return nil
	}, `SELECT (SELECT count(*) FROM heads) = (SELECT count(*) FROM (SELECT DISTINCT instance, kind, item FROM versions))
		AND (SELECT count(*) FROM versions WHERE last_run IS NULL) = ?
		AND NOT EXISTS (SELECT 1 FROM versions WHERE instance NOT IN (SELECT id FROM instances) OR first_run NOT IN (SELECT id FROM runs)
			OR last_run NOT IN (SELECT id FROM runs) OR gone_run NOT IN (SELECT id FROM runs))
		AND NOT EXISTS (SELECT 1 FROM heads WHERE instance NOT IN (SELECT id FROM instances) OR settled_run NOT IN (SELECT id FROM runs))`, current)
	return hold, err
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
