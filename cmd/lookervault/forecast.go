package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/duration"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/forecast"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/view"
)

// standardCalls is how many calls of each class a month a Standard edition of
// Looker (Google Cloud core) includes (Google Cloud documentation: editions).
const standardCalls = 1000

// dryRun is one use of run --dry-run, once its configuration stands.
type dryRun struct {
	options runOptions
	config  config.Config
	log     hclog.Logger
	origin  string
	kinds   []*catalogue.Spec
	exclude []record.Ref
	refresh map[record.Kind]time.Duration
	table   table.Table[view.KindForecast]
	choice  table.Choice
}

// make forecasts the run and prints the forecast. Nothing is stored.
func (d *dryRun) make(ctx context.Context) error {
	reader, err := d.open(ctx)
	if err != nil {
		return err
	}
	if reader != nil {
		defer reader.Close()
	}
	meter := &extract.Meter{}
	// The budget is the run's, not the forecast's.
	unbounded := d.config
	unbounded.RateLimit.MaxCalls = 0
	client, err := newClient(unbounded, d.options.settings.secrets, d.log, meter)
	if err != nil {
		return &exitError{code: codeUsage, err: err}
	}
	defer client.Close()
	server, err := connect(ctx, client, knownRoles(ctx, d.config.Sink.Path, instanceName(d.config, client)))
	if err != nil {
		return connectFailed(ctx, err)
	}
	announce(server, d.kinds, d.config.Looker.PartialView, d.log)
	besides := meter.Drain()

	ahead := forecast.Ahead{
		Config: d.config, Kinds: d.kinds, Exclude: d.exclude, Scope: scopeOf(d.config, d.kinds), Full: d.options.full,
		Caller: server.caller, Looker: server.release, Client: client, Vault: reader, Instance: instanceName(d.config, client), Besides: besides,
		Refresh: d.refresh, Now: d.options.clock.now(), Told: rolesTold(d.config, d.kinds),
	}
	runs, err := d.runs(ctx, reader, ahead.Instance)
	if err != nil {
		return err
	}
	if d.options.resume && !d.resume(&ahead, runs) {
		fmt.Fprintf(d.options.streams.err, "Nothing to resume: the newest run of %s in %s came to its end.\n", ahead.Instance, d.config.Sink.Path)
		return nil
	}
	expected, err := forecast.Foresee(ctx, ahead)
	if err != nil && ctx.Err() != nil {
		return connectFailed(ctx, err)
	}
	if err != nil {
		return err
	}
	now, month := d.options.clock.now(), map[string]int64{}
	if len(runs) > 0 {
		if month, err = reader.CallsIn(ctx, ahead.Instance, now); err != nil {
			return err
		}
	}
	v := d.view(expected, ahead, month, append(besides, meter.Drain()...), now)
	if v.Nights, err = foreseeNights(ctx, ahead); err != nil {
		return err
	}
	return d.print(v, expected)
}

// open opens the vault for reading, or returns nil where there is none to read.
func (d *dryRun) open(ctx context.Context) (vault.Reader, error) {
	reader, err := sqlite.OpenReader(ctx, d.config.Sink.Path)
	switch {
	case errors.Is(err, vault.ErrMissing), errors.Is(err, vault.ErrEmpty):
		return nil, nil
	case errors.Is(err, vault.ErrTooOld):
		d.log.Warn("the vault has an older schema, which only a run brings up to date: forecast as for an empty one", "vault", d.config.Sink.Path)
		return nil, nil
	case err != nil:
		return nil, err
	}
	return reader, nil
}

func (d *dryRun) runs(ctx context.Context, reader vault.Reader, instance string) ([]record.Run, error) {
	if reader == nil {
		return nil, nil
	}
	runs, err := reader.Runs(ctx, instance)
	if errors.Is(err, vault.ErrNotFound) {
		return nil, nil
	}
	return runs, err
}

// resume turns the forecast to the run that --resume would continue.
func (d *dryRun) resume(ahead *forecast.Ahead, runs []record.Run) bool {
	run, open := record.Continued(runs)
	if !open {
		return false
	}
	ahead.Resume, ahead.Scope, ahead.Full = run.ID, run.Scope, run.Full
	ahead.Kinds = nil
	for _, name := range run.Scope.Kinds {
		if kind, ok := catalogue.Find(name); ok {
			ahead.Kinds = append(ahead.Kinds, kind)
		}
	}
	return true
}

