package main

import (
	"context"
	"errors"

	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

// lesserKey says of which documents a run with a key that sees less than an administrator's
// has seen a part. The zero value says so of none.
type lesserKey struct{ history.Keys }

// lesserKeyOf is that of the instance of a moment.
func lesserKeyOf(ctx context.Context, m history.Moment) (k lesserKey, err error) {
	starts, err := m.Reader.RunStarts(ctx, m.Instance)
	if errors.Is(err, vault.ErrCorrupt) && m.Run == 0 {
		err = nil // the newest state is shown without the runs that are damaged
	}
	if err != nil {
		return k, err
	}
	return lesserKey{history.Keys{Keys: vault.KeysOf(starts)}}, nil
}

// inPart says what of a document may be a part of it: the observation of the run that saw it
// last, where an administrator's run stored the version; or that version, where a run with a
// lesser key stored it after an administrator's had been made. "" for neither.
func (k lesserKey) inPart(e vault.Entry) view.InPart {
	switch {
	case k.StoredInPart(e):
		return view.StoredInPart
	case k.SeenInPart(e):
		return view.SeenInPart
	}
	return view.Whole
}
