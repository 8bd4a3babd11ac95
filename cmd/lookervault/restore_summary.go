package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
)

// restoreSummary is the event restore_finished.
type restoreSummary struct {
	Event       string                         `json:"event"`
	Time        time.Time                      `json:"time"`
	Restore     int64                          `json:"restore"`
	Outcome     string                         `json:"outcome"`
	ExitCode    int                            `json:"exit_code"`
	ByAction    map[record.Deed]int            `json:"by_action"`
	ByState     map[record.ActionState]int     `json:"by_state"`
	ByKind      map[record.Kind]map[string]int `json:"by_kind"`
	Checked     int                            `json:"checked"`
	Different   int                            `json:"different"`
	Calls       int64                          `json:"calls"`
	CallsBy     map[string]int64               `json:"calls_by_class"`
	Seconds     float64                        `json:"duration_seconds"`
	Look        int64                          `json:"look"`
	Check       int64                          `json:"check"`
	DeadLetters int                            `json:"dead_letters"`
	LinksLeft   int                            `json:"links_left"`
	Asleep      int                            `json:"asleep"`
	Notes       []string                       `json:"notes"`
	Dropped     int64                          `json:"events_dropped"`
}

func restoreSummaryOf(now time.Time, r record.Restore, err error, took time.Duration) restoreSummary {
	s := restoreSummary{
		Event: "restore_finished", Time: now, Restore: r.ID, Outcome: string(r.State), ExitCode: exitCode(err), ByAction: map[record.Deed]int{}, ByState: map[record.ActionState]int{},
		ByKind: map[record.Kind]map[string]int{}, CallsBy: ui.ByClass(r.Calls), Calls: ui.Calls(r.Calls), Seconds: took.Seconds(),
		Look: r.Look, Check: r.Verdict, Notes: list(r.Notes),
	}
	for _, a := range r.Actions {
		s.ByAction[a.Deed]++
		s.ByState[a.State]++
		if s.ByKind[a.Kind] == nil {
			s.ByKind[a.Kind] = map[string]int{}
		}
		s.ByKind[a.Kind][string(a.State)]++
		switch a.Checked {
		case "":
		case record.CheckedEqual:
			s.Checked++
		default:
			s.Checked++
			s.Different++
		}
		switch a.State {
		case record.ActionFailed, record.ActionDrifted, record.ActionBlocked:
			s.DeadLetters++
		}
	}
	return s
}

// words say what was done.
func (s restoreSummary) words() string {
	var said []string
	for _, state := range []record.ActionState{
		record.ActionDone, record.ActionSame, record.ActionFailed, record.ActionDrifted, record.ActionBlocked,
		record.ActionImpossible, record.ActionSkipped, record.ActionPlanned, record.ActionRunning,
	} {
		if n := s.ByState[state]; n > 0 {
			said = append(said, fmt.Sprintf("%s %s", count(int64(n)), stateWords[state]))
		}
	}
	if s.Checked > 0 {
		said = append(said, fmt.Sprintf("%s of %s read back as wanted", count(int64(s.Checked-s.Different)), count(int64(s.Checked))))
	}
	if len(said) == 0 {
		return "nothing to do"
	}
	return strings.Join(said, ", ")
}

var stateWords = map[record.ActionState]string{
	record.ActionDone: "done", record.ActionSame: "as wanted already", record.ActionFailed: "failed", record.ActionDrifted: "changed meanwhile",
	record.ActionBlocked: "blocked", record.ActionImpossible: "impossible", record.ActionSkipped: "left alone",
	record.ActionPlanned: "not begun", record.ActionRunning: "half done",
}

// spent is a duration as people read it.
func spent(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(100 * time.Millisecond).String()
}
