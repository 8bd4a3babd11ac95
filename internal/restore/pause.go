package restore

import (
	"context"
	"time"

	"github.com/lookervault/lookervault/internal/record"
)

// pause waits for a while, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// untilSettled is for how long the server may still be at work on what a restore had sent when it was
// cut off, 0 when nothing was under way. Whoever reads a document before that can see it without a change
// that is carried out a moment later. A POST that was cut off is in the journal; an update or a deletion
// is not, but the action that it belongs to is.
func untilSettled(of record.Restore, settle time.Duration, now time.Time) (wait time.Duration) {
	for _, a := range of.Actions {
		if a.State != record.ActionRunning {
			continue
		}
		left := settle
		switch {
		case a.Class != "": // it has failed since, and a retry has not begun it again
			left -= now.Sub(a.At)
		case !of.FinishedAt.IsZero():
			left -= now.Sub(of.FinishedAt)
		}
		wait = max(wait, left)
	}
	return wait
}

// letSettle waits until the server is done with what an earlier attempt had sent, before this one reads
// anything; what was read already counts no more. A stop ends the wait, and then nothing is begun.
func (a *applier) letSettle(ctx context.Context) error {
	wait := untilSettled(a.plan, a.Settle, a.Now())
	if wait <= 0 {
		return nil
	}
	a.First = nil
	_, err := a.waitForServer(ctx, wait)
	return err
}

// waitForServer waits while the server may be at work, and says so. A stop ends the wait.
func (a *applier) waitForServer(ctx context.Context, wait time.Duration) (stopped bool, err error) {
	if a.Settling != nil {
		a.Settling(wait)
	}
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	if a.Stop != nil {
		defer context.AfterFunc(a.Stop, cancel)()
	}
	err = a.Pause(waiting, wait)
	if ctx.Err() == nil && waiting.Err() != nil {
		return true, nil
	}
	return false, err
}

// letSettle waits until the server is done with what the restore had sent that is to be undone.
func (p *planner) letSettle(ctx context.Context) error {
	if p.request.Undo == 0 {
		return nil
	}
	of, err := p.reader.Restore(ctx, p.request.Undo)
	if err != nil {
		return err
	}
	wait := untilSettled(of, p.Settle, p.Now())
	if wait <= 0 {
		return nil
	}
	if p.Settling != nil {
		p.Settling(wait)
	}
	return p.Pause(ctx, wait)
}
