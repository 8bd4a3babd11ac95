package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
)

// Assumption is something that restores rest on and that no public source promises.
type Assumption struct {
	Says    string // in words for people
	Holds   bool
	Unknown bool   // whether it holds nobody knows, as an answer was lost
	Found   string // what the instance did instead, "" where it holds
}

// Probe makes a throw-away folder with a dashboard in another folder of an instance,
// edits it, throws it away, takes it out of the trash, deletes the folder and takes the dashboard out
// of the trash once more, and deletes that for good. It says which assumptions hold. An error means
// that the probe could not go on; what it made is deleted in any case, or is in left, a sentence each.
func Probe(ctx context.Context, client Looker, within, name string) (found []Assumption, left []string, err error) {
	p := &probe{client: client}
	err = p.run(ctx, within, name)
	return p.found, p.left, err
}

func (p *probe) run(ctx context.Context, within, name string) error {
	folders, _ := catalogue.Find(catalogue.Folders)
	tiles, part := withPart(catalogue.Tiles)
	place := map[string]any{"name": name, "parent_id": within}
	folder, err := p.create(ctx, folders, place)
	defer p.cleanUp(ctx, folders, folder, name)
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	p.refuses(ctx, "a second folder of the same name in the same place is refused", folders, place)
	shell := map[string]any{"title": name, "folder_id": folder}
	id, err := p.create(ctx, tiles, shell)
	defer p.cleanUp(ctx, tiles, id, name)
	if err != nil {
		return fmt.Errorf("make a dashboard: %w", err)
	}
	p.refuses(ctx, "a second dashboard of the same title in the same folder is refused", tiles, shell)
	if err := p.inside(ctx, tiles, part, id); err != nil {
		return err
	}
	if back, err := p.thereAndBack(ctx, tiles, id); err != nil || !back {
		return err
	}
	return p.withoutFolder(ctx, tiles, id, folders, folder, within)
}

// cleanUp deletes for good what the probe made, also when it was interrupted.
func (p *probe) cleanUp(ctx context.Context, kind *catalogue.Spec, id, name string) {
	if id == "" {
		return
	}
	if err := p.delete(context.WithoutCancel(ctx), kind, id); err != nil {
		p.left = append(p.left, fmt.Sprintf("%s/%s %q is left: %v", kind.Name, id, name, err))
	}
}

// withPart is the kind whose documents have a part, and that part.
func withPart(name record.Kind) (*catalogue.Spec, *catalogue.Part) {
	for _, kind := range catalogue.All() {
		if kind.Write == nil {
			continue
		}
		if i := slices.IndexFunc(kind.Write.Parts, func(p catalogue.Part) bool { return p.Name == name }); i >= 0 {
			return kind, &kind.Write.Parts[i]
		}
	}
	return nil, nil
}

type probe struct {
	client Looker
	found  []Assumption
	left   []string
	made   []record.Ref // what it made
}

// says notes whether an assumption holds.
func (p *probe) says(assumption string, holds bool, format string, args ...any) {
	a := Assumption{Says: assumption, Holds: holds}
	if !holds {
		a.Found = fmt.Sprintf(format, args...)
	}
	p.found = append(p.found, a)
}

// answered notes whether an assumption holds by what a call came to: an error or nil, and otherwise
// what was found instead. An answer that was lost proves nothing.
func (p *probe) answered(assumption string, holds bool, err error, otherwise string) {
	if err == nil || holds {
		p.says(assumption, holds, "%s", otherwise)
		return
	}
	refused, ok := errors.AsType[*looker.StatusError](err)
	p.found = append(p.found, Assumption{Says: assumption, Unknown: !ok || refused.Status >= 500, Found: err.Error()})
}

