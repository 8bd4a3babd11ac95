package stages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
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
	return doc.ID == doc.Alias && isNumber(want.ID)
}

// isNumber reports whether an id is the number of a document.
func isNumber(id string) bool { return id != "" && strings.Trim(id, "0123456789") == "" }

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

// fewNaming is how many documents are asked for the alias of one that they point
// to. All of them should hold the same.
const fewNaming = 3

// aliases returns what a document may be called besides its id: what stands beside
// the id in stored documents that point to it.
func (t *task) aliases(ctx context.Context, id string) ([]string, error) {
	if t.kind.ByAlias.IsZero() {
		return nil, nil
	}
	ref := record.Ref{Kind: t.ask.Kind, ID: id}
	bodies, err := t.Store.Naming(ctx, ref, fewNaming)
	if err != nil {
		return nil, fmt.Errorf("look for other names of %s: %w", ref, err)
	}
	var names []string
	for _, parent := range catalogue.All() {
		for p := range parent.Leads() {
			if p.Kind != t.ask.Kind || p.Alias == "" {
				continue
			}
			for _, body := range bodies {
				names = append(names, canon.Beside(body, p.Path, id, p.Alias)...)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// noteAlias notes by which alias a document must answer that was asked for by number
// and answers with another id: stored documents say what belongs to the number.
func (t *task) noteAlias(ctx context.Context, want *record.Listed, body []byte) error {
	if want.Alias != "" || t.kind.Fields.Alias == "" || !isNumber(want.ID) ||
		canon.Text(canon.Member(body, t.kind.Fields.ID)) == want.ID {
		return nil
	}
	names, err := t.aliases(ctx, want.ID)
	if len(names) > 0 {
		want.Alias = names[0]
	}
	return err
}

// otherwise asks for a document that is not found by its id by its other names. It
// reports whether one of them settled the matter.
func (t *task) otherwise(ctx context.Context, want record.Listed) (done bool, err error) {
	names, err := t.aliases(ctx, want.ID)
	if err != nil {
		return false, err
	}
	for _, known := range []string{want.ID, want.Alias} {
		if !t.kind.ByAlias.IsZero() && known != "" && !isNumber(known) && !slices.Contains(names, known) {
			names = append(names, known)
		}
	}
	for _, name := range names {
		want.Alias = name
		err := t.bring(ctx, want, t.aliasCall(name))
		failed := (*Failed)(nil)
		switch {
		case !errors.As(err, &failed):
			return true, err
		case failed.Class != record.FaultMissing:
			return true, t.fault(want, failed.Fault)
		}
	}
	return false, nil
}

// aliasCall asks for a document by an alias.
func (t *task) aliasCall(alias string) Call {
	route := t.kind.ByAlias
	return Call{Kind: t.kind.Name, Route: route, Path: route.Fill(alias), Query: route.Values(), Size: t.guess(1)}
}
