package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
)

// restoreWatch shows a restore under way.
type restoreWatch struct {
	watch
	restoring *restoring
	plan      record.Restore

	mu       sync.Mutex
	kinds    []job.KindProgress
	failed   int64
	lastFail string
	done     int64
}

func newRestoreWatch(r *restoring, plan record.Restore, mode string, events *ui.EventLog) *restoreWatch {
	w := &restoreWatch{watch: watch{app: r.app, mode: mode, limits: limitsOf(r.config), began: time.Now(), events: events}, restoring: r, plan: plan}
	for _, a := range plan.Actions {
		if !writes(a.Deed) {
			continue
		}
		k := w.kind(a.Kind)
		k.Listed++
		k.Asked++
		if a.State != record.ActionPlanned && a.State != record.ActionRunning {
			k.Answered++
			k.Committed++
			w.done++
		}
	}
	return w
}

// kind is the progress of a kind, which is made when there is none.
func (w *restoreWatch) kind(kind record.Kind) *job.KindProgress {
	for i := range w.kinds {
		if w.kinds[i].Kind == kind {
			return &w.kinds[i]
		}
	}
	w.kinds = append(w.kinds, job.KindProgress{Kind: kind, Listing: record.Complete})
	return &w.kinds[len(w.kinds)-1]
}

// begin writes the first event and begins to show progress.
func (w *restoreWatch) begin() {
	if w.events != nil {
		calls := viewOfPlan(w.plan).Calls
		w.events.Write("restore_started", struct {
			Purpose record.Purpose `json:"purpose"`
			Plan    int64          `json:"plan"`
			Source  string         `json:"source"`
			Target  string         `json:"target"`
			Look    int64          `json:"look"`
			Actions int            `json:"actions"`
			Calls   int            `json:"calls_planned"`
		}{w.plan.Purpose, w.plan.ID, w.plan.Source, w.plan.Target, w.plan.Look, len(w.plan.Actions), calls})
	}
	w.stopping = "Stopping: calls that are under way are finished. Ctrl-C again ends at once."
	w.start(ui.Subject{Job: fmt.Sprintf("restore %d", w.plan.ID), Things: ui.Actions}, w)
}

// Snapshot is the restore at this moment.
func (w *restoreWatch) Snapshot() job.Snapshot {
	api := w.restoring.client.Stats()
	w.mu.Lock()
	defer w.mu.Unlock()
	return job.Snapshot{
		Items: w.done, Faults: w.failed, LastFault: w.lastFail, Kinds: append([]job.KindProgress(nil), w.kinds...),
		API: extract.Traffic(api),
	}
}

// action is told of every action that is settled.
func (w *restoreWatch) action(a record.Action) {
	w.mu.Lock()
	k := w.kind(a.Kind)
	k.Answered++
	k.Committed++
	w.done++
	switch a.State {
	case record.ActionFailed, record.ActionDrifted, record.ActionBlocked:
		w.failed++
		k.Failed++
		w.lastFail = fmt.Sprintf("%s: %s", a.Ref, a.Message)
	}
	w.mu.Unlock()
	if w.events != nil {
		w.events.Write("action", actionEventOf(a))
	}
}

// actionEvent is an action that is settled, under stable names.
type actionEvent struct {
	Seq      int                 `json:"seq"`
	Kind     record.Kind         `json:"kind"`
	ID       string              `json:"id"`
	Action   record.Deed         `json:"action"`
	State    record.ActionState  `json:"state"`
	TargetID string              `json:"target_id"`
	Calls    int                 `json:"calls"`
	Class    string              `json:"class"`
	Status   int                 `json:"status"`
	Message  string              `json:"message"`
	Errors   []record.FieldError `json:"errors"`
	Checked  string              `json:"checked"`
	Name     string              `json:"name"`
	Place    string              `json:"place"`
	Reason   string              `json:"reason"`
}

func actionEventOf(a record.Action) actionEvent {
	return actionEvent{
		Seq: a.Seq, Kind: a.Kind, ID: a.ID, Action: a.Deed, State: a.State, TargetID: a.Target, Calls: a.Calls, Class: a.Class,
		Status: a.Status, Message: a.Message, Errors: list(a.Errors), Checked: a.Checked, Name: a.Name, Place: a.Place, Reason: a.Reason,
	}
}

// doubt is told of every write whose answer was lost.
func (w *restoreWatch) doubt(ref record.Ref, route string, found bool) {
	if w.events == nil {
		return
	}
	w.events.Write("doubt", struct {
		Kind  record.Kind `json:"kind"`
		ID    string      `json:"id"`
		Route string      `json:"route"`
		Found bool        `json:"found"`
	}{ref.Kind, ref.ID, route, found})
}
