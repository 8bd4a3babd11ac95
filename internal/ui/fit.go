package ui

import (
	"fmt"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/record"
)

// What makes a setting fit badly: below, nobody would notice the difference.
const (
	manyPages   = 50  // calls for one kind that a larger page would spare most of
	manyCommits = 200 // transactions that a larger batch would spare most of
	goodPage    = 100
	goodBatch   = 200
)

// Fit says which settings fit an instance badly that holds so many documents, one
// line each with a value that fits better. The counts are those of a run, or of
// a forecast; of kinds that brought no bytes nothing is said about sizes, and of
// those whose single document does not fit, or that are not fetched in pages,
// nothing about pages. paged reports whether a kind is.
func Fit(c config.Config, kinds []record.Counts, paged func(record.Kind) bool) []string {
	var hints []string
	hint := func(format string, args ...any) { hints = append(hints, fmt.Sprintf(format, args...)) }
	page := int64(c.Stages.List.PageSize)
	room := int64(c.Limits.InFlightBytes) / int64(max(c.Stages.Fetch.Workers, 1))
	var all int64
	for _, k := range kinds {
		all += k.Listed
		if !paged(k.Kind) {
			continue
		}
		if page > 0 && page < goodPage && k.Listed/page >= manyPages {
			hint("stages.list.page_size: %d takes %s calls for %s %s; %d would take %s.", page, Count(k.Listed/page), Count(k.Listed), k.Kind,
				goodPage, Count(k.Listed/goodPage))
		}
		came := k.New + k.Changed
		if came == 0 || k.Bytes == 0 || k.Listed < page {
			continue
		}
		// What came unchanged has the size of the rest.
		size := k.Bytes / max(k.Settled(), 1)
		if 0 < size && size <= room && page*size > room {
			hint("stages.list.page_size: a page of %d %s is about %s, and %d fetch workers have room for %s each (limits.in_flight_bytes); %d would fit.",
				page, k.Kind, Size(page*size), c.Stages.Fetch.Workers, Size(room), room/size)
		}
	}
	batch := int64(c.Stages.Batch.Records)
	if batch > 0 && batch < goodBatch && all/batch >= manyCommits {
		hint("stages.batch.records: %d commits about %s times for %s documents; %d would commit %s times.",
			batch, Count(all/batch), Count(all), goodBatch, Count(all/goodBatch))
	}
	if items := int64(c.Limits.InFlightItems); batch > items {
		hint("stages.batch.records: %d is never reached, as at most %d documents are in flight (limits.in_flight_items).", batch, items)
	}
	return hints
}
