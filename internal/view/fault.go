package view

import (
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Fault is a document, row or listing that could not be had, as faults shows it.
type Fault struct {
	Run      int64       `json:"run"`
	Instance string      `json:"instance"`
	Kind     record.Kind `json:"kind"`
	ID       string      `json:"id"` // "": the listing of the kind; "#3": a row of it
	Class    string      `json:"class"`
	Status   int         `json:"status"`
	Attempts int         `json:"attempts"`
	Message  string      `json:"message"`
	At       time.Time   `json:"at"`
	Resolved int64       `json:"resolved_run,omitempty"`
}

// FaultOf makes it of a fault.
func FaultOf(f vault.Fault) Fault {
	return Fault{f.Run, f.Instance, f.Kind, f.ID, f.Class, f.Status, f.Attempts, f.Message, f.At.UTC(), f.Resolved}
}

// Finding is what verify found, or what salvage left out.
type Finding struct {
	Severity string `json:"severity"`
	Table    string `json:"table"`
	Instance string `json:"instance,omitempty"` // of a warning, where the vault holds several
	Kind     string `json:"kind"`
	ID       string `json:"id"`
	Key      string `json:"key"` // of the row
	Problem  string `json:"problem"`
}

// How bad a finding is.
const (
	Damage    = "damage"    // the vault is not as it was written: exit code 5
	Different = "different" // the instance is not as the vault has it: exit code 6
	Warning   = "warning"   // the vault holds what the instance gave, and that is not whole
)

// DamageOf makes findings of what is damaged in a vault.
func DamageOf(findings []vault.Finding) []Finding {
	made := make([]Finding, len(findings))
	for i, f := range findings {
		document := f.Document()
		made[i] = Finding{Severity: Damage, Table: f.Table, Kind: string(document.Kind), ID: document.ID, Key: f.Key, Problem: f.Problem}
	}
	return made
}
