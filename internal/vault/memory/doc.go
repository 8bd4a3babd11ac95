// Package memory is the engine that keeps a vault in maps: for tests, and for rehearsals
// that must leave no file. It decides what every engine decides, by [vault.Judge].
package memory
