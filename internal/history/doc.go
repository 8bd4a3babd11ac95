// Package history tells what became of documents: how two versions of one differ, who
// lost what with what, which references lead nowhere, and what their folders and owners
// are called. It reads the vault, and writes nothing.
//
// Of a span between two runs only the documents are looked at that have a version which begins or
// ends in it. What a change is comes from the canonical form of both bodies (internal/canon), how
// they differ (internal/delta), and the catalogue's relations: what depended on what is lost.
package history

import "github.com/lookervault/lookervault/internal/vault"

// Moment is a vault, and what of it is asked for: an instance at a point in time.
type Moment struct {
	Reader   vault.Reader
	Instance string
	At       vault.Point
	Run      int64 // that the point means, 0 for now
}
