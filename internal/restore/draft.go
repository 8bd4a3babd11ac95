package restore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// draft is a plan under construction: what becomes of each document, and which of them
// wait for which.
type draft struct {
	*planner
	nodes    map[record.Ref]*node
	families map[record.Ref]*node // those of documents that restores have made anew before, by the first
	relied   map[record.Ref]bool  // what decisions rest on and no look has seen
	// searches are for what may hold the keys of documents, which no look has searched for.
	searches map[record.Kind][]record.Search
	seeking  map[string]bool // the same
	// lists are kinds that no look has listed, where any document may have a key that is sought.
	lists map[record.Kind]bool
	homes map[record.Ref]bool // personal folders of users who are made anew, and get new ones
	// toCaller are users for whom the user of the API key stands, since nobody else does: content
	// can be theirs, but what runs with the rights of its owner must not run with an administrator's.
	toCaller map[string]bool

	// callers is what the user of the API key names: the groups and roles that they belong to, the groups
	// around these, and more that no restore deletes.
	callers map[record.Ref]bool
	// listed are the explores of models, as far as they were asked for.
	listed map[record.Ref][]string
	notes  []string
	// decisions counts what was decided about what is wanted.
	decisions int
	chosen    map[record.Ref]wish // the documents that were selected
	finding   []*node             // those that wait for what has their keys to be decided, the first one first
	rings     [][]*node           // those that wait for each other's keys: the last one is written first
	// replaced are the deletions of what is made anew since no update makes it what is wanted.
	replaced map[*node]*node
	moves    map[record.Ref]move // what may have another id when the plan is done, besides documents
}

// node is an action of a draft.
type node struct {
	wish
	spec *catalogue.Spec
	body []byte // of the version that is wanted, nil where none is
	// current is what the instance has of it, where its parts may stand on what is gone.
	current []byte
	action  record.Action
	shares  string       // what another document has that has its key
	since   string       // what somebody has changed since the restore that is undone
	differs bool         // it stays as it is, and is not what is wanted
	taken   *vault.Entry // what it is taken for the same as, which another id made
	keeps   string       // what it has and should not, which nobody can take away; "" for nothing
	leads   bool         // its texts lead to what the plan makes anew, or takes for the same
	leftOut bool         // it does not come back, whoever asked for it: the plan says so
	// recreated documents are made anew although they are in the trash, and take along what hangs on
	// the one there.
	recreated bool
	replaced  bool                  // it comes into another place than it had
	share     string                // of its parts that come back, "" for all
	pairs     map[record.Ref]string // parts that have another id on the instance than in the backup
	needs     []*node
	level     int // 0 until it is worked out
}

// newDraft begins a plan anew, since a look has seen more: nothing that another draft
// decided counts.
func newDraft(p *planner) *draft {
	p.request.Decisions = Decisions{}
	p.present.reset()
	return &draft{
		planner: p, nodes: make(map[record.Ref]*node), families: make(map[record.Ref]*node), relied: make(map[record.Ref]bool), homes: make(map[record.Ref]bool),
		searches: make(map[record.Kind][]record.Search), seeking: make(map[string]bool), lists: make(map[record.Kind]bool), listed: make(map[record.Ref][]string),
		toCaller: make(map[string]bool), chosen: make(map[record.Ref]wish), replaced: make(map[*node]*node),
	}
}

// draw decides about everything that is wished for, and what hangs on it.
func (d *draft) draw(ctx context.Context, wishes []wish) error {
	if err := d.assignOwners(ctx); err != nil {
		return err
	}
	if err := d.noteCaller(ctx); err != nil {
		return err
	}
	for _, w := range wishes {
		d.chosen[w.Ref] = w
	}
	for _, w := range wishes {
		if _, err := d.decide(ctx, w); err != nil {
			return err
		}
	}
	defer d.closeRings()
	if d.request.Undo != 0 {
		return d.drawUndo(ctx)
	}
	if !d.request.Only {
		if err := d.attach(ctx); err != nil {
			return err
		}
	}
	if err := d.leadAnew(ctx); err != nil {
		return err
	}
	if err := d.follow(ctx); err != nil {
		return err
	}
	if err := d.goesAlong(ctx); err != nil {
		return err
	}
	if err := d.noteDrawn(ctx); err != nil {
		return err
	}
	d.tellAllSecrets()
	d.keepPairs()
	if err := d.waitForRemovals(ctx); err != nil {
		return err
	}
	return d.invite()
}

