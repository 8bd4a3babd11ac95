package forecast

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/scope"
)

// FromVault forecasts a run without a call, as if the server held just what the
// vault does. It costs little enough to be made beside a run. Kinds that the vault
// knows nothing of are left out.
//
// A followed kind is taken to be named as it was: no body is read. So in a scope of
// folders more of it is expected than lies there.
func FromVault(ctx context.Context, ahead Ahead) (Forecast, error) {
	o, err := fromVault(ctx, ahead)
	if err != nil || o == nil {
		return Forecast{}, err
	}
	m := o.stored()
	return Forecast{Kinds: m.forecasts, Held: len(m.forecasts) > 0}, nil
}

// fromVault gathers what the vault holds, as what the server does. It is nil where the
// vault knows nothing of the instance, or of the folders of the scope.
func fromVault(ctx context.Context, ahead Ahead) (*outlook, error) {
	o := &outlook{Ahead: ahead, held: make(map[record.Kind]held), glances: make(map[record.Kind]Glance)}
	if err := o.rememberEntries(ctx); err != nil {
		return nil, fmt.Errorf("read what is stored: %w", err)
	}
	if o.Vault == nil {
		return nil, nil
	}
	for _, kind := range ahead.Kinds {
		glance := o.heldGlance(kind.Name, record.Present)
		if kind.Listing.Trash {
			trash := o.heldGlance(kind.Name, record.Trashed)
			glance.Trash = &trash
		}
		o.glances[kind.Name] = glance
	}
	if !ahead.Scope.Unscoped() {
		var err error
		o.inScope, _, err = o.within(ctx)
		if errors.Is(err, scope.ErrNoFolder) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return o, nil
}

// heldGlance is what the vault holds of a kind in a state, as a list of the server.
func (o *outlook) heldGlance(kind record.Kind, state record.State) Glance {
	documents := o.held[kind]
	rows := documents.documents(func(id string) bool { return documents[id].state == state })
	return Glance{Rows: rows, Total: len(rows), HasTotal: true}
}

// stored models a run against a server that holds just what the vault does.
func (o *outlook) stored() *model {
	m := newModel(o.Ahead)
	m.recalls(o)
	m.rules.Within = o.inScope
	kinds := slices.Clone(o.Kinds)
	slices.SortStableFunc(kinds, func(a, b *catalogue.Spec) int {
		return cmp.Compare(catalogue.Wave(a.Name), catalogue.Wave(b.Name))
	})
	for _, kind := range kinds {
		if len(o.held[kind.Name]) == 0 && !o.past[kind.Name].complete || o.restsWhole(kind) {
			continue
		}
		if kind.Listing.Followed {
			b := m.brood(kind.Name)
			for id, d := range o.held[kind.Name] {
				b.rows[id] = record.Listed{ID: id, Folder: d.folder, State: d.state}
			}
		}
		glance := o.glances[kind.Name]
		glance.TrashRests = o.trashRests(kind, glance)
		m.add(newKnowledge(kind, glance, o.held[kind.Name], o.past[kind.Name]))
	}
	m.behind()
	return m
}
