package forecast

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/scope"
	"github.com/lookervault/lookervault/stages"
)

// Glance is what one small call shows of a kind, and another one of its trash.
type Glance struct {
	Rows     []Glimpsed
	Total    int  // documents in the list, at least those in Rows
	HasTotal bool // the server told the total; else Total is a guess where Rows fill the page that was asked for
	// Failed is why there is no answer, nil when there is one. Denied and missing
	// are answers too: this key, or this instance, does not have the kind.
	Failed *stages.Failed
	// OnlyInPages is why the list cannot be had in one answer, of a kind of which pages
	// were looked at in its place.
	OnlyInPages *stages.Failed
	// Trash is what the second call shows, of documents in the trash; nil where the kind
	// has none.
	Trash *Glance
	// TrashRests means that the run will not list the trash: Trash is what the vault holds.
	TrashRests bool
}

// whole reports whether the rows are all that the list holds.
func (g *Glance) whole() bool { return g != nil && g.Failed == nil && g.Total == len(g.Rows) }

// Glimpsed is a document as a narrow row shows it.
type Glimpsed struct {
	ID, Name, Folder, Updated string
	Refs                      []record.Ref // to the kinds that were asked for only
}

// api asks for rows with the API client.
type api struct{ stages.Looker }

// narrow is the size in bytes from which on it pays to ask a whole list for a
// few members only. The one list of the catalogue that does not know the fields
// parameter (OpenAPI: all_datagroups) holds smaller documents.
const narrow = 500

// GlanceAt asks one small call for a kind that is listed, for at most limit rows
// where the list is paged, and one more for those in the trash. The rows hold ids,
// names, folders, dates of change, and what they point to among targets; nothing else
// travels. Where a list cannot be had in one answer, as a run does it looks at pages of it.
//
// It returns an error only when no further call makes sense.
func GlanceAt(ctx context.Context, client *looker.Client, kind *catalogue.Spec, limit int, targets []record.Kind) (Glance, error) {
	return api{extract.NewLooker(client, 0)}.glanceAt(ctx, kind, limit, targets, nil)
}

// glanceAt is explained at [GlanceAt]. resting, when not nil, returns what is known of the trash
// of a kind that need not be asked for, given what its list shows.
func (a api) glanceAt(ctx context.Context, kind *catalogue.Spec, limit int, targets []record.Kind, resting func(Glance) (Glance, bool)) (Glance, error) {
	whole, err := a.glanceAtList(ctx, kind, record.Present, limit, targets)
	if err == nil && whole.Failed == nil && kind.Listing.Trash {
		if resting != nil {
			if trash, rests := resting(whole); rests {
				whole.Trash, whole.TrashRests = &trash, true
				return whole, nil
			}
		}
		trash, err := a.glanceAtList(ctx, kind, record.Trashed, limit, targets)
		whole.Trash = &trash
		return whole, err
	}
	paged, ok := kind.InPages()
	if err != nil || !ok || whole.Failed == nil || !stages.TooMuch(whole.Failed.Class) {
		return whole, err
	}
	pages, err := a.glanceAtList(ctx, paged, record.Present, limit, targets)
	if err != nil || pages.Failed != nil {
		return whole, err
	}
	pages.OnlyInPages = whole.Failed
	return pages, nil
}

func (a api) glanceAtList(ctx context.Context, kind *catalogue.Spec, state record.State, limit int, targets []record.Kind) (Glance, error) {
	route := kind.Listing.Route
	var params [][2]string
	if !kind.Listing.Whole || kind.Size >= narrow {
		params = append(params, [2]string{"fields", fields(kind, targets)})
	}
	if !kind.Listing.Whole {
		params = append(params, [2]string{"limit", strconv.Itoa(limit)}, [2]string{"offset", "0"})
		if !kind.Listing.Unsorted {
			params = append(params, [2]string{"sorts", kind.Fields.ID})
		}
	}
	if state == record.Trashed {
		params = append(params, [2]string{"deleted", "true"})
	}
	return a.glance(ctx, kind, stages.Call{Route: route, Path: route.Path, Query: route.Values(params...), Size: 64 << 10}, limit, targets)
}

