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
// A stamp and a fingerprint are different things. The stamp is over a row of a list and only
// decides whether to fetch. The fingerprint is over the document, without volatile members
// (view counts, links, what the caller may do) in canonical form, and decides whether there is
// a new version. Both are of the rules of their kind, which a number names, the policy: stamps
// of other rules are not trusted, fingerprints are computed again.
//
// What a run does not ask for, since what is known of it is young enough, is deferred: neither
// the same nor gone. That may be a document whose age or date says so (rested.go, dates.go), the
// trash of a kind (trash.go), a document that the server did not have (lessons.go), or a part
// that answers 404 and belongs to a document which this run has not asked for: nobody knows yet
// whether that is still there. Only the number of these documents is in the ledger: they may be
// as many as the store holds, which keeps them.
//
// They share two things. A [budget.Budget] bounds what is in flight: bytes and documents
// are reserved before a request and released after the commit. The [Ledger]
// keeps the books of each kind: what was listed, asked and answered, so that
// nothing is called complete that is not.
//
// The package knows Looker only as the [Looker] interface and the sink only as
// [Store]; both are handed in.
package stages
