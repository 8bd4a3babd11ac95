package sqlite

// Schema is the version of the tables that this package writes, the file's
// user_version.
const Schema = 5

// applicationID is the file's application_id, "LkrV": file(1) and others can
// tell a vault from any other SQLite file.
const applicationID = 0x4c6b7256

// pageSize is cheapest for bodies of 2 to 40 KB: 0.71 of the CPU of 4 KB pages.
const pageSize = 16384

// steps lead from an empty file to Schema: step i makes version i+1 of version
// i. A step that was released is never changed.
var steps = []string{schemaV1 + viewsV1, schemaV2, schemaV3, schemaV4 + readingV4 + schemaPrune + schemaRestore, schemaV5}

// The last column of a table is its checksum (see checksum.go), but in refs,
// which belong to their version's, in bodies, which have their hash, and in
// run_kinds, where dangling came later.
const schemaV1 = `
CREATE TABLE instances (
	id         INTEGER PRIMARY KEY,
	name       TEXT    NOT NULL UNIQUE,
	base_url   TEXT    NOT NULL,
	created_at INTEGER NOT NULL,
	checksum   BLOB    NOT NULL
) STRICT;

CREATE TABLE runs (
	id             INTEGER PRIMARY KEY AUTOINCREMENT,
	instance       INTEGER NOT NULL REFERENCES instances (id),
	base_url       TEXT    NOT NULL,
	origin         TEXT    NOT NULL,
	started_at     INTEGER NOT NULL,
	finished_at    INTEGER,
	outcome        TEXT    NOT NULL CHECK (outcome IN ('running', 'complete', 'partial', 'interrupted', 'failed')),
	is_full        INTEGER NOT NULL,
	scope          TEXT    NOT NULL,
	caller_id      TEXT    NOT NULL,
	caller_admin   INTEGER,
	looker_version TEXT    NOT NULL,
	tool_version   TEXT    NOT NULL,
	policy         INTEGER NOT NULL,
	config         TEXT,
	notes          TEXT    NOT NULL,
	resumed        INTEGER NOT NULL,
	pruned         INTEGER NOT NULL,
	digest         BLOB,
	checksum       BLOB    NOT NULL
) STRICT;
CREATE INDEX runs_instance ON runs (instance);

CREATE TABLE run_kinds (
	run        INTEGER NOT NULL REFERENCES runs (id),
	kind       TEXT    NOT NULL,
	listing    TEXT    NOT NULL CHECK (listing IN ('open', 'complete', 'incomplete', 'denied', 'unavailable', 'budget')),
	reason     TEXT    NOT NULL,
	listed     INTEGER NOT NULL,
	new        INTEGER NOT NULL,
	changed    INTEGER NOT NULL,
	same       INTEGER NOT NULL,
	trashed    INTEGER NOT NULL,
	reappeared INTEGER NOT NULL,
	gone       INTEGER NOT NULL,
	failed     INTEGER NOT NULL,
	bytes      INTEGER NOT NULL,
	stored     INTEGER NOT NULL,
	checksum   BLOB    NOT NULL,
	PRIMARY KEY (run, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_calls (
	run      INTEGER NOT NULL REFERENCES runs (id),
	month    TEXT    NOT NULL,
	class    TEXT    NOT NULL,
	route    TEXT    NOT NULL,
	calls    INTEGER NOT NULL,
	checksum BLOB    NOT NULL,
	PRIMARY KEY (run, month, class, route)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_sessions (
	run      INTEGER NOT NULL REFERENCES runs (id),
	session  INTEGER NOT NULL,
	measured TEXT    NOT NULL,
	checksum BLOB    NOT NULL,
	PRIMARY KEY (run, session)
) STRICT, WITHOUT ROWID;

CREATE TABLE bodies (
	hash  BLOB    NOT NULL PRIMARY KEY,
	codec TEXT    NOT NULL,
	size  INTEGER NOT NULL,
	data  BLOB    NOT NULL
) STRICT;

CREATE TABLE versions (
	id          INTEGER PRIMARY KEY,
	instance    INTEGER NOT NULL REFERENCES instances (id),
	kind        TEXT    NOT NULL,
	item        TEXT    NOT NULL,
	state       TEXT    NOT NULL CHECK (state IN ('present', 'trashed')),
	hash        BLOB    NOT NULL REFERENCES bodies (hash),
	size        INTEGER NOT NULL,
	fingerprint BLOB    NOT NULL,
	policy      INTEGER NOT NULL,
	first_run   INTEGER NOT NULL REFERENCES runs (id),
	last_run    INTEGER REFERENCES runs (id),
	gone_run    INTEGER REFERENCES runs (id),
	fetched_at  INTEGER NOT NULL,
	route       TEXT    NOT NULL,
	redacted    TEXT,
	name        TEXT    NOT NULL,
	folder      TEXT    NOT NULL,
	owner       TEXT    NOT NULL,
	updated_at  TEXT    NOT NULL,
	checksum    BLOB    NOT NULL
) STRICT;
CREATE INDEX versions_item ON versions (instance, kind, item, first_run);

CREATE TABLE heads (
	instance    INTEGER NOT NULL REFERENCES instances (id),
	kind        TEXT    NOT NULL,
	item        TEXT    NOT NULL,
	state       TEXT    NOT NULL CHECK (state IN ('present', 'trashed', 'gone')),
	version     INTEGER NOT NULL REFERENCES versions (id),
	stamp       BLOB,
	policy      INTEGER NOT NULL,
	settled_run INTEGER NOT NULL REFERENCES runs (id),
	checksum    BLOB    NOT NULL,
	PRIMARY KEY (instance, kind, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE refs (
	version INTEGER NOT NULL REFERENCES versions (id),
	kind    TEXT    NOT NULL,
	item    TEXT    NOT NULL,
	PRIMARY KEY (version, kind, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX refs_target ON refs (kind, item);

CREATE TABLE faults (
	id           INTEGER PRIMARY KEY,
	instance     INTEGER NOT NULL REFERENCES instances (id),
	run          INTEGER NOT NULL REFERENCES runs (id),
	kind         TEXT    NOT NULL,
	item         TEXT    NOT NULL,
	class        TEXT    NOT NULL,
	status       INTEGER NOT NULL,
	attempts     INTEGER NOT NULL,
	message      TEXT    NOT NULL,
	at           INTEGER NOT NULL,
	resolved_run INTEGER REFERENCES runs (id),
	checksum     BLOB    NOT NULL,
	UNIQUE (run, kind, item)
) STRICT;
CREATE INDEX faults_open ON faults (instance, kind, item) WHERE resolved_run IS NULL;
`

