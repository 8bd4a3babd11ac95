package restore

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/looker"
)

// An update whose answer was lost is sent once more, and the first one may arrive after all, also after the
// second one. It writes the same again: that harms nothing that was written before it, so nothing else is
// written there, or read back, before the server can no longer be at work on it.

// lateUpdates are the updates that were given up and sent again.
type lateUpdates struct {
	mu   sync.Mutex
	list []lateUpdate
}

type lateUpdate struct {
	route, path string
	seq         int       // of the action
	at          time.Time // when the second one was answered
}

// last is when an update of a path, or of any for "", was given up last.
func (l *lateUpdates) last(path string) (last time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, u := range l.list {
		if (path == "" || u.path == path) && u.at.After(last) {
			last = u.at
		}
	}
	return last
}

// sendUpdate sends an update, after those of the same path that may still arrive.
func (t *task) sendUpdate(ctx context.Context, w looker.Write) (*looker.Response, error) {
	if err := t.awaitLate(ctx, w.Path); err != nil {
		return nil, err
	}
	response, err := t.Client.Send(ctx, w)
	if err == nil && response.Late && w.Method != http.MethodDelete { // what is gone stays gone
		t.givenUp.mu.Lock()
		t.givenUp.list = append(t.givenUp.list, lateUpdate{route: w.Route, path: w.Path, seq: t.action.Seq, at: t.Now()})
		t.givenUp.mu.Unlock()
	}
	return response, err
}

// untilLateArrived waits until no update can arrive any more that was given up. A stop ends the wait, and
// then nothing is read back.
func (a *applier) untilLateArrived(ctx context.Context) error {
	wait := a.mayArrive("")
	if wait <= 0 {
		return nil
	}
	stopped, err := a.waitForServer(ctx, wait)
	if stopped {
		return job.ErrInterrupted
	}
	return err
}

// awaitLate waits until no update of a path can arrive any more that was given up.
func (a *applier) awaitLate(ctx context.Context, path string) error {
	if wait := a.mayArrive(path); wait > 0 {
		return a.Pause(ctx, wait)
	}
	return nil
}

// mayArrive is for how long an update of a path, or of any for "", that was given up may still arrive.
func (a *applier) mayArrive(path string) time.Duration {
	last := a.givenUp.last(path)
	if last.IsZero() {
		return 0
	}
	return last.Add(a.Settle).Sub(a.Now())
}

// lateShown is how many updates that were given up the notes of a restore name.
const lateShown = 10

// tellLate names the updates that were given up, once for each document and route.
func (a *applier) tellLate() {
	type once struct {
		route string
		seq   int
	}
	told := make(map[once]bool)
	for _, u := range a.givenUp.list {
		key := once{u.route, u.seq}
		if told[key] {
			continue
		}
		if told[key] = true; len(told) <= lateShown {
			a.note("a %s of %s was given up at %s and sent again: should it still arrive it writes the same once more, over what somebody has changed there since",
				u.route, a.plan.Actions[u.seq-1].Title(), u.at.Local().Format("15:04:05"))
		}
	}
	if more := len(told) - lateShown; more > 0 {
		a.note("%d more updates were given up and sent again", more)
	}
}
