package stages

import (
	"time"

	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// Asking is what the stages that ask Looker share: what a run has decided, whom they ask, and
// where they enter what they find.
type Asking struct {
	Planner       plan.Rules
	Admin         bool       // the key is an administrator's
	ProvesAbsence bool       // what a complete listing does not hold is gone
	Overviews     *Overviews // nil: none is asked for
	// Hollow reports whether the server answered at a time lists without rows that have some. Nil:
	// nobody knows.
	Hollow func(at time.Time) bool
	// Proven reports whether what lists tell of a kind, and how rich their rows are, was
	// compared with a document not long ago. Nil: each run compares.
	Proven func(record.Kind) bool
	// Listed is when an earlier run read a kind whole: an empty list of others is asked for again.
	Listed map[record.Kind]time.Time
	// Unavailable is when a kind was asked for last of those that the server did not have: one
	// more 404 proves that it does not have it still.
	Unavailable map[record.Kind]time.Time
	// NotServed is when an earlier run found that the server does not have a document.
	NotServed map[record.Ref]time.Time

	Looker Looker
	Store  Store
	Ledger *Ledger
	Now    func() time.Time
}
