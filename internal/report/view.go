package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/lookervault/lookervault/internal/duration"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// view is a page's content in the form that the template wants.
type view struct {
	Title    string
	Verdict  verdict
	Lead     string
	Facts    []fact
	Scope    string
	Gaps     folded[gapView]
	Months   []bar // calls of the month
	Over     []runChart
	Calendar []dayView
	Pauses   bool // the calendar has days without a run
	Deleted  folded[deletedView]
	Since    string // when the vault began to watch
	Checked  string
	Sessions []sessionView
	Items    []bar // documents by kind
	Bytes    []bar
	Kinds    []record.Counts
	Before   string // the run that changes are told against
	Sorts    []sortView
	Failed   []cause // of the run
	Open     []cause // of the instance
	Notes    []string
	Largest  []bar
	Churn    []bar
	History  []historyRow
	Made     string
	Tool     string
	Digest   string
}

// folded is a list of which only the first are shown until somebody opens the rest.
type folded[T any] struct {
	First, Rest []T
	Uncounted   string // how many there are besides that the page does not hold, "" for none
}

func fold[T any](list []T) folded[T] {
	// One line to open one more helps nobody.
	if len(list) <= showFirst+1 {
		return folded[T]{First: list}
	}
	return folded[T]{First: list[:showFirst], Rest: list[showFirst:]}
}

// More is how many the rest are.
func (f folded[T]) More() string { return count(int64(len(f.Rest))) }

// fact is a number with its name.
type fact struct{ Name, Value, More string }

type sessionView struct {
	Title  string // "" when there is only one
	Advice string
	Charts []timeChart
	Stages []bar
}

// bar is a row of a bar chart.
type bar struct {
	Name  string
	Link  string // of the name, "" for none
	More  string // beside the name, in small
	Value string
	Parts []part
}

// Words are the parts of the name between which a line may break.
func (b bar) Words() []string { return strings.SplitAfter(b.Name, "_") }

type sortView struct {
	What  string
	Count string
	folded[item]
}

type item struct{ Ref, Name, Link, More string }

type cause struct {
	What    string
	Count   string
	Share   []part
	Example string
	Refs    folded[string]
	Solved  string
}

type historyRow struct {
	Run, Started, Took, Changes, Failed, Calls string
	Outcome                                    record.Outcome
	Said, Scope                                string
	This                                       bool
	Parts                                      []part
}

func number(v float64) string {
	if v < 10 && v != float64(int64(v)) {
		return fmt.Sprintf("%.1f", v)
	}
	return humanize.Comma(int64(v + 0.5))
}

func count(n int64) string { return humanize.Comma(n) }

func size(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }

func percent(part, whole float64) string {
	if whole <= 0 {
		return "0 %"
	}
	return fmt.Sprintf("%.0f %%", 100*part/whole)
}

// viewOf arranges data.
func viewOf(d Data) view {
	r := d.Run
	scope, gaps := coverage(d)
	days, pauses := calendar(d)
	v := view{
		Title: fmt.Sprintf("Run %d of %s", r.ID, r.Instance), Verdict: verdictOf(d), Lead: lead(r), Facts: facts(d),
		Scope: scope, Gaps: fold(gaps), Months: monthBars(r), Over: overRuns(d), Calendar: days, Pauses: pauses, Deleted: fold(deletions(d)), Checked: d.Checked.said(),
		Kinds: r.Ends(), Sorts: sorts(d), Failed: causes(d.Faults), Open: causes(d.Open), Notes: r.Notes,
		Made: moment(d.Made), Tool: d.Tool, Digest: r.Digest.String(),
	}
	if left := d.DeletedAll - int64(len(d.Deleted)); left > 0 {
		v.Deleted.Uncounted = count(left)
	}
	if !d.Since.IsZero() {
		v.Since = day(d.Since)
	}
	for i, s := range r.Sessions {
		v.Sessions = append(v.Sessions, sessionOf(r, i, s))
	}
	v.Items, v.Bytes = kindBars(r.Kinds)
	if len(d.Runs) > 1 {
		v.Before = fmt.Sprintf("run %d, %s", d.Runs[1].ID, moment(d.Runs[1].Started))
	}
	for _, l := range d.Largest {
		v.Largest = append(v.Largest, bar{
			Name: cmp.Or(l.Name, l.Ref.String()), Link: webLink(r, l.Ref), More: refBeside(l), Value: size(l.N),
			Parts: pieces(float64(d.Largest[0].N), piece{float64(l.N), "bytes", size(l.N)}),
		})
	}
	for _, m := range d.MostChanged {
		v.Churn = append(v.Churn, bar{
			Name: cmp.Or(m.Name, m.Ref.String()), Link: webLink(r, m.Ref), More: refBeside(m), Value: count(m.N) + " versions",
			Parts: pieces(float64(d.MostChanged[0].N), piece{float64(m.N), "changed", count(m.N) + " versions"}),
		})
	}
	v.History = history(d)
	return v
}

