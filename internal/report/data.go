package report

import (
	"context"
	"fmt"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// How much a page shows: enough to see what is going on, little enough to look
// at.
const (
	showRuns    = 30 // of the history
	showChanges = 15 // of each sort
	showRanked  = 10
	showKinds   = 14 // in a chart
	showFaults  = 5  // documents named of a cause
)

// Data is what a page shows.
type Data struct {
	Run         record.Run
	Runs        []record.Run // of the instance, newest first, up to the run
	Changes     []vault.Change
	Counts      map[string]int64 // of changes, by what
	Faults      []vault.Fault
	Largest     []vault.Ranked
	MostChanged []vault.Ranked
	Made        time.Time
	Tool        string // version of LookerVault
}

// Read reads what the page of a run shows. Run 0 is the newest run of the
// instance.
func Read(ctx context.Context, reader *vault.Reader, instance string, run int64) (Data, error) {
	var d Data
	if err := reader.CheckRows(ctx, vault.RunTables, vault.FaultTables, vault.DocumentTables); err != nil {
		return d, err
	}
	runs, err := reader.Runs(ctx, instance)
	if err != nil {
		return d, err
	}
	for len(runs) > 0 && run != 0 && runs[0].ID != run {
		runs = runs[1:]
	}
	if len(runs) == 0 {
		return d, fmt.Errorf("run %d of %s: %w", run, instance, vault.ErrNotFound)
	}
	d.Run, d.Runs = runs[0], runs[:min(len(runs), showRuns)]
	if d.Changes, d.Counts, err = reader.Changes(ctx, d.Run.ID, showChanges); err != nil {
		return d, err
	}
	if d.Faults, err = reader.Faults(ctx, d.Run.ID); err != nil {
		return d, err
	}
	if d.Largest, err = reader.Largest(ctx, instance, showRanked); err != nil {
		return d, err
	}
	d.MostChanged, err = reader.MostChanged(ctx, instance, showRanked)
	return d, err
}
