package report

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// How much a page shows: enough to see what is going on at once, the rest to be opened.
const (
	showRuns    = 60   // of the history
	showFirst   = 10   // of a list before the rest is folded
	readChanges = 2000 // of each sort; more are counted only
	showRanked  = 10
	showKinds   = 14 // in a chart
)

// Data is what a page shows.
type Data struct {
	Run         record.Run
	Runs        []record.Run // of the instance, newest first, up to the run
	Changes     []vault.Change
	Counts      map[string]int64 // of changes, by what
	Deleted     []Deleted        // what the run found gone or in the trash
	Faults      []vault.Fault    // of the run
	Open        []vault.Fault    // of the instance, now
	Largest     []vault.Ranked
	MostChanged []vault.Ranked
	Made        time.Time
	Tool        string // version of LookerVault
}

// Deleted is a document that went, as far as the vault tells.
type Deleted struct {
	vault.Change
	Owner string // name, "" where nobody is known
	By    string // who deleted it, by name, "" where the document does not tell
	At    string // when, as the document tells it, "" where it does not
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
	if d.Changes, d.Counts, err = reader.Changes(ctx, d.Run.ID, readChanges); err != nil {
		return d, err
	}
	if d.Deleted, err = readDeleted(ctx, reader, instance, d.Changes); err != nil {
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

// readDeleted finds out about what went all that its last body tells.
func readDeleted(ctx context.Context, reader *vault.Reader, instance string, changes []vault.Change) (list []Deleted, err error) {
	names := make(map[string]string)
	name := func(id string) (string, error) {
		if known, ok := names[id]; ok || id == "" {
			return known, nil
		}
		versions, err := reader.Versions(ctx, instance, record.Ref{Kind: catalogue.Users, ID: id})
		if err != nil && !errors.Is(err, vault.ErrNotFound) {
			return "", err
		}
		names[id] = "user " + id
		if n := len(versions); n > 0 && versions[n-1].Name != "" {
			names[id] = versions[n-1].Name
		}
		return names[id], nil
	}
	for _, c := range changes {
		if c.What != "gone" && c.What != "trashed" {
			continue
		}
		d := Deleted{Change: c}
		var told struct {
			By json.RawMessage `json:"deleter_id"`
			At string          `json:"deleted_at"`
		}
		if err := lastBody(ctx, reader, instance, c.Ref, &told); err != nil {
			return nil, err
		}
		if d.Owner, err = name(c.Owner); err != nil {
			return nil, err
		}
		if d.By, err = name(idOf(told.By)); err != nil {
			return nil, err
		}
		d.At = told.At
		list = append(list, d)
	}
	return list, nil
}

// idOf is an id that is spelled as a string or a number, "" for none.
func idOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// lastBody reads members of the newest body of a document, if it can.
func lastBody(ctx context.Context, reader *vault.Reader, instance string, ref record.Ref, into any) error {
	versions, err := reader.Versions(ctx, instance, ref)
	if err != nil || len(versions) == 0 {
		return err
	}
	return reader.Bodies(ctx, func(body func(vault.Entry) ([]byte, error)) error {
		data, err := body(versions[len(versions)-1])
		if err == nil {
			_ = json.Unmarshal(data, into) // what a body does not tell is not known
		}
		return err
	})
}
