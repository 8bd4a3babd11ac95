package restore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// What a restore left of a document is what the run saw that read it back. An undo takes that back
// and nothing else: a document that is another one by now has somebody else's work in it, whatever
// member that is in, and stays as it is.

// leftovers finds what a restore left.
type leftovers struct {
	*planner
	of    record.Restore
	looks []record.Run // from its own look to the run that read back last, the first one first
}

func (p *planner) leftoversOf(ctx context.Context, of record.Restore) (*leftovers, error) {
	l := &leftovers{planner: p, of: of}
	if of.Verdict == 0 {
		return l, nil
	}
	runs, err := p.reader.Runs(ctx, p.instance)
	for _, run := range slices.Backward(runs) {
		if run.Origin == record.OriginLook && run.ID > of.Look && run.ID <= of.Verdict {
			l.looks = append(l.looks, run)
		}
	}
	return l, err
}

// version is what the restore left of the document of an action; its number is 0 where nothing
// has read that back.
func (l *leftovers) version(ctx context.Context, a record.Action) (left vault.Entry, err error) {
	if a.Checked != record.CheckedEqual && a.Checked != record.CheckedDifferent {
		return left, nil
	}
	versions, err := l.reader.Versions(ctx, l.instance, record.Ref{Kind: a.Kind, ID: a.Target})
	if errors.Is(err, vault.ErrNotFound) {
		return left, nil
	}
	if err != nil {
		return left, err
	}
	for _, look := range l.looks {
		// What a second attempt has read back is not what the first one left: others may have been at
		// work in between. What was seen before the action was done is not it either.
		if look.ID != l.of.Verdict && look.Started.Before(a.At) {
			continue
		}
		left = lastBefore(versions, look.ID)
		if left.FirstRun > l.of.Look {
			break
		}
	}
	return left, nil
}

// pastOfOwned is the past of what belongs to documents that are made anew: where that is undone which
// has deleted them, what was known when it looked.
func (p *planner) pastOfOwned(ctx context.Context) (*past, error) {
	if p.request.Undo == 0 {
		return p.past, nil
	}
	if p.undonePast == nil {
		of, err := p.reader.Restore(ctx, p.request.Undo)
		if err != nil {
			return nil, err
		}
		p.undonePast = &past{reader: p.reader, instance: p.instance, run: of.Look, kinds: make(map[record.Kind]map[string]vault.Entry)}
	}
	return p.undonePast, nil
}

// drawUndo decides about what goes along with what is undone.
func (d *draft) drawUndo(ctx context.Context) error {
	if err := d.attachAgain(ctx); err != nil {
		return err
	}
	if err := d.follow(ctx); err != nil {
		return err
	}
	if err := d.noteDrawn(ctx); err != nil {
		return err
	}
	d.keepPairs()
	if err := d.waitForRemovals(ctx); err != nil {
		return err
	}
	return d.goesAlong(ctx)
}

// attachAgain adds what belonged to documents that an undo makes anew, and what still shows them under
// the ids that they had.
func (d *draft) attachAgain(ctx context.Context) error {
	back := make(map[record.Ref]*node)
	shown := make(map[record.Kind][]*node)
	for ref, n := range d.nodes {
		if n.action.Deed != record.DeedCreate {
			continue
		}
		back[ref] = n
		if n.getsID() {
			shown[ref.Kind] = append(shown[ref.Kind], n)
		}
	}
	if err := d.attachOwned(ctx, back); err != nil || len(shown) == 0 {
		return err
	}
	if _, err := d.noteMoves(ctx); err != nil {
		return err
	}
	then, err := d.pastOfOwned(ctx)
	if err != nil {
		return err
	}
	return d.attachLinksOf(ctx, then, shown)
}

// lastBefore is the newest of some versions that a run, or one before it, has seen first.
func lastBefore(versions []vault.Entry, run int64) (last vault.Entry) {
	for _, v := range versions {
		if v.FirstRun <= run {
			last = v
		}
	}
	return last
}

// changedSince says what somebody has changed of a document since the restore that is undone, ""
// for nothing.
func (d *draft) changedSince(ctx context.Context, n *node, now vault.Entry) (string, error) {
	if n.undoes == 0 || n.left.Version != 0 && n.left.Version == now.Version {
		return "", nil
	}
	if n.left.Version == 0 {
		return d.changedUnread(ctx, n, now)
	}
	left, err := d.body(ctx, n.left)
	if err != nil {
		return "", err
	}
	left = bytes.Clone(left)
	is, err := d.body(ctx, now)
	if err != nil {
		return "", err
	}
	changes, err := n.differences(left, is)
	if err != nil || len(changes) == 0 {
		return "", err
	}
	return "somebody has changed it since the restore: " + someOf(changes), nil
}

// differences are the members of two states of a document in which they differ. Where what was
// made is not to be there, neither is it somebody's work to have thrown that away, nor to have let
// it sleep.
func (n *node) differences(was, is []byte) ([]string, error) {
	spec := canon.RowFor(n.spec, n.ID, is)
	var forms, unknown [2][]byte
	for i, body := range [][]byte{was, is} {
		var err error
		if n.absent {
			if body, err = canon.Without(body, spec.Write.Asleep.Name, spec.Write.Trash.Name); err != nil {
				return nil, err
			}
		}
		if forms[i], err = canon.Normal(spec, body, canon.Itself); err != nil {
			return nil, fmt.Errorf("%s: %w", n.Ref, err)
		}
		if unknown[i], err = canon.Unknown(spec, body); err != nil {
			return nil, fmt.Errorf("%s: %w", n.Ref, err)
		}
	}
	changes, err := canon.Differences(forms[0], forms[1])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.Ref, err)
	}
	var paths []string
	for _, c := range changes {
		paths = append(paths, c.Path)
	}
	if len(paths) == 0 && !bytes.Equal(unknown[0], unknown[1]) {
		paths = []string{unknownMember}
	}
	return paths, nil
}

// membersShown is how many members the reason of an action names.
const membersShown = 3

// someOf names the first of some members.
func someOf(paths []string) string {
	if more := len(paths) - membersShown; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(paths[:membersShown], ", "), more)
	}
	return strings.Join(paths, ", ")
}

// leave lets a document stay as it is that has somebody else's work in it.
func (n *node) leave() {
	if n.shares != "" && n.spec.Write.Reused {
		n.writeNothing(record.DeedReuse, n.since)
		return
	}
	n.writeNothing(record.DeedSkip, n.since)
}

// Leaves reports whether an undo leaves a document as it is that it was to take back, or some of it.
func (r *Request) Leaves(a record.Action) bool {
	return r.Undo != 0 && (a.Deed == record.DeedSkip || slices.Contains(r.Kept, a.Ref))
}
