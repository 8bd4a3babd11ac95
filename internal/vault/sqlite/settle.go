package sqlite

import (
	"cmp"
	"database/sql/driver"
	"errors"
	"slices"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// settle stores one record.
func (tx *transaction) settle(rec *record.Record) error {
	h := tx.heads[rec.Ref]
	step, err := tx.judge().Step(rec, h.standing())
	if err != nil {
		return err
	}
	switch step {
	case vault.KeepFault:
		return tx.fail(rec)
	case vault.Bury:
		if err := tx.bury(&h.headRow); err != nil {
			return err
		}
		h.goneRun = tx.run
	case vault.Settle:
		if err := tx.observe(rec, h); err != nil {
			return err
		}
	case vault.Replace:
		if err := tx.replace(rec, h); err != nil {
			return err
		}
	case vault.ResolveFault:
	case vault.Ignore:
		return nil
	}
	return tx.resolve(rec.Ref)
}

// observe settles a document that is there, with a body or with the proof that
// the stored one is still right.
func (tx *transaction) observe(rec *record.Record, h *holding) error {
	var seen record.Counts
	err := error(nil)
	if h == nil {
		h, err = tx.addNew(rec, &seen)
	} else {
		err = tx.compare(rec, h, &seen)
	}
	if err != nil {
		return err
	}
	h.settleBy(rec, tx.run)
	tx.saw(rec, seen)
	if seen.New > 0 {
		_, err = tx.putHead(tx.w.q.addHead, &h.headRow)
		return err
	}
	return tx.setHead(&h.headRow)
}

func (tx *transaction) addNew(rec *record.Record, seen *record.Counts) (*holding, error) {
	seen.Add(tx.judge().Observe(rec, nil, false).Counts)
	id, err := tx.addVersion(rec, seen)
	h := &holding{headRow: headRow{instance: tx.w.run.instance, kind: rec.Kind, item: rec.ID, version: id}}
	tx.heads[rec.Ref] = h
	return h, err
}

// compare settles a document that the vault holds. One that turns out to be damaged
// is healed.
func (tx *transaction) compare(rec *record.Record, h *holding, seen *record.Counts) error {
	if !h.broken && !tx.w.damage.hurts(h.version, h.hash) {
		before, counted := *h, *seen
		err := tx.compareWhole(rec, h, seen)
		if !errors.Is(err, vault.ErrCorrupt) {
			return err
		}
		*h, *seen = before, counted
	}
	return tx.heal(rec, h, seen)
}

// compareWhole tells changed from same and begins a new interval where one is due:
// for another fingerprint, another state, or after the document was gone.
func (tx *transaction) compareWhole(rec *record.Record, h *holding, seen *record.Counts) error {
	same, err := tx.same(rec, h)
	if err != nil {
		return err
	}
	return tx.follow(rec, h, seen, same)
}

// follow settles a document by whether it is the same, and begins a new interval
// where one is due.
func (tx *transaction) follow(rec *record.Record, h *holding, seen *record.Counts, same bool) (err error) {
	verdict := tx.judge().Observe(rec, h.standing(), same)
	seen.Add(verdict.Counts)
	old := h.version
	if verdict.Reopen {
		if err := tx.changeVersion(old, func(v *versionRow) { v.lastRun, v.goneRun = 0, 0 }); err != nil {
			return err
		}
	}
	if verdict.End {
		if err := tx.changeVersion(old, func(v *versionRow) { v.lastRun = h.settled }); err != nil {
			return err
		}
	}
	switch verdict.Begin {
	case vault.SameInterval:
		h.version, err = tx.continueVersion(old, rec.State)
	case vault.NewInterval:
		h.version, err = tx.addVersion(rec, seen)
	case vault.NoInterval:
	}
	return err
}

// same reports whether the document is what the vault holds already, apart from
// what does not matter.
func (tx *transaction) same(rec *record.Record, h *holding) (bool, error) {
	if same, known := h.standing().SameAs(rec); known {
		return same, nil
	}
	return tx.sameUnderNewRules(rec, h.version)
}

// sameUnderNewRules computes the fingerprint of the stored body under the rules
// of the record. A stored body that cannot be read, or not be understood, is no
// reason to lose the new one: it counts as another, and Verify names it.
func (tx *transaction) sameUnderNewRules(rec *record.Record, id int64) (bool, error) {
	v, err := tx.version(id)
	if err != nil {
		return false, err
	}
	fingerprint := rec.Fingerprint
	if v.hash != rec.Hash {
		if tx.w.start.Fingerprint == nil {
			return false, nil
		}
		body, err := tx.bodyOf(v.hash)
		if errors.Is(err, vault.ErrCorrupt) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if fingerprint, err = tx.w.start.Fingerprint(rec.Kind, body); err != nil {
			return false, nil //nolint:nilerr // a stored body that is not understood counts as another
		}
	}
	v.fingerprint, v.policy = fingerprint, int64(rec.Policy)
	same := fingerprint == rec.Fingerprint
	if same {
		// The rules also say what is read from a body.
		v.name, v.folder, v.owner, v.updated, v.refs = rec.Name, rec.Folder, rec.Owner, rec.Updated, sorted(rec.Refs)
		if err := tx.replaceRefs(v); err != nil {
			return false, err
		}
	}
	return same, tx.setVersion(v)
}

// bury makes a tombstone: the version ends with the last run that saw it. The
// head is not settled by that, so a document that comes back is seen. A version that
// is damaged stays as it is: there is nothing that could take its place.
func (tx *transaction) bury(h *headRow) error {
	err := tx.changeVersion(h.version, func(v *versionRow) { v.lastRun, v.goneRun = h.settled, tx.run })
	if err != nil && !errors.Is(err, vault.ErrCorrupt) {
		return err
	}
	h.state = record.Gone
	tx.count(h.kind, func(c *record.Counts) { c.Gone++ })
	return tx.setHead(h)
}

// addVersion stores the record's body, where it is not stored yet, and begins a
// version with it.
func (tx *transaction) addVersion(rec *record.Record, seen *record.Counts) (int64, error) {
	added, err := tx.putBody(rec, tx.w.q.addBody, seen)
	if err == nil && added == 0 {
		err = tx.renewBody(rec, seen)
	}
	if err != nil {
		return 0, err
	}
	v := &versionRow{
		instance: tx.w.run.instance, kind: rec.Kind, item: rec.ID, state: rec.State, hash: rec.Hash, size: rec.Size,
		fingerprint: rec.Fingerprint, policy: int64(rec.Policy), firstRun: tx.run, fetchedAt: millis(rec.At),
		route: rec.Route, redacted: rec.Redacted, name: rec.Name, folder: rec.Folder, owner: rec.Owner,
		updated: rec.Updated, refs: sorted(rec.Refs),
	}
	return tx.insertVersion(v)
}

// putBody stores the record's body by a statement that adds or replaces it, and returns
// how many rows that changed.
func (tx *transaction) putBody(rec *record.Record, by *stmt, seen *record.Counts) (int64, error) {
	body := rec.Body
	if body == nil {
		body = []byte{}
	}
	dictionary, err := tx.dictionary(rec.Dictionary)
	if err != nil {
		return 0, err
	}
	added, err := by.exec(rec.Hash[:], string(rec.Codec), rec.Size, body, dictionary)
	seen.Stored += added * int64(len(body))
	return added, err
}

// renewBody stores the record's body again where the one that is there is damaged.
func (tx *transaction) renewBody(rec *record.Record, seen *record.Counts) error {
	_, err := tx.bodyOf(rec.Hash)
	if errors.Is(err, vault.ErrCorrupt) {
		_, err = tx.putBody(rec, tx.w.q.setBody, seen)
	}
	return err
}

// continueVersion begins an interval with the body of a closed one.
func (tx *transaction) continueVersion(id int64, state record.State) (int64, error) {
	v, err := tx.version(id)
	if err != nil {
		return 0, err
	}
	v.state, v.firstRun, v.lastRun, v.goneRun = state, tx.run, 0, 0
	return tx.insertVersion(v)
}

// insertVersion begins a version.
func (tx *transaction) insertVersion(v *versionRow) (int64, error) {
	v.id = tx.nextVersion
	tx.nextVersion++
	if _, err := tx.w.q.addVersion.exec(append(v.columns(), v.checksum(&tx.w.sum))...); err != nil {
		return 0, err
	}
	return v.id, tx.addRefs(v)
}

// version reads a version with its refs. One that is damaged is an ErrCorrupt.
func (tx *transaction) version(id int64) (*versionRow, error) {
	row, err := tx.w.q.version.row(id)
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, vault.Damaged(nil, "version %d is missing", id)
	}
	v := scanVersion(row)
	last := len(row) - 1
	tx.w.sum.begin("versions", row[:last]...)
	err = tx.w.q.refs.each(func(ref []driver.Value) error {
		v.refs = append(v.refs, record.Ref{Kind: record.Kind(text(ref[0])), ID: text(ref[1])})
		tx.w.sum.addAll(ref)
		return nil
	}, id)
	if err == nil && !tx.w.sum.is(row[last]) {
		err = vault.Damaged(nil, "versions %d (%s): does not match its checksum", id, shown(record.Ref{Kind: v.kind, ID: v.item}))
	}
	return &v, err
}

func (tx *transaction) changeVersion(id int64, change func(*versionRow)) error {
	v, err := tx.version(id)
	if err != nil {
		return err
	}
	change(v)
	return tx.setVersion(v)
}

func (tx *transaction) setVersion(v *versionRow) error {
	_, err := tx.w.q.setVersion.exec(v.fingerprint[:], v.policy, nullable(v.lastRun), nullable(v.goneRun), v.name,
		v.folder, v.owner, v.updated, v.checksum(&tx.w.sum), v.id)
	return err
}

func (tx *transaction) addRefs(v *versionRow) error {
	for _, ref := range v.refs {
		if _, err := tx.w.q.addRef.exec(v.id, string(ref.Kind), ref.ID); err != nil {
			return err
		}
	}
	return nil
}

func (tx *transaction) replaceRefs(v *versionRow) error {
	if _, err := tx.w.q.dropRefs.exec(v.id); err != nil {
		return err
	}
	return tx.addRefs(v)
}

// sorted is a copy in the order of the table's key, without duplicates.
func sorted(refs []record.Ref) []record.Ref {
	if len(refs) == 0 {
		return nil
	}
	s := slices.Clone(refs)
	slices.SortFunc(s, func(a, b record.Ref) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	return slices.Compact(s)
}
