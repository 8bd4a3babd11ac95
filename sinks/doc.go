// Package sinks holds the places where an extraction ends: [Sink] is the
// promise, sqlite the vault, memory the one for tests and rehearsals, faulty
// one that breaks on purpose. The suite in sinktest runs on all of them.
package sinks
