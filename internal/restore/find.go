package restore

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// searchRows is how many rows a search for a lost document asks for at once.
const searchRows = 500

// findDocument looks for the document that a POST may have made: one that was not there
// when the plan looked, and that holds all that was sent.
func (t *task) findDocument(sent []byte) func(context.Context) (string, bool, error) {
	return func(ctx context.Context) (string, bool, error) {
		known, err := t.knownIDs(ctx)
		if err != nil {
			return "", false, err
		}
		if t.action.Target == "" {
			// One that is known by its name comes back under it: the vault knows that of what was lost.
			delete(known, canon.Text(canon.Member(sent, t.spec.Fields.ID)))
		}
		route, query := t.whereToFind(sent)
		id, err := t.searchAll(ctx, route, query, known, sent)
		if list := t.spec.Listing.Route; looker.Class(err) == looker.FaultMissing && route.Path != list.Path {
			// A server that does not have the narrower route has the kind's list.
			id, err = t.searchAll(ctx, list, list.Values(), known, sent)
		}
		return id, id != "", err
	}
}

// searchAll searches in and out of the trash.
func (t *task) searchAll(ctx context.Context, route catalogue.Route, query url.Values, known map[string]bool, sent []byte) (id string, err error) {
	for _, trash := range t.passes(route) {
		if id, err = t.search(ctx, route, query, trash, known, sent); err != nil || id != "" {
			break
		}
	}
	return id, err
}

// passes are the values of the parameter that a list takes to tell of the trash.
func (t *task) passes(route catalogue.Route) []string {
	if t.spec.Listing.Trash && route.Path == t.spec.Listing.Route.Path {
		return []string{"", "true"}
	}
	return []string{""}
}

// whereToFind is the narrowest route that lists what may have been made.
func (t *task) whereToFind(sent []byte) (catalogue.Route, url.Values) {
	w := t.spec.Write
	for _, route := range w.Where {
		if value := canon.Text(canon.Member(sent, parameter(route.Path))); value != "" {
			filled := route
			filled.Path = route.Fill(value)
			return filled, route.Values()
		}
	}
	for _, key := range w.Keys {
		if key.Search.IsZero() {
			continue
		}
		query, whole := key.Search.Values(), true
		for param, member := range key.Params {
			value := canon.Text(canon.Member(sent, member))
			whole = whole && value != ""
			query.Set(param, value)
		}
		if whole {
			return key.Search, query
		}
	}
	return t.spec.Listing.Route, t.spec.Listing.Route.Values()
}

// parameter is the name of the parameter in a path.
func parameter(path string) string {
	_, rest, _ := strings.Cut(path, "{")
	name, _, _ := strings.Cut(rest, "}")
	return name
}

// search reads a list to its end and returns the id of the first row that is neither
// known nor anything else than what was sent, "" where there is none.
func (t *task) search(ctx context.Context, route catalogue.Route, query url.Values, trash string, known map[string]bool, sent []byte) (string, error) {
	paged := route.Path == t.spec.Listing.Route.Path && !t.spec.Listing.Whole
	if trash != "" {
		query.Set("deleted", trash)
	}
	found := ""
	err := eachPage(t.spec, query, paged, func() ([][]byte, error) {
		body, err := t.get(ctx, route, route.Path, query)
		if err != nil {
			return nil, err
		}
		return canon.Rows(body)
	}, func(rows [][]byte) (bool, error) {
		for _, row := range rows {
			id := canon.Text(canon.Member(row, t.spec.Fields.ID))
			if id == "" || known[id] {
				continue
			}
			candidate, err := t.read(ctx, id)
			if err != nil {
				return false, err
			}
			if canon.Holds(t.spec.Write, sent, candidate) {
				found = id
				return false, nil
			}
		}
		return true, nil
	})
	return found, err
}

// eachPage asks for the pages of a list, of which query gets limit and offset, and calls fn with
// the rows that are new until it returns false. The end is where a page brings none: a server may
// answer fewer rows than it is asked for, or the same ones again. A list that is not paged is one
// page.
func eachPage(spec *catalogue.Spec, query url.Values, paged bool, ask func() ([][]byte, error), fn func([][]byte) (bool, error)) error {
	seen := make(map[string]bool)
	for offset := 0; ; {
		if paged {
			query.Set("limit", itoa(searchRows))
			query.Set("offset", itoa(offset))
		}
		rows, err := ask()
		if err != nil {
			return err
		}
		offset += len(rows)
		rows = slices.DeleteFunc(rows, func(row []byte) bool {
			id := canon.Text(canon.Member(row, spec.Fields.ID))
			again := seen[id]
			seen[id] = true
			return again
		})
		if more, err := fn(rows); err != nil || !more || !paged || len(rows) == 0 {
			return err
		}
	}
}

// knownIDs are the documents of the kind that the last look knew of, and those that
// this restore made since for other documents of the backup.
func (t *task) knownIDs(ctx context.Context) (map[string]bool, error) {
	known := make(map[string]bool)
	for e, err := range t.Reader.Entries(ctx, vault.Query{Instance: t.plan.Target, Kind: t.spec.Name}) {
		if err != nil {
			return nil, err
		}
		known[e.ID] = true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for ref, id := range t.ids {
		if ref.Kind == t.spec.Name {
			known[id] = true
		}
	}
	for _, a := range t.plan.Actions { // also what is made beside what has the id
		if a.Kind == t.spec.Name && a.Target != "" {
			known[a.Target] = true
		}
	}
	return known, nil
}

// findPart looks for the part that a POST may have made: it is in the document now, was
// not before, and holds all that was sent.
func (t *task) findPart(part *catalogue.Part, h holder, sent []byte) func(context.Context) (string, bool, error) {
	return func(ctx context.Context) (string, bool, error) {
		if part.Before {
			return "", false, nil // no document names it yet, and Looker lists none that no document names
		}
		now, err := t.reread(ctx)
		if err != nil {
			return "", false, err
		}
		before, err := canon.PartRows(part, h.now)
		if err != nil {
			return "", false, err
		}
		holder := now
		for _, list := range partLists(t.spec.Write.Parts) {
			if list.part != part || list.in == nil {
				continue
			}
			rows, err := canon.PartRows(list.in, now)
			if err != nil {
				return "", false, err
			}
			if i := slices.IndexFunc(rows, func(r canon.PartRow) bool { return partTarget(r) == h.id }); i >= 0 {
				holder = rows[i].Body
			}
		}
		rows, err := canon.PartRows(part, holder)
		if err != nil {
			return "", false, err
		}
		for _, row := range rows {
			was := slices.ContainsFunc(before, func(r canon.PartRow) bool { return partTarget(r) == partTarget(row) })
			taken := t.made(part.Name, partTarget(row)) || t.known[record.Ref{Kind: part.Name, ID: partTarget(row)}]
			if !was && !taken && canon.Holds(part.Write, sent, row.Body) {
				return partTarget(row), true, nil
			}
		}
		return "", false, nil
	}
}

// made reports whether this restore made something for a part of the backup.
func (t *task) made(kind record.Kind, target string) bool {
	return target != "" && slices.ContainsFunc(t.steps, func(s record.Step) bool { return s.Part == string(kind) && s.Target == target })
}
