package sqlite

import (
	"errors"
	"time"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// A Writer adds the documents of one run to a vault: Begin, then Known and Commit,
// then Finish, then Close. Begin, Commit, Finish and Close are called from one
// goroutine at a time; Known from any number, also while a Commit is under way.
type Writer struct {
	*opened
	of      *File // whose only writer this is; nil after Close
	alone   bool  // the file was opened for this writer, and is closed with it
	recent  recent
	kept    kept
	decoder *codec.Decoder
	sum     summer

	damage *damage // nil where nothing is known of any
	// unhealed is what the run could not heal, and what to do; "" for nothing.
	unhealed string

	observed map[int64]time.Time   // when the earlier runs of the instance began
	troubled map[record.Ref]bool   // documents with an open fault when the run began
	byAdmin  map[record.Kind]int64 // the newest run with an administrator's key that read a kind whole
	begunAt  time.Time             // of this process's part of the run, by the monotonic clock
	start    record.Start
	run      *runRow // nil before Begin
	ledger
}

var _ vault.Writer = (*Writer)(nil)

// queries are the statements that are used for every record.
type queries struct {
	heads, addHead, setHead, settleHead     *stmt
	version, addVersion, setVersion         *stmt
	refs, addRef, dropRefs                  *stmt
	addBody, setBody, body                  *stmt
	putKind, putCalls, putRun, putSession   *stmt
	fault, putFault                         *stmt
	faultsOf, faultsOfListing, faultsOfRows *stmt
	unsettled, snapshot                     *stmt
}

const (
	selectVersion = `SELECT id, instance, kind, item, state, hash, size, fingerprint, policy, first_run, last_run,
		gone_run, fetched_at, route, redacted, name, folder, owner, updated_at, checksum FROM versions`
	// selectUnsettled finds what a run has neither settled nor failed to fetch.
	selectUnsettled = `SELECT instance, kind, item, state, version, stamp, policy, settled_run, checksum FROM heads h
		WHERE instance = +?1 AND kind = +?2 AND item > +?3 AND state <> 'gone' AND settled_run <> +?4
		AND NOT EXISTS (SELECT 1 FROM faults f WHERE f.run = +?4 AND f.kind = +?2 AND f.item = h.item AND f.resolved_run IS NULL)
		ORDER BY item LIMIT ?5`
	selectHeld  = `SELECT item FROM heads WHERE instance = +? AND kind = +? AND state <> 'gone' LIMIT 1`
	selectFault = `SELECT id, instance, run, kind, item, class, status, attempts, message, at, resolved_run FROM faults`
	selectKinds = `SELECT run, kind, listing, reason, listed, new, changed, same, trashed, reappeared, gone, failed,
		bytes, stored, dangling, deferred, trusted, dates_moved, dates_stayed,
		trash_rested, trash_deferred FROM run_kinds`
	selectRuns = `SELECT id, instance, base_url, origin, started_at, finished_at, outcome, is_full, scope, caller_id,
		caller_admin, looker_version, tool_version, policy, config, notes, resumed, pruned, digest, checksum FROM runs`
)

// prepare makes the statements. A parameter in a condition is written +?: SQLite
// guesses selectivity from the value of a bare one, and as the driver clears all
// values before each use, it would compile the statement anew for every row.
// What is written for every document is no upsert: one of those can fail half
// way, so SQLite keeps a copy of each page that it touches, which made a head of
// 50,000 cost 5 to 15 µs instead of 2.5.
func (o *opened) prepare() error {
	var errs []error
	for _, p := range []struct {
		to  **stmt
		sql string
	}{
		{&o.q.heads, `SELECT h.item, h.state, h.version, h.stamp, h.policy, h.settled_run, h.checksum,
			v.state, v.fingerprint, v.policy, v.gone_run, v.hash FROM heads h LEFT JOIN versions v ON v.id = h.version
			WHERE h.instance = +? AND h.kind = +? AND h.item IN ` + someIDs},
		{&o.q.addHead, `INSERT INTO heads VALUES (?,?,?,?,?,?,?,?,?)`},
		{&o.q.setHead, `UPDATE heads SET state = ?4, version = ?5, stamp = ?6, policy = ?7, settled_run = ?8, checksum = ?9
			WHERE instance = +?1 AND kind = +?2 AND item = +?3`},
		{&o.q.settleHead, `UPDATE heads SET stamp = ?6, policy = ?7, settled_run = ?8, checksum = ?9
			WHERE instance = +?1 AND kind = +?2 AND item = +?3 AND state = +?4 AND version = +?5 AND settled_run = +?10`},
		{&o.q.version, selectVersion + ` WHERE id = +?`},
		{&o.q.addVersion, `INSERT INTO versions VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`},
		{&o.q.setVersion, `UPDATE versions SET fingerprint = ?, policy = ?, last_run = ?, gone_run = ?, name = ?,
			folder = ?, owner = ?, updated_at = ?, checksum = ? WHERE id = +?`},
		{&o.q.refs, `SELECT kind, item FROM refs WHERE version = +? ORDER BY kind, item`},
		{&o.q.addRef, `INSERT INTO refs VALUES (?,?,?)`},
		{&o.q.dropRefs, `DELETE FROM refs WHERE version = +?`},
		{&o.q.addBody, `INSERT INTO bodies VALUES (?,?,?,?,?) ON CONFLICT (hash) DO NOTHING`},
		{&o.q.setBody, `INSERT OR REPLACE INTO bodies VALUES (?,?,?,?,?)`},
		{&o.q.body, `SELECT ` + storedColumns + ` FROM bodies b WHERE b.hash = +?`},
		{&o.q.putKind, `INSERT INTO run_kinds VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (run, kind) DO UPDATE SET
			listing = excluded.listing, reason = excluded.reason, listed = excluded.listed, new = excluded.new,
			changed = excluded.changed, same = excluded.same, trashed = excluded.trashed, reappeared = excluded.reappeared,
			gone = excluded.gone, failed = excluded.failed, bytes = excluded.bytes, stored = excluded.stored,
			checksum = excluded.checksum, dangling = excluded.dangling, deferred = excluded.deferred,
			observed = excluded.observed, trusted = excluded.trusted, dates_moved = excluded.dates_moved, dates_stayed = excluded.dates_stayed,
			trash_rested = excluded.trash_rested, trash_deferred = excluded.trash_deferred`},
		{&o.q.putCalls, `INSERT INTO run_calls VALUES (?,?,?,?,?,?) ON CONFLICT (run, month, class, route) DO UPDATE SET
			calls = excluded.calls, checksum = excluded.checksum`},
		{&o.q.putRun, `INSERT INTO runs VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET
			finished_at = excluded.finished_at, outcome = excluded.outcome, caller_admin = excluded.caller_admin, policy = excluded.policy, notes = excluded.notes,
			resumed = excluded.resumed, digest = excluded.digest, checksum = excluded.checksum`},
		{&o.q.putSession, `INSERT INTO run_sessions VALUES (?,?,?,?) ON CONFLICT (run, session) DO UPDATE SET
			measured = excluded.measured, checksum = excluded.checksum`},
		{&o.q.fault, selectFault + ` WHERE run = +? AND kind = +? AND item = +?`},
		{&o.q.putFault, `INSERT INTO faults VALUES (?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET
			class = excluded.class, status = excluded.status, attempts = excluded.attempts, message = excluded.message,
			at = excluded.at, resolved_run = excluded.resolved_run, checksum = excluded.checksum`},
		{&o.q.faultsOf, selectFault + ` WHERE instance = +? AND kind = +? AND item = +? AND resolved_run IS NULL`},
		{&o.q.faultsOfListing, selectFault + ` WHERE instance = +? AND kind = +? AND run < +? AND resolved_run IS NULL`},
		{&o.q.faultsOfRows, selectFault + ` WHERE instance = +? AND kind = +? AND item GLOB '#[0-9]*' AND resolved_run IS NULL`},
		{&o.q.unsettled, selectUnsettled},
		{&o.q.snapshot, selectSnapshot},
	} {
		var err error
		*p.to, err = o.conn.prepare(p.sql)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

var (
	errNoRun  = errors.New("vault: no run was begun")
	errHasRun = errors.New("vault: a run was begun already")
	errSealed = errors.New("vault: the run was finished already")
)

// underway checks that there is a run which was not finished.
func (w *Writer) underway() error {
	switch {
	case w.run == nil:
		return errNoRun
	case w.run.outcome != record.RunRunning:
		return errSealed
	}
	return nil
}

// Path is where the vault is, as the caller named it.
func (w *Writer) Path() string { return w.path }

// Close ends the use of the file for this run, and gives back the file and its lock
// where [Open] took them. A run that was not finished stays open and can be resumed; a
// file that was made for a run which never began is removed. It may be called again,
// and does nothing then.
func (w *Writer) Close() error {
	if w.of == nil {
		return nil
	}
	errs := []error{w.kept.close(), w.conn.rollback()}
	if w.decoder != nil {
		w.decoder.Close()
	}
	file := w.of
	file.leave(w)
	w.damage, w.of, w.decoder, w.run = nil, nil, nil, nil
	if w.alone {
		errs = append(errs, file.close())
	}
	return doing("close the vault", classify(w.path, errors.Join(errs...)))
}

func (q *queries) close() error {
	var errs []error
	for _, s := range []*stmt{q.heads, q.addHead, q.setHead, q.settleHead, q.version, q.addVersion, q.setVersion, q.refs, q.addRef, q.dropRefs,
		q.addBody, q.setBody, q.body, q.putKind, q.putCalls, q.putRun, q.putSession, q.fault, q.putFault, q.faultsOf,
		q.faultsOfListing, q.faultsOfRows,
		q.unsettled, q.snapshot} {
		if s != nil {
			errs = append(errs, s.close())
		}
	}
	*q = queries{}
	return errors.Join(errs...)
}
