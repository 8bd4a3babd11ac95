package restore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// requireStored sees to it that a query or merged result which a document names can be made
// again where the instance does not have it any more. They stay there for ever as a rule, so
// nobody asks for those that the backup holds; one that it could not read has to be there.
func (d *draft) requireStored(ctx context.Context, n *node, ref canon.Reference) error {
	if ref.Nested || n.action.Deed == record.DeedUndelete { // which writes no names of queries
		return nil
	}
	if _, stored, err := d.past.version(ctx, ref.Ref); err != nil || stored {
		return err
	}
	now, seen, exists, err := d.sees(ctx, ref.Ref)
	switch {
	case err != nil || exists || seen == unseen:
		return err
	case seen == unknown:
		return d.lacks(ctx, n, ref, fmt.Sprintf("it needs %s: %s", ref.Ref, d.present.reason(ref.Ref)))
	}
	return d.lacks(ctx, n, ref, d.missing(ref.Ref, now))
}

// requireCalled sees to it that what a document names by its name is on the instance.
func (d *draft) requireCalled(ctx context.Context, n *node) error {
	for i := range n.spec.Write.Called {
		called := &n.spec.Write.Called[i]
		name := canon.Text(canon.Member(n.body, called.Path))
		written := n.action.Deed == record.DeedCreate || slices.ContainsFunc(n.action.Changes, func(c record.Change) bool { return c.Path == called.Path })
		if !written || !strings.Contains(name, "::") {
			continue
		}
		if !d.present.whole[called.Kind] {
			d.lists[called.Kind] = true
			continue
		}
		if why := d.present.faults[record.Ref{Kind: called.Kind}]; why != "" {
			n.impossible(fmt.Sprintf("it needs %s %s, and %s could not be looked at: %s", called.Kind, name, called.Kind, why))
			return nil
		}
		found, err := d.anyCalled(ctx, called, name)
		if err != nil {
			return err
		}
		if !found {
			n.impossible(fmt.Sprintf("it needs %s %s, which is not on the instance and cannot be made through the API", called.Kind, name))
			return nil
		}
	}
	return nil
}

// anyCalled reports whether a document of the instance is called so.
func (d *draft) anyCalled(ctx context.Context, called *catalogue.Called, name string) (found bool, err error) {
	err = d.eachSeen(ctx, called.Kind, func(_ vault.Entry, body []byte) {
		found = found || canon.Text(canon.Member(body, called.Members[0]))+"::"+canon.Text(canon.Member(body, called.Members[1])) == name
	})
	return found, err
}
