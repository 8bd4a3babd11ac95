package vault

import (
	"fmt"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/record"
)

// KeepRules say which runs of an instance a prune keeps. A run that any rule keeps is
// kept. Days, weeks, months and years are those of the calendar, a week begins on
// Monday; only those count in which a run came to its end. Of each, the newest run is
// kept that is complete and of the whole instance, else the newest partial one, else
// the newest one of a part.
type KeepRules struct {
	Last    int // the newest so many runs, however they ended, but for those that were refused
	Daily   int // a run of each of the newest so many days
	Weekly  int
	Monthly int
	Yearly  int
}

// Why a run is kept.
const (
	KeptLast           = "last"
	KeptDaily          = "daily"
	KeptWeekly         = "weekly"
	KeptMonthly        = "monthly"
	KeptYearly         = "yearly"
	KeptNewestComplete = "newest complete" // the newest complete run of the whole instance: no rule removes it
	KeptUnfinished     = "unfinished"      // the newest run, which can be resumed
	KeptRestore        = "restore"         // a restore needs it, see Reader.HeldRuns
)

// Keeping is what rules decide about a run.
type Keeping struct {
	Run     record.Run
	Reasons []string // rules that keep it; none when it is removed
}

// Keep reports whether the run is kept.
func (k Keeping) Keep() bool { return len(k.Reasons) > 0 }

// Choose applies the rules to the runs of one instance, which come newest first, with
// the calendar of a time zone. Runs that were pruned before are left out.
func (k KeepRules) Choose(runs []record.Run, zone *time.Location) []Keeping {
	runs = slices.DeleteFunc(slices.Clone(runs), func(run record.Run) bool { return run.Pruned })
	list := make([]Keeping, len(runs))
	asked := 0
	for i, run := range runs {
		list[i].Run = run
		if !run.Refused() && asked < k.Last {
			list[i].Reasons = append(list[i].Reasons, KeptLast)
			asked++
		}
	}
	for _, period := range []struct {
		reason string
		wanted int
		of     func(time.Time) string
	}{
		{KeptDaily, k.Daily, func(t time.Time) string { return t.Format(time.DateOnly) }},
		{KeptWeekly, k.Weekly, func(t time.Time) string {
			year, week := t.ISOWeek()
			return fmt.Sprint(year, " ", week)
		}},
		{KeptMonthly, k.Monthly, func(t time.Time) string { return t.Format("2006-01") }},
		{KeptYearly, k.Yearly, func(t time.Time) string { return t.Format("2006") }},
	} {
		for _, i := range onePerPeriod(runs, period.wanted, func(run record.Run) string { return period.of(run.Started.In(zone)) }) {
			list[i].Reasons = append(list[i].Reasons, period.reason)
		}
	}
	if i := NewestComplete(runs); i >= 0 {
		list[i].Reasons = append(list[i].Reasons, KeptNewestComplete)
	}
	if open, ok := record.Continued(runs); ok {
		i := slices.IndexFunc(runs, func(run record.Run) bool { return run.ID == open.ID })
		list[i].Reasons = append(list[i].Reasons, KeptUnfinished)
	}
	return list
}

// onePerPeriod is the place of the best run of each of the newest so many periods.
func onePerPeriod(runs []record.Run, wanted int, period func(record.Run) string) (places []int) {
	chosen := map[string]int{} // the place in places
	for i, run := range runs {
		if worth(run) == 0 {
			continue
		}
		name := period(run)
		at, seen := chosen[name]
		switch {
		case !seen && len(places) < wanted:
			chosen[name] = len(places)
			places = append(places, i)
		case seen && worth(run) > worth(runs[places[at]]):
			places[at] = i
		}
	}
	return places
}

// worth ranks runs as backups: 0 is none.
func worth(run record.Run) int {
	switch {
	case run.Outcome != record.RunComplete && run.Outcome != record.RunPartial:
		return 0
	case !run.Scope.Unscoped():
		return 1
	case run.Outcome == record.RunPartial:
		return 2
	case run.ForThisKey():
		return 3
	case !run.Scope.All:
		return 4
	}
	return 5
}

// NewestComplete is the place of the newest complete run of everything that is backed
// up by default; where there is none, of the newest complete one that is not limited to
// folders; where there is none either, of one that is complete for a key that sees less; -1
// where there is none of them.
func NewestComplete(runs []record.Run) int {
	for _, least := range []int{5, 4, 3} {
		if i := slices.IndexFunc(runs, func(run record.Run) bool { return worth(run) >= least }); i >= 0 {
			return i
		}
	}
	return -1
}
