package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// verdict is what a page says first: a sentence, and a traffic light that has a word
// beside its colour.
type verdict struct {
	Light string // "green", "amber", "red": a class of the style sheet
	Word  string
	Text  string
}

func verdictOf(d Data) verdict {
	r, t := d.Run, sum(d.Run.Kinds)
	if d.Checked.Findings > 0 {
		return verdict{"red", "The vault is damaged", fmt.Sprintf("%s in the vault; lookervault verify names them, and which runs are still whole.",
			plural(int64(d.Checked.Findings), "thing is wrong", "things are wrong"))}
	}
	of := fmt.Sprintf("of %s of %s", r.Instance, day(r.Started))
	switch r.Outcome {
	case record.RunComplete:
		changed := "nothing has changed since the one before"
		if len(d.Runs) <= 1 {
			changed = "it is the first one"
		} else if said := changes(t); said != "" {
			changed = said + " since the one before"
		}
		what := "The backup " + of + " is complete"
		if r.ForThisKey() {
			what += " for its key, which sees less than an administrator's"
		}
		return verdict{"green", "All is well", fmt.Sprintf("%s: %s documents; %s.", what, count(t.Settled()), changed)}
	case record.RunPartial:
		var lacks []string
		if failed := t.FailedDocuments(); failed > 0 {
			lacks = append(lacks, plural(failed, "document", "documents")+" could not be fetched")
		}
		short := int64(0)
		for _, k := range r.Ends() {
			if !k.Listing.InOrder() {
				short++
			}
		}
		if short > 0 {
			lacks = append(lacks, plural(short, "kind is", "kinds are")+" not complete")
		}
		if r.Caller.Admin != nil && !*r.Caller.Admin {
			lacks = append(lacks, "its key sees less than an administrator's")
		}
		if lacks == nil {
			lacks = []string{"the notes say of what"}
		}
		return verdict{"amber", "Something is missing", fmt.Sprintf("The backup %s is not complete: %s. %s documents are stored.", of, strings.Join(lacks, ", "), count(t.Settled()))}
	case record.RunInterrupted, record.RunRunning:
		return verdict{"amber", "Not finished", fmt.Sprintf("The backup %s is not finished: %s documents are stored. It can be resumed.", of, count(t.Settled()))}
	}
	if r.Refused() {
		return verdict{"red", "Failed", fmt.Sprintf("The backup %s was refused before it asked for anything; its notes say why. What earlier ones stored is there.", of)}
	}
	return verdict{"red", "Failed", fmt.Sprintf("The backup %s has failed: %s documents are stored. It can be resumed.", of, count(t.Settled()))}
}

// changes says what became of documents, "" when nothing did.
func changes(t record.Counts) string {
	var said []string
	for _, part := range []struct {
		n    int64
		what string
	}{{t.New, "new"}, {t.Changed, "changed"}, {t.Gone, "gone"}} {
		if part.n > 0 {
			said = append(said, count(part.n)+" "+part.what)
		}
	}
	return strings.Join(said, ", ")
}

// gapView is something that is not covered.
type gapView struct{ What, Why string }

// coverage tells what a run covers, and what it does not and why.
func coverage(d Data) (said string, gaps []gapView) {
	complete := 0
	var short []record.Counts
	for _, k := range d.Run.Ends() {
		switch {
		case k.Listing.InOrder() && k.FailedDocuments() > 0:
			gaps = append(gaps, gapView{string(k.Kind), plural(k.FailedDocuments(), "document", "documents") + " could not be fetched"})
		case k.Listing == record.Complete, k.Listing == record.Deferred:
			complete++
		case k.Reason != "":
			short = append(short, k)
		default:
			gaps = append(gaps, gapView{string(k.Kind), listingWhy(k.Listing)})
		}
	}
	for _, s := range record.Shortfalls(short) {
		gaps = append(gaps, gapView{s.Who(0), s.Why()})
	}
	said = fmt.Sprintf("Scope: %s. %d of %d kinds are complete.", d.Run.Scope, complete, len(d.Run.Kinds))
	if len(d.Run.Scope.Folders) > 0 {
		gaps = append(gaps, gapView{"Content of other folders", "the run was restricted to folders " + strings.Join(d.Run.Scope.Folders, ", ")})
	}
	in := make(map[record.Kind]bool)
	for _, k := range d.Run.Scope.Kinds {
		in[k] = true
	}
	var optIn, out []string
	for _, k := range catalogue.All() {
		switch {
		case in[k.Name]:
		case k.OptIn:
			optIn = append(optIn, string(k.Name))
		default:
			out = append(out, string(k.Name))
		}
	}
	if len(out) > 0 {
		gaps = append(gaps, gapView{strings.Join(out, ", "), "not in the scope of this run"})
	}
	if len(optIn) > 0 {
		gaps = append(gaps, gapView{strings.Join(optIn, ", "), "backed up only when they are named in the configuration"})
	}
	for _, g := range catalogue.Gaps() {
		gaps = append(gaps, gapView{g.What, g.Why})
	}
	return said, gaps
}

func listingWhy(l record.Listing) string {
	switch l {
	case record.Denied:
		return "the key may not list it"
	case record.Unavailable:
		return "this edition or version of Looker does not have it"
	case record.Budget:
		return "the budget of calls was used up"
	case record.NotBegun:
		return "the run ended before its turn came"
	}
	return "its list was not read to the end"
}

