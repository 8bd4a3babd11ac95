package vault

import (
	"slices"
	"time"
)

// interval is what pruning must know of a version. The versions of a document come in
// the order of their first run.
type interval struct {
	first, gone int64 // gone is 0 when the document was not found gone after it
}

// readers of a document's versions that a prune leaves: runs, and whoever asks for now.
type readersLeft struct {
	runs []int64 // that are kept, in ascending order
	// isOver reports whether the time is up of a document that a run found gone.
	isOver func(goneRun int64) bool
}

// keeps decides which versions of a document stay. A version stays when a kept run or
// now reads it. One that is read as gone stays only until its time is up; and as long
// as an older one stays, which would be taken for the document otherwise.
func (r readersLeft) keeps(versions []interval) []bool {
	stays := make([]bool, len(versions))
	older := false
	for i, v := range versions {
		newest := i == len(versions)-1
		end := int64(always)
		if !newest {
			end = versions[i+1].first
		}
		held := end
		if v.gone != 0 {
			held = v.gone
		}
		switch {
		case r.within(v.first, held), newest && v.gone == 0:
			stays[i] = true
		case v.gone != 0 && (newest || r.within(v.gone, end)):
			stays[i] = older || !r.isOver(v.gone)
		}
		older = older || stays[i]
	}
	return stays
}

// within reports whether a kept run is at least from and less than end.
func (r readersLeft) within(from, end int64) bool {
	i, _ := slices.BinarySearch(r.runs, from)
	return i < len(r.runs) && r.runs[i] < end
}

// next is the first kept run from a run on, the run itself when there is none: where a
// correction of counts takes effect.
func (r readersLeft) next(run int64) int64 {
	if i, _ := slices.BinarySearch(r.runs, run); i < len(r.runs) {
		return r.runs[i]
	}
	return run
}

// timeUp makes isOver of the moments at which runs found documents gone.
func timeUp(began map[int64]time.Time, before time.Time) func(int64) bool {
	return func(goneRun int64) bool {
		at, known := began[goneRun]
		return known && !before.IsZero() && !at.After(before)
	}
}
