package restore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
)

// withoutUnknownWords leaves out what the instance does not know of the members whose values it
// has a list of, where these are to be written: permissions that another version of Looker has.
func (d *draft) withoutUnknownWords(ctx context.Context, n *node, current []byte) error {
	for i := range n.spec.Write.Words {
		v := &n.spec.Write.Words[i]
		at := &catalogue.Relation{Path: v.Path}
		wanted, is := canon.Named(n.body, at), canon.Named(current, at)
		slices.Sort(wanted)
		slices.Sort(is)
		if slices.Equal(wanted, is) {
			continue
		}
		known, err := d.wordsOf(ctx, v)
		if err != nil {
			return err
		}
		isUnknown := func(word string) bool { return !slices.Contains(known, word) }
		if known == nil && d.Client != nil {
			d.note("which %s the instance knows could not be found out: a document with another one is refused", v.Path)
		}
		if known == nil || !slices.ContainsFunc(wanted, isUnknown) {
			continue
		}
		unknown := slices.DeleteFunc(slices.Clone(wanted), func(word string) bool { return !isUnknown(word) })
		d.note("%s comes back without %s, which the instance does not know: %s", n.action.Title(), v.Path, strings.Join(unknown, ", "))
		value, err := json.Marshal(slices.DeleteFunc(wanted, isUnknown))
		if err != nil {
			return err
		}
		if err := d.override(n, v.Path, value); err != nil {
			return err
		}
	}
	return nil
}

// wordsOf are the values that the instance knows, nil where it does not say.
func (d *draft) wordsOf(ctx context.Context, v *catalogue.Vocabulary) ([]string, error) {
	route := v.Route.String()
	known, asked := d.words[route]
	if asked || d.Client == nil {
		return known, nil
	}
	response, err := d.Client.Get(ctx, looker.Request{Route: route, Class: string(v.Route.Activity), Path: v.Route.Path, Query: v.Route.Values()})
	if err != nil && aboutRestore(err) {
		return nil, fmt.Errorf("ask %s: %w", route, err)
	}
	if err == nil {
		known = canon.Named(response.Body, &catalogue.Relation{Path: v.Member})
	}
	if len(known) == 0 {
		known = nil
	}
	d.words[route] = known
	return known, nil
}
