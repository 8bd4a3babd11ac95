package restore

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// partWords are what people call parts that a document can come back without.
var partWords = map[record.Kind]string{"dashboard_elements": "tiles", "board_items": "items"}

// share says how many parts of a document of the kind of some are in question: "5 of 9 tiles".
func share(some, all int, kind record.Kind) string {
	word := partWords[kind]
	if word == "" {
		word = strings.ReplaceAll(string(kind), "_", " ")
	}
	return fmt.Sprintf("%d of %d %s", some, all, word)
}

// countedKind is the kind of some parts by which people count what they miss: tiles, where a
// tile is among them.
func countedKind(parts []record.Ref) record.Kind {
	if i := slices.IndexFunc(parts, func(part record.Ref) bool { return partWords[part.Kind] != "" }); i >= 0 {
		return parts[i].Kind
	}
	return parts[0].Kind
}

// partsOf counts the parts of a document that are of a kind.
func partsOf(n *node, kind record.Kind) (count int, err error) {
	err = eachPart(n.spec.Write.Parts, n.body, func(part *catalogue.Part, _ canon.PartRow) error {
		if part.Name == kind {
			count++
		}
		return nil
	})
	return count, err
}

// lacksParts says that a document is impossible because of what some of its parts name.
func (d *draft) lacksParts(n *node, parts []record.Ref, why string) error {
	if len(parts) > 0 {
		kind := countedKind(parts)
		all, err := partsOf(n, kind)
		if err != nil {
			return fmt.Errorf("%s: %w", n.Ref, err)
		}
		some := slices.DeleteFunc(slices.Clone(parts), func(part record.Ref) bool { return part.Kind != kind })
		why = fmt.Sprintf("%s (%s; --partial gives the rest back)", why, share(len(some), all, kind))
	}
	n.impossible(why)
	return nil
}

// noteShare notes how many of its parts a document comes back with.
func (d *draft) noteShare(n *node, kind record.Kind) error {
	kept, err := partsOf(n, kind)
	if err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	left := 0
	for _, part := range d.request.LeftOut[n.Ref.String()] {
		if part.Kind == kind {
			left++
		}
	}
	n.share = shareBegins + share(kept, kept+left, kind)
	return nil
}

// shareBegins begins what the reason of an action says of its share.
const shareBegins = "with only "

// reason is why an action does what it does, and with how many of the parts.
func (n *node) reason() string {
	switch {
	case n.share == "" || !n.writes():
		return n.action.Reason
	case n.action.Reason != "":
		return n.action.Reason + "; " + n.share
	case n.action.Deed == record.DeedCreate:
		return "new id; " + n.share
	}
	return n.share
}

// tellShares says in the result which documents are back without some of their parts or members.
func (a *applier) tellShares() {
	for _, action := range a.plan.Actions {
		if action.State != record.ActionDone && action.State != record.ActionSame {
			continue
		}
		if without := a.request.leftOut(action.Ref); len(without) > 0 {
			share := ""
			if at := strings.LastIndex(action.Reason, shareBegins); at >= 0 {
				share = action.Reason[at:] + ", "
			}
			a.note("%s is back %swithout %s", action.Title(), share, strings.Join(without, ", "))
		}
	}
}

// tellRemarks says in the result what is otherwise than planned of documents that are back. Of deletions the
// check does, see [applier.isInstead].
func (a *applier) tellRemarks() {
	for _, action := range a.plan.Actions {
		if action.State == record.ActionDone && action.Deed != record.DeedDelete && action.Checked == record.CheckedEqual && action.Message != "" {
			a.note("%s: %s", action.Title(), action.Message)
		}
	}
}

// leftOut are the parts and members that a document comes back without.
func (c *Decisions) leftOut(ref record.Ref) (without []string) {
	for _, part := range c.LeftOut[ref.String()] {
		without = append(without, part.String())
	}
	if c.beside(ref) { // a copy never had them: a slug of its own
		return without
	}
	return append(without, c.Without[ref.String()]...)
}
