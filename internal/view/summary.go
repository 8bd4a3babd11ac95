package view

import (
	"time"

	"github.com/lookervault/lookervault/internal/record"
)

// Summary is how a run ended, under names that stay: it is the event
// run_finished, what hooks get, and what docs/EVENTS.md describes.
type Summary struct {
	Event    string         `json:"event"` // "run_finished"
	Time     time.Time      `json:"time"`
	Run      int64          `json:"run"` // 0 when it did not even begin
	Instance string         `json:"instance"`
	Origin   string         `json:"origin"`
	Resumed  bool           `json:"resumed"`
	Outcome  record.Outcome `json:"outcome"`
	// PartialView tells that the key sees less than an administrator's: complete is
	// complete for this key.
	PartialView bool   `json:"partial_view"`
	ExitCode    int    `json:"exit_code"`
	Error       string `json:"error,omitempty"`
	Vault       string `json:"vault"` // absolute path

	Scope record.Scope `json:"scope"` // what the run set out to back up

	Started  time.Time `json:"started_at"`
	Finished time.Time `json:"finished_at"`
	Seconds  float64   `json:"duration_seconds"` // of this process's share

	Items            int64   `json:"items"`         // documents that were committed with a body or as unchanged, by the whole run
	SessionItems     int64   `json:"session_items"` // of those, what this process committed
	ItemsPerSecond   float64 `json:"items_per_second"`
	Bytes            int64   `json:"bytes"` // of the documents that came, before compression
	BytesPerSecond   float64 `json:"bytes_per_second"`
	VaultBytes       int64   `json:"vault_bytes"`
	CompressionRatio float64 `json:"compression_ratio"` // of the documents that were packed in this process's share, 0 when none were

	Calls        int64            `json:"calls"` // by the whole run, retries included
	CallsByClass map[string]int64 `json:"calls_by_class"`
	CallsMonth   map[string]int64 `json:"calls_month_to_date"`
	CallsPerItem float64          `json:"calls_per_item"`
	Retries      int64            `json:"retries"`
	Throttled    int64            `json:"throttled"` // answers with 429
	Paused       float64          `json:"paused_seconds"`
	Received     int64            `json:"bytes_received"`
	PeakMemory   int64            `json:"peak_memory_bytes"`

	Totals     Totals            `json:"totals"`
	Kinds      []record.Counts   `json:"kinds"`
	Stages     []record.StageUse `json:"stages"`
	KindUse    []record.KindUse  `json:"kind_use"`   // what each kind took of this process's share
	Bottleneck string            `json:"bottleneck"` // "" when there is nothing to tell it from
	Advice     string            `json:"advice"`
	Hints      []string          `json:"hints"` // settings that fit this instance badly, see ui.Fit
	Notes      []string          `json:"notes"`
	Digest     string            `json:"digest,omitempty"`
	Dropped    int64             `json:"events_dropped"` // events that a stalled reader of --json missed
}

// SummaryOf sums up a run as it was sealed and what this process measured of it.
// What is not known here is left to the caller: Vault, VaultBytes, ExitCode, Error.
func SummaryOf(run record.Run, resumed bool, session record.Session, now time.Time) Summary {
	totals := TotalsOf(run.Kinds)
	s := Summary{
		Event: "run_finished", Time: now.UTC(), Run: run.ID, Instance: run.Instance, Origin: run.Origin, Resumed: resumed,
		Outcome: run.Outcome, PartialView: run.ForThisKey(), Scope: run.Scope, Started: run.Started, Finished: run.Finished, Seconds: session.Seconds,
		Items: totals.Settled(), SessionItems: session.Items, Bytes: totals.Bytes,
		Calls: Calls(run.Calls), CallsByClass: ByClass(run.Calls), CallsMonth: ByClass(run.Month), Retries: session.Retries,
		Throttled: session.Refused, Paused: session.Paused, Received: session.Received, PeakMemory: session.Memory,
		Totals: totals, Kinds: run.Ends(), Stages: session.Stages, KindUse: session.Kinds, Bottleneck: session.Bottleneck, Advice: session.Advice,
		Notes: NotesOf(run), Digest: run.Digest.String(),
	}
	if session.Seconds > 0 {
		s.ItemsPerSecond = float64(session.Items) / session.Seconds
		s.BytesPerSecond = float64(session.Bytes) / session.Seconds
	}
	if session.Encoded > 0 {
		s.CompressionRatio = Round(float64(session.Packed) / float64(session.Encoded))
	}
	if s.Items > 0 {
		s.CallsPerItem = float64(s.Calls) / float64(s.Items)
	}
	s.Scope.Kinds = list(s.Scope.Kinds)
	s.Kinds = list(s.Kinds)
	s.Stages = list(s.Stages)
	s.KindUse = list(s.KindUse)
	s.Hints = list(s.Hints)
	s.Notes = list(s.Notes)
	return s
}

// NotesOf are the notes of a run; of one that is complete for its key only, the
// first says so.
func NotesOf(run record.Run) []string {
	if run.Outcome != record.RunComplete || !run.ForThisKey() {
		return run.Notes
	}
	return append([]string{"complete for this key: what only an administrator sees is not in it"}, run.Notes...)
}
