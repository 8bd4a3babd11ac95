package vault

import (
	"math"
	"slices"
	"time"
)

// A Lifespan is what a prune must know of a version. The versions of a document come in
// the order of their first run.
type Lifespan struct {
	First int64 // first run that saw the version
	Gone  int64 // run that found the document gone after it, 0 for none
}

// ReadersLeft are the readers of a document's versions that a prune leaves: runs, and
// whoever asks for now.
type ReadersLeft struct {
	Runs []int64 // that are kept, in ascending order
	// IsOver reports whether the time is up of a document that a run found gone.
	IsOver func(goneRun int64) bool
}

// Keeps decides which versions of a document stay. A version stays when a kept run or
// now reads it. One that is read as gone stays only until its time is up; and as long
// as an older one stays, which would be taken for the document otherwise.
func (r ReadersLeft) Keeps(versions []Lifespan) []bool {
	stays := make([]bool, len(versions))
	older := false
	for i, v := range versions {
		newest := i == len(versions)-1
		end := int64(math.MaxInt64)
		if !newest {
			end = versions[i+1].First
		}
		held := end
		if v.Gone != 0 {
			held = v.Gone
		}
		switch {
		case r.Within(v.First, held), newest && v.Gone == 0:
			stays[i] = true
		case v.Gone != 0 && (newest || r.Within(v.Gone, end)):
			stays[i] = older || !r.IsOver(v.Gone)
		}
		older = older || stays[i]
	}
	return stays
}

// Within reports whether a kept run is at least from and less than end.
func (r ReadersLeft) Within(from, end int64) bool {
	i, _ := slices.BinarySearch(r.Runs, from)
	return i < len(r.Runs) && r.Runs[i] < end
}

// Next is the first kept run from a run on, the run itself when there is none: where a
// correction of counts takes effect.
func (r ReadersLeft) Next(run int64) int64 {
	if i, _ := slices.BinarySearch(r.Runs, run); i < len(r.Runs) {
		return r.Runs[i]
	}
	return run
}

// TimeUp makes IsOver of the moments at which runs found documents gone.
func TimeUp(began map[int64]time.Time, before time.Time) func(int64) bool {
	return func(goneRun int64) bool {
		at, known := began[goneRun]
		return known && !before.IsZero() && !at.After(before)
	}
}
