package restore

import "github.com/lookervault/lookervault/internal/record"

// unsealed is a restore whose end could not be stored: it reads as interrupted from now on, with
// its actions as they were stored last.
func unsealed(journal Journal) record.Restore {
	plan := journal.Plan()
	plan.State, plan.Calls = record.RestoreInterrupted, journal.Calls()
	return plan
}
