package main

import (
	"context"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/vault"
)

// lesserKey says of which documents a run with a key that sees less than an administrator's
// has seen a part, and which stand in the vault as an earlier run saw them. The zero value says
// so of none.
type lesserKey struct {
	run  int64
	less map[int64]bool // runs whose key sees less
}

// lesserKeyOf is the one of the run of a moment.
func lesserKeyOf(ctx context.Context, m history.Moment) (k lesserKey, err error) {
	if m.Run == 0 {
		return k, nil
	}
	run, err := m.Reader.Run(ctx, m.Run)
	if err != nil || !run.ForThisKey() {
		return k, err
	}
	runs, err := m.Reader.Runs(ctx, m.Instance)
	if err != nil {
		return k, err
	}
	k = lesserKey{run: m.Run, less: make(map[int64]bool)}
	for _, run := range runs {
		if run.ForThisKey() {
			k.less[run.ID] = true
		}
	}
	return k, nil
}

// hides reports whether the key may not have shown all that is stored of a document: an
// administrator's run saw it so, and the run with the key found nothing in it changed.
func (k lesserKey) hides(e vault.Entry) bool {
	kind, known := catalogue.Find(e.Kind)
	return known && kind.Narrowed && e.LastRun == k.run && k.less[k.run] && !k.less[e.FirstRun]
}
