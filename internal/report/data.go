package report

import (
	"context"
	"fmt"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// How much a page shows: enough to see what is going on at once, the rest to be opened.
const (
	showRuns    = 60   // of the history
	showFirst   = 10   // of a list before the rest is folded
	readChanges = 2000 // of each sort; more are counted only
	readDeleted = 1000
	showRanked  = 10
	showKinds   = 14 // in a chart
)

// Data is what a page shows.
type Data struct {
	Run         record.Run
	Runs        []record.Run // of the instance, newest first, up to the run
	Changes     []vault.Change
	Counts      map[string]int64 // of changes, by what
	Deleted     []Deleted        // while the vault watched, up to the run, the newest first
	DeletedAll  int64            // how many those are of which Deleted holds the newest
	Since       time.Time        // when the first run of the instance began
	Checked     Checked
	Faults      []vault.Fault // of the run
	Open        []vault.Fault // of the instance, now
	Largest     []vault.Ranked
	MostChanged []vault.Ranked
	Made        time.Time
	Tool        string // version of LookerVault
}

// Deleted is a document that went, as far as the vault tells.
type Deleted struct {
	vault.Deletion
	Owner         string    // name, "" where nobody is known
	By            string    // who deleted it, by name, "" where the document does not tell
	At            string    // when, as the document tells it, "" where it does not
	Before, Found time.Time // when the run that noticed began, and the one before it; zero for none
}

// Checked is an integrity check of the vault.
type Checked struct {
	At       time.Time // zero where there was none
	Share    float64   // of the documents that were read, 1 for all; rows are always checked
	Findings int
	First    string // of the findings
}

// Read reads what the page of a run shows. Run 0 is the newest run of the
// instance.
func Read(ctx context.Context, reader vault.Reader, instance string, run int64) (Data, error) {
	var d Data
	if err := reader.CheckRows(ctx, vault.RunTables, vault.FaultTables, vault.DocumentTables); err != nil {
		return d, err
	}
	runs, err := reader.Runs(ctx, instance)
	if err != nil {
		return d, err
	}
	all := runs
	for len(runs) > 0 && run != 0 && runs[0].ID != run {
		runs = runs[1:]
	}
	if len(runs) == 0 {
		return d, fmt.Errorf("run %d of %s: %w", run, instance, vault.ErrNotFound)
	}
	d.Run, d.Runs, d.Since = runs[0], runs[:min(len(runs), showRuns)], all[len(all)-1].Started
	if d.Changes, d.Counts, err = reader.Changes(ctx, d.Run.ID, readChanges); err != nil {
		return d, err
	}
	if err := d.readDeleted(ctx, reader, runs); err != nil {
		return d, err
	}
	if d.Faults, err = reader.Faults(ctx, d.Run.ID); err != nil {
		return d, err
	}
	if d.Open, err = reader.OpenFaults(ctx, instance); err != nil {
		return d, err
	}
	if d.Largest, err = reader.Largest(ctx, instance, showRanked); err != nil {
		return d, err
	}
	d.MostChanged, err = reader.MostChanged(ctx, instance, showRanked)
	return d, err
}