func (d *dryRun) view(f forecast.Forecast, ahead forecast.Ahead, month map[string]int64, asked []record.Calls, now time.Time) view.Forecast {
	v := view.Forecast{
		Event: "forecast", Time: now, Instance: ahead.Instance, Origin: d.origin, Vault: absolute(d.config.Sink.Path), Held: f.Held,
		Resume: ahead.Resume, Full: ahead.Full, Scope: ahead.Scope,
		Items: view.Span(f.Items()), Calls: view.Span(f.Total()), ByClass: make(map[string]view.Span),
		Rate: limitsOf(d.config).PerSecond, Asked: view.ByClass(asked), Month: month,
		Included: standardCalls, StandardAfter: make(map[string]int64), MaxCalls: int64(d.config.RateLimit.MaxCalls),
	}
	for _, class := range []catalogue.Activity{catalogue.Administrative, catalogue.Query} {
		name := string(class)
		v.ByClass[name] = view.Span(f.Calls(class))
		v.StandardAfter[name] = standardCalls - month[name] - v.Asked[name] - v.ByClass[name].Likely
	}
	if v.Rate > 0 {
		v.Seconds = &view.Seconds{Low: float64(v.Calls.Low) / v.Rate, Likely: float64(v.Calls.Likely) / v.Rate, High: float64(v.Calls.High) / v.Rate}
	}
	switch {
	case v.MaxCalls == 0:
	case v.Calls.High <= v.MaxCalls:
		v.Budget = "yes"
	case v.Calls.Low <= v.MaxCalls:
		v.Budget = "perhaps"
	default:
		v.Budget = "no"
	}
	for _, k := range f.Kinds {
		v.Kinds = append(v.Kinds, view.KindForecastOf(k))
	}
	return v
}

// shortListing is how a list will fall short; nothing was listed yet, so none is complete.
func shortListing(k view.KindForecast, _ table.Screen) string {
	if k.Listing == record.Complete {
		return ""
	}
	return string(k.Listing)
}

// forecastColumns are the columns of a forecast: those that people see on a screen, where a
// number that is not known is a range, and those that programs read, where each number
// is three: low, likely, high. Whichever are not shown can be named all the same.
func forecastColumns(screen bool) []table.Column[view.KindForecast] {
	columns := []table.Column[view.KindForecast]{
		{Name: "kind", Whole: true, Value: func(k view.KindForecast) string { return string(k.Kind) }},
		{Name: "listing", Whole: true, Varies: true, Spare: 1, Value: func(k view.KindForecast) string { return string(k.Listing) }, Show: shortListing},
	}
	numbers := []struct {
		name, head string
		spare      int
		pick       func(view.KindForecast) view.Span
		extra      bool
	}{
		{"items", "documents", 0, func(k view.KindForecast) view.Span { return k.Items }, false},
		{"calls", "", 0, func(k view.KindForecast) view.Span { return k.Calls }, false},
		{"query_calls", "query calls", 2, func(k view.KindForecast) view.Span { return k.Query }, false},
		{"administrative_calls", "administrative calls", 2, func(k view.KindForecast) view.Span { return k.Administrative }, true},
	}
	for _, n := range numbers {
		columns = append(columns, table.Column[view.KindForecast]{
			Name: n.name, Head: n.head, Number: true, Spare: n.spare, Extra: n.extra || !screen,
			Value: func(k view.KindForecast) string { return strconv.FormatInt(n.pick(k).Likely, 10) },
			Show:  func(k view.KindForecast, _ table.Screen) string { return spanText(n.pick(k)) },
		})
	}
	for _, n := range numbers {
		columns = append(columns, spanColumns(n.name, n.extra || screen, n.pick)...)
	}
	return columns
}

// forecastTable is the table of a forecast, for the format that the flags choose, with the
// choice that they make of it.
func (o runOptions) forecastTable() (table.Table[view.KindForecast], table.Choice, error) {
	format := o.table.choice.Format
	t := table.Table[view.KindForecast]{
		One: "kind", Many: "kinds", View: func(k view.KindForecast) any { return k },
		Columns: forecastColumns(format == table.FormatTable || format == "" && isTerminal(o.streams.out)),
	}
	choice, err := chosen(&o.table, t)
	return t, choice, err
}

