package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/record"
)

// summary is how a run ended, under stable names.
type summary struct {
	Event    string         `json:"event"` // "run_finished"
	Time     time.Time      `json:"time"`
	Run      int64          `json:"run"`
	Instance string         `json:"instance"`
	Origin   string         `json:"origin"`
	Resumed  bool           `json:"resumed"`
	Outcome  record.Outcome `json:"outcome"`
	ExitCode int            `json:"exit_code"`
	Error    string         `json:"error,omitempty"`
	Vault    string         `json:"vault"`

	Started  time.Time `json:"started_at"`
	Finished time.Time `json:"finished_at"`
	Seconds  float64   `json:"duration_seconds"` // of this process's share

	Items          int64   `json:"items"` // documents that were committed with a body or as unchanged, by the whole run
	ItemsPerSecond float64 `json:"items_per_second"`
	Bytes          int64   `json:"bytes"` // of the documents that came, before compression
	BytesPerSecond float64 `json:"bytes_per_second"`
	VaultBytes     int64   `json:"vault_bytes"`

	Calls        int64            `json:"calls"` // by the whole run, retries included
	CallsByClass map[string]int64 `json:"calls_by_class"`
	CallsMonth   map[string]int64 `json:"calls_month_to_date"`
	CallsPerItem float64          `json:"calls_per_item"`
	Retries      int64            `json:"retries"`
	Throttled    int64            `json:"throttled"` // answers with 429
	Paused       float64          `json:"paused_seconds"`
	Received     int64            `json:"bytes_received"`
	PeakMemory   int64            `json:"peak_memory_bytes"`

	Totals totalsView      `json:"totals"`
	Kinds  []record.Counts `json:"kinds"`
	Stages []stageView     `json:"stages"`
	Notes  []string        `json:"notes"`
	Digest string          `json:"digest,omitempty"`

	run  record.Run
	path string // of the vault, as the user named it
}

// stageView is how busy a stage was. Times are summed over its workers.
type stageView struct {
	Name    string  `json:"name"`
	Workers int     `json:"workers"`
	In      int64   `json:"in"`
	Out     int64   `json:"out"`
	Busy    float64 `json:"busy_seconds"`
	Blocked float64 `json:"blocked_seconds"`
	Starved float64 `json:"starved_seconds"`
}

func summaryOf(path string, result extract.Result, err error) summary {
	run, seconds := result.Run, result.Took.Seconds()
	view := runJSON(run)
	s := summary{
		Event: "run_finished", Time: time.Now(), Run: run.ID, Instance: run.Instance, Origin: run.Origin, Resumed: result.Begun.Resumed,
		Outcome: run.Outcome, Vault: path, Started: run.Started, Finished: run.Finished, Seconds: seconds,
		Items: view.Totals.New + view.Totals.Changed + view.Totals.Same, Bytes: view.Totals.Bytes,
		Calls: view.Calls, CallsByClass: view.ByClass, CallsMonth: view.Month, Retries: result.API.Retries,
		Throttled: result.API.Throttled, Paused: result.API.Paused.Seconds(), Received: result.API.Bytes, PeakMemory: peakMemory(),
		Totals: view.Totals, Kinds: view.Kinds, Notes: view.Notes, Digest: view.Digest, run: run, path: path,
	}
	if absolute, err := filepath.Abs(path); err == nil {
		s.Vault = absolute
	}
	if info, err := os.Stat(path); err == nil {
		s.VaultBytes = info.Size()
	}
	if before := totals(result.Begun.Kinds); seconds > 0 {
		s.ItemsPerSecond = float64(s.Items-before.Settled()) / seconds
		s.BytesPerSecond = float64(s.Bytes-before.Bytes) / seconds
	}
	if s.Items > 0 {
		s.CallsPerItem = float64(s.Calls) / float64(s.Items)
	}
	if err != nil && run.ID == 0 {
		s.Run, s.Outcome = result.Begun.Run, record.RunFailed
	}
	for _, st := range result.Stages {
		s.Stages = append(s.Stages, stageView{
			st.Name, st.Workers, int64(st.In), int64(st.Out), st.Busy.Seconds(), st.Blocked.Seconds(), st.Starved.Seconds(),
		})
	}
	return s
}

// print writes the summary for people.
func (s summary) print(out io.Writer, o runOptions) error {
	if s.run.ID == 0 {
		return nil // the sink could not even say what it holds
	}
	if err := writeRun(out, s.run); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%s in %s: %s a second, %s, %s (%.3f a document).\nStored in %s (%s).\n",
		plural(s.Items, "document", "documents"), time.Duration(s.Seconds*float64(time.Second)).Round(10*time.Millisecond),
		count(int64(s.ItemsPerSecond)), size(s.Bytes), plural(s.Calls, "call", "calls"), s.CallsPerItem, s.path, size(s.VaultBytes))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, s.next(o))
	return err
}

// next says what to do now.
func (s summary) next(o runOptions) string {
	db := ""
	if s.path != "looker.db" {
		db = " --db " + s.path
	}
	resume := "lookervault run --resume" + db
	if o.demo {
		resume = "lookervault run --demo --resume"
	}
	switch {
	case s.Outcome == record.RunInterrupted || s.Outcome == record.RunFailed:
		return "Not finished. To continue: " + resume
	case s.Outcome == record.RunPartial && s.run.Resumable():
		return "Incomplete. To continue: " + resume
	case s.Outcome == record.RunPartial:
		return "Incomplete: what failed is tried again by the next run."
	}
	return fmt.Sprintf("Next: lookervault list dashboards%s, lookervault cat dashboards ID%s", db, db)
}

// writeRun writes a run kind by kind.
func writeRun(out io.Writer, run record.Run) error {
	fmt.Fprintf(out, "Run %d of %s: %s.\n", run.ID, run.Instance, run.Outcome)
	t := newTable(out)
	t.AppendHeader(table.Row{"kind", "listing", "listed", "new", "changed", "same", "gone", "failed", "bytes"})
	var numbers []table.ColumnConfig
	for i := 3; i <= 9; i++ {
		numbers = append(numbers, table.ColumnConfig{Number: i, Align: text.AlignRight, AlignHeader: text.AlignRight, AlignFooter: text.AlignRight})
	}
	t.SetColumnConfigs(numbers)
	for _, k := range run.Kinds {
		t.AppendRow(table.Row{
			k.Kind, k.Listing, count(k.Listed), count(k.New), count(k.Changed), count(k.Same), count(k.Gone), count(k.Failed), size(k.Bytes),
		})
	}
	sum := totals(run.Kinds)
	t.AppendFooter(table.Row{
		"total", "", count(sum.Listed), count(sum.New), count(sum.Changed), count(sum.Same), count(sum.Gone), count(sum.Failed), size(sum.Bytes),
	})
	t.Render()
	for _, k := range run.Kinds {
		if k.Reason != "" {
			fmt.Fprintf(out, "%s: %s: %s\n", k.Kind, k.Listing, plainText(k.Reason))
		}
	}
	for _, note := range run.Notes {
		fmt.Fprintln(out, plainText(note))
	}
	return nil
}

// peakMemory is the most memory that this process had resident, in bytes.
func peakMemory() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return usage.Maxrss * maxrssUnit
}
