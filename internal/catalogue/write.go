package catalogue

import (
	"iter"
	"net/http"

	"github.com/lookervault/lookervault/internal/record"
)

// WritePolicy counts the changes of the write rows. A plan that was made under another
// one is not applied: it would compare and send other members than it says. A test
// tells when it must be raised.
const WritePolicy = 1

// Write is the row of a kind for putting documents back: what may be sent, what it
// refers to, how a document is recognised on a target. It is pure data, never modified,
// and read from any number of goroutines.
//
// Paths have the syntax of [Everywhere]: a dot steps into an object, arrays are walked.
// A path of Fields takes the whole value, so objects with members that are never sent
// are named member by member. In Refs and Texts a "**" in the middle of a path stands
// for any depth of free JSON, arrays included.
type Write struct {
	Create, Update, Delete Send // zero: not possible
	// Partly is a second way to update, which takes some members only.
	Partly Partly

	Fields []string // members that may be sent
	// Left says of each member that a route takes and that is never sent why that is so.
	// A path covers what lies below it.
	Left map[string]string
	// Secrets are those of Left that somebody can give a value, since no backup has them: paths
	// through objects, to texts.
	Secrets []string
	// From says where the values of members lie in a stored document that does not hold
	// them under their own name.
	From []From
	// Bare members are sent at creation only when they have a value: Looker refuses the
	// null, or takes it for one.
	Bare []string
	// Required are members without which Looker makes none, each a member or several of which one has to
	// have a value. What a document has not Looker does not ask of it.
	Required [][]string
	// Falses are booleans that are sent as false where the document has null.
	Falses []string
	// Blank members are the same when they are null and when they are "", [] or {}: Looker
	// writes either.
	Blank []string
	// Identifiers are members that take letters, digits and "_" alone.
	Identifiers []string
	// Words are members whose values not every instance knows; those it does not know are left out.
	Words []Vocabulary
	// Standard lists the ids of documents that come with Looker, and cannot be changed.
	Standard Vocabulary
	// OneOf are members of which one is sent: the first, in this order, that has a value.
	OneOf []string
	// Omit are members that some documents do not send.
	Omit []Omission

	Keys      []Key       // what makes a document the same as another, in order of belief
	Refs      []Reference // members that name other documents, all of those in Fields
	Called    []Called    // members that name other documents by what these are called
	Nested    []Nested    // members that name a document which lies beside them, whole
	Unordered []string    // arrays that are sets; "." is the document itself
	Texts     []string    // members that may hold addresses of content

	Parts []Part // what lies in the document and has routes of its own
	Sets  []Set  // what is written as a set of ids

	// Asleep is what a document is created with, so that it does nothing yet. Waking it
	// writes the value that the stored document has.
	Asleep Member
	// Sends says where the document sends what it tells when it is awake.
	Sends Sending
	// Invites mails somebody how to log in for the first time. Nothing is sent unless it is
	// asked for.
	Invites Invitation
	// Trash is what puts a document into the trash; the contrary takes it out.
	Trash Member
	// Find says how it is found out whether a creation took place whose answer was lost.
	Find FindBy
	// Where are routes that list the documents beside which a new one stands. Their path
	// parameters are members of the document; the first route whose members have values
	// counts. Without one it is the kind's listing.
	Where []Route

	// Stays says which documents an undo leaves that made them.
	Stays Staying
	// Mine says by a member that the user of the API key belongs to a document: no restore deletes it.
	Mine Member

	Guard []Guard  // documents that are never written
	Lost  []string // what no restore brings back, in words for people
	Late  []string // members that are sent in a later level, when what they name is there

	// Stale members repeat what Refs name in a form that nobody documents. They become null
	// where one of those has another name on the target.
	Stale []string
	// Once members can be given at creation and never be changed.
	Once []string
	// Lasting members can be given and changed, and never be taken away.
	Lasting []string
	// Fixed members are refused with another value than the document was made with.
	Fixed []string
	// Inner is what lies in the document, is made with it and has ids that others name.
	Inner []Inner

	// Given are members that the server makes and no request may hold. What a document
	// has besides Fields, Left, Given and volatile members is not known to this row.
	Given []string
	// Void are members that say nothing where the path leads to nothing, by member.
	Void map[string]string

	// Reused documents are places of content, or what people have rights by: one that is
	// there is in nobody's way, whatever it looks like.
	Reused bool
	// Chosen documents are made only where somebody selects them, not because others need
	// them: they are of no use without what no API makes.
	Chosen bool
	// OnlyNamed kinds are written only when they are asked for by name.
	OnlyNamed bool
	// Self means that the document of the caller, the user who restores, is never written.
	Self bool
	// RunsAsOwner means that the document acts with the rights of the user whose it is,
	// so that it cannot be given to somebody else without being asked for.
	RunsAsOwner bool
}

