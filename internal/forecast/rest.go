package forecast

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
	"github.com/lookervault/lookervault/internal/vault"
)

// rulesAfter are the rules of a run that begins now, behind others, of which the newest is
// the first.
func (o *outlook) rulesAfter(runs []record.Run) *refresh.Rules {
	if o.Refresh == nil || o.Full || !o.Scope.Unscoped() || o.Resume != 0 {
		return nil
	}
	rules := &refresh.Rules{Now: o.Now, Gap: refresh.Between(time.Time{}, o.Now), Ages: o.Refresh, Listed: make(map[record.Kind]time.Time), TrashListed: make(map[record.Kind]time.Time), Unavailable: unavailable(runs)}
	if i := slices.IndexFunc(runs, func(r record.Run) bool { return r.Origin != record.OriginLook }); i >= 0 {
		rules.Gap = refresh.Between(runs[i].Started, o.Now)
	}
	asked := make(map[record.Kind]bool)
	for _, run := range runs {
		if !run.Scope.Unscoped() || !run.Caller.SeesAsMuchAs(o.Caller) {
			continue
		}
		for _, k := range run.Kinds {
			if asked[k.Kind] || k.Listing == record.Deferred || k.TrashRested {
				continue
			}
			asked[k.Kind] = true
			if k.Listing != record.Complete || k.Failed > 0 {
				continue
			}
			rules.TrashListed[k.Kind] = run.Started
			if k.Deferred == 0 {
				rules.Listed[k.Kind] = run.Started
			}
		}
	}
	return rules
}

// unavailable is when kinds were asked for last that the server did not have, with an
// administrator's key. The newest run is the first.
func unavailable(runs []record.Run) map[record.Kind]time.Time {
	asked, missed := make(map[record.Kind]bool), make(map[record.Kind]time.Time)
	for _, run := range runs {
		for _, k := range run.Kinds {
			if !run.Scope.Unscoped() || asked[k.Kind] || k.Listing == record.Open || k.Listing == record.Budget || k.Listing == record.Deferred {
				continue
			}
			asked[k.Kind] = true
			if k.Listing == record.Unavailable && run.Caller.KnownAdmin() {
				missed[k.Kind] = run.Started
			}
		}
	}
	return missed
}

// restsWhole reports whether the run will not list a kind.
func (o *outlook) restsWhole(kind *catalogue.Spec) bool {
	rules := plan.Rules{Refresh: o.rules, Limits: o.Limits}
	return rules.RestsWhole(kind, false)
}

// aging tells how old what is known of each document may grow.
func (o *outlook) aging(ctx context.Context) error {
	if o.rules == nil {
		return nil
	}
	body := func(ref record.Ref) ([]byte, error) {
		if o.held[ref.Kind] != nil {
			if _, held := o.held[ref.Kind][ref.ID]; !held {
				return nil, nil
			}
		}
		d, err := o.Vault.Document(ctx, o.Instance, ref, vault.Point{})
		return d.Body, err
	}
	rules := plan.Rules{Refresh: o.rules, Limits: o.Limits}
	for _, kind := range o.Kinds {
		documents := o.held[kind.Name]
		ages, err := rules.Ages(kind, slices.Collect(maps.Keys(documents)), body)
		if err != nil {
			return err
		}
		for id, age := range ages {
			d := documents[id]
			d.age = age
			documents[id] = d
		}
	}
	return nil
}

// release is that of the server. A run that was refused has not asked for it.
func (o *outlook) release(runs []record.Run) string {
	if i := slices.IndexFunc(runs, func(r record.Run) bool { return r.Looker != "" }); i >= 0 && o.Looker == "" {
		return runs[i].Looker
	}
	return o.Looker
}

// rememberDates reads what was learnt of dates on the server's release, where dates may be
// trusted.
func (o *outlook) rememberDates(ctx context.Context, runs []record.Run) (err error) {
	release := o.release(runs)
	if o.rules == nil || o.Config.TrustDates != config.DatesLearned || release == "" {
		return nil
	}
	o.rules.Dates, err = o.Vault.Dates(ctx, o.Instance, release)
	return err
}

// overview is what the list costs that tells of the documents of a kind: one call, however
// many kinds it tells of.
func (m *model) overview(k *knowledge, documents int) (c cost) {
	of := k.kind.Listing.Overview
	if of == nil || !m.proves || documents == 0 || m.overviews[of.Route.Path] || k.past.complete && !k.past.overview {
		return c
	}
	m.overviews[of.Route.Path] = true
	c.add(of.Route.Activity, exactly(1))
	return c
}

// planner asks what a run does not ask for again.
func (o *outlook) planner() plan.Rules {
	return plan.Rules{Counted: o.Config.Looker.Quota.Counted(), Full: o.Full, Refresh: o.rules, Limits: o.Limits}
}

// rememberNotServed reads when documents of kinds whose documents have a route each were asked
// for that the server did not have.
func (o *outlook) rememberNotServed(ctx context.Context, runs []record.Run) error {
	o.notServed = make(map[record.Ref]time.Time)
	rules, longest := o.planner(), time.Duration(0)
	for _, kind := range o.Kinds {
		longest = max(longest, rules.NotServedFor(kind))
	}
	for _, run := range runs { // the newest first
		if o.Now.Sub(run.Started) > longest {
			break
		}
		if !run.Caller.KnownAdmin() {
			continue
		}
		lessons, err := o.Vault.Learnt(ctx, run.ID)
		if err != nil {
			return err
		}
		for _, lesson := range lessons {
			id, ok := lesson.Code.NotServed()
			ref := record.Ref{Kind: lesson.Kind, ID: id}
			if _, later := o.notServed[ref]; ok && !later {
				o.notServed[ref] = run.Started
			}
		}
	}
	return nil
}

// rememberProofs reads when rows of lists were last compared with their documents on the
// server's release, where the run saves calls.
func (o *outlook) rememberProofs(ctx context.Context, runs []record.Run) error {
	if !o.Config.Looker.Quota.Counted() {
		return nil
	}
	o.proven = make(map[record.Kind]time.Time)
	release := o.release(runs)
	for _, run := range runs { // the newest first
		if o.Limits.ProofExpires(o.Now, run.Started) {
			break
		}
		if run.Looker != release {
			continue
		}
		lessons, err := o.Vault.Learnt(ctx, run.ID)
		if err != nil {
			return err
		}
		for _, lesson := range lessons {
			if _, later := o.proven[lesson.Kind]; lesson.Code == record.RowsProven && !later {
				o.proven[lesson.Kind] = run.Started
			}
		}
	}
	return nil
}
