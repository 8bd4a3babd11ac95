package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/view"
)

// summaryOf sums up a run, also one that did not begin.
func summaryOf(now time.Time, path, instance, origin string, result extract.Result, session record.Session, err error) view.Summary {
	s := view.SummaryOf(result.Run, result.Begun.Resumed, session, now)
	s.Kinds = view.KindsInOrder(s.Kinds)
	if err != nil && result.Run.ID == 0 {
		s.Run, s.Outcome, s.Instance, s.Origin = result.Begun.Run, record.RunFailed, instance, origin
		if s.Started = result.Begun.Started; s.Started.IsZero() {
			s.Started = s.Time
		}
		s.Finished = s.Time
	}
	s.Vault = absolute(path)
	s.VaultBytes = sqlite.FilesOf(path).Bytes
	if s.PeakMemory == 0 {
		s.PeakMemory = peakMemory()
	}
	return s
}

func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}

// next says what to do now, "" where a run that went well has nothing to show.
func (b *backup) next(ctx context.Context, s view.Summary, run record.Run) string {
	resume := resumeCommand(b.options.demo, b.options.set, b.options.settings.path, b.config.Sink.Path)
	class := ""
	if s.Outcome == record.RunPartial {
		class = b.licence().usedUp(ctx)
	}
	switch {
	case s.Outcome == record.RunInterrupted || s.Outcome == record.RunFailed:
		return "Not finished. To continue: " + resume
	case class != "":
		return fmt.Sprintf("Incomplete: the %s calls of looker.quota are made this month. Next month, or with --over-quota: %s", class, resume)
	case s.Outcome == record.RunPartial && run.Resumable():
		return "Incomplete. To continue: " + resume
	case s.Outcome == record.RunPartial && s.PartialView && !b.config.Looker.PartialView:
		return "Incomplete: the API key sees less than an administrator's. Use one, or set looker.partial_view: true if this is wanted."
	case s.Outcome == record.RunPartial:
		return "Incomplete: what failed is tried again by the next run."
	}
	kind, some := shownKind(s.Kinds)
	if !some {
		return ""
	}
	flags := b.readFlags(ctx)
	return fmt.Sprintf("Next: lookervault list %s%s, lookervault cat %s ID%s", kind, flags, kind, flags)
}