// AllRefs yields the references of the row and of its parts, in whatever depth.
func (w *Write) AllRefs() iter.Seq[Reference] {
	return func(yield func(Reference) bool) { w.eachRef(yield) }
}

func (w *Write) eachRef(yield func(Reference) bool) bool {
	for _, r := range w.Refs {
		if !yield(r) {
			return false
		}
	}
	for _, p := range w.Parts {
		if !p.Write.eachRef(yield) {
			return false
		}
	}
	return true
}

// Send is a route that writes. The zero value means that there is none.
type Send struct {
	Method string // "POST", "PATCH", "PUT", "DELETE"
	// Path is a template below /api/4.0. Its last parameter is the id of what is
	// written; the one before, of parts, that of the document which they are parts of.
	Path     string
	Activity Activity
	// Again means that the same request twice is the same as once. PATCH, PUT and DELETE
	// always are; so are creations of documents that the server keeps one of, and POSTs
	// that replace.
	Again bool
	// Whole means that the request holds every member: what is left out is lost. Without
	// it an update sends what differs.
	Whole bool
	// Array means that the body is an array, of ids for a [Set], else of objects.
	Array bool
	// Params are query parameters whose values are members of the document, by name of
	// the parameter. A route that has them takes no body.
	Params map[string]string
}

// IsZero reports whether there is no such route.
func (s Send) IsZero() bool { return s.Method == "" }

// Repeats reports whether the request may be sent again when its answer was lost.
func (s Send) Repeats() bool { return s.Again || s.Method != http.MethodPost && !s.IsZero() }

// String is the route's name in statistics and logs: "PATCH /looks/{look_id}".
func (s Send) String() string { return s.Method + " " + s.Path }

// Fill returns the path with its parameters replaced, in order, by escaped values.
func (s Send) Fill(values ...string) string { return Route{Path: s.Path}.Fill(values...) }

// Partly is a route that takes some of a document's members.
type Partly struct {
	Send
	Fields []string
}

// Sending says where documents hold the destinations that they send to. The zero value means
// that they send nothing.
type Sending struct {
	At    string // array of destinations
	Means string // member of one that says how it is reached
	// Mail is the value of Means of those that get mail, at the address in the member Address.
	Mail, Address string
	// Secret are values of Means of those that take secrets which no answer holds.
	Secret []string
}

// Invitation is a route that mails somebody. The zero value means that there is none.
type Invitation struct {
	Send           // a POST without a body, which a second one would mail twice
	Address string // member that holds the mail address
	// Unless says of which documents nobody is mailed.
	Unless Guard
}

// Setting is a member of the document of a setting.
type Setting struct {
	record.Ref
	Path string
}

// Settings of the instance that matter to what is written.
var (
	// MailDomains lists the domains that the instance sends mail to. An empty list, or none,
	// means all.
	MailDomains = Setting{record.Ref{Kind: "settings", ID: "setting"}, "email_domain_allowlist"}
	// WebAddress is where people reach the instance.
	WebAddress = Setting{record.Ref{Kind: "settings", ID: "setting"}, "host_url"}
)

// Member is a member of a document with a value. The zero value means none.
type Member struct {
	Name  string
	Value string // JSON: `true`
}

// IsZero reports whether there is no such member.
func (m Member) IsZero() bool { return m.Name == "" }

// From says where the value of a member lies that a stored document does not hold under
// its own name.
type From struct {
	Member string
	// Paths are tried in order; the first that leads to a value counts. Where a path
	// walks an array, the value is the array of what it leads to.
	Paths []string
	// Unless are members; where one has a value, nothing is taken.
	Unless []string
}

