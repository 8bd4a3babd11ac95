package restore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// linksShown is how many links that are left the notes of a plan or restore name.
const linksShown = 10

// LinksLeft are the links in the texts of what a restore has written, or a plan will write, that
// lead to documents which are not on the instance then, as far as the vault knows, in words for
// people. Where texts are kept, links to documents that have another id are among them.
func LinksLeft(ctx context.Context, reader vault.Reader, r record.Restore) (links []string, err error) {
	request, err := RequestOf(r)
	if err != nil || r.Purpose == record.UndoPurpose {
		return nil, err
	}
	left, err := newLeftLinks(ctx, reader, r, &request)
	if err != nil {
		return nil, err
	}
	err = reader.VersionBodies(ctx, func(read func(int64) (vault.Document, error)) error {
		for _, action := range r.Actions {
			if !writesTexts(action) {
				continue
			}
			d, err := read(action.Version)
			if err != nil {
				return err
			}
			led, err := ledTo(&request, action.Ref, d.Body)
			if err != nil {
				return err
			}
			kept, err := left.elsewhere(ctx, &request, action.Ref, d.Body, read)
			if err != nil {
				return err
			}
			for i, ref := range append(led, kept...) {
				why, err := left.why(ctx, ref, i >= len(led))
				if err != nil {
					return err
				}
				if why != "" {
					links = append(links, action.Title()+" links to "+why)
				}
			}
		}
		return nil
	})
	return links, err
}

// writesTexts reports whether an action has written a document of the backup, or will.
func writesTexts(action record.Action) bool {
	switch action.State {
	case record.ActionDone, record.ActionSame, record.ActionPlanned, record.ActionRunning:
		return action.Version != 0 && (action.Deed == record.DeedCreate || len(action.Changes) > 0)
	}
	return false
}

// leftLinks tells which documents a link does not reach.
type leftLinks struct {
	now   *present
	keeps bool // texts are kept as the backup has them
	// ids are what documents of the backup are called on the instance, as far as they are called
	// otherwise. What is still to be made has the id "".
	ids map[record.Ref]string
	// coming are the documents that come out of the trash.
	coming map[record.Ref]bool
	// made are those that the restore has made, also with others, where no run may have looked at them.
	made map[record.Ref]bool
}

func newLeftLinks(ctx context.Context, reader vault.Reader, r record.Restore, request *Request) (*leftLinks, error) {
	mappings, err := reader.Mappings(ctx, r.Source, r.Target)
	if err != nil {
		return nil, err
	}
	left := &leftLinks{
		now:   &present{reader: reader, instance: r.Target, kinds: make(map[record.Kind]map[string]vault.Entry)},
		keeps: !request.rewritesLinks(), ids: targetsOf(mappings), coming: make(map[record.Ref]bool), made: make(map[record.Ref]bool),
	}
	for _, m := range mappings {
		if m.Restore == r.ID && m.How == record.MapCreated && m.State == record.MapLive {
			left.made[record.Ref{Kind: m.Kind, ID: m.TargetID}] = true
		}
	}
	for _, action := range r.Actions {
		open := action.State == record.ActionPlanned || action.State == record.ActionRunning
		spec, ok := catalogue.Find(action.Kind)
		switch {
		case request.beside(action.Ref):
		case action.Target != "":
			left.ids[action.Ref] = action.Target
			left.coming[record.Ref{Kind: action.Kind, ID: action.Target}] = open && action.Deed == record.DeedUndelete
		case open && ok && action.Deed == record.DeedCreate:
			left.ids[action.Ref] = ""
			if keepsID(spec) {
				left.ids[action.Ref] = action.ID
				left.coming[action.Ref] = true
			}
		}
	}
	return left, nil
}

