package sqlite

// schemaRestore is the part of schema 4 that remembers restores: what was planned,
// what became of it, and which document of the target is which of the source.
const schemaRestore = `
CREATE TABLE restores (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	purpose      TEXT    NOT NULL CHECK (purpose IN ('restore', 'undo', 'drill')),
	of           INTEGER REFERENCES restores (id),
	source       INTEGER NOT NULL REFERENCES instances (id),
	target       INTEGER NOT NULL REFERENCES instances (id),
	look         INTEGER REFERENCES runs (id),
	verdict_run  INTEGER REFERENCES runs (id),
	as_of        INTEGER REFERENCES runs (id),
	request      TEXT    NOT NULL,
	write_policy INTEGER NOT NULL,
	actions      INTEGER NOT NULL,
	digest       BLOB    NOT NULL,
	state        TEXT    NOT NULL CHECK (state IN ('planned', 'running', 'complete', 'partial', 'interrupted', 'failed', 'discarded', 'undone')),
	caller_id    TEXT    NOT NULL,
	tool_version TEXT    NOT NULL,
	planned_at   INTEGER NOT NULL,
	started_at   INTEGER,
	finished_at  INTEGER,
	resumed      INTEGER NOT NULL,
	notes        TEXT    NOT NULL,
	released     INTEGER NOT NULL,
	checksum     BLOB    NOT NULL
) STRICT;
CREATE INDEX restores_target ON restores (target);

CREATE TABLE restore_actions (
	restore       INTEGER NOT NULL REFERENCES restores (id),
	seq           INTEGER NOT NULL,
	level         INTEGER NOT NULL,
	kind          TEXT    NOT NULL,
	item          TEXT    NOT NULL,
	action        TEXT    NOT NULL CHECK (action IN ('create', 'update', 'undelete', 'move', 'reuse', 'skip', 'delete', 'impossible')),
	version       INTEGER,
	target_item   TEXT    NOT NULL,
	before        INTEGER,
	expect        BLOB,
	name          TEXT    NOT NULL,
	place         TEXT    NOT NULL,
	changes       TEXT    NOT NULL,
	needs         TEXT    NOT NULL,
	reason        TEXT    NOT NULL,
	planned_calls INTEGER NOT NULL,
	state         TEXT    NOT NULL CHECK (state IN ('planned', 'running', 'done', 'same', 'skipped', 'impossible', 'failed', 'drifted', 'blocked')),
	class         TEXT    NOT NULL,
	status        INTEGER NOT NULL,
	attempts      INTEGER NOT NULL,
	message       TEXT    NOT NULL,
	errors        TEXT    NOT NULL,
	calls         INTEGER NOT NULL,
	checked       TEXT    NOT NULL,
	at            INTEGER,
	checksum      BLOB    NOT NULL,
	PRIMARY KEY (restore, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE restore_steps (
	restore     INTEGER NOT NULL REFERENCES restores (id),
	seq         INTEGER NOT NULL,
	step        INTEGER NOT NULL,
	route       TEXT    NOT NULL,
	part        TEXT    NOT NULL,
	item        TEXT    NOT NULL,
	intended    BLOB,
	state       TEXT    NOT NULL CHECK (state IN ('intent', 'done', 'adopted', 'refused', 'void')),
	target_item TEXT    NOT NULL,
	at          INTEGER NOT NULL,
	checksum    BLOB    NOT NULL,
	PRIMARY KEY (restore, seq, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE id_map (
	source      INTEGER NOT NULL REFERENCES instances (id),
	target      INTEGER NOT NULL REFERENCES instances (id),
	kind        TEXT    NOT NULL,
	item        TEXT    NOT NULL,
	target_item TEXT    NOT NULL,
	how         TEXT    NOT NULL CHECK (how IN ('created', 'matched', 'undeleted', 'given', 'same')),
	restore     INTEGER REFERENCES restores (id),
	at          INTEGER NOT NULL,
	state       TEXT    NOT NULL CHECK (state IN ('live', 'undone', 'gone')),
	checksum    BLOB    NOT NULL,
	PRIMARY KEY (source, target, kind, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE restore_calls (
	restore  INTEGER NOT NULL REFERENCES restores (id),
	month    TEXT    NOT NULL,
	class    TEXT    NOT NULL,
	route    TEXT    NOT NULL,
	calls    INTEGER NOT NULL,
	checksum BLOB    NOT NULL,
	PRIMARY KEY (restore, month, class, route)
) STRICT, WITHOUT ROWID;
` + restoreViews

