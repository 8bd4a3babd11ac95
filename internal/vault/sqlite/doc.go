// Package sqlite keeps a vault in one SQLite file. It is the only place with SQL;
// docs/VAULT.md describes the tables.
//
// A File is the vault of the one process that may add to it: a lock file and
// a single connection. Its Writer serves a run and commits a batch in one
// transaction; its Restore is the journal of a plan that is applied. A Reader is
// anyone else: read only, without a lock, each call with a consistent view.
//
// # Layout
//
//   - Opening: file.go, open.go (links, new files), lock_*.go and descriptor_*.go (one writer),
//     log.go, migrate.go, schema*.go, conn.go (statements without database/sql).
//   - A run: begin.go, commit.go (a batch, one transaction), settle.go and heads.go (what a
//     record does), faults.go, kept.go and known.go (what list asks), finish.go, heal.go.
//   - Reading: reader.go (one consistent view), runs.go, point.go (which run is meant, what was
//     known by then), entries.go, ordered.go and current.go (lists), history.go and changes.go,
//     body.go, stats.go, health.go.
//   - Searching: search.go asks, search_build.go and search_block.go write the index.
//   - Restores: restores.go stores plans, journal*.go is the journal of one that is applied.
//   - Care: verify*.go, intact.go and checksum.go, prune*.go, shrink.go, salvage*.go and wreck.go.
//
// A process that has a vault open must never open its file by other means: POSIX
// drops all locks of a process on a file when it closes any descriptor of it.
package sqlite
