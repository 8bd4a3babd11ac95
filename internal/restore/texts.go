package restore

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Texts lead to documents by addresses: "/dashboards/42". In what a restore writes they lead
// to what stands for these on the instance. What an earlier restore has made, and what the plan
// takes for the same, is known from the beginning; what this one makes is written when all of it
// is there, since two documents may lead to each other.

// hosts are those of the instance, by which addresses in texts lead to it.
func (p *planner) hosts(ctx context.Context) ([]string, error) {
	run, err := p.reader.Run(ctx, p.past.run)
	if err != nil {
		return nil, err
	}
	addresses := []string{run.BaseURL}
	settings, err := p.present.all(ctx, catalogue.MailDomains.Kind)
	if err != nil {
		return nil, err
	}
	if e := settings[catalogue.WebAddress.ID]; e.Version != 0 {
		d, err := p.reader.VersionBody(ctx, e.Version)
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, canon.Text(canon.Member(d.Body, catalogue.WebAddress.Path)))
	}
	var hosts []string
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" {
			continue
		}
		for _, host := range []string{u.Host, u.Hostname()} {
			if !slices.Contains(hosts, host) {
				hosts = append(hosts, host)
			}
		}
	}
	return hosts, nil
}

// leading rewrites the addresses in the texts of a body.
func (r *Request) leading(w *catalogue.Write, body []byte, resolve canon.Resolver) ([]byte, error) {
	rewritten, _, err := canon.Addresses{Hosts: r.Hosts, Resolve: resolve}.Document(w, body)
	return rewritten, err
}

// stood is a [canon.Resolver] of what earlier restores have made.
func (p *present) stood(kind record.Kind, id string) (string, bool) {
	if to, ok := p.mapped[record.Ref{Kind: kind, ID: id}]; ok {
		return to, true
	}
	return id, true
}

// leadAnew lets the texts of what the plan writes lead to what it makes anew or takes for the
// same. A document that is as it is wanted but for that is changed where it would be if anything
// else differed.
func (d *draft) leadAnew(ctx context.Context) error {
	if !d.changesIDs() || !d.request.rewritesLinks() {
		return nil
	}
	for _, ref := range sortedRefs(d.nodes) {
		n := d.nodes[ref]
		if n.absent || !n.writes() && !d.wouldChange(n) {
			continue
		}
		if err := d.load(ctx, n); err != nil {
			return err
		}
		body, err := d.request.leading(n.spec.Write, n.body, d.resolver)
		if err != nil {
			return fmt.Errorf("%s: %w", n.Ref, err)
		}
		if bytes.Equal(body, n.body) {
			continue
		}
		rewritten, err := canon.Changes(n.spec.Write, n.body, body, canon.Itself)
		if err != nil {
			return fmt.Errorf("%s: %w", n.Ref, err)
		}
		n.body, n.leads = body, true
		if err := d.weighAnew(ctx, n); err != nil {
			return err
		}
		if n.writes() { // it is read again at last, and its texts are written
			n.action.PlannedCalls += updateCalls(n.spec, rewritten)
		}
	}
	return nil
}

// changesIDs reports whether the plan makes documents that get other ids, or finds some under
// others.
func (d *draft) changesIDs() bool {
	for _, n := range d.nodes {
		if n.getsID() || standsForAnother(n.action) {
			return true
		}
	}
	return false
}

// wouldChange reports whether a document that is as it is wanted would be changed if it were
// not.
func (d *draft) wouldChange(n *node) bool {
	if d.request.Lost && d.request.LostSpan == nil && !n.linked {
		return false
	}
	chosen := !n.needed && !n.attached && d.request.policy(n.Ref, n.named) == Update
	return n.action.Deed == record.DeedReuse && n.action.Target != "" && chosen
}

