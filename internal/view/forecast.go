package view

import (
	"fmt"
	"time"

	"github.com/lookervault/lookervault/internal/forecast"
	"github.com/lookervault/lookervault/internal/record"
)

// Forecast is the event forecast, which is all that run --dry-run --json prints.
type Forecast struct {
	Event    string       `json:"event"` // "forecast"
	Time     time.Time    `json:"time"`
	Instance string       `json:"instance"`
	Origin   string       `json:"origin"`
	Vault    string       `json:"vault"`
	Held     bool         `json:"vault_holds_instance"`
	Resume   int64        `json:"resumes_run,omitempty"`
	Full     bool         `json:"full"`
	Scope    record.Scope `json:"scope"`

	Kinds   []KindForecast  `json:"kinds"`
	Items   Span            `json:"items"`
	Calls   Span            `json:"calls"`
	ByClass map[string]Span `json:"calls_by_class"`

	Rate    float64  `json:"rate_per_second"` // configured, 0 = no limit
	Seconds *Seconds `json:"seconds"`         // at that rate; null without a limit

	Asked         map[string]int64 `json:"calls_of_this_forecast"`
	Month         map[string]int64 `json:"calls_month_to_date"` // by runs in this vault
	Included      int64            `json:"standard_edition_includes"`
	StandardAfter map[string]int64 `json:"standard_edition_left_after"` // likely; below 0 = more than it includes

	Nights *Nights `json:"nightly_month"` // null where the vault does not tell

	MaxCalls int64  `json:"max_calls"`       // 0 = no budget
	Budget   string `json:"budget_suffices"` // "yes", "perhaps" or "no"; "" without a budget
	ExitCode int    `json:"exit_code"`       // of this command
}

// Seconds is a time that is not known yet.
type Seconds struct {
	Low    float64 `json:"low"`
	Likely float64 `json:"likely"`
	High   float64 `json:"high"`
}

// KindForecast is a kind in a forecast.
type KindForecast struct {
	Kind           record.Kind    `json:"kind"`
	Listing        record.Listing `json:"listing"`
	Items          Span           `json:"items"`
	Calls          Span           `json:"calls"`
	Known          bool           `json:"known"`
	Administrative Span           `json:"administrative_calls"`
	Query          Span           `json:"query_calls"`
	Changes        *Foreseen      `json:"changes"` // null where lists tell nothing
	Notes          []string       `json:"notes"`
}

// Span is a number that is not known yet: what is expected, and the bounds within which it
// is expected to lie.
type Span struct {
	Low    int64 `json:"low"`
	Likely int64 `json:"likely"`
	High   int64 `json:"high"`
}

// Known reports whether the number is certain.
func (s Span) Known() bool { return s.Low == s.High }

// KindForecastOf makes it of the forecast of a kind.
func KindForecastOf(k forecast.KindForecast) KindForecast {
	return KindForecast{
		Kind: k.Kind, Listing: k.Listing, Items: Span(k.Items), Calls: Span(k.Calls()), Known: k.Items.Known() && k.Calls().Known(),
		Administrative: Span(k.Administrative), Query: Span(k.Query), Changes: foreseenOf(k.Changes), Notes: list(k.Notes),
	}
}

// foreseenNamed is how many documents of a kind JSON names of those that a run would find
// changed.
const foreseenNamed = 100

// Foreseen is what lists tell of changes in a kind.
type Foreseen struct {
	Whole    bool               `json:"whole"` // the lists were seen to their end
	New      int64              `json:"new"`
	Changed  int64              `json:"changed"` // another date, name or folder
	Trashed  int64              `json:"trashed"`
	Restored int64              `json:"restored"`
	Gone     int64              `json:"gone"`
	First    []ForeseenDocument `json:"first"`
}

// ForeseenDocument is a document that a run would find otherwise than the vault holds it.
type ForeseenDocument struct {
	Change string `json:"change"`
	ID     string `json:"id"`
	Name   string `json:"name"`
}

// foreseenOf is nil where lists tell nothing.
func foreseenOf(f *forecast.Changes) *Foreseen {
	if f == nil {
		return nil
	}
	v := &Foreseen{Whole: f.Whole, First: []ForeseenDocument{}}
	for _, d := range f.Documents {
		*v.Count(d.Way)++
		if len(v.First) < foreseenNamed {
			v.First = append(v.First, ForeseenDocument{d.Way, d.ID, d.Name})
		}
	}
	return v
}

// Count is the number of documents that differ in that way.
func (v *Foreseen) Count(way string) *int64 {
	switch way {
	case forecast.New:
		return &v.New
	case forecast.Changed:
		return &v.Changed
	case forecast.Trashed:
		return &v.Trashed
	case forecast.Restored:
		return &v.Restored
	}
	return &v.Gone
}

// Nights are what a month of nightly runs will cost.
type Nights struct {
	Nights int              `json:"nights"`
	Calls  map[string]int64 `json:"calls"` // by class
	// Changes are those of the calls that are for what will be new or changed, and Observed
	// is over how many days the vault has seen documents change: 0 where it does not tell.
	Changes  map[string]int64 `json:"calls_for_changes"`
	Observed int64            `json:"changes_seen_days"`
	Quota    map[string]int64 `json:"quota"` // of the classes that looker.quota names
	Fits     bool             `json:"fits"`
	// Refresh is what to set in the configuration so that it fits, or comes nearest; empty
	// where it fits, or nobody has said what the licence includes.
	Refresh      map[record.Kind]string `json:"proposed_refresh"`
	RefreshCalls map[string]int64       `json:"proposed_calls"`
	RefreshFits  bool                   `json:"proposed_fits"`
}

// ForChanges says what of the calls is for what changes.
func (n *Nights) ForChanges() string {
	if n.Observed == 0 {
		return "and more for what changes, which this vault does not tell yet"
	}
	var calls int64
	for _, c := range n.Changes {
		calls += c
	}
	days := "day"
	if n.Observed != 1 {
		days = fmt.Sprintf("%d days", n.Observed)
	}
	return fmt.Sprintf("%d of them for what changes as in the last %s", calls, days)
}
