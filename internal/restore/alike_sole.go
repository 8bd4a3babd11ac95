package restore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// soleAlike finds the document of the instance that has a key of one that is not there which
// the server gives any number of times: the schedule of that name on that dashboard, which
// somebody has set up again. The key is believed where one document has it that is not known
// to be another one. Where several have it nothing is written of the node, since one more would be one
// too many of all that they send.
func (d *draft) soleAlike(ctx context.Context, n *node) (*vault.Entry, error) {
	for i := range n.spec.Write.Keys {
		key := &n.spec.Write.Keys[i]
		if key.Unique {
			continue
		}
		seen, err := d.seenWith(ctx, n, i)
		if err != nil {
			return nil, err
		}
		var found []vault.Entry
		for _, e := range seen {
			another, err := d.isAnother(ctx, n, e)
			if err != nil {
				return nil, err
			}
			if !another {
				found = append(found, e)
			}
		}
		n.shares = strings.Join(slices.DeleteFunc(slices.Clone(key.Members), func(member string) bool {
			return canon.Text(canon.Member(n.body, member)) == "" && !strings.Contains(member, ".")
		}), " and ")
		switch {
		case len(found) == 1:
			return &found[0], nil
		case len(found) > 1:
			return nil, d.severalAlike(ctx, n, found)
		}
	}
	return nil, nil
}

// isAnother reports whether a document of the instance is known to be another one than the one
// that is wanted: the backup has seen both, or it stands for another one.
func (d *draft) isAnother(ctx context.Context, n *node, e vault.Entry) (bool, error) {
	if e.ID == n.ID || e.ID == n.action.Target || e.State != record.Present {
		return true, nil
	}
	if of, copied := d.present.copies[e.Ref]; copied && of != d.present.first(n.Ref) {
		return true, nil
	}
	for ref, id := range d.present.made {
		if ref.Kind == n.Kind && id == e.ID && ref != n.Ref {
			return true, nil
		}
	}
	return d.wereBoth(ctx, n, e.Ref)
}

// severalAlike decides about a document where several have its key.
func (d *draft) severalAlike(ctx context.Context, n *node, found []vault.Entry) error {
	if d.request.policy(n.Ref, n.named) == Rename && !n.needed {
		return d.rename(ctx, n, found[0])
	}
	var ids []string
	for _, e := range found {
		ids = append(ids, e.ID)
	}
	n.impossible(fmt.Sprintf("%s %s have the same %s, so nobody can say which of them it is; --conflict %s=rename makes it beside them under another name",
		n.Kind, strings.Join(sortedIDs(ids), " and "), n.shares, n.Kind))
	return nil
}
