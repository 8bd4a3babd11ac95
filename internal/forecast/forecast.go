package forecast

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
	"github.com/lookervault/lookervault/internal/scope"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/stages"
)

// Ahead is a run that is to be forecast. Nothing in it is changed.
type Ahead struct {
	Config  config.Config
	Kinds   []*catalogue.Spec
	Exclude []record.Ref
	Scope   record.Scope
	Full    bool
	Caller  record.Caller
	Client  *looker.Client
	// Looker is the release of the server, "" where nobody has asked for it: then it is taken to be
	// what the newest run found that asked.
	Looker string

	// Vault is what the run would add to, nil when there is none yet.
	Vault    vault.Reader
	Instance string
	// Refresh is that of [extract.Job], and Now is when the run begins.
	Refresh map[record.Kind]time.Duration
	Now     time.Time
	// Limits are those of [extract.Job].
	Limits plan.Limits
	// Resume is the run that would be continued, 0 for a new one: what it has
	// settled costs nothing any more.
	Resume int64
	// Besides are calls that the run makes before the first of a kind. They are
	// part of the forecast as they are.
	Besides []record.Calls
	// Told are the paths of lists that those calls bring, see [extract.Job].
	Told []string
}

// Span is a number that is not known yet: what is expected, and the bounds
// within which it is expected to lie.
type Span struct {
	Low    int64
	Likely int64
	High   int64
}

// Known reports whether the number is certain, as far as nobody changes anything
// on the server until the run.
func (s Span) Known() bool { return s.Low == s.High }

func (s Span) plus(o Span) Span { return Span{s.Low + o.Low, s.Likely + o.Likely, s.High + o.High} }

// KindForecast is what a run is expected to find of a kind and what that costs.
type KindForecast struct {
	Kind           record.Kind
	Items          Span // documents that it accounts for
	Administrative Span // calls, by the quota that they are drawn from
	Query          Span
	Listing        record.Listing // complete, or why the kind will be short: denied, unavailable, incomplete
	Changes        *Changes       // what lists tell of changes; nil where they tell nothing
	Notes          []string       // where numbers that are not known come from, one line each
}

// Calls is how many calls the kind is expected to cost.
func (k KindForecast) Calls() Span { return k.Administrative.plus(k.Query) }

// Forecast is what a run is expected to cost. Retries are not part of it.
type Forecast struct {
	Kinds   []KindForecast // in the order of the catalogue
	Besides []record.Calls // made before the first call of a kind
	Held    bool           // the vault holds documents of the instance
}

// Items is how many documents the run is expected to account for.
func (f Forecast) Items() (sum Span) {
	for _, k := range f.Kinds {
		sum = sum.plus(k.Items)
	}
	return sum
}

// Calls is how many calls of a class the run is expected to make.
func (f Forecast) Calls(class catalogue.Activity) (sum Span) {
	for _, c := range f.Besides {
		if c.Class == string(class) {
			sum = sum.plus(Span{c.N, c.N, c.N})
		}
	}
	for _, k := range f.Kinds {
		if class == catalogue.Query {
			sum = sum.plus(k.Query)
		} else {
			sum = sum.plus(k.Administrative)
		}
	}
	return sum
}

// Total is how many calls the run is expected to make.
func (f Forecast) Total() Span {
	return f.Calls(catalogue.Administrative).plus(f.Calls(catalogue.Query))
}

// Foresee forecasts a run: it asks at most one small call a kind, and one for its trash, reads what the
// vault holds and works out what the run would then plan. It stores nothing.
//
// A kind that cannot be asked is no error but says so in its forecast. Errors are
// about the connection, the vault, or a folder of the scope that is not there
// (scope.ErrNoFolder).
func Foresee(ctx context.Context, ahead Ahead) (Forecast, error) {
	o := &outlook{
		Ahead: ahead, api: api{extract.NewLooker(ahead.Client, ahead.Config.Looker.Timeout.Std())},
		held: make(map[record.Kind]held),
	}
	if err := o.remember(ctx); err != nil {
		return Forecast{}, fmt.Errorf("read what is stored: %w", err)
	}
	m := newModel(ahead)
	for _, kind := range ahead.Kinds {
		if o.restsWhole(kind) {
			continue
		}
		if err := o.askFor(ctx, kind); err != nil {
			return Forecast{}, err
		}
	}
	besides := slices.Clone(ahead.Besides)
	if !ahead.Scope.Unscoped() {
		within, call, err := o.within(ctx)
		if err != nil {
			return Forecast{}, err
		}
		m.rules.Within, besides = within, append(besides, call)
	}
	if err := o.model(ctx, m); err != nil {
		return Forecast{}, err
	}
	f := Forecast{Kinds: m.forecasts, Besides: besides}
	for _, h := range o.held {
		f.Held = f.Held || len(h) > 0
	}
	position := make(map[record.Kind]int)
	for i, k := range catalogue.All() {
		position[k.Name] = i
	}
	slices.SortFunc(f.Kinds, func(a, b KindForecast) int { return cmp.Compare(position[a.Kind], position[b.Kind]) })
	return f, nil
}

