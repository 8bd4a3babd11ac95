package sqlite

// schemaPrune is the part of schema 4 that keeps what is left to know of versions
// that were removed, so that numbers still add up and a changed document is not
// taken for a new one.
const schemaPrune = `
CREATE TABLE pruned_versions (
	instance  INTEGER NOT NULL REFERENCES instances (id),
	kind      TEXT    NOT NULL,
	item      TEXT    NOT NULL,
	first_run INTEGER NOT NULL REFERENCES runs (id),
	gone_run  INTEGER REFERENCES runs (id),
	checksum  BLOB    NOT NULL,
	PRIMARY KEY (instance, kind, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE count_corrections (
	instance  INTEGER NOT NULL REFERENCES instances (id),
	kind      TEXT    NOT NULL,
	run       INTEGER NOT NULL REFERENCES runs (id),
	documents INTEGER NOT NULL,
	held      INTEGER NOT NULL,
	checksum  BLOB    NOT NULL,
	PRIMARY KEY (instance, kind, run)
) STRICT, WITHOUT ROWID;
`

// asPruned lets a reader take a vault of an older schema for one that was never
// pruned.
const asPruned = `
CREATE TEMP TABLE pruned_versions (instance, kind, item, first_run, gone_run, checksum);
CREATE TEMP TABLE count_corrections (instance, kind, run, documents, held, checksum);
`
