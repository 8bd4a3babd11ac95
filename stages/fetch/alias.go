package fetch

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

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
	names = slices.DeleteFunc(names, func(name string) bool { return record.FollowableID(name) != name })
	slices.Sort(names)
	return slices.Compact(names), nil
}

// noteAlias notes by which alias a document must answer that was asked for by number
// and answers with another id: stored documents say what belongs to the number.
func (t *task) noteAlias(ctx context.Context, want *record.Listed, body []byte) error {
	if want.Alias != "" || t.kind.Fields.Alias == "" || !stages.IsNumber(want.ID) ||
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
		if !t.kind.ByAlias.IsZero() && known != "" && !stages.IsNumber(known) && !slices.Contains(names, known) {
			names = append(names, known)
		}
	}
	for _, name := range names {
		want.Alias = name
		err := t.bring(ctx, want, t.aliasCall(name))
		failed := (*stages.Failed)(nil)
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
func (t *task) aliasCall(alias string) stages.Call {
	route := t.kind.ByAlias
	return stages.Call{Kind: t.kind.Name, Route: route, Path: route.Fill(alias), Query: route.Values(), Size: t.guess(1)}
}
