package check

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/forecast"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
)

// ShortOf says which of the kinds will be short without the Admin role, and how:
// "users (names only, no email and no credentials), ...".
func ShortOf(kinds []*catalogue.Spec) string {
	var parts []string
	for _, kind := range kinds {
		if kind.WithoutAdmin != "" {
			parts = append(parts, string(kind.Name)+" ("+kind.WithoutAdmin+")")
		}
	}
	return strings.Join(parts, ", ")
}

// permissions asks one cheap call of each kind, as far as that is possible: what
// follows from others is asked for by the first id that leads to it.
func (c *Checkup) permissions() {
	var targets []record.Kind
	for _, k := range c.options.Kinds {
		if k.Listing.Followed {
			targets = append(targets, k.Name)
		}
	}
	first := make(map[record.Kind]string)
	for wave := range len(c.options.Kinds) {
		for _, kind := range c.options.Kinds {
			if catalogue.Wave(kind.Name) != wave {
				continue
			}
			c.asking(kind.Name)
			if !c.permission(kind, targets, first) {
				c.skip("depends on the server", "other kinds")
				return
			}
		}
	}
	c.asking("")
}

// asking tells who watches which kind is asked for; no kind says that none is.
func (c *Checkup) asking(kind record.Kind) {
	if c.options.Asking != nil {
		c.options.Asking(kind)
	}
}

// permission checks a kind. It returns false when no further call makes sense.
func (c *Checkup) permission(kind *catalogue.Spec, targets []record.Kind, first map[record.Kind]string) bool {
	name := "kind " + string(kind.Name)
	var err error
	switch {
	case len(kind.Listing.Fixed) > 0:
		if err = c.single(kind, kind.Listing.Fixed[0].Path[1:]); err == nil {
			c.Pass(name, "%s answers, one of %d", kind.Listing.Fixed[0], len(kind.Listing.Fixed))
		}
	case kind.Listing.Followed && first[kind.Name] == "":
		c.add(name, NotChecked, "", "nothing was seen that leads to one")
		return true
	case kind.Listing.Followed:
		id := first[kind.Name]
		if err = c.single(kind, id); err == nil {
			c.Pass(name, "%s answers", kind.Detail)
			for p := range kind.Leads() {
				if p.Path == "id" && first[p.Kind] == "" {
					first[p.Kind] = id
				}
			}
		}
	default:
		var glance forecast.Glance
		glance, err = forecast.GlanceAt(c.ctx, c.options.Client, kind, 1, targets)
		if err == nil && glance.Failed != nil {
			err = glance.Failed
			break
		}
		if err == nil && glance.Trash != nil && glance.Trash.Failed != nil {
			err = glance.Trash.Failed
			break
		}
		for _, row := range glance.Rows {
			for _, ref := range row.Refs {
				if first[ref.Kind] == "" {
					first[ref.Kind] = ref.ID
				}
			}
		}
		switch paged, _ := kind.InPages(); {
		case err != nil:
		case glance.OnlyInPages != nil:
			c.Warn(name, "nothing is lost: a run reads the list in pages; raise the time limit of what stands before Looker",
				"%s; in pages: %s", glance.OnlyInPages, documents(paged, glance))
		default:
			c.Pass(name, "%s", documents(kind, glance))
		}
	}
	if err != nil {
		c.refusal(kind, name, err)
	}
	return !errors.Is(err, looker.ErrDown) && !errors.Is(err, looker.ErrLogin) && c.ctx.Err() == nil
}

// documents says how many there are, those in the trash included as a run counts them, as
// far as one row tells.
func documents(kind *catalogue.Spec, g forecast.Glance) string {
	untold := func(g forecast.Glance) bool { return !kind.Listing.Whole && !g.HasTotal && len(g.Rows) > 0 }
	trashed := forecast.Glance{}
	if g.Trash != nil {
		trashed = *g.Trash
	}
	if untold(g) || untold(trashed) {
		return "some; the server does not tell how many"
	}
	said := ui.Plural(int64(g.Total+trashed.Total), "document", "documents")
	if trashed.Total > 0 {
		said += fmt.Sprintf(", %s of them in the trash", ui.Count(int64(trashed.Total)))
	}
	return said
}

// single asks for one document.
func (c *Checkup) single(kind *catalogue.Spec, id string) error {
	route, path := kind.Single(id)
	query := route.Values()
	if route.Param != "" {
		query.Set(route.Param, id)
	}
	_, err := c.options.Client.Get(c.ctx, looker.Request{Route: route.String(), Class: string(route.Activity), Path: path, Query: query})
	return err
}

// refusal judges an answer that is none.
func (c *Checkup) refusal(kind *catalogue.Spec, name string, err error) {
	const role = "use a key of a user with the Admin role"
	status := 0
	if e, ok := errors.AsType[*looker.StatusError](err); ok {
		status = e.Status
	}
	answer := fmt.Sprintf("%d %s", status, http.StatusText(status))
	admin := c.admin != nil && *c.admin
	switch refused := status == http.StatusForbidden || status == http.StatusNotFound; {
	case refused && kind.Listing.Followed && status == http.StatusNotFound:
		c.Warn(name, "nothing to do: such references are noted and passed over", "the one that was tried is not there (%s)", answer)
	case refused && kind.Optional && admin:
		c.Pass(name, "not on this instance (%s)", answer)
	case refused && !admin:
		c.Warn(name, role, "refused (%s)", answer)
	case refused:
		c.Fail(Other, name, "leave the kind out (kinds: [all, -"+string(kind.Name)+"]) or ask why the administrator's key is refused",
			"refused (%s)", answer)
	default:
		c.Fail(Other, name, "try again; a run repeats such calls, and says what it could not get", "%s", err)
	}
}