// refBeside is the reference of a document that is called by its name.
func refBeside(of vault.Ranked) string {
	if of.Name == "" {
		return ""
	}
	return of.Ref.String()
}

func sessionOf(r record.Run, i int, s record.Session) sessionView {
	title, advice := "", s.Advice
	if len(r.Sessions) > 1 {
		title = fmt.Sprintf("Part %d of %d, from %s", i+1, len(r.Sessions), moment(s.Began))
	}
	if s.Unfinished {
		advice = "This process was killed, or is still at work: only its time is known."
	}
	return sessionView{title, advice, charts(s), stageBars(s)}
}

func moment(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

func took(r record.Run) string {
	if r.Finished.IsZero() {
		return "not finished"
	}
	return duration.Text(r.Took())
}

func lead(r record.Run) string {
	parts := []string{"Started " + moment(r.Started), "took " + took(r)}
	if r.Looker != "" {
		parts = append(parts, "Looker "+r.Looker)
	}
	if r.Tool != "" {
		parts = append(parts, "LookerVault "+r.Tool)
	}
	parts = append(parts, "scope: "+r.Scope.String())
	if r.Caller.Admin != nil && !*r.Caller.Admin {
		parts = append(parts, "with a key that is not an administrator's")
	}
	return strings.Join(parts, " · ")
}

func sum(kinds []record.Counts) (t record.Counts) {
	for _, k := range kinds {
		t.Listed += k.Listed
		t.New += k.New
		t.Changed += k.Changed
		t.Same += k.Same
		t.Gone += k.Gone
		t.Failed += k.Failed
		t.FailedListings += k.FailedListings
		t.Bytes += k.Bytes
		t.Stored += k.Stored
	}
	return t
}

func callsOf(r record.Run) (n int64) {
	for _, c := range r.Calls {
		n += c.N
	}
	return n
}

func facts(d Data) []fact {
	t, calls := sum(d.Run.Kinds), callsOf(d.Run)
	var seconds, paused float64
	var retries, refused, memory int64
	var items int64
	for _, s := range d.Run.Sessions {
		seconds += s.Seconds
		items += s.Items
		paused += s.Paused
		retries += s.Retries
		refused += s.Refused
		memory = max(memory, s.Memory)
	}
	facts := []fact{
		{"documents", count(t.Settled()), fmt.Sprintf("%s new, %s changed", count(t.New), count(t.Changed))},
		{"failed", count(t.FailedDocuments()), ""},
		{"fetched", size(t.Bytes), size(t.Stored) + " added to the vault"},
		{"calls", count(calls), ""},
	}
	if t.Settled() > 0 {
		facts[3].More = fmt.Sprintf("%.3f a document", float64(calls)/float64(t.Settled()))
	}
	if seconds > 0 {
		facts = append(facts, fact{"speed", number(float64(items)/seconds) + "/s", "documents, on average"},
			fact{"retries", count(retries), fmt.Sprintf("%s × 429, paused %s", count(refused), duration.Seconds(paused))},
			fact{"memory", size(memory), "at most"})
	}
	return facts
}

func stageBars(s record.Session) (bars []bar) {
	for _, u := range s.Stages {
		all := u.Busy + u.Blocked + u.Starved
		workers := "1 worker"
		if u.Workers != 1 {
			workers = fmt.Sprintf("%d workers", u.Workers)
		}
		bars = append(bars, bar{
			Name: u.Name, More: workers, Value: percent(u.Busy, all),
			Parts: pieces(all, piece{u.Busy, "busy", "busy " + percent(u.Busy, all)},
				piece{u.Blocked, "blocked", "held up " + percent(u.Blocked, all)}, piece{u.Starved, "starved", "idle " + percent(u.Starved, all)}),
		})
	}
	return bars
}

func kindBars(kinds []record.Counts) (items, bytes []bar) {
	var most, heaviest int64
	for _, k := range kinds {
		most, heaviest = max(most, k.Settled()+k.Failed), max(heaviest, k.Bytes)
	}
	for _, k := range kinds {
		if n := k.Settled() + k.Failed; n > 0 {
			items = append(items, bar{
				Name: string(k.Kind), Value: count(n),
				Parts: pieces(float64(most), piece{float64(k.New), "new", count(k.New) + " new"}, piece{float64(k.Changed), "changed", count(k.Changed) + " changed"},
					piece{float64(k.Same), "same", count(k.Same) + " the same"}, piece{float64(k.Failed), "failed", count(k.Failed) + " failed"}),
			})
		}
		if k.Bytes > 0 {
			bytes = append(bytes, bar{
				Name: string(k.Kind), Value: size(k.Bytes), Parts: pieces(float64(heaviest), piece{float64(k.Bytes), "bytes", size(k.Bytes)}),
			})
		}
	}
	// The longest first; what the parts of a bar add up to is its length.
	longest := func(a, b bar) int { return cmp.Compare(length(b), length(a)) }
	slices.SortStableFunc(items, longest)
	slices.SortStableFunc(bytes, longest)
	return foremost(items), foremost(bytes)
}

// foremost leaves out what is hardly to be seen; the table has it all.
func foremost(bars []bar) []bar {
	if len(bars) <= showKinds+1 {
		return bars
	}
	return append(bars[:showKinds:showKinds], bar{Name: fmt.Sprintf("%d other kinds", len(bars)-showKinds), Value: "in the table"})
}

func length(b bar) (sum float64) {
	for _, p := range b.Parts {
		sum += p.Width
	}
	return sum
}

// changeWords are the sorts of changes as people read them.
var changeWords = map[string]string{
	"gone": "gone", "trashed": "moved to the trash", "changed": "changed", "new": "new", "restored": "out of the trash", "back": "back",
}

// sorts are the changes, the rarest and most alarming first.
func sorts(d Data) (views []sortView) {
	for _, what := range []string{"gone", "trashed", "changed", "new", "restored", "back"} {
		n := d.Counts[what]
		if n == 0 {
			continue
		}
		var items []item
		for _, c := range d.Changes {
			if c.What != what {
				continue
			}
			it := item{c.Ref.String(), c.Name, "", size(c.Size)}
			if what != "gone" {
				it.Link = webLink(d.Run, c.Ref)
			}
			if what == "changed" {
				it.More = fmt.Sprintf("%s → %s", size(c.Was), size(c.Size))
			}
			items = append(items, it)
		}
		s := sortView{changeWords[what], count(n), fold(items)}
		if left := n - int64(len(items)); left > 0 {
			s.Uncounted = count(left)
		}
		views = append(views, s)
	}
	return views
}

func history(d Data) (rows []historyRow) {
	var most int64
	for _, r := range d.Runs {
		t := sum(r.Kinds)
		most = max(most, t.New+t.Changed+t.Gone+t.Failed)
	}
	for _, r := range d.Runs {
		t := sum(r.Kinds)
		rows = append(rows, historyRow{
			Run: count(r.ID), Started: r.Started.UTC().Format("2006-01-02 15:04"), Took: took(r), Outcome: r.Outcome, Said: r.OutcomeText(), Scope: r.Scope.String(), This: r.ID == d.Run.ID,
			Changes: fmt.Sprintf("%s new, %s changed, %s gone", count(t.New), count(t.Changed), count(t.Gone)), Failed: count(t.FailedDocuments()), Calls: count(callsOf(r)),
			Parts: pieces(float64(most), piece{float64(t.New), "new", count(t.New) + " new"}, piece{float64(t.Changed), "changed", count(t.Changed) + " changed"},
				piece{float64(t.Gone), "gone", count(t.Gone) + " gone"}, piece{float64(t.Failed), "failed", count(t.Failed) + " failed"}),
		})
	}
	return rows
}
