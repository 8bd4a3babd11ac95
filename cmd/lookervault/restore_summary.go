package main

import (
	"fmt"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/view"
)

// restoreWords say what was done.
func restoreWords(s view.RestoreSummary) string {
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
	if s.Asleep > 0 {
		said = append(said, count(int64(s.Asleep))+" asleep")
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
