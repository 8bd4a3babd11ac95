// Package stages holds the five stages of an extraction:
//
//	list       enumerates a kind and plans calls: it emits asks
//	fetch      makes the calls and accounts for every document asked for: items
//	serialize  validates, fingerprints and encodes: records
//	batch      closes a batch by records, bytes and age
//	write      commits batches to the sink, alone
//
// List is list.go, enumerate.go (pages that prove themselves) and plan.go (which
// calls bring what is missing). Fetch is the package below, stages/fetch.
//
// They share two things. A [budget.Budget] bounds what is in flight: bytes and documents
// are reserved before a request and released after the commit. The [Ledger]
// keeps the books of each kind: what was listed, asked and answered, so that
// nothing is called complete that is not.
//
// The package knows Looker only as the [Looker] interface and the sink only as
// [Store]; both are handed in.
package stages
