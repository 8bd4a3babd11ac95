package extract

import (
	"fmt"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/refresh"
)

// brokenDates notes which documents changed although their dates did not move, where dates
// are trusted or are to be. What is read of a kind in this run was planned before.
func (f *flow) brokenDates() (notes []string) {
	if f.job.Config.TrustDates != config.DatesLearned {
		return nil
	}
	kinds, texts := f.ledger.Undated()
	for i, kind := range kinds {
		f.job.Log.Warn("documents changed and their dates did not move", "kind", kind, "documents", texts[i])
		note := fmt.Sprintf("%s: %s; dates will not be trusted on Looker %s", kind, texts[i], f.job.Start.Looker)
		if refresh.Proven(f.begun.Dates[kind]) {
			note = fmt.Sprintf("%s: %s; dates are not trusted any more, the next run reads everything", kind, texts[i])
		}
		notes = append(notes, note)
	}
	return notes
}
