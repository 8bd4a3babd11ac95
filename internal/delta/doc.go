// Package delta tells how one version of a document differs from another, as people
// would say it: tiles and filters are matched by their id, then by their title, never
// by their place in a list; queries are compared by what they ask for, not by the ids
// that Looker gives them. It is pure.
package delta
