package restore

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// isLasting reports whether a change takes away what Looker lets nobody take away.
func isLasting(w *catalogue.Write, c record.Change) bool {
	if c.Before == nil || c.After != nil && string(c.After) != "null" {
		return false
	}
	if slices.Contains(w.Lasting, c.Path) {
		return true
	}
	before, name, inPart := cutLast(c.Path, ".")
	return inPart && slices.ContainsFunc(partLists(w.Parts), func(l partList) bool {
		return slices.Contains(l.part.Write.Lasting, name) && isWholePart(l.part.Name, before)
	})
}

// withoutLasting leaves out what a document keeps, and says so.
func (d *draft) withoutLasting(n *node) {
	var kept []string
	n.action.Changes = slices.DeleteFunc(n.action.Changes, func(c record.Change) bool {
		stays := isLasting(n.spec.Write, c)
		if stays {
			kept = append(kept, c.Path)
		}
		return stays
	})
	if len(kept) == 0 {
		return
	}
	n.keeps = fmt.Sprintf("keeps %s, which it did not have: Looker's API has no way to take that away", strings.Join(kept, ", "))
	if d.request.Undo != 0 {
		d.request.Kept = appendNew(d.request.Kept, n.Ref)
	}
	if len(n.action.Changes) > 0 {
		d.note("%s %s", n.Ref, n.keeps)
	}
}

// keepsOnly decides about a document that differs in nothing but what it keeps.
func (d *draft) keepsOnly(n *node) {
	if n.named && d.request.Undo == 0 {
		n.impossible("it " + n.keeps)
		return
	}
	n.writeNothing(record.DeedSkip, "it "+n.keeps)
}
