package view

import (
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// Plan is a plan of a restore.
type Plan struct {
	Plan    int64          `json:"plan"`
	Source  string         `json:"source"`
	Target  string         `json:"target"`
	AsOf    int64          `json:"as_of"` // run; 0: of each document the newest version that was present
	Into    string         `json:"into"`  // id of the folder that everything comes into, "" for the old places
	Look    int64          `json:"look"`
	Digest  string         `json:"digest"`
	State   string         `json:"state"`
	Calls   int            `json:"calls"` // about
	ByClass map[string]int `json:"calls_by_class"`
	Actions []PlanAction   `json:"actions"`
	Notes   []string       `json:"notes"`
	// LinksLeft counts links in texts that lead to nothing, or to another id, when the plan is done.
	LinksLeft int `json:"links_left"`
	// Taken are documents that go for good with parts which the plan deletes.
	Taken []PlanTaken `json:"taken"`
	// Mails are those who get mail when the plan is done.
	Mails []PlanMail `json:"mails"`
}

// PlanTaken is a document that goes with a part of another one.
type PlanTaken struct {
	Kind record.Kind `json:"kind"`
	ID   string      `json:"id"`
	Name string      `json:"name"`
	Of   string      `json:"of"`   // "dashboards/57"
	Part string      `json:"part"` // "dashboard_elements/311"
}

// PlanMail is a mail to the people of a document.
type PlanMail struct {
	Kind    record.Kind `json:"kind"`
	ID      string      `json:"id"`
	Name    string      `json:"name"`
	Address string      `json:"address"`
}

// PlanAction is an action that is planned.
type PlanAction struct {
	Seq      int             `json:"seq"`
	Kind     record.Kind     `json:"kind"`
	ID       string          `json:"id"`
	Action   record.Deed     `json:"action"`
	Name     string          `json:"name"`
	Place    string          `json:"place"`
	TargetID string          `json:"target_id"`
	Changes  []record.Change `json:"changes"`
	Needs    []int           `json:"needs"`
	Reason   string          `json:"reason"`
}

// PlanOf makes it of a plan.
func PlanOf(p record.Restore) Plan {
	v := Plan{
		Plan: p.ID, Source: p.Source, Target: p.Target, AsOf: p.AsOf, Look: p.Look, Digest: p.Digest.String(), State: string(p.State),
		ByClass: make(map[string]int), Actions: []PlanAction{}, Notes: list(p.Notes),
		Taken: []PlanTaken{}, Mails: []PlanMail{},
	}
	for _, a := range p.Actions {
		v.Calls += a.PlannedCalls
		if a.PlannedCalls > 0 {
			v.ByClass[string(catalogue.WriteClass(a.Kind))] += a.PlannedCalls
		}
		v.Actions = append(v.Actions, PlanAction{
			Seq: a.Seq, Kind: a.Kind, ID: a.ID, Action: a.Deed, Name: a.Name, Place: a.Place, TargetID: a.Target,
			Changes: list(a.Changes), Needs: list(a.Needs), Reason: a.Reason,
		})
	}
	return v
}

// Action is an action of a restore that is settled: the event action, and in restore status.
type Action struct {
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

// ActionOf makes it of an action.
func ActionOf(a record.Action) Action {
	return Action{
		Seq: a.Seq, Kind: a.Kind, ID: a.ID, Action: a.Deed, State: a.State, TargetID: a.Target, Calls: a.Calls, Class: a.Class,
		Status: a.Status, Message: a.Message, Errors: list(a.Errors), Checked: a.Checked, Name: a.Name, Place: a.Place, Reason: a.Reason,
	}
}

// RestoreStarted is the event restore_started, without what every event has.
type RestoreStarted struct {
	Purpose record.Purpose `json:"purpose"`
	Plan    int64          `json:"plan"`
	Source  string         `json:"source"`
	Target  string         `json:"target"`
	Look    int64          `json:"look"`
	Actions int            `json:"actions"`
	Calls   int            `json:"calls_planned"`
}

// RestoreStartedOf makes it of a plan that is being applied.
func RestoreStartedOf(r record.Restore) RestoreStarted {
	return RestoreStarted{r.Purpose, r.ID, r.Source, r.Target, r.Look, len(r.Actions), PlanOf(r).Calls}
}

// Doubt is the event doubt, without what every event has: the answer to a write was lost.
type Doubt struct {
	Kind  record.Kind `json:"kind"`
	ID    string      `json:"id"`
	Route string      `json:"route"`
	Found bool        `json:"found"` // it had been carried out
}

// RestoreSummary is the event restore_finished.
type RestoreSummary struct {
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
	OpenDoubts  int                            `json:"doubts_open"`
	Notes       []string                       `json:"notes"`
	Dropped     int64                          `json:"events_dropped"`
}

// RestoreSummaryOf makes it of a restore that took so many calls and so long, and ends with an
// exit code.
func RestoreSummaryOf(now time.Time, r record.Restore, calls []record.Calls, exitCode int, took time.Duration) RestoreSummary {
	s := RestoreSummary{
		Event: "restore_finished", Time: now, Restore: r.ID, Outcome: string(r.State), ExitCode: exitCode, ByAction: map[record.Deed]int{}, ByState: map[record.ActionState]int{},
		ByKind: map[record.Kind]map[string]int{}, CallsBy: ByClass(calls), Calls: Calls(calls), Seconds: took.Seconds(),
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

// Restore is a restore in the table of all.
type Restore struct {
	Restore int64  `json:"restore"`
	State   string `json:"state"`
	Purpose string `json:"purpose"`
	Target  string `json:"target"`
	Planned string `json:"planned_at"`
	Ended   string `json:"finished_at"`
	AsOf    int64  `json:"as_of"`
	Look    int64  `json:"look"`
	Check   int64  `json:"check"`
	Of      int64  `json:"of"`
}

// RestoreOf makes it of a restore.
func RestoreOf(r record.Restore) Restore {
	return Restore{
		Restore: r.ID, State: string(r.State), Purpose: string(r.Purpose), Target: r.Target, Planned: stamp(r.PlannedAt),
		Ended: stamp(r.FinishedAt), AsOf: r.AsOf, Look: r.Look, Check: r.Verdict, Of: r.Of,
	}
}

// RestoreStatus is a restore with its actions.
type RestoreStatus struct {
	Restore int64          `json:"restore"`
	Plan    int64          `json:"plan"`
	State   string         `json:"state"`
	Actions []Action       `json:"actions"`
	Summary RestoreSummary `json:"summary"`
}
