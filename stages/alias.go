package stages

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// answersTo reports whether a document is the one that was wanted: it says so by
// its id, or by its alias where the kind has one. A query has a number and a slug,
// and newer servers answer with the slug as id, whatever they were asked for.
func answersTo(kind *catalogue.Spec, want record.Listed, doc record.Document) bool {
	switch {
	case kind.Fields.ID == "", doc.ID == want.ID:
		return true
	case kind.Fields.Alias == "" || doc.Alias == "":
		return false
	case doc.Alias == want.ID:
		return true
	case want.Alias != "":
		return doc.ID == want.Alias || doc.Alias == want.Alias
	}
	return doc.ID == doc.Alias && IsNumber(want.ID)
}

// IsNumber reports whether an id is the number of a document.
func IsNumber(id string) bool { return id != "" && strings.Trim(id, "0123456789") == "" }

// called gives documents that are stored under another name the id that they are
// stored under: what was fetched by its number is not fetched again because the
// server names it by its slug now.
func (l *lister) called(ctx context.Context, kind *catalogue.Spec, rows []record.Listed) ([]record.Listed, error) {
	if kind.Fields.Alias == "" {
		return rows, nil
	}
	known, err := l.Store.Known(ctx, kind.Name, idsOf(rows))
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", kind.Name, err)
	}
	var unknown []string
	for _, r := range rows {
		if _, ok := known[r.ID]; !ok {
			unknown = append(unknown, r.ID)
		}
	}
	if len(unknown) == 0 {
		return rows, nil
	}
	ids, err := l.Store.Called(ctx, kind.Name, unknown)
	if err != nil {
		return nil, fmt.Errorf("look up %s by their other names: %w", kind.Name, err)
	}
	rows = slices.Clone(rows)
	for i, r := range rows {
		if id, ok := ids[r.ID]; ok {
			rows[i].ID, rows[i].Alias = id, r.ID
		}
	}
	return rows, nil
}