// Omission says what documents do not send whose Member is one of Values, which are
// texts; without Values, whose Member has any value. Looker refuses it, works it out by
// itself, or makes something else of the document.
type Omission struct {
	Member string
	Values []string
	Fields []string
}

// Key is what makes a document of the target the same as one of the source: members
// with equal values. References count as what they name.
type Key struct {
	Members []string
	// Fold means that upper and lower case are the same.
	Fold bool
	// Unique means that the server has one document of the key at most. Without it a key
	// is believed only if one document has it.
	Unique bool
	// TrashCounts means that documents in the trash hold their key as well.
	TrashCounts bool
	// Search finds documents by the key, and others: a text is compared as LIKE does, and
	// in any case. Zero where only the listing tells.
	Search Route
	// Params are the parameters of Search, whose values are members of the document.
	Params map[string]string
}

// Called is a member that names another document, which nobody can make, by Members of it:
// "thelook::daily" is the datagroup whose model_name is "thelook" and whose name is "daily".
type Called struct {
	Path    string
	Kind    record.Kind
	Members [2]string // what stands before and behind "::"
}

// Reference is a member that names another document by its id, and is sent.
type Reference struct {
	Path string
	// Kind is that of the document, or the name of a [Part].
	Kind record.Kind
	// Join names a member beside this one, whose value comes before the id: "thelook" and
	// "orders" make "thelook::orders". Both halves of what it is on the target are written
	// to the two members.
	Join string
	// Prefix means that the id is what stands before "::", and the rest stays.
	Prefix bool
	// Having means that the member names something only where its text contains this.
	Having string
	// Unless names a member of the document: where it has a value, nothing is named.
	Unless string
	// Optional means that a document can be without: the member becomes null, an element
	// of an array is left out.
	Optional bool
	// Spare means that a part whose reference leads to what no API makes is left out, and the
	// document comes back without it.
	Spare bool
	// Checked means that an update of a part is refused where its reference leads to what is gone,
	// whichever members it changes.
	Checked bool
	// Loose means that the value stays as it is where what it names is not known: Looker
	// takes it, and content validation shows it.
	Loose bool
	// People means that it names a user, who may be another one on the target.
	People bool
	// Within names the part of the same document that it names. Ids of parts that are no
	// longer there count as none.
	Within string
	// Sole is of Within: where the document has one such part alone, null means that one.
	Sole bool
}

// FindBy says how a creation whose answer was lost is settled.
type FindBy uint8

// The ways to settle a doubt. Nothing is created without one.
const (
	// NoFind is of what is not created by a POST of its own.
	NoFind FindBy = iota
	// ByKey searches by the first unique key.
	ByKey
	// BySet reads the document again whose part it is: what is new and equal is it.
	BySet
	// Same sends the request again: the server gives what it has.
	Same
	// ByNew lists: what was not there before, and is equal, is it.
	ByNew
)

// String is the word used in logs.
func (f FindBy) String() string { return [...]string{"none", "key", "set", "same", "new"}[f] }

// Guard names documents that are never written, or never made.
type Guard struct {
	Path string
	// Value is what the member's value is, as text. Empty: anything but missing, null,
	// false, "" and an empty array.
	Value string
	// Without are members: the guard is for documents that are written with none of them.
	Without []string
	// Reused documents are on every instance: the one of the target takes the place of
	// the source's. Others are left out.
	Reused bool
	// Skipped documents are left out, and nothing has failed without them.
	Skipped bool
	// Unmade documents cannot be made. Those that are there are written as all others.
	Unmade bool
	Why    string // for people
}

// Variant is the write row of some documents of a kind: of one by its id, or of those
// whose Member has a value. A Write that is nil means that they cannot be written.
type Variant struct {
	ID         string
	Member     Member // a text
	Write      *Write
	NotWritten string
}

// WriteOf returns the row by which one document of the kind is written. Where it is nil,
// why says for people why the document cannot be written. member returns the text of a
// member of the document, "" where it says nothing.
func (k *Spec) WriteOf(id string, member func(name string) string) (w *Write, why string) {
	for _, v := range k.Variants {
		if v.ID != "" && v.ID == id || v.Member.Name != "" && member(v.Member.Name) == v.Member.Value {
			return v.Write, v.NotWritten
		}
	}
	return k.Write, k.NotWritten
}
