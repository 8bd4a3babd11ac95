package restore

import "github.com/lookervault/lookervault/internal/record"

// Again is an action that a retry carries out once more, ok for one that it can. What was under way, or failed
// on the way, may be half done.
func Again(action record.Action) (again record.Action, ok bool) {
	switch action.State {
	case record.ActionFailed, record.ActionRunning:
		action.State = record.ActionRunning
	case record.ActionBlocked, record.ActionPlanned:
		action.State = record.ActionPlanned
	default:
		return action, false
	}
	return action, true
}
