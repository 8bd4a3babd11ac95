package restore

import (
	"context"
	"fmt"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// past is what an instance held at the moment that is to come back. Nothing of it
// changes while a plan is made.
type past struct {
	reader   vault.Reader
	instance string
	run      int64 // the last run that counts
	exact    bool  // that run's state is wanted, instead of the newest that was present
	kinds    map[record.Kind]map[string]vault.Entry
}

// newPast finds the moment that a request means: before anything looks at the instance
// again, since a look's observations are the newest.
func newPast(ctx context.Context, reader vault.Reader, instance string, run int64) (*past, error) {
	if run == 0 {
		newest, err := newestBackup(ctx, reader, instance)
		if err != nil {
			return nil, err
		}
		return &past{reader: reader, instance: instance, run: newest, kinds: make(map[record.Kind]map[string]vault.Entry)}, nil
	}
	found, err := reader.RunAt(ctx, instance, vault.AtRun(run))
	if err != nil {
		return nil, err
	}
	return &past{reader: reader, instance: instance, run: found.ID, exact: true, kinds: make(map[record.Kind]map[string]vault.Entry)}, nil
}

// newestBackup is the newest run that is not a look of a restore.
func newestBackup(ctx context.Context, reader vault.Reader, instance string) (int64, error) {
	runs, err := reader.Runs(ctx, instance)
	if err != nil {
		return 0, err
	}
	for _, run := range runs {
		if run.Origin != record.OriginLook && !run.Pruned {
			return run.ID, nil
		}
	}
	return 0, fmt.Errorf("%s holds no run of %s, so there is nothing to give back: %w", reader.Path(), instance, vault.ErrNotFound)
}

// all returns what was held of a kind, by id: of each document the version that is
// wanted, present or in the trash. What was never seen, or was gone where an exact
// moment is meant, is not in it.
func (p *past) all(ctx context.Context, kind record.Kind) (map[string]vault.Entry, error) {
	if held, ok := p.kinds[kind]; ok {
		return held, nil
	}
	held := make(map[string]vault.Entry)
	query := vault.Query{Instance: p.instance, Kind: kind, At: vault.AtRun(p.run)}
	for _, query.Deleted = range []bool{false, true} {
		for e, err := range p.reader.Entries(ctx, query) {
			if err != nil {
				return nil, err
			}
			if p.exact && e.State == record.Gone {
				continue
			}
			held[e.ID] = e
		}
	}
	if !p.exact {
		for id, e := range held {
			if e.State == record.Present {
				continue
			}
			newest, err := p.newestPresent(ctx, e)
			if err != nil {
				return nil, err
			}
			held[id] = newest
		}
	}
	p.kinds[kind] = held
	return held, nil
}

// newestPresent is the newest version of a document that was neither in the trash nor
// gone, or its newest one where none was.
func (p *past) newestPresent(ctx context.Context, e vault.Entry) (vault.Entry, error) {
	versions, err := p.reader.Versions(ctx, p.instance, e.Ref)
	if err != nil {
		return e, err
	}
	newest := vault.Entry{}
	for _, v := range versions {
		if v.FirstRun > p.run {
			break
		}
		if v.State == record.Present || newest.State != record.Present {
			newest = v
		}
	}
	return newest, nil
}

// version returns the version of a document that is wanted, and false where there is
// none.
func (p *past) version(ctx context.Context, ref record.Ref) (vault.Entry, bool, error) {
	held, err := p.all(ctx, ref.Kind)
	e, ok := held[ref.ID]
	return e, ok, err
}

// pastOf is the past in which a document was seen last: what belonged to it then may have lost it
// before the moment that is wanted. Where that run was pruned it is the one before it that is left.
func (p *planner) pastOf(ctx context.Context, e vault.Entry) (*past, error) {
	if e.LastRun >= p.past.run {
		return p.past, nil
	}
	if p.pasts[e.LastRun] == nil {
		then, err := p.keptPast(ctx, e.LastRun)
		if err != nil {
			return nil, err
		}
		p.pasts[e.LastRun] = then
	}
	return p.pasts[e.LastRun], nil
}

// keptPast is the past of the newest run up to one that the vault still has, the one that is
// wanted where it has none.
func (p *planner) keptPast(ctx context.Context, run int64) (*past, error) {
	runs, err := p.reader.Runs(ctx, p.instance)
	if err != nil {
		return nil, err
	}
	for _, r := range runs { // the newest first
		if r.ID <= run && !r.Pruned {
			return newPast(ctx, p.reader, p.instance, r.ID)
		}
	}
	return p.past, nil
}
