package vault

import "github.com/lookervault/lookervault/internal/record"

// Search says in which documents something may be found.
type Search struct {
	Instance string      // may be empty when the vault holds one
	Kind     record.Kind // every kind when it is empty
	// History asks for every version that the vault holds, instead of what is present or
	// in the trash.
	History bool
	// Needs are what a version has in which something is found; none asks for every
	// version. Rules is the version of the rules that they are made by.
	Needs []Need
	Rules int
	// Entry chooses entries before their bodies are read; nil chooses all.
	Entry func(Entry) bool
}

// Need is a term that versions have of which something is asked, see find.Need.
type Need struct {
	Term string
	Part bool   // a term of the same class, which is the first byte, will do of whose text the rest of Term is a part
	Or   string // a term that will do as well, "" for none
}
