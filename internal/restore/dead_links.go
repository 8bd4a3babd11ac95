package restore

import (
	"context"
	"fmt"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// linksShown is how many links that lead nowhere the notes of a restore name.
const linksShown = 10

// LinksLeft are the links in the texts of what a restore has written that lead to documents
// which are not on the instance, as far as the vault knows, in words for people.
func LinksLeft(ctx context.Context, reader vault.Reader, r record.Restore) (links []string, err error) {
	request, err := RequestOf(r)
	if err != nil || r.Purpose == record.UndoPurpose {
		return nil, err
	}
	mappings, err := reader.Mappings(ctx, r.Source, r.Target)
	if err != nil {
		return nil, err
	}
	ids := standIns(mappings)
	for _, action := range r.Actions {
		if action.Target != "" && !request.beside(action.Ref) {
			ids[action.Ref] = action.Target
		}
	}
	now := &present{reader: reader, instance: r.Target, kinds: make(map[record.Kind]map[string]vault.Entry)}
	for _, action := range r.Actions {
		done := action.State == record.ActionDone || action.State == record.ActionSame
		if !done || action.Version == 0 || action.Deed != record.DeedCreate && len(action.Changes) == 0 {
			continue
		}
		d, err := reader.VersionBody(ctx, action.Version)
		if err != nil {
			return nil, err
		}
		led, err := ledTo(&request, action.Ref, d.Body)
		if err != nil {
			return nil, err
		}
		for _, ref := range led {
			if id, ok := ids[ref]; ok {
				ref.ID = id
			}
			held, err := now.all(ctx, ref.Kind)
			if err != nil {
				return nil, err
			}
			if len(held) > 0 && held[ref.ID].State != record.Present {
				links = append(links, fmt.Sprintf("%s links to %s, which is not on the instance", title(action), ref))
			}
		}
	}
	return links, nil
}

// ledTo are the documents to which the texts of a body lead, each once.
func ledTo(request *Request, ref record.Ref, body []byte) ([]record.Ref, error) {
	spec, ok := catalogue.Find(ref.Kind)
	if !ok || spec.Write == nil {
		return nil, nil
	}
	if spec = canon.RowFor(spec, ref.ID, body); spec.Write == nil {
		return nil, nil
	}
	body, err := request.known(ref, body)
	if err != nil {
		return nil, err
	}
	_, led, err := canon.Addresses{Hosts: request.Hosts, Resolve: nowhere}.Document(spec.Write, body)
	return led, err
}

// nowhere is a [canon.Resolver] for which nothing stands.
func nowhere(record.Kind, string) (string, bool) { return "", false }

// tellLinks names the links that lead nowhere, and what is back in part.
func (a *applier) tellLinks(ctx context.Context) error {
	a.tellShares()
	links, err := LinksLeft(ctx, a.Reader, a.plan)
	for i, link := range links {
		if i == linksShown {
			a.note("%d more links in texts lead to what is not on the instance", len(links)-i)
			break
		}
		a.note("%s", link)
	}
	return err
}
