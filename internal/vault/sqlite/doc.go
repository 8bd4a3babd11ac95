// Package sqlite keeps a vault in one SQLite file. It is the only place with SQL;
// docs/VAULT.md describes the tables.
//
// A File is the vault of the one process that may add to it: a lock file and
// a single connection. Its Writer serves a run and commits a batch in one
// transaction; its Restore is the journal of a plan that is applied. A Reader is
// anyone else: read only, without a lock, each call with a consistent view.
//
// A process that has a vault open must never open its file by other means: POSIX
// drops all locks of a process on a file when it closes any descriptor of it.
package sqlite
