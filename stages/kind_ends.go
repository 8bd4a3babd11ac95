package stages

import (
	"fmt"

	"github.com/lookervault/lookervault/internal/record"
)

// Ends returns how each kind ended. A kind whose listing is complete but whose
// documents are not all answered is open: the run was stopped before, or its budget of calls ended.
// A resume does not know which documents in doubt were asked for again; a new run asks for all.
func (l *Ledger) Ends() []record.End {
	l.mu.Lock()
	defer l.mu.Unlock()
	ends := make([]record.End, len(l.order))
	for i, k := range l.order {
		a := l.kinds[k]
		ends[i] = record.End{
			Kind: k, Listing: a.listing, Listed: a.listed, Reason: a.reason, Through: a.through,
			Deferred: a.deferred + a.trashDeferred, Trusted: a.trusted, TrashRested: a.trashRested, TrashDeferred: a.trashDeferred,
		}
		if a.listing == record.Complete && a.answered < a.asked {
			ends[i].Listing = record.Open
		}
		if reason := a.lacks(); reason != "" && ends[i].Listing == record.Complete {
			ends[i].Listing, ends[i].Reason = record.Incomplete, reason
		}
		if a.spent && ends[i].Listing == record.Open {
			ends[i].Listing, ends[i].Reason = record.Budget, BudgetUsedUp
		}
		if a.rows.doubted && ends[i].Listing == record.Budget {
			ends[i].Listing, ends[i].Reason = record.Incomplete, inDoubt
		}
	}
	return ends
}

// More documents than tolerated, and than one in a hundred, are not lost one by
// one: something is wrong with how they are asked for, or with the server.
const tolerated = 3

// lacks says why a kind is not complete whose listing is: rows that may be poor are stored, or too
// many documents are missing. It is "" where neither is so.
func (a *account) lacks() string {
	dangling := int64(a.dangling.n)
	switch {
	case a.rows.doubted:
		return inDoubt
	case a.withheld > 0:
		return fmt.Sprintf("%d of %d that belong to listed documents answered 404", a.withheld, a.named)
	case a.lost > 0:
		return fmt.Sprintf("%d that the vault holds answered 404 or 403", a.lost)
	case dangling > tolerated && 100*dangling > a.named:
		return fmt.Sprintf("%d of %d that stored documents point to are not there (404)", dangling, a.named)
	}
	return ""
}
