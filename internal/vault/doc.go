// Package vault is the stored file: one SQLite database that holds the documents
// of Looker instances, every version that was seen of them, and the runs that
// saw it. It is the only place with SQL; docs/VAULT.md describes the tables.
//
// A [File] is the vault of the one process that may add to it: a lock file and a
// single connection. Its [Writer] serves a run and commits a batch in one transaction;
// its [Restore] is the journal of a plan that is applied. A [Reader] is anyone else: read
// only, without a lock, each call with a consistent view.
//
// The model in three sentences. A head says where a document stands now and
// which run settled it last. A version is an interval of runs in which a
// document was seen with one state and one fingerprint; a run in which nothing
// changed adds no row. A body is addressed by the sha256 of its exact bytes and
// stored once.
//
// A process that has a vault open must never open its file by other means: POSIX
// drops all locks of a process on a file when it closes any descriptor of it.
package vault
