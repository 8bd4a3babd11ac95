package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/duration"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

// tell says how a restore ended.
func (r *restoring) tell(sealed record.Restore, err error, took time.Duration, events *ui.EventLog) error {
	if err == nil && sealed.State != record.RestoreComplete {
		err = errPartial
	}
	s, readErr := restoreSummary(context.WithoutCancel(r.options.interrupts.kill), r.file.Reader(), r.options.now(), sealed, err, took)
	if err == nil {
		err = readErr
	}
	var unwritten error
	if events != nil {
		unwritten = events.End(r.options.interrupts.patience(), func(dropped int64) any {
			s.Dropped = dropped
			return s
		}, func() {})
	}
	r.sayEnd(sealed, s, err)
	if unwritten != nil && !errors.Is(unwritten, ui.ErrUnread) {
		return fmt.Errorf("write events: %w", unwritten)
	}
	err = vault.GoOn(err, "go on with "+r.goOn(sealed.ID))
	if errors.Is(err, errPartial) || errors.Is(err, job.ErrInterrupted) {
		return said(err)
	}
	return err
}

// restoreSummary sums up a restore that took so long, and ended with an error or nil. What
// cannot be read of it is left out, and is an error.
func restoreSummary(ctx context.Context, reader vault.Reader, now time.Time, r record.Restore, ended error, took time.Duration) (view.RestoreSummary, error) {
	calls, callsErr := restore.Calls(ctx, reader, r)
	s := view.RestoreSummaryOf(now, r, calls, exitCode(ended), took)
	var asleepErr error
	s.Asleep, asleepErr = restore.Asleep(ctx, reader, r)
	links, linksErr := restore.LinksLeft(ctx, reader, r)
	if r.Released && (errors.Is(asleepErr, vault.ErrNotFound) || errors.Is(linksErr, vault.ErrNotFound)) {
		s.Notes = append(s.Notes, "what is asleep and which links are left nobody knows any more: a prune has removed what the restore wrote")
		asleepErr, linksErr = nil, nil
	}
	doubts, doubtsErr := restore.OpenDoubts(ctx, reader, r)
	s.LinksLeft, s.OpenDoubts = len(links), len(doubts)
	return s, errors.Join(callsErr, asleepErr, linksErr, doubtsErr)
}

// sayEnd prints the summary of a restore for people.
func (r *restoring) sayEnd(sealed record.Restore, s view.RestoreSummary, err error) {
	color := r.options.streams.colors(r.options.streams.err)
	out := io.Writer(r.options.streams.err)
	if err != nil {
		out = r.options.streams.err.loud()
	}
	tone := table.Good
	switch sealed.State {
	case record.RestorePartial, record.RestoreInterrupted:
		tone = table.Unsure
	case record.RestoreFailed:
		tone = table.Bad
	}
	// A terminal wraps what is written at once: a line in parts would be broken anywhere.
	fmt.Fprintf(out, "%s  restore %d of %s: %s, %s, %s\n", table.Paint(string(sealed.State), tone, color), sealed.ID, plainText(sealed.Target),
		restoreWords(s), plural(s.Calls, "call", "calls"), duration.Seconds(s.Seconds))
	shown, failures, impossible := 0, 0, 0
	names := newPlanNames(context.WithoutCancel(r.options.interrupts.kill), r.file.Reader(), sealed.Target)
	request, _ := restore.RequestOf(sealed) // one that cannot be read was told of before it was applied
	for _, a := range sealed.Actions {
		state, why := notAsWanted(&request, a)
		if state == "" {
			continue
		}
		switch {
		case request.Leaves(a):
		case a.State == record.ActionImpossible:
			impossible++
		default:
			failures++
		}
		if shown++; shown <= failuresShown {
			fmt.Fprintf(out, "  %s  %s: %s\n", table.Paint(state, table.Bad, color), plainText(a.Title()), plainText(names.in(why)))
		}
	}
	if shown > failuresShown {
		fmt.Fprintf(out, "  and %d more\n", shown-failuresShown)
	}
	for _, note := range s.Notes {
		if !slices.Contains(r.toldNotes, note) {
			fmt.Fprintf(out, "  %s\n", plainText(names.in(note)))
		}
	}
	r.sayNext(sealed, s, failures, impossible, err)
}

// notAsWanted says what became of the document of an action that is not as it was to be, and why;
// "" of one that is. What an undo leaves with a member has a note that says which.
func notAsWanted(request *restore.Request, a record.Action) (state, why string) {
	if a.Checked == record.CheckedDifferent || a.Checked == record.CheckedMissing {
		return "read back " + a.Checked, a.Message
	}
	switch a.State {
	case record.ActionFailed, record.ActionDrifted, record.ActionBlocked:
		return string(a.State), a.Message
	case record.ActionImpossible:
		return string(a.State), a.Reason
	case record.ActionSkipped:
		if request.Leaves(a) {
			return "left alone", a.Reason
		}
	}
	return "", ""
}

// goOn is the command that goes on with a restore.
func (r *restoring) goOn(id int64) string {
	return fmt.Sprintf("lookervault restore apply %d%s", id, r.where())
}

// sayNext says what can be done next. What is impossible no retry makes possible.
func (r *restoring) sayNext(sealed record.Restore, s view.RestoreSummary, failures, impossible int, err error) {
	db, where := dbFlag(r.config.Sink.Path), r.where()
	request, unread := restore.RequestOf(sealed)
	if unread == nil && request.Wake == restore.WakeNever && s.Asleep > 0 && (err == nil || errors.Is(err, errPartial)) {
		fmt.Fprintf(r.options.streams.err, "Wake them by:  lookervault restore wake %d%s\n", sealed.ID, where)
	}
	switch {
	case err != nil && !errors.Is(err, errPartial):
		fmt.Fprintf(r.options.streams.err, "Go on with:  %s\n", r.goOn(sealed.ID))
	case failures > 0:
		fmt.Fprintf(r.options.streams.err, "What failed, in Looker's words: lookervault restore status %d --failed%s; once more: lookervault restore retry %d%s\n", sealed.ID, db, sealed.ID, where)
	case impossible > 0:
		fmt.Fprintf(r.options.streams.err, "What is impossible stays so until it is planned anew: lookervault restore status %d --failed%s\n", sealed.ID, db)
	}
}