// outlook gathers what a forecast is made from.
type outlook struct {
	Ahead
	api     api
	glances map[record.Kind]Glance
	held    map[record.Kind]held
	past    map[record.Kind]past
	stale   bool // stamps were made under other rules, so that they prove nothing
	// rules say what the run need not ask for again, nil for nothing.
	rules   *refresh.Rules
	inScope scope.Within // what lies in the folders of the scope; nil: everything
	// proven is when rows of a list were last compared with their documents, by a run whose
	// calls were counted; nil where those of this one are not.
	proven map[record.Kind]time.Time
	// notServed is when documents were asked for that the server did not have.
	notServed map[record.Ref]time.Time
	runs      []record.Run // of the instance, the newest first
}

// model works wave by wave, as the run will: what a wave holds follows from the
// documents of the waves before.
func (o *outlook) model(ctx context.Context, m *model) error {
	m.recalls(o)
	kinds := slices.Clone(o.Kinds)
	slices.SortStableFunc(kinds, func(a, b *catalogue.Spec) int {
		return cmp.Compare(catalogue.Wave(a.Name), catalogue.Wave(b.Name))
	})
	if err := o.unselected(ctx, m); err != nil {
		return err
	}
	for _, kind := range kinds {
		k := newKnowledge(kind, o.glances[kind.Name], o.held[kind.Name], o.past[kind.Name])
		if o.restsWhole(kind) {
			m.forecasts = append(m.forecasts, KindForecast{Kind: kind.Name, Listing: record.Deferred})
			m.follow(o.held[kind.Name].documents(nil)) // what its documents name is followed all the same
			continue
		}
		if err := o.deepen(ctx, m, k); err != nil {
			return err
		}
		changes := o.foreseen(m, k) // before the model adds what it takes to be there
		m.add(k)
		m.forecasts[len(m.forecasts)-1].Changes = changes
	}
	m.behind()
	return nil
}

// targets are the kinds of the run that are followed from other documents.
func (o *outlook) targets() []record.Kind {
	var targets []record.Kind
	for _, k := range o.Kinds {
		if k.Listing.Followed {
			targets = append(targets, k.Name)
		}
	}
	return targets
}

// amount is a span under way: numbers may be fractions.
type amount struct{ low, likely, high float64 }

func exactly(n int) amount { return amount{float64(n), float64(n), float64(n)} }

func (a amount) plus(b amount) amount {
	return amount{a.low + b.low, a.likely + b.likely, a.high + b.high}
}

func (a amount) times(b amount) amount {
	return amount{a.low * b.low, a.likely * b.likely, a.high * b.high}
}

// each applies a function that grows with its argument.
func (a amount) each(fn func(float64) float64) amount {
	return amount{fn(a.low), fn(a.likely), fn(a.high)}
}

func (a amount) span() Span {
	return Span{int64(math.Floor(a.low + 1e-9)), int64(math.Round(a.likely)), int64(math.Ceil(a.high - 1e-9))}
}

// cost is an amount of calls by the quota that they are drawn from.
type cost struct{ administrative, query amount }

func (c *cost) add(activity catalogue.Activity, n amount) {
	if activity == catalogue.Query {
		c.query = c.query.plus(n)
		return
	}
	c.administrative = c.administrative.plus(n)
}

func (c cost) plus(o cost) cost {
	return cost{c.administrative.plus(o.administrative), c.query.plus(o.query)}
}

func (c cost) times(f amount) cost {
	return cost{c.administrative.times(f), c.query.times(f)}
}

// refusal tells how a kind's listing will end that could not be asked. held says
// whether the vault holds documents of it.
func refusal(kind *catalogue.Spec, failed *stages.Failed, held bool) record.Listing {
	switch {
	case failed.Class == record.FaultMissing && kind.Optional && held:
		return record.Incomplete
	case failed.Class == record.FaultMissing && kind.Optional:
		return record.Unavailable
	case failed.Class == record.FaultDenied, failed.Class == record.FaultMissing:
		return record.Denied
	}
	return record.Incomplete
}
