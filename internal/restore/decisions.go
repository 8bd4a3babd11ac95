package restore

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// Decisions are what planning worked out about documents that cannot be what the backup
// has. They are stored with the request, so that whoever applies the plan knows them.
type Decisions struct {
	// Assigned are the users that stand for others on the instance: id in the backup → id
	// on the instance.
	Assigned map[string]string `json:"assigned,omitempty"`

	// Places are folders that stand for others, which went with their users.
	Places map[string]string `json:"places,omitempty"`

	// Parts are what stands on the instance for parts of documents, by part: somebody has made them
	// again by hand.
	Parts map[string]string `json:"parts,omitempty"`

	// Families are documents whose place others of their family take, by document: what an
	// earlier restore made and what was taken back, and that for which it was made.
	Families map[string]string `json:"families,omitempty"`

	// Overrides are members of what is wanted that are others than the backup has, by
	// document and name: the name of what is made beside another one.
	Overrides map[string]map[string]json.RawMessage `json:"overrides,omitempty"`

	// Without are members that documents come back without, by document: what only one of
	// two can have.
	Without map[string][]string `json:"without,omitempty"`

	// Dropped are documents that are named and are nowhere: what names them comes back
	// without.
	Dropped []record.Ref `json:"dropped,omitempty"`

	// Beside are documents that stay as they are: what the backup has of them is made
	// beside them.
	Beside []record.Ref `json:"beside,omitempty"`

	// Sleeping are documents that stay asleep although they were awake, and why.
	Sleeping map[string]string `json:"sleeping,omitempty"`

	// Secrets are the members that are sent and that no backup holds, as kind/id.member. Their values
	// are nowhere.
	Secrets []string `json:"secrets,omitempty"`

	// Invited are the documents whose people get mail when all of it is back, with the addresses.
	Invited map[string]string `json:"invited,omitempty"`

	// LinksLeft counts the links in texts that will not lead to anything when the plan is
	// done: to what is not on the instance and, where texts are kept, to what has another id.
	LinksLeft int `json:"links_left,omitempty"`

	// Taken are documents that go for good with parts which are deleted.
	Taken []Taken `json:"taken,omitempty"`

	// Kept are documents in use that an undo leaves with a member that it cannot take back.
	Kept []record.Ref `json:"kept,omitempty"`

	// Trashed are documents in the trash that documents are to name again, by these: Looker refuses that of
	// some.
	Trashed map[string]record.Ref `json:"trashed,omitempty"`

	// Aside are documents of the instance that get another key for a moment, by the document that
	// gets theirs: each of a ring waits for the next one.
	Aside map[string][]Aside `json:"aside,omitempty"`

	// CallerGroups are the groups which the user of the API key belongs to, where members are to be
	// exactly the backup's.
	CallerGroups []string `json:"caller_groups,omitempty"`

	// LeftOut are parts that documents come back without, by document.
	LeftOut map[string][]record.Ref `json:"left_out,omitempty"`

	// Away are parts that somebody has taken away, and that stay away, of documents that only show again what
	// they showed.
	Away map[string][]record.Ref `json:"away,omitempty"`

	// KeptParts are parts that stay as they are on the instance, by document: what they are called in
	// the backup and there.
	KeptParts map[string][]record.Ref `json:"kept_parts,omitempty"`
}

// representative is the document that takes the place of another one of its family, itself where none
// does.
func (c *Decisions) representative(ref record.Ref) record.Ref {
	if len(c.Families) == 0 {
		return ref
	}
	if id, ok := c.Families[ref.String()]; ok {
		ref.ID = id
	}
	return ref
}

// beside reports whether what is wanted of a document is made beside it.
func (c *Decisions) beside(ref record.Ref) bool { return slices.Contains(c.Beside, ref) }

// wanted is the body that is wanted of a document, given that of its version.
func (c *Decisions) wanted(ref record.Ref, body []byte) ([]byte, error) {
	body, err := c.known(ref, body)
	if err != nil {
		return nil, err
	}
	if names := c.Without[ref.String()]; len(names) > 0 {
		if body, err = canon.Without(body, names...); err != nil {
			return nil, err
		}
	}
	members := c.Overrides[ref.String()]
	if len(members) == 0 {
		return body, nil
	}
	var set []catalogue.Member
	for name, value := range members {
		set = append(set, catalogue.Member{Name: name, Value: string(value)})
	}
	slices.SortFunc(set, func(a, b catalogue.Member) int { return strings.Compare(a.Name, b.Name) })
	return canon.With(body, set...)
}

