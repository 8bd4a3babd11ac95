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
	Says  string // in words for people
	Holds bool
	Found string // what the instance did instead, "" where it holds
}

// Probe makes a throw-away folder with a dashboard in another folder of an instance,
// edits it, throws it away, takes it out of the trash and deletes both for good. It says
// which assumptions hold. An error means that the probe could not go on; what it made is
// deleted in any case, or named in the error.
func Probe(ctx context.Context, client Looker, within, name string) (found []Assumption, err error) {
	p := &probe{client: client}
	folders, _ := catalogue.Find(catalogue.Folders)
	tiles, part := withPart(catalogue.Tiles)
	folder, err := p.create(ctx, folders.Write.Create, map[string]any{"name": name, "parent_id": within})
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	defer func() {
		if cleanErr := p.delete(context.WithoutCancel(ctx), folders, folder); cleanErr != nil {
			err = errors.Join(err, fmt.Errorf("the folder %q (%s) is left: %w", name, folder, cleanErr))
		}
	}()
	p.refuses(ctx, "a second folder of the same name in the same place is refused", folders, map[string]any{"name": name, "parent_id": within})
	shell := map[string]any{"title": name, "folder_id": folder}
	id, err := p.create(ctx, tiles.Write.Create, shell)
	if err != nil {
		return p.found, fmt.Errorf("make a dashboard: %w", err)
	}
	defer func() {
		if cleanErr := p.delete(context.WithoutCancel(ctx), tiles, id); cleanErr != nil {
			err = errors.Join(err, fmt.Errorf("the dashboard %q (%s) is left: %w", name, id, cleanErr))
		}
	}()
	p.refuses(ctx, "a second dashboard of the same title in the same folder is refused", tiles, shell)
	if err := p.inside(ctx, tiles, part, id); err != nil {
		return p.found, err
	}
	return p.found, p.thereAndBack(ctx, tiles, id)
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
}

// says notes whether an assumption holds.
func (p *probe) says(assumption string, holds bool, format string, args ...any) {
	a := Assumption{Says: assumption, Holds: holds}
	if !holds {
		a.Found = fmt.Sprintf(format, args...)
	}
	p.found = append(p.found, a)
}

func (p *probe) create(ctx context.Context, route catalogue.Send, body map[string]any) (string, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	response, err := p.client.Send(ctx, looker.Write{
		Route: route.String(), Class: string(route.Activity), Method: route.Method, Path: route.Path, Body: text,
	})
	if err != nil {
		return "", err
	}
	return canon.Text(canon.Member(response.Body, "id")), nil
}

// refuses checks that something is not made twice.
func (p *probe) refuses(ctx context.Context, assumption string, kind *catalogue.Spec, body map[string]any) {
	id, err := p.create(ctx, kind.Write.Create, body)
	refused, ok := errors.AsType[*looker.StatusError](err)
	switch {
	case err == nil:
		p.says(assumption, false, "a second one was made (%s)", id)
		if err := p.delete(ctx, kind, id); err != nil {
			p.found[len(p.found)-1].Found += ", and is left: " + err.Error()
		}
	case !ok:
		p.says(assumption, false, "%v", err)
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
	tile, err := p.create(ctx, part.Write.Create, map[string]any{part.Owner: id, "type": "text", "title_text": "made by lookervault check"})
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

// thereAndBack checks that a dashboard comes out of the trash as it was.
func (p *probe) thereAndBack(ctx context.Context, kind *catalogue.Spec, id string) error {
	before, err := p.read(ctx, kind, id)
	if err != nil {
		return err
	}
	trash := kind.Write.Trash
	if err := p.patch(ctx, kind, id, trash.Name, trash.Value); err != nil {
		return fmt.Errorf("throw the dashboard away: %w", err)
	}
	gone, err := p.read(ctx, kind, id)
	p.says("what is in the trash can be read by its id", err == nil && canon.Text(canon.Member(gone, trash.Name)) == trash.Value, "%v", err)
	if err := p.patch(ctx, kind, id, trash.Name, "false"); err != nil {
		p.says("a dashboard comes out of the trash", false, "%v", err)
		return nil
	}
	after, err := p.read(ctx, kind, id)
	if err != nil {
		return err
	}
	changes, err := canon.Changes(kind.Write, after, before, canon.Itself)
	if err != nil {
		return err
	}
	var differ []string
	for _, c := range changes {
		differ = append(differ, c.Path)
	}
	p.says("a dashboard comes out of the trash with its id, slug and tiles as it was", len(changes) == 0, "%s differ", strings.Join(differ, ", "))
	return nil
}

func (p *probe) read(ctx context.Context, kind *catalogue.Spec, id string) ([]byte, error) {
	route, path := kind.Single(id)
	response, err := p.client.Get(ctx, looker.Request{Route: route.String(), Class: string(route.Activity), Path: path, Query: route.Values()})
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

func (p *probe) patch(ctx context.Context, kind *catalogue.Spec, id, member, value string) error {
	route := kind.Write.Update
	_, err := p.client.Send(ctx, looker.Write{
		Route: route.String(), Class: string(route.Activity), Method: route.Method, Path: route.Fill(id),
		Body: fmt.Appendf(nil, `{%q:%s}`, member, value), Repeat: true, Made: looker.NothingDue,
	})
	return err
}

// delete deletes something for good. What is not there any more is deleted.
func (p *probe) delete(ctx context.Context, kind *catalogue.Spec, id string) error {
	route := kind.Write.Delete
	_, err := p.client.Send(ctx, looker.Write{
		Route: route.String(), Class: string(route.Activity), Method: route.Method, Path: route.Fill(id), Repeat: true, Made: looker.NothingDue,
	})
	if looker.Class(err) == looker.FaultMissing {
		return nil
	}
	return err
}