// weighAnew compares a document once more with what is there, whose texts lead elsewhere now.
func (d *draft) weighAnew(ctx context.Context, n *node) (err error) {
	if n.action.Deed == record.DeedCreate {
		n.action.Changes, err = canon.Changes(n.spec.Write, nil, n.body, d.resolverOf(n))
		return err
	}
	now, _, err := d.present.find(ctx, n.Ref)
	if err != nil || now.Version == 0 {
		return err
	}
	current, err := d.body(ctx, now)
	if err != nil {
		return err
	}
	if n.writes() {
		return d.again(n, now, bytes.Clone(current))
	}
	n.action.Deed, n.action.Reason, n.action.State = "", "", record.ActionPlanned
	return d.compare(ctx, n, now)
}

// noteAddresses records what addresses lead to: what earlier restores have made, what the plan
// takes for the same, and what this one makes anew.
func (a *applier) noteAddresses(mappings []record.Mapping) {
	earlier := slices.DeleteFunc(slices.Clone(mappings), func(m record.Mapping) bool { return m.Restore == a.plan.ID })
	a.stood, a.anew = make(map[record.Ref]string), make(map[record.Ref]bool)
	for ref, id := range targetsOf(earlier) {
		if id != ref.ID {
			a.stood[ref] = id
		}
	}
	for _, action := range a.plan.Actions {
		spec, ok := catalogue.Find(action.Kind)
		switch {
		case !ok || spec.Owned() || a.request.beside(action.Ref):
		case action.Deed == record.DeedCreate:
			a.anew[action.Ref] = true
		case standsForAnother(action):
			a.stood[action.Ref] = action.Target
		}
	}
}

// noteHomes adds the personal folders that come with users whom the restore makes anew.
func (a *applier) noteHomes(ctx context.Context) error {
	if !a.request.rewritesLinks() {
		return nil
	}
	for _, action := range a.plan.Actions {
		spec, ok := catalogue.Find(action.Kind)
		if !ok || action.Deed != record.DeedCreate || action.Version == 0 || a.request.beside(action.Ref) {
			continue
		}
		for i := range spec.Relations {
			r := &spec.Relations[i]
			if r.Role != catalogue.Owns || r.Kind != catalogue.Folders {
				continue
			}
			d, err := a.Reader.VersionBody(ctx, action.Version)
			if err != nil {
				return err
			}
			for _, id := range canon.Named(d.Body, r) {
				a.anew[record.Ref{Kind: r.Kind, ID: id}] = true
			}
		}
	}
	return nil
}

// standsForAnother reports whether a plan takes a document of the instance for one that has
// another id in the backup.
func standsForAnother(action record.Action) bool {
	return action.Deed != record.DeedCreate && action.Deed != record.DeedDelete && action.Target != "" && action.Target != action.ID
}

// stands is a [canon.Resolver] for addresses in what is written first: of what is there
// under another id before this restore. It tells the same in every attempt, so that what an attempt has made is known
// again.
func (a *applier) stands(kind record.Kind, id string) (string, bool) {
	ref := record.Ref{Kind: kind, ID: id}
	if to, ok := a.stood[ref]; ok && !a.anew[ref] {
		return to, true
	}
	return id, true
}

// wantedOf is the body that is wanted of a document, given that of its version: what is
// written first.
func (a *applier) wantedOf(ref record.Ref, body []byte) ([]byte, error) {
	return a.wantedBy(ref, body, a.stands, len(a.stood) > 0)
}

// wantedAtLast is that body when all is done.
func (a *applier) wantedAtLast(ref record.Ref, body []byte) ([]byte, error) {
	return a.wantedBy(ref, body, a.resolve, len(a.stood)+len(a.anew) > 0)
}

func (a *applier) wantedBy(ref record.Ref, body []byte, resolve canon.Resolver, leads bool) ([]byte, error) {
	body, err := a.request.wanted(ref, body)
	if err != nil || !leads || !a.request.rewritesLinks() {
		return body, err
	}
	return a.leading(writeRowOf(ref, body), body, resolve)
}

// leadAnew lets the texts of what was written lead to what this restore has made.
func (a *applier) leadAnew(ctx context.Context) error {
	if len(a.anew) == 0 || !a.request.rewritesLinks() {
		return nil
	}
	return a.Reader.VersionBodies(ctx, func(read func(int64) (vault.Document, error)) error {
		for _, action := range slices.Clone(a.plan.Actions) {
			if action.State != record.ActionDone && action.State != record.ActionSame || action.Version == 0 || action.Deed == record.DeedDelete {
				continue
			}
			wanted, err := read(action.Version)
			if err != nil {
				return err
			}
			leads, err := a.leadsToMade(action, wanted.Body)
			if err != nil || !leads {
				if err != nil {
					return err
				}
				continue
			}
			if err := a.writeTexts(ctx, action, wanted.Body); err != nil {
				return err
			}
		}
		return nil
	})
}

