package restore

import "github.com/lookervault/lookervault/internal/record"

// unsealed is a restore whose end could not be stored: it reads as interrupted from now on.
func unsealed(journal Journal, plan record.Restore) record.Restore {
	plan.State, plan.Calls = record.RestoreInterrupted, journal.Calls()
	return plan
}
