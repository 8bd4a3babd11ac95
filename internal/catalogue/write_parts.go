package catalogue

import "github.com/lookervault/lookervault/internal/record"

// Nested says where a document lies, whole, that a member names.
type Nested struct {
	Member string // "query_id"
	Kind   record.Kind
	At     []string // paths beside the member, the best first: "query", "result_maker.query"
}

// Part is what lies in a document and has routes of its own: tiles, filters, layouts,
// sections. Its ids are no ids of documents.
type Part struct {
	Name record.Kind // "dashboard_elements", the kind of references to it
	// At is where the document holds the parts: a list, or one object where One is set.
	// "." is the document itself.
	At  string
	One bool
	// Owner is the member that names the document the part lies in. It is sent at
	// creation, and with nothing else.
	Owner string
	Write *Write
	// By are the members that tell one part from others of the same document, "id" for
	// most.
	By []string
	// About names what each of these is about, by By: another part of the document, and
	// those about none that is there do not count, or documents of a kind.
	About record.Kind
	// Only says which rows are parts: those whose member has that value, a text.
	Only Member
	// Gone are members that say that the part is not there any more, unless they are
	// missing, null or false.
	Gone []string
	// Born means that the server makes the first one with the document.
	Born bool
	// Chosen means that whoever creates the part chooses its id.
	Chosen bool
	// Before means that the parts are made before the document, which names them.
	Before bool
	// Order is the member that the parts of one document are made in the order of, ""
	// for the order in which they stand.
	Order string
	// Pairs say which part of a target is which one of the source where ids do not tell,
	// by members that are equal, in order of belief.
	Pairs []Pair
	// Apart means that the update of one part touches no other part, whatever it changes, so
	// that several may be on their way at the same time.
	Apart bool
	// Fixed is the member that no update can change: parts of which it differs are not
	// the same.
	Fixed string
}

// Pair are members by which parts are the same. Sole means that they are believed only
// if one part of the document has them.
type Pair struct {
	Members []string
	Sole    bool
}

// Key is the member that holds the id of the part.
func (p *Part) Key() string {
	if p.About == "" && len(p.By) == 1 {
		return p.By[0]
	}
	return "id"
}

// Inner is what lies in a document without a route of its own: the palettes of a colour
// collection. Its ids are made with the document.
type Inner struct {
	Name record.Kind
	At   string
	// By are members that tell one from others, on any instance.
	By []string
}

// Set is what is written as a set of ids.
type Set struct {
	Name string // for people: "users of a role"
	// At is the path of the ids in the document: "id" in an array, "group_ids".
	At   string
	Kind record.Kind // of what is in the set
	// Replace writes the whole set; its body is an array of ids.
	Replace Send
	// Add and Remove write one item. The parameters of their paths are the document's id
	// and then the item's, or the item's first where Turned is set.
	Add, Remove Send
	// Body is the member of Add's body that holds what the path does not name.
	Body   string
	Turned bool
}

// Vocabulary says which values of a member the instance knows.
type Vocabulary struct {
	Path   string // of the document
	Route  Route  // lists what the instance knows
	Member string // of a row, the value
}

// Staying says which of the documents that a restore made stay when that is undone, since others
// would lose something with them. The zero value means that none does.
type Staying struct {
	// Instead is what is written to one that stays.
	Instead Member
	// Used are paths; where one of them leads to a value the document has been used.
	Used []string
	Says string // for people, of one that was used
	// Belongings are what goes with the document.
	Belongings []Belonging
}

// Belonging lists what may belong to a document.
type Belonging struct {
	Kind  record.Kind // of what is listed
	Route Route
	Param string // query parameter, the document's id, that narrows the list; "" where there is none
	// Member is that of a row which holds the document's id.
	Member string
}