// leadsToMade reports whether the texts of a document lead to something that this restore
// has made.
func (a *applier) leadsToMade(action record.Action, body []byte) (leads bool, err error) {
	_, err = a.request.leading(writeRowOf(action.Ref, body), body, func(kind record.Kind, id string) (string, bool) {
		to, _ := a.stands(kind, id)
		leads = leads || a.anew[record.Ref{Kind: kind, ID: to}]
		return id, true
	})
	return leads, err
}

// writeTexts writes the addresses of what was made into the texts of a document, as it is by
// now, and notes the calls.
func (a *applier) writeTexts(ctx context.Context, action record.Action, wanted []byte) error {
	spec, _ := catalogue.Find(action.Kind)
	t := a.task(action, spec)
	t.spec, t.wrote = canon.RowFor(spec, action.ID, wanted), true
	err := t.leadTexts(ctx)
	if err != nil && aboutRestore(err) {
		return err
	}
	if err != nil {
		t.conclude(fmt.Errorf("its texts lead to what was there before: %w", err))
	} else if t.action.Calls > action.Calls+1 {
		t.action.State = record.ActionDone
	}
	a.store(t.action)
	return a.Journal.Settle(ctx, nil, []record.Action{t.action}, nil)
}

func (t *task) leadTexts(ctx context.Context) error {
	now, err := t.reread(ctx)
	if err != nil {
		return err
	}
	led, err := t.leading(t.spec.Write, now, func(kind record.Kind, id string) (string, bool) {
		if t.applier.anew[record.Ref{Kind: kind, ID: id}] {
			return t.applier.resolve(kind, id)
		}
		return id, true
	})
	if err != nil || bytes.Equal(led, now) {
		return err
	}
	if err := t.sendTexts(ctx, t.spec.Write, "", t.action.Target, now, led); err != nil {
		return err
	}
	for _, list := range partLists(t.spec.Write.Parts) {
		if err := t.sendPartTexts(ctx, list, now, led); err != nil {
			return err
		}
	}
	return nil
}

// sendPartTexts writes the parts of a list whose texts lead elsewhere now.
func (t *task) sendPartTexts(ctx context.Context, list partList, now, led []byte) error {
	holders, err := holdersOf(list, holder{id: t.action.Target, wanted: led, now: now}, canon.Itself)
	if err != nil {
		return err
	}
	for _, h := range holders {
		was, err := canon.PartRows(list.part, h.now)
		if err != nil {
			return err
		}
		is, err := canon.PartRows(list.part, h.wanted)
		if err != nil {
			return err
		}
		var updates []update
		for i := range was {
			updates, err = t.updatePart(ctx, list.part, h.id, was[i], is[i], t.ledItself, updates, func() error {
				return t.sendTexts(ctx, list.part.Write, h.id, partTarget(was[i]), was[i].Body, is[i].Body)
			})
			if err != nil {
				return fmt.Errorf("%s: %w", partName(list.part, was[i]), err)
			}
		}
		if err := t.sendAll(ctx, updates); err != nil {
			return err
		}
	}
	return nil
}

// sendTexts writes a document or part where its texts lead elsewhere now. All that it names
// is called what it is called on the instance.
func (t *task) sendTexts(ctx context.Context, w *catalogue.Write, owner, id string, now, led []byte) error {
	if w.Update.IsZero() || bytes.Equal(now, led) {
		return nil
	}
	if err := t.makeLed(ctx, w, led); err != nil {
		return err
	}
	body, changed, err := canon.Patch(w, now, led, t.ledItself)
	if err != nil || !changed {
		return err
	}
	_, err = t.send(ctx, w.Update, fill(w.Update, owner, id), body)
	return err
}
