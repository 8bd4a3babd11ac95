package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/view"
)

// restoreWatch shows a restore under way.
type restoreWatch struct {
	watch
	restoring *restoring
	plan      record.Restore
	before    job.Traffic // what is not the restore's: of the plan, and of what this process did before it
	made      int64       // calls of the restore until it began, or went on

	mu       sync.Mutex
	kinds    []job.KindProgress
	failed   int64
	lastFail string
	done     int64
}

// newRestoreWatch makes a watch of a restore that has made some calls, those of earlier attempts included.
func newRestoreWatch(r *restoring, plan record.Restore, made []record.Calls, mode string, events *ui.EventLog) *restoreWatch {
	w := &restoreWatch{watch: watch{streams: r.options.streams, mode: mode, limits: limitsOf(r.config), began: time.Now(), events: events}, restoring: r, plan: plan}
	w.before = extract.Traffic(r.client.Stats())
	for _, own := range made {
		w.made += own.N
	}
	w.before.Calls -= w.made
	if w.limits.Calls > 0 {
		w.limits.Calls -= w.before.Calls
	}
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
func (w *restoreWatch) begin(ctx context.Context) {
	if w.events != nil {
		w.events.Write("restore_started", view.RestoreStartedOf(w.plan))
	}
	w.stopping = "Stopping: calls that are under way are finished. Ctrl-C again ends at once."
	w.start(ctx, ui.Subject{Job: fmt.Sprintf("restore %d", w.plan.ID), Things: ui.Actions, Made: w.made}, w)
}

// Snapshot is the restore at this moment.
func (w *restoreWatch) Snapshot() job.Snapshot {
	api := extract.Traffic(w.restoring.client.Stats()).Since(w.before)
	w.mu.Lock()
	defer w.mu.Unlock()
	return job.Snapshot{
		Items: w.done, Faults: w.failed, LastFault: w.lastFail, Kinds: append([]job.KindProgress(nil), w.kinds...),
		API: api,
	}
}

// close ends the show. The last frame tells as many calls as the summary does.
func (w *restoreWatch) close() {
	w.watch.close()
	if w.events != nil {
		w.events.Last(w.latest())
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
		w.events.Write("action", view.ActionOf(a))
	}
}

// doubt is told of every write whose answer was lost.
func (w *restoreWatch) doubt(ref record.Ref, route string, found bool) {
	if w.events == nil {
		return
	}
	w.events.Write("doubt", view.Doubt{Kind: ref.Kind, ID: ref.ID, Route: route, Found: found})
}