// restoreViews are for people, but restore_holds, which says what a prune must keep:
// the versions and runs that restores need which were not released.
const restoreViews = `
CREATE VIEW restore_summary AS
SELECT r.id AS restore, r.purpose, r.of, s.name AS source, t.name AS target, r.state, r.look, r.verdict_run, r.as_of,
	strftime('%Y-%m-%dT%H:%M:%fZ', r.planned_at / 1000.0, 'unixepoch') AS planned_at,
	strftime('%Y-%m-%dT%H:%M:%fZ', r.started_at / 1000.0, 'unixepoch') AS started_at,
	strftime('%Y-%m-%dT%H:%M:%fZ', r.finished_at / 1000.0, 'unixepoch') AS finished_at,
	r.actions, a.to_create, a.to_update, a.to_undelete, a.to_move, a.to_reuse, a.to_skip, a.to_delete,
	a.planned, a.running, a.done, a.same, a.skipped, a.impossible, a.failed, a.drifted, a.blocked, a.equal, a.different,
	coalesce((SELECT sum(calls) FROM restore_calls c WHERE c.restore = r.id), 0) AS calls,
	r.resumed, r.released, r.caller_id, r.tool_version, lower(hex(r.digest)) AS digest
FROM restores r JOIN instances s ON s.id = r.source JOIN instances t ON t.id = r.target
LEFT JOIN (SELECT restore, sum(action = 'create') AS to_create, sum(action = 'update') AS to_update,
	sum(action = 'undelete') AS to_undelete, sum(action = 'move') AS to_move, sum(action = 'reuse') AS to_reuse,
	sum(action = 'skip') AS to_skip, sum(action = 'delete') AS to_delete, sum(state = 'planned') AS planned,
	sum(state = 'running') AS running, sum(state = 'done') AS done, sum(state = 'same') AS same,
	sum(state = 'skipped') AS skipped, sum(state = 'impossible') AS impossible, sum(state = 'failed') AS failed,
	sum(state = 'drifted') AS drifted, sum(state = 'blocked') AS blocked, sum(checked = 'equal') AS equal,
	sum(checked IN ('different', 'missing')) AS different FROM restore_actions GROUP BY restore) a ON a.restore = r.id;

CREATE VIEW dead_letters AS
SELECT s.name AS source, t.name AS target, a.restore, a.seq, a.kind, a.item AS id, a.action, a.target_item AS target_id,
	a.name, a.place, a.state, a.class, a.status, a.attempts, a.message, a.errors, a.reason,
	strftime('%Y-%m-%dT%H:%M:%fZ', a.at / 1000.0, 'unixepoch') AS at
FROM restore_actions a JOIN restores r ON r.id = a.restore JOIN instances s ON s.id = r.source JOIN instances t ON t.id = r.target
WHERE a.state IN ('failed', 'drifted', 'blocked', 'impossible');

CREATE VIEW id_mappings AS
SELECT s.name AS source, t.name AS target, m.kind, m.item AS id, m.target_item AS target_id, m.how, m.state, m.restore,
	strftime('%Y-%m-%dT%H:%M:%fZ', m.at / 1000.0, 'unixepoch') AS at
FROM id_map m JOIN instances s ON s.id = m.source JOIN instances t ON t.id = m.target;

CREATE VIEW restore_holds AS
SELECT restore, 'version' AS what, version AS id FROM restore_actions JOIN restores r ON r.id = restore
	WHERE r.released = 0 AND version IS NOT NULL
UNION SELECT restore, 'version', before FROM restore_actions JOIN restores r ON r.id = restore
	WHERE r.released = 0 AND before IS NOT NULL
UNION SELECT id, 'run', look FROM restores WHERE released = 0 AND look IS NOT NULL
UNION SELECT id, 'run', verdict_run FROM restores WHERE released = 0 AND verdict_run IS NOT NULL
UNION SELECT id, 'run', as_of FROM restores WHERE released = 0 AND as_of IS NOT NULL;
`

// asRestored lets a reader take a vault of an older schema for one without restores.
const asRestored = `
CREATE TEMP TABLE restores (id, purpose, of, source, target, look, verdict_run, as_of, request, write_policy, actions, digest,
	state, caller_id, tool_version, planned_at, started_at, finished_at, resumed, notes, released, checksum);
CREATE TEMP TABLE restore_actions (restore, seq, level, kind, item, action, version, target_item, before, expect, name, place,
	changes, needs, reason, planned_calls, state, class, status, attempts, message, errors, calls, checked, at, checksum);
CREATE TEMP TABLE restore_steps (restore, seq, step, route, part, item, intended, state, target_item, at, checksum);
CREATE TEMP TABLE id_map (source, target, kind, item, target_item, how, restore, at, state, checksum);
CREATE TEMP TABLE restore_calls (restore, month, class, route, calls, checksum);
CREATE TEMP VIEW restore_holds AS SELECT 0 AS restore, '' AS what, 0 AS id WHERE 0;
`