// create makes a document. Where nobody knows whether that was done it is looked for, also when the
// probe was interrupted meanwhile: what it made has its id then, beside the error.
func (p *probe) create(ctx context.Context, kind *catalogue.Spec, body map[string]any) (id string, err error) {
	defer func() { p.made = append(p.made, record.Ref{Kind: kind.Name, ID: id}) }()
	id, err = p.post(ctx, kind.Write.Create, body)
	if refused, ok := errors.AsType[*looker.StatusError](err); err == nil || ok && refused.Status < 500 || neverSent(err) {
		return id, err
	}
	made, findErr := p.find(context.WithoutCancel(ctx), kind, body)
	switch {
	case findErr != nil:
		p.left = append(p.left, fmt.Sprintf("%s %q may be there, which could not be looked for: %v", kind.Name, body[p.called(kind)], findErr))
	case made == "":
		p.left = append(p.left, fmt.Sprintf("%s %q was not there, and may have come since: look for it", kind.Name, body[p.called(kind)]))
	case ctx.Err() == nil:
		err = nil
	}
	return made, err
}

// called is the member with what a document is called.
func (p *probe) called(kind *catalogue.Spec) string { return kind.Fields.Name }

// find looks for a document by the place and name that it was to get.
func (p *probe) find(ctx context.Context, kind *catalogue.Spec, body map[string]any) (string, error) {
	for _, key := range kind.Write.Keys {
		query, whole := key.Search.Values(), true
		for param, member := range key.Params {
			value, ok := body[member].(string)
			whole = whole && ok
			query.Set(param, value)
		}
		if !whole {
			continue
		}
		response, err := p.client.Get(ctx, looker.Request{Route: key.Search.String(), Class: string(key.Search.Activity), Path: key.Search.Path, Query: query})
		if err != nil {
			return "", err
		}
		rows, err := canon.Rows(response.Body)
		if err != nil {
			return "", err
		}
		for _, row := range rows {
			id := canon.Text(canon.Member(row, kind.Fields.ID))
			if canon.Text(canon.Member(row, p.called(kind))) == body[p.called(kind)] && !slices.Contains(p.made, record.Ref{Kind: kind.Name, ID: id}) {
				return id, nil
			}
		}
	}
	return "", nil
}

func (p *probe) post(ctx context.Context, route catalogue.Send, body map[string]any) (string, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	response, err := p.client.Send(ctx, looker.Write{
		Route: route.String(), Class: string(route.Activity), Method: route.Method, Path: route.Path, Body: text, Made: "id",
	})
	if err != nil {
		return "", err
	}
	return canon.Text(canon.Member(response.Body, "id")), nil
}

// refuses checks that something is not made twice.
func (p *probe) refuses(ctx context.Context, assumption string, kind *catalogue.Spec, body map[string]any) {
	id, err := p.create(ctx, kind, body)
	defer p.cleanUp(ctx, kind, id, fmt.Sprint(body[p.called(kind)]))
	refused, ok := errors.AsType[*looker.StatusError](err)
	switch {
	case err == nil:
		p.says(assumption, false, "a second one was made (%s)", id)
	case !ok || refused.Status >= 500:
		p.answered(assumption, false, err, "")
	default:
		p.says(assumption, taken(refused), "it is refused with %d, without the code already_exists", refused.Status)
	}
}

// inside checks what is born with a dashboard and with a tile.
func (p *probe) inside(ctx context.Context, kind *catalogue.Spec, part *catalogue.Part, id string) error {
	body, err := p.read(ctx, kind, id)
	if err != nil {
		return err
	}
	layouts := &kind.Write.Parts[slices.IndexFunc(kind.Write.Parts, func(p catalogue.Part) bool { return p.Born })]
	rows, err := canon.PartRows(layouts, body)
	p.says("a new dashboard has a layout", err == nil && len(rows) == 1, "it has %d", len(rows))
	tile, err := p.post(ctx, part.Write.Create, map[string]any{part.Owner: id, "type": "text", "title_text": "made by lookervault check"})
	if err != nil {
		return fmt.Errorf("make a tile: %w", err)
	}
	if body, err = p.read(ctx, kind, id); err != nil {
		return err
	}
	places := 0
	if rows, err = canon.PartRows(layouts, body); err == nil {
		for _, row := range rows {
			inner := &layouts.Write.Parts[0]
			components, _ := canon.PartRows(inner, row.Body)
			for _, c := range components {
				if c.ID == tile {
					places++
				}
			}
		}
	}
	p.says("a new tile has a place in the layout", places == 1, "it has %d", places)
	return nil
}

