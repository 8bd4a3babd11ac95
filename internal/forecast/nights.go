package forecast

import (
	"context"
	"math"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
)

// Month is what nightly runs cost, by the quota that the calls are drawn from.
type Month struct {
	Calls   map[catalogue.Activity]int64 // all of them
	Changes map[catalogue.Activity]int64 // of them, for documents that will be new or changed
	// Observed is over how long the runs of the vault have seen documents change, 0 where
	// they have not: then nothing is taken to change.
	Observed time.Duration
}

// Nights forecasts so many nightly runs, the first of which begins at ahead.Now. As much is
// taken to change in each as the runs of the last month have seen change in a day. A vault
// that knows nothing of the instance has no forecast: known is false.
func Nights(ctx context.Context, ahead Ahead, nights int) (month Month, known bool, err error) {
	o, err := fromVault(ctx, ahead)
	if err != nil || o == nil || len(o.past) == 0 {
		return Month{}, false, err
	}
	month = Month{Calls: make(map[catalogue.Activity]int64), Changes: make(map[catalogue.Activity]int64)}
	var perDay map[catalogue.Activity]float64
	perDay, month.Observed = o.turnover()
	for class, n := range perDay {
		month.Changes[class] = int64(math.Round(n * float64(nights)))
		month.Calls[class] += month.Changes[class]
	}
	for night := range nights {
		if err := ctx.Err(); err != nil {
			return Month{}, false, context.Cause(ctx)
		}
		now := ahead.Now.Add(time.Duration(night) * aDay)
		if o.rules != nil {
			o.rules.Now, o.rules.Gap = now, aDay
		}
		f := Forecast{Kinds: o.stored().forecasts, Besides: ahead.Besides}
		for _, class := range []catalogue.Activity{catalogue.Administrative, catalogue.Query} {
			month.Calls[class] += f.Calls(class).Likely
		}
		o.pass(now)
	}
	return month, true, nil
}

const (
	aDay = 24 * time.Hour
	// turnoverOver is how far back runs tell what changes in a day: a month has every sort
	// of day in it.
	turnoverOver = 30 * aDay
	// turnoverLeast is the shortest time between two runs that tells of a day.
	turnoverLeast = aDay / 2
)

// turnover is how many calls a day those documents took that a run asks for alone since they
// are new or have changed, as the runs of the last month found them, and over how long.
func (o *outlook) turnover() (perDay map[catalogue.Activity]float64, over time.Duration) {
	var runs []record.Run // of everything, the newest first
	for _, run := range o.runs {
		whole := run.Scope.Unscoped() && run.Origin != record.OriginLook && (run.Outcome == record.RunComplete || run.Outcome == record.RunPartial)
		if whole && (len(runs) == 0 || runs[0].Started.Sub(run.Started) <= turnoverOver) {
			runs = append(runs, run)
		}
	}
	if len(runs) < 2 {
		return nil, 0
	}
	// What the oldest one found has changed before it.
	if over = runs[0].Started.Sub(runs[len(runs)-1].Started); over < turnoverLeast {
		return nil, 0
	}
	perDay = make(map[catalogue.Activity]float64)
	for _, run := range runs[:len(runs)-1] {
		for _, counts := range run.Kinds {
			if kind, ok := catalogue.Find(counts.Kind); ok && askedAlone(kind, counts) > 0 {
				perDay[kind.Detail.Activity] += float64(askedAlone(kind, counts)) * float64(aDay) / float64(over)
			}
		}
	}
	return perDay, over
}

// askedAlone is how many of the documents that a run found new or changed took a call each,
// which they would not have taken otherwise. Pages bring what changed with the rest.
func askedAlone(kind *catalogue.Spec, counts record.Counts) int64 {
	switch {
	case kind.Listing.Stamped, kind.Listing.Overview != nil:
		return counts.New + counts.Changed
	case kind.Listing.Followed:
		return counts.New
	}
	return 0
}

// pass records what a run that began then has seen.
func (o *outlook) pass(now time.Time) {
	if o.rules == nil {
		return
	}
	planner := o.planner()
	for _, kind := range o.Kinds {
		if rules := (plan.Rules{Refresh: o.rules, Limits: o.Limits}); o.proven != nil && !rules.ProofRests(kind.Name, o.proven[kind.Name]) {
			o.proven[kind.Name] = now
		}
		if o.restsWhole(kind) {
			continue
		}
		resting := o.trashRests(kind, o.glances[kind.Name])
		o.rules.Listed[kind.Name] = now
		if !resting {
			o.rules.TrashListed[kind.Name] = now
		}
		for _, route := range kind.Listing.Fixed {
			ref := record.Ref{Kind: kind.Name, ID: route.Path[1:]}
			if _, held := o.held[kind.Name][ref.ID]; !held && !planner.NotServedRests(kind, ref.ID, o.notServed[ref]) {
				o.notServed[ref] = now
			}
		}
		for id, d := range o.held[kind.Name] {
			row, date := record.Listed{ID: id, Folder: d.folder, State: d.state}, record.DateOf(d.updated)
			rests := plan.Rests(o.rules, kind, row, d.age, d.seen) ||
				kind.Dated() && o.rules.RestsByDate(record.Ref{Kind: kind.Name, ID: id}, date, date, d.seen)
			if trashAge, _ := o.rules.Age(refresh.Trash); trashAge > 0 && d.state == record.Trashed {
				rests = resting
			}
			if !rests {
				d.seen = now
				o.held[kind.Name][id] = d
			}
		}
	}
}
