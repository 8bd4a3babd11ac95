package extract

import (
	"cmp"
	"maps"
	"slices"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
)

// inWaves returns the kinds of the run wave by wave: each kind after those that lead to it.
// Where calls are counted, the waves of the more important kinds come first, so that what is
// left goes to those.
func (f *flow) inWaves() (waves [][]*catalogue.Spec) {
	counted := f.job.Config.RateLimit.MaxCalls > 0 || f.job.Config.Looker.Quota != config.Quota{}
	type place struct{ importance, wave int }
	byPlace := make(map[place][]*catalogue.Spec)
	for _, k := range f.kinds {
		at := place{wave: catalogue.Wave(k.Name)}
		if counted {
			at.importance = catalogue.Importance(k.Name)
		}
		byPlace[at] = append(byPlace[at], k)
	}
	for _, at := range slices.SortedFunc(maps.Keys(byPlace), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.importance, b.importance), cmp.Compare(a.wave, b.wave))
	}) {
		waves = append(waves, byPlace[at])
	}
	return waves
}
