package forecast

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// held is what the vault holds of a kind and that is not gone, by id.
type held map[string]heldDocument

type heldDocument struct {
	state           record.State
	name            string
	folder, updated string
	settled         bool          // by the run that is to be resumed
	size            int64         // of its body
	hash            record.Digest // of its body
	seen            time.Time     // by the run that began then
	age             time.Duration // that this observation may reach
	refs            []record.Ref  // to kinds of the run; read only where they are needed
}

// remember reads from the vault what can make a run cheaper.
func (o *outlook) remember(ctx context.Context) error {
	if err := o.rememberEntries(ctx); err != nil || o.Vault == nil {
		return err
	}
	for _, kind := range o.Kinds {
		if !kind.Listing.Followed && !o.restsWhole(kind) {
			continue // the server shows what it names
		}
		if err := o.recall(ctx, kind, o.held[kind.Name], nil); err != nil {
			return err
		}
	}
	return nil
}

// rememberEntries reads what the vault holds, without what documents point to. Where
// that is nothing, Vault is nil afterwards.
func (o *outlook) rememberEntries(ctx context.Context) error {
	if o.Vault == nil {
		return nil
	}
	runs, err := o.Vault.Runs(ctx, o.Instance)
	switch {
	case errors.Is(err, vault.ErrNotFound):
		o.Vault = nil // it holds other instances only
		return nil
	case err != nil:
		return err
	}
	o.runs, o.rules = runs, o.rulesAfter(runs)
	started := make(map[int64]time.Time, len(runs))
	for _, r := range runs {
		if r.Caller.SeesAsMuchAs(o.Caller) {
			started[r.ID] = r.Started
		}
	}
	if len(runs) > 0 {
		o.stale = !redactedAs(runs[0].Config, o.Config.Stages.Redact)
		if o.past, err = o.learnt(ctx, runs); err != nil {
			return err
		}
		if err := errors.Join(o.rememberProofs(ctx, runs), o.rememberNotServed(ctx, runs), o.rememberDates(ctx, runs)); err != nil {
			return err
		}
	}
	for _, kind := range o.Kinds {
		h := make(held)
		for entry, err := range o.Vault.Entries(ctx, vault.Query{Instance: o.Instance, Kind: kind.Name}) {
			if err != nil {
				return err
			}
			h[entry.ID] = heldDocument{
				state: entry.State, name: entry.Name, folder: entry.Folder, updated: entry.Updated,
				settled: o.Resume != 0 && entry.LastRun == o.Resume, seen: started[entry.LastRun], size: entry.Size, hash: entry.Hash,
			}
		}
		o.held[kind.Name] = h
	}
	return o.aging(ctx)
}

// recall reads what stored documents point to, of those that which lets through;
// nil is all.
func (o *outlook) recall(ctx context.Context, kind *catalogue.Spec, h held, which func(id string) bool) error {
	targets := o.targets()
	if len(leads(kind, targets)) == 0 {
		return nil
	}
	rules, reader := canon.Compile(kind), canon.NewReader()
	for d, err := range o.Vault.Documents(ctx, vault.Query{Instance: o.Instance, Kind: kind.Name}) {
		if err != nil {
			return err
		}
		known, ok := h[d.ID]
		if !ok || which != nil && !which(d.ID) {
			continue
		}
		doc, err := reader.Read(rules, d.Body)
		if err != nil {
			continue // a run would not follow it either
		}
		known.refs = among(doc.Refs, targets)
		h[d.ID] = known
	}
	return nil
}

// unselected adds what documents point to whose kinds are not part of the run:
// a run without a scope follows them all the same.
func (o *outlook) unselected(ctx context.Context, m *model) error {
	if o.Vault == nil || !o.Scope.Unscoped() {
		return nil
	}
	var parents []record.Kind
	for _, target := range o.targets() {
		for _, parent := range catalogue.LeadingTo(target) {
			selected := slices.ContainsFunc(o.Kinds, func(k *catalogue.Spec) bool { return k.Name == parent })
			if !selected && !slices.Contains(parents, parent) {
				parents = append(parents, parent)
			}
		}
	}
	for _, parent := range parents {
		kind, _ := catalogue.Find(parent)
		h := make(held)
		for entry, err := range o.Vault.Entries(ctx, vault.Query{Instance: o.Instance, Kind: parent}) {
			if err != nil {
				return err
			}
			h[entry.ID] = heldDocument{state: entry.State, folder: entry.Folder}
		}
		if err := o.recall(ctx, kind, h, nil); err != nil {
			return err
		}
		m.follow(h.documents(nil))
	}
	return nil
}

// documents are the held ones that which lets through, nil for all, in the order
// of ids.
func (h held) documents(which func(id string) bool) []Glimpsed {
	var rows []Glimpsed
	for id, d := range h {
		if which == nil || which(id) {
			rows = append(rows, Glimpsed{ID: id, Name: d.name, Folder: d.folder, Updated: d.updated, Refs: d.refs})
		}
	}
	slices.SortFunc(rows, func(a, b Glimpsed) int { return cmp.Compare(a.ID, b.ID) })
	return rows
}

// sizes yields the size of each document.
func (h held) sizes(yield func(int64) bool) {
	for _, d := range h {
		if !yield(d.size) {
			return
		}
	}
}

// learnt is what earlier runs found out about each kind.
func (o *outlook) learnt(ctx context.Context, runs []record.Run) (map[record.Kind]past, error) {
	i := slices.IndexFunc(runs, func(r record.Run) bool { return r.Outcome == record.RunComplete })
	if i < 0 {
		return nil, nil
	}
	lessons, err := o.Vault.Learnt(ctx, runs[i].ID)
	return learn(runs, lessons), err
}

// learn tells what the newest complete run found out about each kind: whether rows of
// lists are poorer than documents, which is one of its lessons. Where it asked for more
// immutable documents than it brought, the others are not there.
func learn(runs []record.Run, lessons []record.Learnt) map[record.Kind]past {
	learnt := make(map[record.Kind]past)
	i := slices.IndexFunc(runs, func(r record.Run) bool { return r.Outcome == record.RunComplete })
	if i < 0 {
		return learnt
	}
	calls := make(map[string]int64)
	for _, c := range runs[i].Calls {
		calls[c.Route] += c.N
	}
	for _, c := range runs[i].Kinds {
		kind, ok := catalogue.Find(c.Kind)
		route := kind.Detail.String()
		p := past{
			complete: c.Listing == record.Complete,
			overview: ok && kind.Listing.Overview != nil && calls[kind.Listing.Overview.Route.String()] > 0,
			poor:     slices.Contains(lessons, record.Learnt{Kind: c.Kind, Code: record.RowsPoor}),
		}
		if ok && kind.Immutable {
			brought := c.New + c.Changed
			if runs[i].Full {
				brought = c.Settled()
			}
			p.dangling = int(max(0, calls[route]-brought))
		}
		learnt[c.Kind] = p
	}
	return learnt
}

// redactedAs reports whether a run was made with this redaction: under another one
// its stamps prove nothing to the next run. A run that stored no configuration
// counts as made with it.
func redactedAs(stored []byte, now config.RedactStage) bool {
	var c struct {
		Stages struct {
			Redact *struct {
				Enabled bool     `json:"enabled"`
				Paths   []string `json:"paths"`
			} `json:"redact"`
		} `json:"stages"`
	}
	if json.Unmarshal(stored, &c) != nil || c.Stages.Redact == nil {
		return true
	}
	then := c.Stages.Redact
	return then.Enabled == now.Enabled && (!now.Enabled || sameSet(then.Paths, now.Paths))
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
