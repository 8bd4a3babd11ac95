package vault

// readingV3 is what the commands need that read a long history: what changed in a run
// is found without a look at every version.
const readingV3 = `
CREATE INDEX versions_begun ON versions (instance, first_run);
CREATE INDEX versions_gone ON versions (instance, gone_run) WHERE gone_run IS NOT NULL;
`

// readingAsV3 is of the search index, which a reader of an older file does without.
const readingAsV3 = ``
