// Package sinks holds what an extraction writes to: [Sink] is the promise, OpenSQLite
// makes one that keeps a vault in a file. Two wrap another sink: one breaks on purpose,
// the other takes secrets out of texts.
package sinks
