package restore

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// renamed is what a restore made otherwise than the backup has it, so that it could be made
// beside another document.
type renamed struct {
	overrides map[string]json.RawMessage
	without   []string
}

// rename gives a document that is made beside another one names of its own, and takes
// from it what only one of the two can have.
func (d *draft) rename(ctx context.Context, n *node, other vault.Entry) error {
	member := n.spec.Fields.Name
	if !slices.Contains(n.spec.Write.Fields, member) {
		n.impossible(fmt.Sprintf("%s are known by more than a name, so that none can be made beside another one", n.Kind))
		return nil
	}
	held, err := d.present.all(ctx, n.Kind)
	if err != nil {
		return err
	}
	taken := make(map[string]bool)
	for _, e := range held {
		taken[strings.ToLower(e.Name)] = e.State != record.Gone || taken[strings.ToLower(e.Name)]
	}
	for _, o := range d.nodes {
		taken[strings.ToLower(o.action.Name)] = o.Kind == n.Kind || taken[strings.ToLower(o.action.Name)]
	}
	nth := 1
	name := d.secondName(n, member, nth)
	for taken[strings.ToLower(name)] {
		nth++
		name = d.secondName(n, member, nth)
	}
	for _, identifier := range n.spec.Write.Identifiers {
		if err := d.override(n, identifier, json.RawMessage(quote(d.secondName(n, identifier, nth)))); err != nil {
			return err
		}
	}
	if err := d.override(n, member, json.RawMessage(quote(name))); err != nil {
		return err
	}
	n.action.Name, n.action.Reason = name, "beside another one of its name"
	if err := d.freeKeys(ctx, n, other); err != nil {
		return err
	}
	return d.freeKeysOfOthers(ctx, n)
}

// secondName is the nth name that a document can have in a member beside another one which has
// its own: "Sales (restored 2026-03-01)", or sales_restored_20260301 for an identifier.
func (d *draft) secondName(n *node, member string, nth int) string {
	base := n.entry.Name
	if member != n.spec.Fields.Name {
		base = canon.Text(canon.Member(n.body, member))
	}
	if slices.Contains(n.spec.Write.Identifiers, member) {
		return base + numbered("_restored_"+d.Now().Format("20060102"), "_", nth)
	}
	return base + numbered(" (restored "+d.Now().Format("2006-01-02"), " ", nth) + ")"
}

// numbered appends a number to a text, but for the first one.
func numbered(text, separator string, nth int) string {
	if nth == 1 {
		return text
	}
	return text + separator + itoa(nth)
}

// keysBesideName are the members of which no two documents of a kind may have the same, but for names, and
// but for what is all that is written of a document: it cannot be without.
func keysBesideName(spec *catalogue.Spec) (members []string) {
	for _, key := range spec.Write.Keys {
		if member := key.Members[0]; key.Unique && len(spec.Write.Fields) > 1 && !strings.Contains(member, ".") && len(key.Members) == 1 && member != spec.Fields.Name && !slices.Contains(spec.Write.Identifiers, member) {
			members = append(members, member)
		}
	}
	return members
}

// freeKeys takes from a document what another one, which stays, has: no two may have it.
func (d *draft) freeKeys(ctx context.Context, n *node, other vault.Entry) error {
	body, err := d.body(ctx, other)
	if err != nil {
		return err
	}
	for _, member := range keysBesideName(n.spec) {
		if has := canon.Text(canon.Member(body, member)); has == "" || has != canon.Text(canon.Member(n.body, member)) {
			continue
		}
		where := ""
		if other.State == record.Trashed {
			where = ", in the trash,"
		}
		d.note("%s gets another %s: %s%s still has it", n.Ref, member, other.Ref, where)
		if err := d.without(n, member); err != nil {
			return err
		}
	}
	return nil
}

// freeKeysOfOthers takes from a document that has another name what any other one has: the slug that
// somebody has given to another dashboard since.
func (d *draft) freeKeysOfOthers(ctx context.Context, n *node) error {
	shares := n.shares
	defer func() { n.shares = shares }()
	var known []keyHeld
	for {
		other, key, err := d.alikeBut(ctx, n, known)
		if err != nil || other == nil {
			return err
		}
		if err := d.freeKeys(ctx, n, *other); err != nil {
			return err
		}
		known = append(known, keyHeld{other.ID, key})
	}
}

// freeKeysOfOriginal takes from a document for which another one stands what the first one
// still has: it lies in the trash, and what stands for it was made without.
func (d *draft) freeKeysOfOriginal(ctx context.Context, n *node, now vault.Entry) error {
	held, err := d.present.all(ctx, n.Kind)
	if err != nil {
		return err
	}
	original, ok := held[n.ID]
	if !ok || now.ID == n.ID || original.State == record.Gone {
		return nil
	}
	current, err := d.body(ctx, now)
	if err != nil || !slices.ContainsFunc(keysBesideName(n.spec), func(member string) bool {
		return canon.Text(canon.Member(current, member)) != canon.Text(canon.Member(n.body, member))
	}) {
		return err // it has all that it is to have
	}
	switch e, seen := d.present.sight(original.Ref, held); seen {
	case absent:
		return nil
	case unseen, unlisted:
		d.relied[original.Ref] = true
		return nil // decided when it was looked at
	default:
		return d.freeKeys(ctx, n, e)
	}
}

// asItWasMade gives a document for which an earlier restore made one under another name, beside
// what had its own, that name: what was made is what is wanted of it since.
func (d *draft) asItWasMade(n *node, now vault.Entry) error {
	made, ok := d.present.renamed[record.Ref{Kind: n.Kind, ID: now.ID}]
	if !ok || d.request.Undo != 0 {
		return nil
	}
	for _, member := range slices.Sorted(maps.Keys(made.overrides)) {
		if err := d.override(n, member, made.overrides[member]); err != nil {
			return err
		}
	}
	for _, member := range made.without {
		if err := d.without(n, member); err != nil {
			return err
		}
	}
	return nil
}
