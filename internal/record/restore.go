package record

import (
	"encoding/json"
	"fmt"
	"time"
)

// Purpose says why a restore was planned.
type Purpose string

// The purposes of a restore.
const (
	RestorePurpose Purpose = "restore" // to bring back what a run held
	UndoPurpose    Purpose = "undo"    // to take an earlier restore back
)

// RestoreState says how far a restore came.
type RestoreState string

// The states of a restore. A restore that says running while no process holds the
// vault reads as interrupted. Running, interrupted, partial and failed restores can
// be applied again.
const (
	RestorePlanned     RestoreState = "planned"     // stored, nothing was written to the target
	RestoreRunning     RestoreState = "running"     // a process applies it
	RestoreComplete    RestoreState = "complete"    // every action is done and checked
	RestorePartial     RestoreState = "partial"     // applied to its end, but some actions are not done
	RestoreInterrupted RestoreState = "interrupted" // stopped or killed before its end
	RestoreFailed      RestoreState = "failed"      // ended by an error about the whole restore
	RestoreDiscarded   RestoreState = "discarded"   // will not be applied any more
	RestoreUndone      RestoreState = "undone"      // a later restore took it back
)

// Deed is what an action does to its document on the target.
type Deed string

// The deeds.
const (
	DeedCreate     Deed = "create"
	DeedUpdate     Deed = "update"
	DeedUndelete   Deed = "undelete"   // bring back from the trash, and update what differs
	DeedMove       Deed = "move"       // only its folder differs
	DeedReuse      Deed = "reuse"      // the target has it as it is wanted
	DeedSkip       Deed = "skip"       // left as it is by policy, or not selected
	DeedDelete     Deed = "delete"     // to the trash, or for ever where the kind has none
	DeedImpossible Deed = "impossible" // cannot be done, see the action's reason
)

// ActionState says what became of an action.
type ActionState string

// The states of an action. Planned and running are open; the others are final until
// somebody retries the restore.
const (
	ActionPlanned    ActionState = "planned"
	ActionRunning    ActionState = "running"    // begun, its outcome is not known yet
	ActionDone       ActionState = "done"       // the target was changed as planned
	ActionSame       ActionState = "same"       // the target was already as wanted: nothing was written
	ActionSkipped    ActionState = "skipped"    // nothing was to be done
	ActionImpossible ActionState = "impossible" // nothing could be done
	ActionFailed     ActionState = "failed"     // Looker refused it, or the answer stayed in doubt
	ActionDrifted    ActionState = "drifted"    // the target is no longer what the plan saw: not written
	ActionBlocked    ActionState = "blocked"    // something that it needs was not done
)

// StepState says what is known about one POST of an action.
type StepState string

// The states of a step. An intent without an outcome is a doubt: the POST may have
// been carried out.
const (
	StepIntent  StepState = "intent"  // about to be sent, or sent; the outcome is not known
	StepDone    StepState = "done"    // answered with the id of what it made
	StepAdopted StepState = "adopted" // the answer was lost, and what it made was found
	StepRefused StepState = "refused" // Looker refused it, or what it made arrived late and was deleted: nothing of it is there
	StepVoid    StepState = "void"    // never carried out: nothing was sent, or a look did not find it
)

// Values of Action.Checked.
const (
	CheckedEqual     = "equal"
	CheckedDifferent = "different"
	CheckedMissing   = "missing"
)

// Change is one member of a document as it is and as it will be. A member that is
// not there is nil, in JSON null; one that is null is nil as well once it was stored.
type Change struct {
	Path   string          `json:"path"` // "title", "dashboard_elements/311.title"
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
}

// FieldError is what Looker says about one member of a request that it refused.
type FieldError struct {
	Field   string `json:"field"`
	Code    string `json:"code"` // "missing_field", "already_exists", "invalid", ...
	Message string `json:"message"`
}

// Action is what a restore does to one document. The plan's digest covers the
// members above State; a Target that is "" in the plan is filled in when the document
// is created.
type Action struct {
	Seq   int // position in the plan, from 1 on
	Level int // actions of one level do not need each other; lower levels come first
	Ref       // of the source
	Deed  Deed

	Version int64  // row id of the source's version in the vault; 0: none
	Target  string // id on the target; "" until it is created
	Before  int64  // row id of the target's version as the look saw it; 0: it was not there
	Expect  Digest // of what the look saw of the target: normal form and unknown members; zero: it must not be there

	Name, Place  string // for people: title, folder path
	Changes      []Change
	Needs        []int // Seq of the actions that must be done before
	Reason       string
	PlannedCalls int

	State    ActionState
	Class    string // of what failed, see [Fault]
	Status   int    // HTTP status of what failed
	Attempts int
	Message  string // one short line, free of secrets
	Errors   []FieldError
	Calls    int       // made for it, all processes together
	Checked  string    // "", or what reading it back has shown: [CheckedEqual], ...
	At       time.Time // when State became what it is; zero while planned
}

// Title names the document of an action for people: its kind and id, and its name where it has
// one.
func (a Action) Title() string {
	if a.Name == "" {
		return a.Ref.String()
	}
	return fmt.Sprintf("%s %q", a.Ref, a.Name)
}

// Step is one POST of an action, which makes something that a second one would make
// twice.
type Step struct {
	Restore  int64
	Seq      int    // of the action
	Step     int    // counts the action's POSTs, from 1 on
	Route    string // template, "POST /dashboard_elements"
	Part     string // what it makes: a kind, or a list of parts ("dashboard_elements")
	Item     string // id of it at the source
	Intended Digest // of the normal form that it should get
	State    StepState
	Target   string // id that it got, "" unless done or adopted
	At       time.Time
}

// Values of Mapping.How.
const (
	MapCreated = "created"
	MapMatched = "matched"
	MapGiven   = "given" // by somebody, in a map file or on the command line
)

// Values of Mapping.State.
const (
	MapLive   = "live"
	MapUndone = "undone" // what was made was taken back
)

// Mapping says which document, or part of one, of the target instance is the
// source's.
type Mapping struct {
	Source, Target string // names of the instances
	Ref                   // at the source; a part has its list as kind ("dashboard_elements"), a query its digest as id
	TargetID       string
	How            string
	Restore        int64 // that entered it; 0: none did
	At             time.Time
	State          string
}

// Restore is a plan, and what became of it.
type Restore struct {
	ID             int64 // of the plan and of the restore: they are one
	Purpose        Purpose
	Of             int64  // the restore that this one takes back; 0: none
	Source, Target string // names of the instances
	Look           int64  // run that looked at the target before
	Verdict        int64  // run that read back after; 0: none did yet
	AsOf           int64  // run of the source whose state is wanted; 0: each item's newest
	Request        json.RawMessage
	WritePolicy    int
	Digest         Digest // over what was planned
	State          RestoreState
	CallerID       string
	ToolVersion    string
	PlannedAt      time.Time
	StartedAt      time.Time // zero until it is applied
	FinishedAt     time.Time // zero while it is open
	Resumed        int
	Released       bool // versions that it names may be gone: it can neither be applied nor undone
	Notes          []string
	Actions        []Action // by Seq; nil where a reader leaves them out
	Calls          []Calls  // that were made for it, look and check not included
}

// Open reports whether applying the restore goes on with it.
func (r Restore) Open() bool {
	switch r.State {
	case RestorePlanned, RestoreRunning, RestoreInterrupted, RestorePartial, RestoreFailed:
		return true
	default:
		return false
	}
}
