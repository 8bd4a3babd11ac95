package extract

import "fmt"

// brokenDates notes which documents changed although their dates did not move, where dates
// are trusted or are to be. What is read of a kind in this run was planned before.
func (f *flow) brokenDates() (notes []string) {
	if f.refresh == nil || f.refresh.Dates == nil {
		return nil
	}
	kinds, texts := f.ledger.Undated()
	for i, kind := range kinds {
		note := fmt.Sprintf("%s: %s; ", kind, texts[i])
		switch {
		case f.refresh.TrustsDates(kind):
			note += "dates are not trusted any more, the next run reads everything"
		default:
			note += fmt.Sprintf("dates will not be trusted on Looker %s", f.job.Start.Looker)
		}
		f.job.Log.Warn("documents changed and their dates did not move", "kind", kind, "documents", texts[i])
		notes = append(notes, note)
	}
	return notes
}