// schemaV2 has dictionaries for small bodies.
const schemaV2 = `
CREATE TABLE dictionaries (
	id       INTEGER PRIMARY KEY,
	hash     BLOB    NOT NULL UNIQUE,
	kind     TEXT    NOT NULL,
	codec    TEXT    NOT NULL,
	size     INTEGER NOT NULL,
	data     BLOB    NOT NULL,
	checksum BLOB    NOT NULL
) STRICT;
ALTER TABLE bodies ADD COLUMN dictionary INTEGER REFERENCES dictionaries (id);
`

// schemaV3 has what runs learn about how a server serves a kind.
const schemaV3 = `
CREATE TABLE run_lessons (
	run      INTEGER NOT NULL REFERENCES runs (id),
	kind     TEXT    NOT NULL,
	code     TEXT    NOT NULL,
	checksum BLOB    NOT NULL,
	PRIMARY KEY (run, kind, code)
) STRICT, WITHOUT ROWID;
`

// schemaV4 counts how many references of a kind led to nothing, how many documents a run
// did not ask for again and why, and whether dates moved with changes, and has which
// documents a run saw that did not ask for all. The columns behind the checksum
// count for it where they are not 0 or null, so that rows of before keep theirs.
const schemaV4 = `
DROP VIEW run_summary;
ALTER TABLE run_kinds RENAME TO run_kinds_before;
CREATE TABLE run_kinds (
	run        INTEGER NOT NULL REFERENCES runs (id),
	kind       TEXT    NOT NULL,
	listing    TEXT    NOT NULL CHECK (listing IN ('open', 'complete', 'incomplete', 'denied', 'unavailable', 'budget', 'deferred')),
	reason     TEXT    NOT NULL,
	listed     INTEGER NOT NULL,
	new        INTEGER NOT NULL,
	changed    INTEGER NOT NULL,
	same       INTEGER NOT NULL,
	trashed    INTEGER NOT NULL,
	reappeared INTEGER NOT NULL,
	gone       INTEGER NOT NULL,
	failed     INTEGER NOT NULL,
	bytes      INTEGER NOT NULL,
	stored     INTEGER NOT NULL,
	checksum   BLOB    NOT NULL,
	dangling   INTEGER NOT NULL DEFAULT 0,
	deferred   INTEGER NOT NULL DEFAULT 0,
	observed   TEXT,
	trusted      INTEGER NOT NULL DEFAULT 0,
	dates_moved  INTEGER NOT NULL DEFAULT 0,
	dates_stayed INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (run, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO run_kinds SELECT *, 0, 0, NULL, 0, 0, 0 FROM run_kinds_before;
DROP TABLE run_kinds_before;
CREATE VIEW run_summary AS
SELECT r.id AS run, i.name AS instance, r.origin, r.outcome,
	strftime('%Y-%m-%dT%H:%M:%fZ', r.started_at / 1000.0, 'unixepoch') AS started_at,
	strftime('%Y-%m-%dT%H:%M:%fZ', r.finished_at / 1000.0, 'unixepoch') AS finished_at,
	(r.finished_at - r.started_at) / 1000.0 AS seconds,
	k.kinds, k.listed, k.new, k.changed, k.same, k.trashed, k.reappeared, k.gone, k.failed, k.bytes, k.stored,
	coalesce((SELECT sum(calls) FROM run_calls c WHERE c.run = r.id), 0) AS calls,
	r.is_full, r.resumed, r.pruned, r.looker_version, r.tool_version, lower(hex(r.digest)) AS digest
FROM runs r JOIN instances i ON i.id = r.instance
LEFT JOIN (SELECT run, count(*) AS kinds, sum(listed) AS listed, sum(new) AS new, sum(changed) AS changed,
	sum(same) AS same, sum(trashed) AS trashed, sum(reappeared) AS reappeared, sum(gone) AS gone,
	sum(failed) AS failed, sum(bytes) AS bytes, sum(stored) AS stored FROM run_kinds GROUP BY run) k ON k.run = r.id;
`

