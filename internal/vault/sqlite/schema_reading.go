package sqlite

// readingV4 is what the commands need that read a long history: what changed in a run
// is found without a look at every version, and what holds a word without a look into
// every body.
const readingV4 = `
CREATE INDEX versions_begun ON versions (instance, first_run);
CREATE INDEX versions_gone ON versions (instance, gone_run) WHERE gone_run IS NOT NULL;
CREATE TABLE search_blocks (
	first    INTEGER PRIMARY KEY,
	last     INTEGER NOT NULL,
	count    INTEGER NOT NULL,
	rules    INTEGER NOT NULL,
	versions BLOB    NOT NULL,
	terms    BLOB    NOT NULL,
	postings BLOB    NOT NULL,
	checksum BLOB    NOT NULL
) STRICT;
`

// readingAsV4 is of the search index, which a reader of an older file does without.
const readingAsV4 = `
CREATE TEMP TABLE search_blocks (first, last, count, rules, versions, terms, postings, checksum);
`
