// Package stages holds the five stages of an extraction, one a file:
//
//	list       enumerates a kind and plans calls: it emits asks
//	fetch      makes the calls and accounts for every document asked for: items
//	serialize  validates, fingerprints and encodes: records
//	batch      closes a batch by records, bytes and age
//	write      commits batches to the sink, alone
//
// They share two things. [Limits] bounds what is in flight: bytes and documents
// are reserved before a request and released after the commit. The [Ledger]
// keeps the books of each kind: what was listed, asked and answered, so that
// nothing is called complete that is not.
//
// The package knows Looker only as the [Looker] interface and the sink only as
// [Store]; both are handed in.
package stages