// spanColumns are the columns of a number that is not known: its bounds and what is
// expected.
func spanColumns(name string, extra bool, span func(view.KindForecast) view.Span) []table.Column[view.KindForecast] {
	number := func(end string, pick func(view.Span) int64) table.Column[view.KindForecast] {
		return table.Column[view.KindForecast]{
			Name: name + "_" + end, Number: true, Extra: extra, Spare: 1, Value: func(k view.KindForecast) string { return strconv.FormatInt(pick(span(k)), 10) },
		}
	}
	return []table.Column[view.KindForecast]{
		number("low", func(s view.Span) int64 { return s.Low }),
		number("likely", func(s view.Span) int64 { return s.Likely }),
		number("high", func(s view.Span) int64 { return s.High }),
	}
}

// spanText is "120", or "120 (90-150)" where it is not known.
func spanText(s view.Span) string {
	if s.Known() {
		return count(s.Likely)
	}
	return fmt.Sprintf("%s (%s-%s)", count(s.Likely), count(s.Low), count(s.High))
}

// print writes the forecast: the table, or one object, as data, and what it means for
// people.
func (d *dryRun) print(v view.Forecast, f forecast.Forecast) (err error) {
	if d.choice.IsObject() && !d.choice.Picks() {
		err = d.options.streams.writeObject(v, d.choice.Format)
	} else {
		err = show(d.options.streams, d.table, d.choice, table.Each(v.Kinds))
	}
	if err != nil {
		return err
	}
	var said strings.Builder
	writeForecast(&said, v, f.Besides)
	fmt.Fprint(d.options.streams.err, said.String())
	return nil
}

// writeForecast says what a forecast means.
func writeForecast(out io.Writer, v view.Forecast, besides []record.Calls) {
	administrative, query := string(catalogue.Administrative), string(catalogue.Query)
	for _, k := range v.Kinds {
		for _, note := range k.Notes {
			fmt.Fprintf(out, "%s: %s\n", k.Kind, plainText(note))
		}
	}
	writeForeseen(out, v)
	fmt.Fprintf(out, "\nForecast of a run of %s: %s documents, %s calls: %s administrative, %s query, %s of them to see who calls and what the scope is.\n",
		v.Instance, spanText(v.Items), spanText(v.Calls), spanText(v.ByClass[administrative]), spanText(v.ByClass[query]), count(view.Calls(besides)))
	if v.Seconds == nil {
		fmt.Fprintln(out, "No rate limit is set: it takes as long as Looker does.")
	} else {
		fmt.Fprintf(out, "At %g calls a second that takes %s at least.\n", roundedRate(v.Rate), spanTime(*v.Seconds))
	}
	switch v.Budget {
	case "yes":
		fmt.Fprintf(out, "The budget of %s calls suffices.\n", count(v.MaxCalls))
	case "perhaps":
		fmt.Fprintf(out, "The budget of %s calls may not suffice: then the run stops after that many, and run --resume continues.\n", count(v.MaxCalls))
	case "no":
		fmt.Fprintf(out, "The budget of %s calls does not suffice: the run stops after that many, and run --resume continues.\n", count(v.MaxCalls))
	}
	fmt.Fprintf(out, "This month so far: %s administrative and %s query calls by runs in this vault; this forecast took %s and %s.\n",
		count(v.Month[administrative]), count(v.Month[query]), count(v.Asked[administrative]), count(v.Asked[query]))
	fmt.Fprintf(out, "For information: a Standard edition includes %s of each a month; after the run %s and %s.\n", count(v.Included),
		leftText(v.StandardAfter[administrative], "administrative"), leftText(v.StandardAfter[query], "query"))
	writeNights(out, v.Nights, v.Month)
	fmt.Fprintln(out, "Nothing was stored.")
}

func leftText(n int64, class string) string {
	if n < 0 {
		return fmt.Sprintf("%s %s calls would be too many", count(-n), class)
	}
	return fmt.Sprintf("%s %s calls would be left", count(n), class)
}

func roundedRate(rate float64) float64 { return math.Round(rate*100) / 100 }

func spanTime(s view.Seconds) string {
	show := func(s float64) string {
		return duration.Seconds(math.Ceil(s))
	}
	if s.Low == s.High {
		return show(s.Likely)
	}
	return fmt.Sprintf("%s (%s to %s)", show(s.Likely), show(s.Low), show(s.High))
}