// webLink is the address of a document in Looker's web interface, "" where that is not
// known. The API has a port of its own on older instances; the web interface has not.
func webLink(r record.Run, ref record.Ref) string {
	base, err := url.Parse(r.BaseURL)
	path := catalogue.WebPath(ref)
	if err != nil || path == "" || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" || r.Origin == "demo" {
		return ""
	}
	if base.Port() == "19999" {
		base.Host = base.Hostname()
	}
	return base.Scheme + "://" + base.Host + path
}

// quotaOf is what the configuration of a run says that a licence includes.
func quotaOf(r record.Run) map[string]int64 {
	var c struct {
		Looker struct {
			Quota map[string]int64 `json:"quota"`
		} `json:"looker"`
	}
	if json.Unmarshal(r.Config, &c) != nil {
		return nil
	}
	return c.Looker.Quota
}

// monthBars are the calls of the month of a run against what the licence includes.
func monthBars(r record.Run) (bars []bar) {
	quota, used := quotaOf(r), make(map[string]int64)
	for _, c := range r.Month {
		used[c.Class] += c.N
	}
	most := int64(1)
	for _, class := range []catalogue.Activity{catalogue.Administrative, catalogue.Query} {
		most = max(most, used[string(class)])
	}
	for _, class := range []catalogue.Activity{catalogue.Administrative, catalogue.Query} {
		n, included := used[string(class)], quota[string(class)]
		b := bar{Name: string(class), Value: count(n), Parts: pieces(float64(most), piece{float64(n), "calls", count(n) + " calls"})}
		if included > 0 {
			colour := "calls"
			if n > included {
				colour = "failed"
			}
			b.Value = fmt.Sprintf("%s of %s (%s)", count(n), count(included), percent(float64(n), float64(included)))
			b.Parts = pieces(float64(max(n, included)), piece{float64(n), colour, count(n) + " used"}, piece{float64(max(included-n, 0)), "rest", count(max(included-n, 0)) + " left"})
		} else {
			b.More = "the licence's number is not known (looker.quota)"
		}
		bars = append(bars, b)
	}
	return bars
}

// dayView is a run in the calendar: a mark that is told by its sign as well as by its
// colour.
type dayView struct{ Class, Sign, Title, Label string }

// signs are how outcomes are marked.
var signs = map[record.Outcome]string{record.RunComplete: "✓", record.RunPartial: "!", record.RunFailed: "✗", record.RunInterrupted: "…", record.RunRunning: "…"}

// calendar are the runs of a page, the oldest first, and the days between them on which
// there was none although there is one on most days.
func calendar(d Data) (days []dayView, pauses bool) {
	daily := daily(d.Runs)
	for i, r := range slices.Backward(d.Runs) {
		t := sum(r.Kinds)
		if missed := i+1 < len(d.Runs) && daily; missed {
			if n := daysBetween(d.Runs[i+1].Started, r.Started) - 1; n > 0 {
				pauses = true
				days = append(days, dayView{
					Class: "none", Sign: "–", Label: plural(int64(n), "day", "days"),
					Title: "no run between " + day(d.Runs[i+1].Started) + " and " + day(r.Started),
				})
			}
		}
		days = append(days, dayView{
			Class: string(r.Outcome), Sign: signs[r.Outcome], Label: r.Started.UTC().Format("2 Jan"),
			Title: fmt.Sprintf("run %d, %s: %s, %s new, %s changed, %s gone, %s failed", r.ID, moment(r.Started), r.OutcomeText(),
				count(t.New), count(t.Changed), count(t.Gone), count(t.FailedDocuments())),
		})
	}
	return days, pauses
}

// daily reports whether most runs come at most a day after the one before.
func daily(runs []record.Run) bool {
	soon := 0
	for i := 1; i < len(runs); i++ {
		if daysBetween(runs[i].Started, runs[i-1].Started) <= 1 {
			soon++
		}
	}
	return 2*soon > len(runs)-1
}

// daysBetween is how many days one date is before another.
func daysBetween(from, to time.Time) int {
	const whole = 24 * time.Hour
	return int(to.UTC().Truncate(whole).Sub(from.UTC().Truncate(whole)) / whole)
}

// deletedView is a document that went.
type deletedView struct{ Name, Ref, Link, What, Owner, By, At string }

// between says when a document went of which only runs tell: between two of them.
func (g Deleted) between() string {
	switch {
	case g.Found.IsZero():
		return ""
	case g.Before.IsZero():
		return "by " + day(g.Found)
	case day(g.Before) == day(g.Found):
		return "on " + day(g.Found)
	}
	return "between " + dayBefore(g.Before, g.Found) + " and " + day(g.Found)
}

// dayBefore is a day without what it has in common with a later one, which follows it.
func dayBefore(t, later time.Time) string {
	t, later = t.UTC(), later.UTC()
	switch {
	case t.Year() != later.Year():
		return day(t)
	case t.Month() != later.Month():
		return t.Format("2 January")
	}
	return t.Format("2")
}

func deletions(d Data) (views []deletedView) {
	for _, g := range d.Deleted {
		v := deletedView{Name: g.Name, Ref: g.Ref.String(), What: "gone", Owner: g.Owner, By: g.By, At: g.between()}
		switch {
		case g.Back:
			v.What, v.Link = "back", webLink(d.Run, g.Ref)
		case g.What == "trashed":
			v.What, v.Link = "in the trash", webLink(d.Run, g.Ref)
		}
		if at, err := time.Parse(time.RFC3339, g.At); err == nil {
			v.At = moment(at)
		}
		v.Name = cmp.Or(v.Name, v.Ref)
		views = append(views, v)
	}
	return views
}

func day(t time.Time) string { return t.UTC().Format("2 January 2006") }

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}
