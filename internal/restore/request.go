package restore

import (
	"encoding/json"
	"slices"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Policy says what becomes of a document that is on the instance already, and is not as
// the backup has it.
type Policy string

// The policies.
const (
	Skip   Policy = "skip"   // it stays as it is
	Update Policy = "update" // it becomes what the backup has
	Rename Policy = "rename" // what the backup has is made beside it, under another name
	Fail   Policy = "fail"   // the plan says that it is impossible
)

// Policies are the policies that there are.
var Policies = []string{string(Skip), string(Update), string(Rename), string(Fail)}

// Trash says what becomes of a document that is in the trash of the instance.
type Trash string

// What can become of it.
const (
	Undelete  Trash = "undelete" // it comes out of the trash, with its id, and becomes what the backup has
	Recreate  Trash = "recreate" // it stays there, and what the backup has is made anew
	LeaveThem Trash = "skip"
)

// Trashes are the ways to treat the trash.
var Trashes = []string{string(Undelete), string(Recreate), string(LeaveThem)}

// Wake says what becomes of schedules and alerts that were active.
type Wake string

// When they are woken. All are made asleep, and woken last.
const (
	WakeAuto  Wake = "auto" // as it was, on the instance that they come from
	WakeAsWas Wake = "as-was"
	WakeNever Wake = "never"
)

// Wakes are the settings of [Wake].
var Wakes = []string{string(WakeAuto), string(WakeAsWas), string(WakeNever)}

// Links says what becomes of addresses in texts that lead to documents which have other ids now.
type Links string

// What can become of them.
const (
	LinksAuto    Links = "auto" // rewritten
	LinksRewrite Links = "rewrite"
	LinksKeep    Links = "keep" // texts stay as the backup has them; what leads to old ids is counted
)

// LinkSettings are the settings of [Links].
var LinkSettings = []string{string(LinksAuto), string(LinksRewrite), string(LinksKeep)}

// Span is a pair of runs, the earlier one first.
type Span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Request is what somebody wants to have back. It is stored with the plan.
type Request struct {
	// Items are documents named by their ids; a document without an id stands for all of
	// its kind. Empty: what the filters select, of every kind.
	Items []record.Ref `json:"items,omitempty"`
	// Unnamed are those of the items that nobody named: an earlier plan had taken them in, and
	// they are planned anew. What is there and differs stays, as it would have then.
	Unnamed []record.Ref `json:"unnamed,omitempty"`
	// Run is the run whose state is wanted. 0: of each document the newest version that
	// was present.
	Run int64 `json:"run,omitempty"`
	// Lost selects only what is not on the instance any more, or in its trash: of a span
	// what its first run held and its last one did not.
	Lost     bool  `json:"lost,omitempty"`
	LostSpan *Span `json:"lost_span,omitempty"`
	// Changed selects what changed in a span, to go back to what it was at its beginning.
	Changed *Span `json:"changed,omitempty"`

	Folders []string     `json:"folders,omitempty"` // ids or paths; only what lies in or below them
	Owners  []string     `json:"owners,omitempty"`  // ids, names or addresses; only what these own
	Name    string       `json:"name,omitempty"`    // pattern of names
	Exclude []record.Ref `json:"exclude,omitempty"` // not these; without an id: not this kind
	Only    bool         `json:"only,omitempty"`    // nothing beyond what is selected

	Conflict      Policy                 `json:"conflict,omitempty"` // "" = skip, update for what is named by its id and with Changed
	ConflictKinds map[record.Kind]Policy `json:"conflict_kinds,omitempty"`
	Trash         Trash                  `json:"trash,omitempty"`
	NewOwners     map[string]string      `json:"new_owners,omitempty"` // user → user, by id or address
	OrphansTo     string                 `json:"orphans_to,omitempty"` // user who gets what belongs to nobody on the instance
	Wake          Wake                   `json:"wake,omitempty"`
	Links         Links                  `json:"links,omitempty"`
	Partial       bool                   `json:"partial,omitempty"`       // without the tiles that cannot be, instead of not at all
	ExactMembers  bool                   `json:"exact_members,omitempty"` // members that were added since are taken out
	PartialView   bool                   `json:"partial_view,omitempty"`  // the key need not be an administrator's
	// Invite mails users who are made anew, and log in by mail address, how to set a password.
	Invite bool `json:"invite,omitempty"`
	// Into is the folder of the instance, by id or path, that everything comes into instead of its
	// old place; IntoID is its id, when the instance was looked at.
	Into   string `json:"into,omitempty"`
	IntoID string `json:"into_id,omitempty"`
	// Key tells the API key that the plan was made with from others. It is not the key.
	Key string `json:"key,omitempty"`

	// Hosts are those of the instance, with which addresses in texts begin.
	Hosts []string `json:"hosts,omitempty"`

	Decisions

	// Waking makes the items active that were so in the backup, and changes nothing else of them:
	// what somebody has changed since stays, and what is not there any more is not made.
	Waking bool `json:"waking,omitempty"`

	// Undo names the restore whose actions are to be undone; nothing else is selected then.
	Undo int64 `json:"undo,omitempty"`
	Hard bool  `json:"hard,omitempty"` // what was made is deleted for good, instead of put in the trash
}

// RequestOf is what a stored plan was asked for.
func RequestOf(plan record.Restore) (request Request, err error) {
	if err = json.Unmarshal(plan.Request, &request); err != nil {
		return request, &vault.PlanError{ID: plan.ID, Kind: vault.ErrOtherVersion, Detail: err.Error() + "; plan anew"}
	}
	return request, nil
}

// PlanAnew makes it a request for some documents that it led to, with the policies that it had.
func (r *Request) PlanAnew(refs []record.Ref) {
	for _, ref := range refs {
		if !slices.Contains(r.Items, ref) {
			r.Unnamed = append(r.Unnamed, ref)
		}
	}
	r.Items = refs
}

// policy is what becomes of a document that is there and differs.
func (r *Request) policy(ref record.Ref, named bool) Policy {
	if p, ok := r.ConflictKinds[ref.Kind]; ok {
		return p
	}
	switch {
	case r.Conflict != "":
		return r.Conflict
	case named, r.Changed != nil, r.Undo != 0, len(r.NewOwners) > 0 && len(r.Owners) > 0:
		return Update
	}
	return Skip
}

// rewritesLinks reports whether texts lead to documents by the ids that these have now.
// An undo brings back texts as they were, and waking writes none.
func (r *Request) rewritesLinks() bool { return r.Links != LinksKeep && r.Undo == 0 && !r.Waking }

// erases reports whether what a restore made of a kind is deleted for good by an undo, rather than put
// in the trash.
func (r *Request) erases(w *catalogue.Write) bool {
	return !w.Delete.IsZero() && (w.Trash.IsZero() || r.Hard)
}

// excluded reports whether a document is not to be touched.
func (r *Request) excluded(ref record.Ref) bool {
	for _, e := range r.Exclude {
		if e == ref || e.ID == "" && e.Kind == ref.Kind {
			return true
		}
	}
	return false
}