// why says what is wrong with a link to a document, "" for nothing. The text that it stands in is
// kept, or all are.
func (l *leftLinks) why(ctx context.Context, ref record.Ref, kept bool) (string, error) {
	kept = kept || l.keeps
	id, called := l.ids[ref]
	switch {
	case called && id == "" && kept:
		return fmt.Sprintf("%s, which gets another id", ref), nil
	case called && id == "":
		return "", nil
	case called && id != ref.ID && kept:
		return fmt.Sprintf("%s, which is %s/%s now", ref, ref.Kind, id), nil
	case called:
		ref.ID = id
	}
	held, err := l.now.all(ctx, ref.Kind)
	e, seen := held[ref.ID]
	if err != nil || len(held) == 0 || e.State == record.Present || l.coming[ref] || !seen && l.made[ref] {
		return "", err
	}
	return fmt.Sprintf("%s, which is not on the instance", ref), nil
}

// writeRowOf is the row by which a document is written, nil where none is known.
func writeRowOf(ref record.Ref, body []byte) *catalogue.Write {
	spec, ok := catalogue.Find(ref.Kind)
	if !ok {
		return nil
	}
	return canon.RowFor(spec, ref.ID, body).Write
}

// ledTo are the documents to which the texts of a body lead, each once.
func ledTo(request *Request, ref record.Ref, body []byte) ([]record.Ref, error) {
	w := writeRowOf(ref, body)
	if w == nil {
		return nil, nil
	}
	body, err := request.known(ref, body)
	if err != nil {
		return nil, err
	}
	_, led, err := canon.Addresses{Hosts: request.Hosts, Resolve: nowhere}.Document(w, body)
	return led, err
}

// elsewhere are the documents to which the queries lead that a document names, and that lie
// elsewhere, whole: merged results and their sources. Their texts are kept.
func (l *leftLinks) elsewhere(
	ctx context.Context, request *Request, ref record.Ref, body []byte, read func(int64) (vault.Document, error),
) (led []record.Ref, err error) {
	w := writeRowOf(ref, body)
	if w == nil {
		return nil, nil
	}
	named, err := canon.References(w, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ref, err)
	}
	for _, n := range named {
		if !immutable(n.Kind) {
			continue
		}
		held, err := l.now.all(ctx, n.Kind)
		if err != nil {
			return nil, err
		}
		if held[n.ID].Version == 0 {
			continue // it lies in the document
		}
		query, err := read(held[n.ID].Version)
		if err != nil {
			return nil, err
		}
		own, err := ledTo(request, n.Ref, query.Body)
		if err != nil {
			return nil, err
		}
		sources, err := l.elsewhere(ctx, request, n.Ref, query.Body, read)
		if err != nil {
			return nil, err
		}
		led = append(led, slices.DeleteFunc(append(own, sources...), func(to record.Ref) bool { return slices.Contains(led, to) })...)
	}
	return led, nil
}

// nowhere is a [canon.Resolver] for which nothing stands.
func nowhere(record.Kind, string) (string, bool) { return "", false }

// tellLinks names the links that lead nowhere, and what is back in part or otherwise than planned.
func (a *applier) tellLinks(ctx context.Context) error {
	a.tellShares()
	a.tellRemarks()
	links, err := LinksLeft(ctx, a.Reader, a.plan)
	a.notes = append(a.notes, linkNotes(links)...)
	return err
}

// linkNotes are the notes about links that are left.
func linkNotes(links []string) []string {
	if more := len(links) - linksShown; more > 0 {
		links = append(links[:linksShown:linksShown], fmt.Sprintf("%d more links in texts lead to what is not there under that id", more))
	}
	return links
}

// countLinks counts the links that a plan leaves, and names them where its texts are kept: the
// others are named when they are written.
func (p *planner) countLinks(ctx context.Context, r *record.Restore) error {
	links, err := LinksLeft(ctx, p.reader, *r)
	if err != nil || len(links) == 0 {
		return err
	}
	p.request.LinksLeft = len(links)
	if !p.request.rewritesLinks() {
		r.Notes = append(r.Notes, linkNotes(links)...)
	}
	r.Request, err = json.Marshal(p.request)
	return err
}
