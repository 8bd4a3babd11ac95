package sqlite

import (
	"database/sql/driver"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// replace settles a document anew that the run has settled: it is what it was before, as far as
// that is known, and then the record is observed.
func (tx *transaction) replace(rec *record.Record, h *holding) error {
	v, err := tx.version(h.version)
	if err != nil {
		return err
	}
	made := vault.Made{Begun: v.firstRun == tx.run, State: v.state, Gone: v.goneRun == tx.run}
	if !made.Begun {
		v.lastRun, v.goneRun = 0, 0
		h.become(v) // which run saw it last before this one is not known
		err = tx.setVersion(v)
	} else {
		h, err = tx.undo(h, v, &made)
	}
	if err != nil {
		return err
	}
	tx.count(rec.Kind, func(c *record.Counts) { c.Subtract(made.Counts()) })
	return tx.observe(rec, h)
}

// undo removes the version that this run has begun of a document, and returns what is held of it
// then: nil where nothing is.
func (tx *transaction) undo(h *holding, v *versionRow, made *vault.Made) (*holding, error) {
	before, err := tx.versionBefore(v)
	if err == nil {
		err = tx.removeVersion(v)
	}
	if err != nil {
		return nil, err
	}
	if before == nil {
		return nil, tx.w.conn.run(`DELETE FROM heads WHERE instance = +? AND kind = +? AND item = +?`, v.instance, string(v.kind), v.item)
	}
	made.Before, made.BeforeGone = true, before.goneRun != 0
	made.BeforeSame = before.fingerprint == v.fingerprint && before.policy == v.policy
	h.become(before)
	if !made.BeforeGone {
		before.lastRun = 0
		err = tx.setVersion(before)
	}
	return h, err
}

// become makes a holding what is held of a document whose newest version is v, without a stamp: the
// record brings its own.
func (h *holding) become(v *versionRow) {
	h.headRow = *headOf(v)
	h.intervalState, h.fingerprint, h.rules, h.goneRun, h.hash = v.state, v.fingerprint, v.policy, v.goneRun, v.hash
}

// versionBefore returns the version of a document before one of it, nil where there is none.
func (tx *transaction) versionBefore(v *versionRow) (*versionRow, error) {
	id, err := tx.w.conn.number(`SELECT id FROM versions WHERE instance = +? AND kind = +? AND item = +? AND first_run < ? ORDER BY first_run DESC LIMIT 1`,
		v.instance, string(v.kind), v.item, v.firstRun)
	if err != nil || id == 0 {
		return nil, err
	}
	return tx.version(id)
}

// removeVersion removes a version, and releases the restores that name it. Its body goes with the
// batch, if no other version has it by then.
func (tx *transaction) removeVersion(v *versionRow) error {
	if tx.removed == nil {
		tx.removed = make(map[record.Digest]record.Kind)
	}
	if _, twin := tx.removed[v.hash]; !twin { // what came first was counted, and is replaced first
		tx.removed[v.hash] = v.kind
	}
	if err := tx.dropVersion(v.id); err != nil {
		return err
	}
	return tx.w.of.releaseNaming(v.id)
}

// dropBodies removes the bodies of versions that were removed, where no version has them any more.
func (tx *transaction) dropBodies() error {
	if len(tx.removed) == 0 {
		return nil
	}
	var hashes strings.Builder
	for hash := range tx.removed {
		hashes.WriteString(",x'" + hash.String() + "'")
	}
	err := tx.w.conn.each(`SELECT DISTINCT hash FROM versions WHERE hash IN (`+hashes.String()[1:]+`)`, func(row []driver.Value) error {
		delete(tx.removed, digest(row[0]))
		return nil
	})
	for hash, kind := range tx.removed {
		if err != nil {
			break
		}
		var size int64
		if size, err = tx.w.conn.number(`SELECT length(data) FROM bodies WHERE hash = +?`, hash[:]); err == nil {
			tx.count(kind, func(c *record.Counts) { c.Stored -= size })
			err = tx.w.conn.run(`DELETE FROM bodies WHERE hash = +?`, hash[:])
		}
	}
	return err
}
