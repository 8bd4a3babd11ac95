package catalogue

import (
	"iter"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
)

// Relation is a member of a kind's documents that names other documents by their
// ids. The relations of a row are all references of its documents: what has to be
// there before one can be made, what is lost with it, and where its links lead.
type Relation struct {
	Path string // "dashboard_elements.merge_result_id"; arrays are walked
	Kind record.Kind
	Role Role

	// Follow means that what is named is fetched because this document is stored:
	// nothing lists the kind, or not all of it.
	Follow bool
	// Stored means that the vault keeps the reference with the document although
	// nothing is fetched because of it. It keeps all that are followed.
	Stored bool
	// Nested means that the document which is named lies in this one, whole. What a
	// followed relation names as well needs no fetch then.
	Nested bool
	// Same means that the id which is named is that of this document, too: the
	// document is a part of the one that is named, and each of its rows says so.
	Same bool
	// Late means that the document can be made without the member, which is set when
	// what it names is there: kinds that name each other could not be made otherwise.
	Late bool

	// Unless names a member of the document itself: where it is anything but
	// missing, null or false, nothing is named.
	Unless string
	// Join names a member of the document itself whose value comes before the
	// id: "thelook" and "orders" make "thelook::orders".
	Join string
	// Alias names a member beside the one that Path leads to, which holds an alias of
	// the document that is named.
	Alias string
	// Part is the path of the parts of the named kind's documents that the member
	// names: the id is that of a tile, the document is the dashboard which has it.
	Part string
	// Back is the array in documents of the named kind which names this one back: the roles of
	// a user, who is one of the users of a role. "" for none.
	Back string
	// Beside is the kind whose document with the same id names what else makes the named document
	// name this one back: the groups that have a role, which their users have as well. Where that is
	// empty, nothing else does. "" for none.
	Beside record.Kind
}

// Role says what the document that is named is to the one that names it.
type Role uint8

// The roles.
const (
	// Uses is what the document is made of or leads to. It exists without the document.
	Uses Role = iota
	// Parent is what the document lies in or hangs on: it goes when that goes.
	Parent
	// Owns is of the named document: it is a part of this one, is made after it and
	// goes with it.
	Owns
	// Owner is the user whose document it is.
	Owner
	// Actor is a user who did something to the document. Nobody can set it, and the
	// document is whole without it.
	Actor
)

// String is the role's name, as in "parent".
func (r Role) String() string { return [...]string{"uses", "parent", "owns", "owner", "actor"}[r] }

// Strict reports whether what the relation names is there for as long as the document
// is, so that a reference which leads nowhere is worth a warning. Not so are names that
// people type (models, projects, explores), users who once did something, a home folder,
// and kinds that nothing lists: the run that misses one of those leaves a fault.
func (r *Relation) Strict() bool {
	named, known := Find(r.Kind)
	if !known || named.Listing.Followed || named.Reference {
		return false
	}
	member := r.Path[strings.LastIndexByte(r.Path, '.')+1:]
	byID := member == "id" || strings.HasSuffix(member, "_id") || strings.HasSuffix(member, "_ids")
	return byID && r.Role != Actor && r.Role != Owns && !r.Follow && !r.Nested && !r.Late && r.Part == ""
}

// Leads yields the relations that are followed.
func (k *Spec) Leads() iter.Seq[Relation] {
	return func(yield func(Relation) bool) {
		for _, r := range k.Relations {
			if r.Follow && !yield(r) {
				return
			}
		}
	}
}

// Belongs is the member of each row of a document that holds the document's own id,
// which is also that of the document it is a part of. "" where rows do not tell.
func (k *Spec) Belongs() string {
	for _, r := range k.Relations {
		if r.Same {
			return r.Path
		}
	}
	return ""
}

// Backs returns the members by which documents of the kind name back those that name them, see
// [Relation.Back].
func (k *Spec) Backs() []string { return table.backs[k.Name] }

// Loose reports whether documents of the kind are followed from members that may
// name what is not there: it was deleted, or is never served. Documents of other
// followed kinds are owned.
func (k *Spec) Loose() bool { return k.Listing.Followed && !k.Owned() }

// Owned reports whether documents of the kind are followed, and parts of the
// documents that lead to them, whose id they have: the server has them for as long
// as it lists those.
func (k *Spec) Owned() bool {
	return k.Listing.Followed && !k.Listing.Unserved && table.owned[k.Name]
}

// Strict yields the relations of a kind that are strict, see [Relation.Strict]. Kinds that are
// only kept for reference, or only when they are named, have none.
func (k *Spec) Strict() iter.Seq[*Relation] {
	return func(yield func(*Relation) bool) {
		if k.Reference || k.OptIn {
			return
		}
		for i := range k.Relations {
			if r := &k.Relations[i]; r.Strict() && !yield(r) {
				return
			}
		}
	}
}

// CallerNames returns the relations by which what GET /user answers names documents of an
// instance, the caller's own first: their lists hold them where they hold everything.
func CallerNames() []Relation {
	return []Relation{
		{Path: "id", Kind: "users"},
		{Path: "role_ids", Kind: "roles"},
		{Path: "group_ids", Kind: "groups"},
		{Path: "home_folder_id", Kind: "folders"},
		{Path: "personal_folder_id", Kind: "folders"},
	}
}
