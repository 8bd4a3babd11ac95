package restore

import (
	"context"
	"fmt"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
)

// beforehand makes the parts that a document names before it is written itself. now is
// the document as it is, nil for one that is made. Documents may share such a part, so
// that one worker alone makes them.
func (t *task) beforehand(ctx context.Context, now []byte) error {
	for i := range t.spec.Write.Parts {
		part := &t.spec.Write.Parts[i]
		if !part.Before {
			continue
		}
		h := holder{id: t.action.Target, wanted: t.wanted, now: now}
		wanted, _, pairs, err := t.paired(part, h)
		if err != nil {
			return err
		}
		for _, p := range pairs {
			if p.Wanted < 0 || p.Current >= 0 {
				continue
			}
			if err := t.makeShared(ctx, part, h, wanted[p.Wanted]); err != nil {
				return fmt.Errorf("%s: %w", partName(part, wanted[p.Wanted]), err)
			}
		}
	}
	return nil
}

// makeShared sees to it that a part is there which the document does not name yet. No
// route reads one that no document names, so it is updated, and made only where Looker
// does not know it any more.
func (t *task) makeShared(ctx context.Context, part *catalogue.Part, h holder, row canon.PartRow) error {
	t.sharing.Lock()
	defer t.sharing.Unlock()
	ref := record.Ref{Kind: part.Name, ID: row.ID}
	if t.own == nil && t.shared[ref] {
		return nil
	}
	there, err := t.keepShared(ctx, part, h, row)
	if err == nil && !there {
		err = t.createPart(ctx, part, h, row)
	}
	if err == nil && t.own == nil {
		t.shared[ref] = true
	}
	return err
}

// keepShared makes a part what is wanted that is still there. It reports whether it is.
func (t *task) keepShared(ctx context.Context, part *catalogue.Part, h holder, row canon.PartRow) (bool, error) {
	target := t.partMade(part.Name, row.ID)
	if target == "" && t.own == nil {
		target = row.ID
	}
	if target == "" {
		return false, nil
	}
	sent, err := t.partCreation(part, h, row)
	if err != nil {
		return false, err
	}
	_, err = t.send(ctx, part.Write.Update, fill(part.Write.Update, h.id, target), sent)
	if looker.Class(err) == looker.FaultMissing {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	t.pair(part, row.ID, target)
	return true, nil
}