// known is a body of a document without the parts that are left out: where they are on
// the instance they stay as they are, and where they are not nothing makes them.
func (c *Decisions) known(ref record.Ref, body []byte) ([]byte, error) {
	spec, ok := catalogue.Find(ref.Kind)
	left := slices.Concat(c.LeftOut[ref.String()], c.Away[ref.String()], c.KeptParts[ref.String()])
	if !ok || len(left) == 0 {
		return body, nil
	}
	return canon.WithoutParts(spec.Write, body, func(part record.Ref) bool { return slices.Contains(left, part) })
}

// override makes a member of what is wanted another one than the backup has.
func (d *draft) override(n *node, member string, value json.RawMessage) (err error) {
	if len(value) == 0 {
		value = json.RawMessage("null")
	}
	if d.request.Overrides == nil {
		d.request.Overrides = make(map[string]map[string]json.RawMessage)
	}
	key := n.Ref.String()
	if d.request.Overrides[key] == nil {
		d.request.Overrides[key] = make(map[string]json.RawMessage)
	}
	d.request.Overrides[key][member] = value
	return d.decided(n)
}

// without leaves out a member of what is wanted.
func (d *draft) without(n *node, member string) error {
	if d.request.Without == nil {
		d.request.Without = make(map[string][]string)
	}
	d.request.Without[n.Ref.String()] = append(d.request.Without[n.Ref.String()], member)
	return d.decided(n)
}

// drop leaves out a reference of a document to what is nowhere.
func (d *draft) drop(n *node, ref record.Ref, why string) error {
	d.note("%s comes back without its reference: %s", n.Ref, why)
	if !slices.Contains(d.request.Dropped, ref) {
		d.request.Dropped = append(d.request.Dropped, ref)
	}
	return d.decided(n)
}

// inList reports whether a document names another one in a row of its array or in a set of ids: then
// the list can be without that, and no member of the document says it.
func inList(w *catalogue.Write, ref canon.Reference) bool {
	return w.Update.Array && ref.Part == "" ||
		slices.ContainsFunc(w.Sets, func(set catalogue.Set) bool { return ref.Part == "" && set.At == ref.By.Path })
}

// leaveOut lets a document come back without some of its parts.
func (d *draft) leaveOut(n *node, parts []record.Ref, why string) error {
	if d.request.LeftOut == nil {
		d.request.LeftOut = make(map[string][]record.Ref)
	}
	key := n.Ref.String()
	there, err := partsThere(n)
	if err != nil {
		return err
	}
	var missing []record.Ref
	for _, part := range parts {
		if is := d.partOnInstance(n, part); there[is] {
			d.keepPart(n, part, is)
			d.note("%s keeps %s as it is: %s", n.Ref, part, why)
			continue
		}
		d.request.LeftOut[key] = append(d.request.LeftOut[key], part)
		d.note("%s comes back without %s: %s", n.Ref, part, why)
		missing = append(missing, part)
	}
	if err := d.decided(n); err != nil || len(missing) == 0 {
		return err
	}
	return d.noteShare(n, countedKind(missing))
}

// keepPart leaves a part of a document as it is on the instance, where it is called is.
func (d *draft) keepPart(n *node, part, is record.Ref) {
	if d.request.KeptParts == nil {
		d.request.KeptParts = make(map[string][]record.Ref)
	}
	key := n.Ref.String()
	d.request.KeptParts[key] = appendNew(d.request.KeptParts[key], part, is)
}

// assign lets a user of the instance stand for one of the backup.
func (d *draft) assign(from, to string) {
	if to == "" {
		return
	}
	if d.request.Assigned == nil {
		d.request.Assigned = make(map[string]string)
	}
	d.request.Assigned[from] = to
	d.decisions++
}

// decided brings the body that is wanted of a document up to what was decided about it.
func (d *draft) decided(n *node) (err error) {
	d.decisions++
	if n.body, err = d.request.wanted(n.Ref, n.body); err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	return nil
}

// partsNaming are the parts of a document that cannot be without what they name.
func partsNaming(w *catalogue.Write, body []byte, ref record.Ref) (named []record.Ref, err error) {
	err = eachPart(w.Parts, body, func(part *catalogue.Part, row canon.PartRow) error {
		refs, err := canon.References(part.Write, row.Body)
		if slices.ContainsFunc(refs, func(r canon.Reference) bool {
			return r.Ref == ref && r.Part == "" && !r.By.Optional && !r.By.Loose
		}) {
			named = append(named, record.Ref{Kind: part.Name, ID: row.ID})
		}
		return err
	})
	return named, err
}

// eachPart calls visit for the parts of a document, and for those that lie in them.
func eachPart(parts []catalogue.Part, body []byte, visit func(*catalogue.Part, canon.PartRow) error) error {
	for i := range parts {
		rows, err := canon.PartRows(&parts[i], body)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := visit(&parts[i], row); err != nil {
				return err
			}
			if err := eachPart(parts[i].Write.Parts, row.Body, visit); err != nil {
				return err
			}
		}
	}
	return nil
}