// decide works out what becomes of a document, and of what it cannot be without.
func (d *draft) decide(ctx context.Context, w wish) (*node, error) {
	if n := d.nodes[w.Ref]; n != nil {
		return n, nil
	}
	spec, err := knownSpec(w.Ref)
	if err != nil {
		return nil, err
	}
	n := &node{wish: w, spec: spec}
	n.action = record.Action{Ref: w.Ref, Version: w.entry.Version, Name: w.entry.Name, State: record.ActionPlanned}
	d.nodes[w.Ref] = n // before what it needs is decided, so that a circle ends here
	d.families[d.present.first(w.Ref)] = n
	if len(spec.Variants) > 0 {
		if err := d.load(ctx, n); err != nil {
			return nil, err
		}
	}
	if n.spec.Write == nil {
		n.impossible(n.spec.NotWritten)
		return n, nil
	}
	return n, d.judge(ctx, n)
}

// knownSpec is the row of a document's kind, or an error.
func knownSpec(ref record.Ref) (*catalogue.Spec, error) {
	spec, ok := catalogue.Find(ref.Kind)
	if !ok {
		return nil, fmt.Errorf("%s: the vault holds a kind that this program does not know", ref)
	}
	return spec, nil
}

// load reads the body that is wanted.
func (d *draft) load(ctx context.Context, n *node) error {
	if n.absent || n.body != nil {
		return nil
	}
	body, err := d.body(ctx, n.entry)
	if err != nil {
		return err
	}
	n.body = bytes.Clone(body)
	n.spec = canon.RowFor(n.spec, n.ID, n.body)
	if n.everTrashed {
		if err := d.override(n, n.spec.Write.Trash.Name, json.RawMessage("false")); err != nil {
			return err
		}
	}
	if err := d.join(n); err != nil {
		return err
	}
	if n.spec.Write != nil && len(d.present.mapped) > 0 && d.request.rewritesLinks() {
		n.body, err = d.request.leading(n.spec.Write, n.body, d.present.stood)
	}
	return err
}

// judge compares what is wanted of a document with what is there.
func (d *draft) judge(ctx context.Context, n *node) error {
	now, seen, exists, err := d.sees(ctx, n.Ref)
	if err != nil {
		return err
	}
	if seen == unknown {
		n.impossible(d.present.reason(n.Ref))
		return nil
	}
	if n.spec.Write.Self && now.ID == d.Caller.ID {
		n.writeNothing(record.DeedReuse, "it is the user of the API key, who is left alone")
		return nil
	}
	if exists {
		n.action.Target, n.action.Before = now.ID, now.Version
	}
	if n.action.Name == "" {
		n.action.Name = now.Name
	}
	if err := d.place(ctx, n, now); err != nil {
		return err
	}
	if d.request.Waking {
		return d.awaken(ctx, n, now, exists)
	}
	if exists {
		if n.since, err = d.changedSince(ctx, n, now); err != nil {
			return err
		}
	}
	if err := d.ownerGone(ctx, n, exists); err != nil || n.action.Deed != "" {
		return err
	}
	if err := d.partGone(ctx, n, now, exists); err != nil {
		return err
	}
	return d.judgeSeen(ctx, n, now, exists)
}

// judgeSeen decides about a document of which it is known whether it is there.
func (d *draft) judgeSeen(ctx context.Context, n *node, now vault.Entry, exists bool) error {
	switch {
	case n.absent && !exists:
		n.writeNothing(record.DeedReuse, "it is not there any more")
		return nil
	case n.absent:
		return d.remove(ctx, n, now)
	case exists && d.request.Lost && d.request.LostSpan == nil && !n.needed && !n.linked && !d.wasLost(n, now):
		n.writeNothing(record.DeedReuse, "it was not lost")
		return nil
	}
	if decided, err := d.comesInto(ctx, n, now, exists); err != nil || decided {
		return err
	}
	if decided, err := d.ownAgain(ctx, n, exists); err != nil || decided {
		return err
	}
	if exists && d.unchanged(n, now) {
		n.writeNothing(record.DeedReuse, "")
		return nil
	}
	if err := d.load(ctx, n); err != nil {
		return err
	}
	switch {
	case exists && n.anew:
		n.action.Target, n.action.Before = "", 0
		return d.create(ctx, n)
	case exists && now.State == record.Trashed && n.entry.State == record.Present && d.request.Trash == Recreate:
		n.action.Target, n.action.Before, n.recreated = "", 0, true
		if err := d.freeKeys(ctx, n, now); err != nil {
			return err
		}
		return d.judgeAbsent(ctx, n) // what somebody has called so since may stand for it
	case exists:
		return d.compare(ctx, n, now)
	}
	return d.judgeAbsent(ctx, n)
}

