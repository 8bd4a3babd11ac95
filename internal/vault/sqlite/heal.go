package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// damage is what a full run found to be damaged before it began, by what a record
// of a document leads to.
type damage struct {
	versions map[int64]bool
	bodies   map[record.Digest]bool // also those that are missing
	heads    []headRow
	blocks   []int64 // of the search index
	indexes  bool    // SQLite's own structures contradict each other
	findings int
}

// hurts reports whether a document cannot be relied on: its version or its body is
// damaged.
func (d *damage) hurts(version int64, hash record.Digest) bool {
	return d != nil && (d.versions[version] || d.bodies[hash])
}

// survey reads the whole vault before a full run, which is to heal it. It returns nil
// when nothing is damaged.
func (w *Writer) survey(ctx context.Context) (*damage, error) {
	d := &damage{versions: map[int64]bool{}, bodies: map[record.Digest]bool{}}
	findings, err := w.reader.verify(ctx, vault.VerifyOptions{}, d)
	if err != nil || len(findings) == 0 {
		return nil, doing("look for damage", err)
	}
	d.findings = len(findings)
	w.options.Warn(fmt.Sprintf("%s is damaged in %s, the first: %s; this run stores again what it fetches", w.path, places(d.findings), findings[0]))
	return d, nil
}

// mend looks for damage at the beginning of a full run, and heals what needs no server:
// indexes, and heads, which follow from versions.
func (tx *transaction) mend(ctx context.Context) error {
	if !tx.w.run.full {
		return nil
	}
	d, err := tx.w.survey(ctx)
	if err != nil || d == nil {
		return err
	}
	tx.w.damage = d
	if d.indexes {
		if err := tx.w.conn.exec("REINDEX"); err != nil && kindOf(err) != vault.ErrCorrupt {
			return err
		}
	}
	for i := range d.heads {
		if err := tx.mendHead(&d.heads[i]); err != nil {
			return err
		}
	}
	for _, first := range d.blocks { // the end of the run makes it anew
		if err := tx.w.conn.run(`DELETE FROM search_blocks WHERE first = +?`, first); err != nil {
			return err
		}
	}
	return nil
}

// mendHead makes a damaged head anew. Where its key is damaged, its version tells
// whose head it was. A head without a sound version stays as it is until its document
// is fetched.
func (tx *transaction) mendHead(h *headRow) error {
	v, err := tx.newestVersion(h.instance, h.kind, h.item)
	if err != nil {
		return err
	}
	if v == nil {
		v, err = tx.version(h.version)
		if errors.Is(err, vault.ErrCorrupt) {
			return nil
		}
		if err != nil {
			return err
		}
		taken, err := tx.w.conn.number(`SELECT count(*) FROM heads WHERE instance = +? AND kind = +? AND item = +?`, v.instance, string(v.kind), v.item)
		if err != nil || taken > 0 {
			return err
		}
	}
	if err := tx.w.conn.run(`DELETE FROM heads WHERE instance = +? AND kind = +? AND item = +?`, h.instance, string(h.kind), h.item); err != nil {
		return err
	}
	_, err = tx.putHead(tx.w.q.addHead, headOf(v))
	return err
}

// headOf is the head of a document whose newest version is v. It claims no more than
// the version proves: the last run that is known to have seen it.
func headOf(v *versionRow) *headRow {
	h := &headRow{instance: v.instance, kind: v.kind, item: v.item, state: v.state, version: v.id, settled: v.firstRun}
	if v.lastRun != 0 {
		h.settled = v.lastRun
	}
	if v.goneRun != 0 {
		h.state = record.Gone
	}
	return h
}

// newestVersion is the newest version of a document that is not damaged, nil when
// there is none.
func (tx *transaction) newestVersion(instance int64, kind record.Kind, item string) (*versionRow, error) {
	var ids []int64
	err := tx.w.conn.each(`SELECT id FROM versions WHERE instance = +? AND kind = +? AND item = +? ORDER BY first_run DESC, id DESC`,
		func(row []driver.Value) error {
			ids = append(ids, integer(row[0]))
			return nil
		}, instance, string(kind), item)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		v, err := tx.version(id)
		if !errors.Is(err, vault.ErrCorrupt) {
			return v, err
		}
	}
	return nil, nil
}

