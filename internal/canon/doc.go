// Package canon reads Looker's documents without changing them. In one pass a
// [Reader] validates a body, picks the members that become columns and computes
// the fingerprint: a sha256 over the canonical form, in which volatile members
// are left out, members are sorted by name, strings are spelled in one way and
// arrays that are sets are sorted. Numbers keep the spelling that they came in,
// so that no precision is ever lost to a comparison.
//
// [Rows] cuts an array into the exact bytes of its elements.
package canon