// thereAndBack checks that a dashboard comes out of the trash as it was. It reports whether it came
// out at all.
func (p *probe) thereAndBack(ctx context.Context, kind *catalogue.Spec, id string) (back bool, err error) {
	before, err := p.read(ctx, kind, id)
	if err != nil {
		return false, err
	}
	trash := kind.Write.Trash
	if err := p.patch(ctx, kind, id, fmt.Appendf(nil, `{%q:%s}`, trash.Name, trash.Value)); err != nil {
		return false, fmt.Errorf("throw the dashboard away: %w", err)
	}
	gone, err := p.read(ctx, kind, id)
	p.answered("what is in the trash can be read by its id", err == nil && canon.Text(canon.Member(gone, trash.Name)) == trash.Value, err, "it is not said to be there")
	if err := p.patch(ctx, kind, id, fmt.Appendf(nil, `{%q:false}`, trash.Name)); err != nil {
		p.answered("a dashboard comes out of the trash", false, err, "")
		return false, nil
	}
	after, err := p.read(ctx, kind, id)
	if err != nil {
		return false, err
	}
	changes, err := canon.Changes(kind.Write, after, before, canon.Itself)
	if err != nil {
		return false, err
	}
	var differ []string
	for _, c := range changes {
		differ = append(differ, c.Path)
	}
	p.says("a dashboard comes out of the trash with its id, slug and tiles as it was", len(changes) == 0, "%s differ", strings.Join(differ, ", "))
	return true, nil
}

// withoutFolder checks that a dashboard whose folder is deleted goes to the trash, and comes out of it
// into another one.
func (p *probe) withoutFolder(ctx context.Context, kind *catalogue.Spec, id string, folders *catalogue.Spec, folder, into string) error {
	if err := p.delete(ctx, folders, folder); err != nil {
		return fmt.Errorf("delete the folder: %w", err)
	}
	trash := kind.Write.Trash
	gone, err := p.read(ctx, kind, id)
	trashed := err == nil && canon.Text(canon.Member(gone, trash.Name)) == trash.Value
	if p.answered("a dashboard whose folder is deleted goes to the trash", trashed, err, "it is not there"); !trashed {
		return nil
	}
	err = p.patch(ctx, kind, id, fmt.Appendf(nil, `{%q:false,"folder_id":%s}`, trash.Name, quote(into)))
	if err == nil {
		gone, err = p.read(ctx, kind, id)
	}
	back := err == nil && canon.Text(canon.Member(gone, trash.Name)) == "false" && canon.Text(canon.Member(gone, "folder_id")) == into
	p.answered("a dashboard whose folder is gone comes out of the trash into another one", back, err, "it does not lie there")
	return nil
}

func (p *probe) read(ctx context.Context, kind *catalogue.Spec, id string) ([]byte, error) {
	response, err := p.client.Get(ctx, singleRequest(kind, id))
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

func (p *probe) patch(ctx context.Context, kind *catalogue.Spec, id string, body []byte) error {
	_, err := p.client.Send(ctx, newUpdate(kind.Write.Update, kind.Write.Update.Fill(id), body))
	return err
}

// delete deletes something for good. What is not there any more is deleted; Looker answers so as
// well where the key may not delete it.
func (p *probe) delete(ctx context.Context, kind *catalogue.Spec, id string) error {
	_, err := p.client.Send(ctx, newUpdate(kind.Write.Delete, kind.Write.Delete.Fill(id), nil))
	if looker.Class(err) != looker.FaultMissing {
		return err
	}
	if _, unread := p.read(ctx, kind, id); unread == nil {
		return fmt.Errorf("%w, and it is there", err)
	}
	return nil
}