// heal settles a document whose head, version or body is damaged. What was fetched
// takes the place of what is damaged.
func (tx *transaction) heal(rec *record.Record, h *holding, seen *record.Counts) error {
	if h.broken {
		v, err := tx.newestVersion(h.instance, h.kind, h.item)
		if err != nil {
			return err
		}
		h.broken = false
		if v != nil {
			h.headRow, h.intervalState = *headOf(v), v.state
			h.hash, h.fingerprint, h.rules, h.goneRun = v.hash, v.fingerprint, v.policy, v.goneRun
		}
	}
	v, err := tx.version(h.version)
	switch {
	case rec.Same:
		// Nothing was fetched. What is damaged stays, and is named.
		seen.Same++
		return nil
	case errors.Is(err, vault.ErrCorrupt):
		return tx.replaceVersion(rec, h, seen)
	case err != nil:
		return err
	case v.hash != rec.Hash:
		// The stored body is lost, so it proves nothing about the new one.
		return tx.follow(rec, h, seen, false)
	}
	if _, err := tx.putBody(rec, tx.w.q.setBody, seen); err != nil {
		return err
	}
	return tx.compareWhole(rec, h, seen)
}

// replaceVersion removes a damaged version and begins one with what was fetched.
func (tx *transaction) replaceVersion(rec *record.Record, h *holding, seen *record.Counts) (err error) {
	if err := tx.dropVersion(h.version); err != nil {
		return err
	}
	if err := tx.w.of.releaseNaming(h.version); err != nil {
		return err
	}
	if h.state == record.Gone {
		seen.Reappeared++
	}
	seen.Changed++
	h.goneRun = 0
	h.version, err = tx.addVersion(rec, seen)
	return err
}

// dropVersion removes a version. Its body stays.
func (tx *transaction) dropVersion(id int64) error {
	if _, err := tx.w.q.dropRefs.exec(id); err != nil {
		return err
	}
	return tx.w.conn.run(`DELETE FROM versions WHERE id = +?`, id)
}

// afterHealing removes what a run that healed left without use, looks again, and
// notes what could not be healed. It does nothing in other runs.
func (w *Writer) afterHealing(ctx context.Context) error {
	if w.damage == nil {
		return nil
	}
	if err := w.transact(ctx, func(tx *transaction) error { return tx.sweep() }); err != nil {
		return doing("remove what is damaged and of no use", err)
	}
	findings, err := w.reader.Verify(ctx)
	if err != nil {
		return err
	}
	line := fmt.Sprintf("the vault was damaged in %s, and this run healed it", places(w.damage.findings))
	if n := len(findings); n > 0 {
		line = fmt.Sprintf("the vault is damaged where this run could not heal it, in %s, the first: %s", places(n), findings[0])
		w.unhealed = line + "; " + w.remedy(findings)
	}
	return doing("note what was damaged", w.noteAfter(ctx, line))
}

// remedy says what to do about what a full run could not heal. One of everything has fetched
// all that the server still has, so that another one would not heal more.
func (w *Writer) remedy(findings []vault.Finding) string {
	remedy := vault.Remedy(findings)
	if remedy == vault.HintFor(vault.ErrCorrupt) && w.run.scope.All && w.run.scope.Unscoped() {
		return "the server has no more of it: lookervault salvage copies all that is sound into a new vault"
	}
	return remedy
}

// noteAfter adds a note to a run that has its outcome.
func (w *Writer) noteAfter(ctx context.Context, line string) error {
	noted := *w.run
	noted.notes = note(noted.notes, line)
	err := w.transact(context.WithoutCancel(ctx), func(tx *transaction) error { return tx.w.putRun(&noted) })
	if err == nil {
		w.run = &noted
	}
	return err
}

// sweep removes bodies that no version has: the one of a damaged row, under a hash
// that nothing has, and those of versions that were replaced. While a version is
// damaged they stay, as one may be its own. Then it removes dictionaries that are
// damaged and that no body needs.
func (tx *transaction) sweep() error {
	whole, err := tx.versionsWhole()
	if err == nil && whole {
		err = tx.w.conn.exec(`DELETE FROM bodies WHERE hash NOT IN (SELECT hash FROM versions)`)
	}
	return errors.Join(err, tx.sweepDictionaries())
}

// versionsWhole reports whether no version is damaged.
func (tx *transaction) versionsWhole() (bool, error) {
	var ids []int64
	err := tx.w.conn.each(`SELECT id FROM versions`, func(row []driver.Value) error {
		ids = append(ids, integer(row[0]))
		return nil
	})
	if err != nil {
		return false, err
	}
	for _, id := range ids {
		if _, err := tx.version(id); err != nil {
			if errors.Is(err, vault.ErrCorrupt) {
				return false, nil
			}
			return false, err
		}
	}
	return true, nil
}

func (tx *transaction) sweepDictionaries() error {
	var unused []int64
	err := tx.w.conn.each(`SELECT id FROM dictionaries WHERE id NOT IN (SELECT dictionary FROM bodies WHERE dictionary IS NOT NULL)`,
		func(row []driver.Value) error {
			unused = append(unused, integer(row[0]))
			return nil
		})
	for _, id := range unused {
		if tx.dictionaries[id] == nil {
			err = errors.Join(err, tx.w.conn.run(`DELETE FROM dictionaries WHERE id = +?`, id))
		}
	}
	return err
}
