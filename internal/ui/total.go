package ui

import (
	"fmt"
	"time"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/record"
)

// Expected is what a forecast expects of a kind.
type Expected struct{ Things, Calls int64 }

// Total is how much of a job is done. It is told in calls, which are what a job takes
// its time for: documents that a list proves to be unchanged come by thousands in one.
type Total struct {
	Share float64       // 0..1
	Left  time.Duration // negative when nobody can tell
	// Bound means that what some kinds hold is not known yet: Share is the most that
	// it can be, and Left the least.
	Bound  bool
	Things int64 // that are expected in all
}

// total estimates how much of a job is done. The frame has everything else already.
func (t *Tracker) total(f Frame, kinds []job.KindProgress) Total {
	total := Total{Left: -1}
	var made, ahead float64
	var before, committed int64
	for i, k := range kinds {
		a := t.ahead(k, f.Kinds[i])
		made += float64(k.Calls)
		ahead += a.calls
		total.Things += a.things
		total.Bound = total.Bound || a.unknown
		committed += f.Kinds[i].Committed
		before += min(t.subject.Before[k.Kind], a.things)
	}
	switch {
	case made+ahead > 0:
		total.Share = made / (made + ahead)
	case total.Things > 0: // nobody counts its calls by kind: a restore
		total.Share = float64(min(committed, total.Things)) / float64(total.Things)
	}
	// What a resumed job had done before is part of the whole.
	if before > 0 {
		done := float64(before) / float64(total.Things)
		total.Share = done + (1-done)*total.Share
	}
	if f.CallsPerSecond > 0 || ahead == 0 {
		total.Left = seconds(ahead / max(f.CallsPerSecond, 0.001))
	}
	total.Left = max(total.Left, f.Left) // the writer may have more to do than the calls
	return total
}

// ahead is what a job still has to do for a kind.
type ahead struct {
	calls   float64
	things  int64 // that the kind is expected to hold
	unknown bool  // nobody knows how much there is
}

func (t *Tracker) ahead(k job.KindProgress, f KindFrame) ahead {
	open := k.Listing == record.Open
	foreseen, forecast := t.expected[k.Kind]
	a := ahead{things: k.Listed}
	if open {
		a.things = max(k.Listed, k.Expected, foreseen.Things)
	}
	if f.State == Finished {
		return a
	}
	todo := float64(max(a.things-f.Committed, 0))
	switch {
	case forecast && k.Calls <= foreseen.Calls:
		a.calls = float64(foreseen.Calls - k.Calls)
	case k.Committed > 0 && k.Calls > 0:
		a.calls = todo * float64(k.Calls) / float64(k.Committed)
	case k.PerCall > 0:
		a.calls = todo / k.PerCall
	}
	if open {
		a.calls = max(a.calls, 1) // the list itself
		a.unknown = !forecast && k.Expected == 0
		return a
	}
	a.calls = min(a.calls, todo) // a call brings one or more
	return a
}

// line is the total in a line that is so many columns wide.
func (t Total) line(width int) string {
	said := t.text()
	bar := min(width-len("total ")-1-len([]rune(said))-1, 78)
	if bar < 8 {
		return "total " + said
	}
	return fmt.Sprintf("total %s %s", drawBar(int64(t.Share*1000), 1000, bar), said)
}

// text is the total in words: "36%, 0:13 left".
func (t Total) text() string {
	share, left := percent(int64(t.Share*1000), 1000), ""
	if t.Bound {
		share = "at most " + share
	}
	switch {
	case t.Left > 0 && t.Bound:
		left = ", at least " + remaining(t.Left) + " left"
	case t.Left > 0:
		left = ", " + remaining(t.Left) + " left"
	}
	return share + left
}
