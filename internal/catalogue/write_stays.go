package catalogue

import "github.com/lookervault/lookervault/internal/record"

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