// glance makes a call whose answer is a list of documents of a kind, or one.
func (a api) glance(ctx context.Context, kind *catalogue.Spec, call stages.Call, limit int, targets []record.Kind) (Glance, error) {
	answer, err := a.Get(ctx, call)
	if failed := (*stages.Failed)(nil); errors.As(err, &failed) {
		return Glance{Failed: failed}, nil
	}
	if err != nil {
		return Glance{}, err
	}
	g := Glance{Total: answer.Total, HasTotal: answer.HasTotal}
	if g.Rows, err = glimpse(kind, answer.Body, targets); err != nil {
		fault := record.Fault{Class: record.FaultInvalid, Status: http.StatusOK, Attempts: 1, Message: err.Error()}
		return Glance{Failed: &stages.Failed{Fault: fault, Err: err}}, nil //nolint:nilerr // a broken answer is about its kind only
	}
	switch {
	case !kind.Listing.Whole && !g.HasTotal && len(g.Rows) >= limit:
		g.Total = 2 * len(g.Rows) // there may be any number more
	case !g.HasTotal, g.Total < len(g.Rows):
		g.Total = len(g.Rows)
	}
	return g, nil
}

// glimpse reads rows, or the one document where there is no list.
func glimpse(kind *catalogue.Spec, body []byte, targets []record.Kind) ([]Glimpsed, error) {
	raw, err := canon.Rows(body)
	if err != nil && len(body) > 0 && strings.TrimSpace(string(body[:1])) == "{" {
		raw, err = [][]byte{body}, nil
	}
	if err != nil {
		return nil, err
	}
	rules, reader := canon.Compile(kind), canon.NewReader()
	rows := make([]Glimpsed, 0, len(raw))
	for _, r := range raw {
		doc, err := reader.Read(rules, r)
		if err != nil {
			return nil, err
		}
		if doc.ID == "" {
			continue // no document: a run tells of it
		}
		rows = append(rows, Glimpsed{ID: doc.ID, Name: doc.Name, Folder: doc.Folder, Updated: doc.Updated, Refs: among(doc.Refs, targets)})
	}
	return rows, nil
}

func among(refs []record.Ref, targets []record.Kind) []record.Ref {
	return slices.DeleteFunc(slices.Clone(refs), func(r record.Ref) bool { return !slices.Contains(targets, r.Kind) })
}

// fields is the least that a row must hold: its id, its name, its folder, its date of
// change, and what leads to documents of the targets. Of several places
// that name a kind the first is the usual one. Documents of a kind that the row itself
// nests are taken to be nested: asking where they are not would bring them all.
func fields(kind *catalogue.Spec, targets []record.Kind) string {
	names := []string{kind.Fields.ID}
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	add(kind.Fields.Name)
	add(kind.Fields.Folder)
	add(kind.Fields.Updated)
	named := make(map[record.Kind]bool)
	for _, r := range kind.Relations {
		if r.Nested {
			named[r.Kind] = true
		}
	}
	for p := range kind.Leads() {
		if slices.Contains(targets, p.Kind) && !named[p.Kind] {
			named[p.Kind] = true
			steps := strings.Split(p.Path, ".")
			add(strings.Join(steps, "(") + strings.Repeat(")", len(steps)-1))
			add(p.Unless)
			add(p.Join)
		}
	}
	return strings.Join(names, ",")
}

// askFor asks for one kind of the run. What follows from others is not listed.
func (o *outlook) askFor(ctx context.Context, kind *catalogue.Spec) error {
	if kind.Listing.Followed || len(kind.Listing.Fixed) > 0 {
		return nil
	}
	limit := kind.Listing.Page
	if paged, ok := kind.InPages(); ok {
		limit = paged.Listing.Page
	}
	g, err := o.api.glanceAt(ctx, kind, limit, o.targets(), func(live Glance) (Glance, bool) {
		return o.heldGlance(kind.Name, record.Trashed), o.trashRests(kind, live)
	})
	if err != nil {
		return fmt.Errorf("ask for %s: %w", kind.Name, err)
	}
	if o.glances == nil {
		o.glances = make(map[record.Kind]Glance)
	}
	o.glances[kind.Name] = g
	return nil
}

// within finds the folders of the scope, and returns the call that the run makes
// for that. Folders that were asked for already are not asked for again.
func (o *outlook) within(ctx context.Context) (scope.Within, record.Calls, error) {
	folder, _ := catalogue.Find(catalogue.Folders)
	call := record.Calls{Route: folder.Listing.Route.String(), Class: string(folder.Listing.Route.Activity), N: 1}
	g, ok := o.glances[folder.Name]
	if !ok {
		var err error
		if g, err = o.api.glanceAtList(ctx, folder, record.Present, folder.Listing.Page, nil); err != nil {
			return nil, call, fmt.Errorf("find the folders of the scope: %w", err)
		}
	}
	if g.Failed != nil {
		return nil, call, fmt.Errorf("find the folders of the scope: %w", g.Failed)
	}
	within, err := scope.Of(o.Scope, func(yield func(id, parent string) bool) {
		for _, row := range g.Rows {
			if !yield(row.ID, row.Folder) {
				return
			}
		}
	})
	return within, call, err
}
