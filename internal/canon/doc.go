// Package canon reads Looker's documents without changing them. In one pass a
// [Reader] validates a body, picks the members that become columns and computes
// the fingerprint: a sha256 over the canonical form, in which volatile members
// are left out, members are sorted by name, strings are spelled in one way and
// arrays that are sets are sorted. Numbers keep the spelling that they came in,
// so that no precision is ever lost to a comparison.
//
// [Rows] cuts an array into the exact bytes of its elements.
//
// What is sent to put a document back is spliced from its bytes: [Creation] makes it
// anew, [Patch] makes one of the target the same. Both are steered by the kind's write
// row, and so is the normal form that plans and checks compare, [Normal]. None of them
// reads a number or free JSON into something else and writes it again.
package canon
