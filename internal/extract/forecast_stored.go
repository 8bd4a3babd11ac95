package extract

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// ForeseeFromVault forecasts a run without a call, as if the server held just what the
// vault does. It costs little enough to be made beside a run. Kinds that the vault
// knows nothing of are left out.
//
// A followed kind is taken to be named as it was: no body is read. So in a scope of
// folders more of it is expected than lies there.
func ForeseeFromVault(ctx context.Context, ahead Ahead) (Forecast, error) {
	o := &outlook{Ahead: ahead, held: make(map[record.Kind]held), glances: make(map[record.Kind]Glance)}
	if err := o.rememberEntries(ctx); err != nil {
		return Forecast{}, fmt.Errorf("read what is stored: %w", err)
	}
	m := newModel(ahead)
	if o.Vault == nil {
		return Forecast{}, nil
	}
	m.full, m.renew = o.Full || o.stale, o.Full
	for _, kind := range ahead.Kinds {
		rows := o.held[kind.Name].documents(func(id string) bool { return o.held[kind.Name][id].state != record.Trashed })
		o.glances[kind.Name] = Glance{Rows: rows, Total: len(rows), HasTotal: true}
	}
	if !ahead.Scope.Unscoped() {
		within, _, err := o.within(ctx)
		if errors.Is(err, ErrNoFolder) {
			return Forecast{}, nil // the vault does not know the folders of the scope
		}
		if err != nil {
			return Forecast{}, err
		}
		m.within = within
	}
	kinds := slices.Clone(ahead.Kinds)
	slices.SortStableFunc(kinds, func(a, b *catalogue.Spec) int {
		return cmp.Compare(catalogue.Wave(a.Name), catalogue.Wave(b.Name))
	})
	for _, kind := range kinds {
		if len(o.held[kind.Name]) == 0 && !o.past[kind.Name].complete {
			continue
		}
		if kind.Listing.Followed {
			b := m.brood(kind.Name)
			for id, d := range o.held[kind.Name] {
				b.rows[id] = record.Listed{ID: id, Folder: d.folder, State: d.state}
			}
		}
		m.add(newKnowledge(kind, o.glances[kind.Name], o.held[kind.Name], o.past[kind.Name]))
	}
	return Forecast{Kinds: m.forecasts, Held: len(m.forecasts) > 0}, nil
}