// schemaV5 tells of runs that did not list the trash of a kind. The columns count for the
// checksum as those of schemaV4 do.
const schemaV5 = `
ALTER TABLE run_kinds ADD COLUMN trash_rested INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run_kinds ADD COLUMN trash_deferred INTEGER NOT NULL DEFAULT 0;
`

// stepsForReaders lets a reader take a file of an older version for one of Schema,
// without a change to it: step i makes version i+1 of version i of what only this
// connection sees. What is temporary comes first where a name is looked up.
var stepsForReaders = []string{1: asV2, 2: asV3, 3: asV4 + readingAsV4 + asPruned + asRestored, 4: asV5}

const asV3 = `
CREATE TEMP TABLE run_lessons (run, kind, code, checksum);
`

const asV4 = `
CREATE TEMP VIEW run_kinds AS SELECT *, 0 AS dangling, 0 AS deferred, NULL AS observed, 0 AS trusted, 0 AS dates_moved, 0 AS dates_stayed,
	0 AS trash_rested, 0 AS trash_deferred FROM main.run_kinds;
`

// asV5 leaves the view of asV4 alone, which has its columns.
const asV5 = `
CREATE TEMP VIEW IF NOT EXISTS run_kinds AS SELECT *, 0 AS trash_rested, 0 AS trash_deferred FROM main.run_kinds;
`

const asV2 = `
CREATE TEMP TABLE dictionaries (id, hash, kind, codec, size, data, checksum);
CREATE TEMP VIEW bodies AS SELECT hash, codec, size, data, NULL AS dictionary FROM main.bodies;
`

