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
	e, stored, err := d.past.version(ctx, ref.Ref)
	if err != nil {
		return err
	}
	if stored {
		return d.requireSources(ctx, n, ref, e)
	}
	why, err := d.nowhere(ctx, ref.Ref)
	if err != nil || why == "" {
		return err
	}
	return d.lacks(ctx, n, ref, why)
}

// nowhere says why a query or merged result that no backup has is not to be had, "" where the instance has
// it, or nobody has looked yet.
func (d *draft) nowhere(ctx context.Context, ref record.Ref) (why string, err error) {
	now, seen, exists, err := d.sees(ctx, ref)
	switch {
	case err != nil || exists || seen == unseen:
		return "", err
	case seen == unknown:
		return fmt.Sprintf("it needs %s: %s", ref, d.present.reason(ref)), nil
	}
	return d.missing(ref, now), nil
}

// requireSources sees to it that a merged result which the backup holds can be made again where the instance
// does not have it any more: each of its queries has to be in the backup or there.
func (d *draft) requireSources(ctx context.Context, n *node, ref canon.Reference, e vault.Entry) error {
	write := catalogue.Lookup(ref.Kind).Write
	if !slices.ContainsFunc(write.Refs, func(r catalogue.Reference) bool { return immutable(r.Kind) }) {
		return nil // a query, of which there are many
	}
	body, err := d.body(ctx, e)
	if err != nil {
		return err
	}
	sources, err := canon.References(write, body)
	if err != nil {
		return fmt.Errorf("%s: %w", ref.Ref, err)
	}
	for _, source := range sources {
		_, stored, err := d.past.version(ctx, source.Ref)
		if err != nil {
			return err
		}
		if stored || source.Nested || !immutable(source.Kind) {
			continue
		}
		served, err := d.isServed(ctx, ref.Ref)
		if err != nil || served {
			return err
		}
		why, err := d.nowhere(ctx, source.Ref)
		if err != nil {
			return err
		}
		if why != "" {
			return d.lacks(ctx, n, ref, why)
		}
	}
	return nil
}

// isServed reports whether the instance has a document that no look asks for, since it never changes.
func (p *planner) isServed(ctx context.Context, ref record.Ref) (served bool, err error) {
	served, asked := p.served[ref]
	if asked || p.Client == nil {
		return served, nil
	}
	_, err = p.Client.Get(ctx, singleRequest(catalogue.Lookup(ref.Kind), ref.ID))
	if err != nil && aboutRestore(err) {
		return false, fmt.Errorf("ask for %s: %w", ref, err)
	}
	p.served[ref] = err == nil
	return err == nil, nil
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
