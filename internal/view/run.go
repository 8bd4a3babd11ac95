package view

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Run is a run, as runs shows it.
type Run struct {
	Run      int64            `json:"run"`
	Instance string           `json:"instance"`
	BaseURL  string           `json:"base_url"`
	Origin   string           `json:"origin"`
	Outcome  record.Outcome   `json:"outcome"`
	Partial  bool             `json:"partial_view"` // the key sees less than an administrator's
	Started  time.Time        `json:"started_at"`
	Finished *time.Time       `json:"finished_at"`
	Seconds  float64          `json:"duration_seconds"`
	Full     bool             `json:"full"`
	Scope    record.Scope     `json:"scope"`
	Caller   record.Caller    `json:"caller"`
	Looker   string           `json:"looker_version"`
	Tool     string           `json:"tool_version"`
	Totals   Totals           `json:"totals"`
	Kinds    []record.Counts  `json:"kinds"`
	Calls    int64            `json:"calls"`
	ByClass  map[string]int64 `json:"calls_by_class"`
	ByRoute  map[string]int64 `json:"calls_by_route"`
	Month    map[string]int64 `json:"calls_month_to_date"`
	Notes    []string         `json:"notes"`
	Sessions []record.Session `json:"sessions"`
	Digest   string           `json:"digest,omitempty"`
	Pruned   bool             `json:"pruned,omitempty"`
	Config   json.RawMessage  `json:"config,omitempty"`
}

// RunOf makes it of a run.
func RunOf(r record.Run) Run {
	v := Run{
		Run: r.ID, Instance: r.Instance, BaseURL: r.BaseURL, Origin: r.Origin, Outcome: r.Outcome, Partial: r.ForThisKey(), Started: r.Started,
		Full: r.Full, Scope: r.Scope, Caller: r.Caller, Looker: r.Looker, Tool: r.Tool, Totals: TotalsOf(r.Kinds), Kinds: list(KindsInOrder(r.Ends())),
		Calls: Calls(r.Calls), ByClass: make(map[string]int64), ByRoute: make(map[string]int64), Month: make(map[string]int64),
		Notes: list(NotesOf(r)), Sessions: list(r.Sessions), Digest: r.Digest.String(), Pruned: r.Pruned, Config: r.Config,
	}
	v.Scope.Kinds = list(v.Scope.Kinds)
	if !r.Finished.IsZero() {
		v.Finished = &r.Finished
		v.Seconds = r.Took().Seconds()
	}
	for _, c := range r.Calls {
		v.ByClass[c.Class] += c.N
		v.ByRoute[c.Route] += c.N
	}
	for _, c := range r.Month {
		v.Month[c.Class] += c.N
	}
	return v
}

// KindsInOrder sorts kinds as check and a dry run list them.
func KindsInOrder(kinds []record.Counts) []record.Counts {
	position := make(map[record.Kind]int)
	for i, kind := range catalogue.All() {
		position[kind.Name] = i + 1
	}
	at := func(k record.Counts) int { return cmp.Or(position[k.Kind], len(position)+1) }
	slices.SortStableFunc(kinds, func(a, b record.Counts) int { return cmp.Compare(at(a), at(b)) })
	return kinds
}

// Keeping is what the rules of a prune decide about a run.
type Keeping struct {
	Run      int64          `json:"run"`
	Instance string         `json:"instance"`
	Started  time.Time      `json:"started_at"`
	Outcome  record.Outcome `json:"outcome"`
	Keep     bool           `json:"keep"`
	Reasons  []string       `json:"reasons"`
}

// KeepingOf makes it of a decision.
func KeepingOf(k vault.Keeping) Keeping {
	return Keeping{k.Run.ID, k.Run.Instance, k.Run.Started, k.Run.Outcome, k.Keep(), list(k.Reasons)}
}
