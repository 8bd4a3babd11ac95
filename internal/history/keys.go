package history

import (
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/delta"
	"github.com/lookervault/lookervault/internal/vault"
)

// Keys are [vault.Keys] that know of which kinds keys see more or less. The zero value says of no
// document that a part of it was seen.
type Keys struct{ vault.Keys }

// StoredInPart reports whether a version may be a part of its document.
func (k Keys) StoredInPart(e vault.Entry) bool { return narrowed(e) && k.Keys.StoredInPart(e) }

// SeenInPart reports whether the run that saw a version last may have seen a part of it.
func (k Keys) SeenInPart(e vault.Entry) bool { return narrowed(e) && k.Keys.SeenInPart(e) }

func narrowed(e vault.Entry) bool {
	kind, known := catalogue.Find(e.Kind)
	return known && kind.Narrowed
}

// notSeen takes out of edits those by which one version shows less than the other, where a run
// with a lesser key stored the one and not the other: nobody knows whether that has changed. It
// returns their paths as well.
func (c *Changer) notSeen(before, after vault.Entry, edits []delta.Edit) (left []delta.Edit, paths []string) {
	was, is := c.keys.StoredInPart(before), c.keys.StoredInPart(after)
	if was == is {
		return edits, nil
	}
	return slices.DeleteFunc(edits, func(e delta.Edit) bool {
		less, more := e.After, e.Before
		if was {
			less, more = more, less
		}
		part := canon.Says(more, less)
		if part {
			paths = append(paths, e.Path)
		}
		return part
	}), paths
}

// notSeenWords say in a few words that members were not seen.
func notSeenWords(run int64, n int) string {
	if n == 0 {
		return ""
	}
	members := "members"
	if n == 1 {
		members = "member"
	}
	return fmt.Sprintf("%d %s not seen by the key of run %d", n, members, run)
}