// The views are for people with sqlite3: their columns stay when tables change.
const viewsV1 = `
CREATE VIEW documents AS
SELECT i.name AS instance, h.kind, h.item AS id, h.state, v.name, v.folder, v.owner, v.updated_at,
	v.size, lower(hex(v.hash)) AS sha256, v.first_run, h.settled_run AS last_run,
	strftime('%Y-%m-%dT%H:%M:%fZ', v.fetched_at / 1000.0, 'unixepoch') AS fetched_at,
	v.route, v.redacted, v.id AS version
FROM heads h JOIN instances i ON i.id = h.instance JOIN versions v ON v.id = h.version
WHERE h.state <> 'gone';

CREATE VIEW gone_documents AS
SELECT i.name AS instance, h.kind, h.item AS id, v.name, v.folder, v.owner, v.size,
	lower(hex(v.hash)) AS sha256, v.last_run, v.gone_run, v.id AS version
FROM heads h JOIN instances i ON i.id = h.instance JOIN versions v ON v.id = h.version
WHERE h.state = 'gone';

CREATE VIEW document_versions AS
SELECT i.name AS instance, v.kind, v.item AS id, v.id AS version, v.state,
	v.first_run, coalesce(v.last_run, h.settled_run) AS last_run, v.gone_run,
	v.last_run IS NULL AS current, v.name, v.folder, v.owner, v.updated_at,
	v.size, lower(hex(v.hash)) AS sha256, lower(hex(v.fingerprint)) AS fingerprint, v.policy,
	strftime('%Y-%m-%dT%H:%M:%fZ', v.fetched_at / 1000.0, 'unixepoch') AS fetched_at, v.route, v.redacted
FROM versions v JOIN instances i ON i.id = v.instance
JOIN heads h ON h.instance = v.instance AND h.kind = v.kind AND h.item = v.item;

CREATE VIEW run_summary AS
SELECT r.id AS run, i.name AS instance, r.origin, r.outcome,
	strftime('%Y-%m-%dT%H:%M:%fZ', r.started_at / 1000.0, 'unixepoch') AS started_at,
	strftime('%Y-%m-%dT%H:%M:%fZ', r.finished_at / 1000.0, 'unixepoch') AS finished_at,
	(r.finished_at - r.started_at) / 1000.0 AS seconds,
	k.kinds, k.listed, k.new, k.changed, k.same, k.trashed, k.reappeared, k.gone, k.failed, k.bytes, k.stored,
	coalesce((SELECT sum(calls) FROM run_calls c WHERE c.run = r.id), 0) AS calls,
	r.is_full, r.resumed, r.pruned, r.looker_version, r.tool_version, lower(hex(r.digest)) AS digest
FROM runs r JOIN instances i ON i.id = r.instance
LEFT JOIN (SELECT run, count(*) AS kinds, sum(listed) AS listed, sum(new) AS new, sum(changed) AS changed,
	sum(same) AS same, sum(trashed) AS trashed, sum(reappeared) AS reappeared, sum(gone) AS gone,
	sum(failed) AS failed, sum(bytes) AS bytes, sum(stored) AS stored FROM run_kinds GROUP BY run) k ON k.run = r.id;

CREATE VIEW open_faults AS
SELECT i.name AS instance, f.run, f.kind, f.item AS id, f.class, f.status, f.attempts, f.message,
	strftime('%Y-%m-%dT%H:%M:%fZ', f.at / 1000.0, 'unixepoch') AS at
FROM faults f JOIN instances i ON i.id = f.instance
WHERE f.resolved_run IS NULL;

CREATE VIEW run_faults AS
SELECT i.name AS instance, f.run, f.kind, f.item AS id, f.class, f.status, f.attempts, f.message,
	strftime('%Y-%m-%dT%H:%M:%fZ', f.at / 1000.0, 'unixepoch') AS at, f.resolved_run
FROM faults f JOIN instances i ON i.id = f.instance;

CREATE VIEW group_users AS
SELECT i.name AS instance, r.item AS group_id, h.item AS user_id, v.name AS user
FROM heads h JOIN instances i ON i.id = h.instance JOIN versions v ON v.id = h.version
JOIN refs r ON r.version = h.version AND r.kind = 'groups'
WHERE h.kind = 'users' AND h.state <> 'gone';

CREATE VIEW document_refs AS
SELECT i.name AS instance, h.kind, h.item AS id, r.kind AS ref_kind, r.item AS ref_id
FROM heads h JOIN instances i ON i.id = h.instance JOIN refs r ON r.version = h.version
WHERE h.state <> 'gone';
`