// judgeAbsent decides about a document that is not on the instance: another one may stand for
// it, or it is made.
func (d *draft) judgeAbsent(ctx context.Context, n *node) error {
	if err := d.requirePlace(ctx, n); err != nil || n.action.Deed != "" {
		return err
	}
	other, err := d.another(ctx, n)
	switch {
	case err != nil || n.action.Deed != "":
		return err
	case other != nil:
		return d.takeFor(ctx, n, *other)
	}
	return d.create(ctx, n)
}

// wasLost reports whether a document that the instance has is not there for people, and was
// so before; or has lost its owner.
func (d *draft) wasLost(n *node, now vault.Entry) bool {
	return now.State == record.Trashed && n.entry.State == record.Present || d.handedOver(n)
}

// handedOver reports whether a document that was not lost gets another owner, without
// whom it does not run: that of the one who left.
func (d *draft) handedOver(n *node) bool {
	return n.spec.Write.RunsAsOwner && d.request.Assigned[n.entry.Owner] != "" && !d.toCaller[n.entry.Owner]
}

// place says where a document lies, for people.
func (d *draft) place(ctx context.Context, n *node, now vault.Entry) error {
	if n.spec.Place == catalogue.Nowhere {
		return nil
	}
	folder := n.entry.Folder
	if n.entry.Version == 0 {
		folder = now.Folder
	}
	folders, err := d.past.all(ctx, catalogue.Folders)
	if err != nil {
		return err
	}
	if n.action.Place = folderPath(folders, folder); n.action.Place != "" || folder == "" {
		return nil
	}
	if folders, err = d.present.all(ctx, catalogue.Folders); err == nil { // one that was made since, or had gone
		n.action.Place = folderPath(folders, folder)
	}
	return err
}

// comesAnew is the node of a document that the plan makes anew, nil where it does not. What is
// to be undone as well is decided for that.
func (d *draft) comesAnew(ctx context.Context, ref record.Ref) (*node, error) {
	n := d.nodes[ref]
	if w, ok := d.undoing[ref]; ok && n == nil {
		var err error
		if n, err = d.decide(ctx, w); err != nil {
			return nil, err
		}
	}
	if n == nil || n.action.Deed != record.DeedCreate {
		return nil, nil
	}
	return n, nil
}

// resolver is a [canon.Resolver] of the ids that the instance uses now.
func (p *planner) resolver(kind record.Kind, id string) (string, bool) {
	ref := record.Ref{Kind: kind, ID: id}
	if kind == catalogue.Users && p.request.Assigned[id] != "" {
		return p.request.Assigned[id], true
	}
	return p.present.target(ref).ID, !slices.Contains(p.request.Dropped, ref)
}

// resolver is that of the planner, and tells of what is made anew that it has no id yet.
func (d *draft) resolver(kind record.Kind, id string) (string, bool) {
	if n := d.relative(record.Ref{Kind: kind, ID: id}); n != nil && n.getsID() && !d.request.beside(n.Ref) {
		return newID + n.Ref.String(), true
	}
	representative := d.request.representative(record.Ref{Kind: kind, ID: id})
	if d.homes[representative] || d.moves[representative].unknown {
		return newID + representative.String(), true
	}
	return d.planner.resolver(kind, representative.ID)
}

// eachSeen calls visit for each document of a kind that the looks saw, in the order of ids. The
// body is visit's until it returns.
func (d *draft) eachSeen(ctx context.Context, kind record.Kind, visit func(e vault.Entry, body []byte)) error {
	held, err := d.present.all(ctx, kind)
	if err != nil {
		return err
	}
	for _, id := range sortedKeys(held) {
		e := held[id]
		if e.State == record.Gone || e.LastRun <= d.present.before {
			continue
		}
		body, err := d.body(ctx, e)
		if err != nil {
			return err
		}
		visit(e, body)
	}
	return nil
}

// expectation is what must be on the instance when an action begins: the normal form
// and the members that nobody knows.
func expectation(spec *catalogue.Spec, body []byte) (record.Digest, error) {
	form, err := canon.Normal(spec, body, canon.Itself)
	if err != nil {
		return record.Digest{}, err
	}
	unknown, err := canon.Unknown(spec, body)
	if err != nil {
		return record.Digest{}, err
	}
	return sha256.Sum256(slices.Concat(form, []byte{0}, unknown)), nil
}

func (d *draft) note(format string, args ...any) {
	if line := fmt.Sprintf(format, args...); !slices.Contains(d.notes, line) {
		d.notes = append(d.notes, line)
	}
}
