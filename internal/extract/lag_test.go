package extract_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/sinks"
)

// TestANodeThatLags answers 404 once to everything that has a route of its own, in
// each body that servers send. Everything is asked again, and the backup is whole.
func TestANodeThatLags(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", " body=page", " body=short", " body=sinatra"} {
		t.Run("404"+body, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 8})
			var rules []string
			for _, kind := range []string{
				"group_groups", "role_users", "role_groups", "user_attribute_group_values", "content_metadata", "content_access",
				"merge_queries", "queries", "explores",
			} {
				rules = append(rules, "kind="+kind+" each=1 status=404"+body)
			}
			for _, route := range []string{"/setting", "/password_config", "/themes/{id}", "/users/{id}"} {
				rules = append(rules, "route=GET "+route+" each=1 status=404"+body)
			}
			r.rules(rules...)
			r.run(record.RunComplete, start())
			compare(t, r)
			if faults := r.faults(); len(faults) > 0 {
				t.Errorf("faults %+v", faults)
			}
		})
	}
}

// TestANodeThatLagsWithLists answers 404 once to each list, with Looker's own body: this
// edition may not have the kind, and another node may know better.
func TestANodeThatLagsWithLists(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 8})
	var rules []string
	for _, kind := range catalogue.All() {
		if route := kind.Listing.Route; !route.IsZero() {
			rules = append(rules, "route=GET "+route.Path+" times=1 status=404")
		}
	}
	r.rules(rules...)
	result := r.run(record.RunComplete, start())
	for _, k := range result.Run.Kinds {
		if k.Listing != record.Complete {
			t.Errorf("%s is %s: %s", k.Kind, k.Listing, k.Reason)
		}
	}
	compare(t, r)
	if faults := r.faults(); len(faults) > 0 {
		t.Errorf("faults %+v", faults)
	}
}

// TestListsThatAreEmptyOnce: the first call for each list is answered with no row and
// without a total, in a first run: nothing else tells that there are documents.
func TestListsThatAreEmptyOnce(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 8})
	r.config.Retry.MaxWait = config.Duration(time.Minute) // for rows, and on a busy machine one call may take longer than 50 ms
	var rules []string
	for _, kind := range catalogue.All() {
		if route := kind.Listing.Route; !route.IsZero() {
			rules = append(rules, "route=GET "+route.Path+" times=1 do=none")
		}
	}
	r.rules(rules...)
	r.run(record.RunComplete, start())
	compare(t, r)
}

// TestWhatWasUnavailableIsAskedForOnce: a kind that this edition does not have costs two calls in
// the first run and one from then on, and with an age none until it is that old. An answer that
// is not Looker's own proves nothing.
func TestWhatWasUnavailableIsAskedForOnce(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 8})
	r.rules("route=GET /themes status=404", "route=GET /agents/search status=404")
	night := func(want int) {
		t.Helper()
		r.month(1, nil)
		for _, route := range []string{"GET /themes", "GET /agents/search"} {
			if got := r.sim.Counts().Routes[route]; got != want {
				t.Errorf("night %d: %d calls of %s, want %d", r.nights, got, route, want)
			}
		}
	}
	night(2)
	night(1)
	night(1)
	r.refresh = map[record.Kind]time.Duration{"themes": 211 * aDay, "agents": 211 * aDay}
	night(0)
	r.refresh = nil
	r.rules("route=GET /themes times=1 status=404 body=page", "route=GET /agents/search times=1 status=404 body=page")
	r.month(1, nil)
	compare(t, r, "themes", "agents")
	r.rules("route=GET /themes times=1 status=404", "route=GET /agents/search times=1 status=404")
	r.month(1, nil)
	compare(t, r, "themes", "agents")
}

// TestAnEmptyListIsAskedForTwice: an instance without boards costs a call more, unless the
// server says that there are none.
func TestAnEmptyListIsAskedForTwice(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		r := newRig(t, lookersim.Options{Seed: 8, Sizes: lookersim.Sizes{Dashboards: 3, Users: 3}, Quirks: lookersim.Quirks{NoTotals: quiet}})
		r.run(record.RunComplete, start("alerts", "boards"))
		alerts := 1 // which are paged: the answer has a total
		if quiet {
			alerts = 2
		}
		got := r.sim.Counts().Routes
		if got["GET /boards"] != 2 || got["GET /alerts/search"] != alerts {
			t.Errorf("without totals: %v: %d calls for boards and %d for alerts, want 2 and %d", quiet, got["GET /boards"], got["GET /alerts/search"], alerts)
		}
	}
}

// TestWhatTheVaultHoldsIsNotUnavailable: a kind or a settings route that answered
// before and now answers 404 is incomplete, named by a fault, and nothing of it is
// gone. One that never answered is not on this instance.
func TestWhatTheVaultHoldsIsNotUnavailable(t *testing.T) {
	kinds := []record.Kind{"themes", "settings", "boards", "color_collections"}
	rules := []string{"route=GET /themes status=404", "route=GET /setting status=404", "route=GET /color_collections status=404"}
	r := newRig(t, lookersim.Options{Seed: 8})
	r.rules(rules...)
	result := r.run(record.RunComplete, start(kinds...))
	for _, kind := range []record.Kind{"themes", "color_collections"} {
		if got := countsOf(t, result, kind); got.Listing != record.Unavailable {
			t.Errorf("%+v, want it unavailable", got)
		}
	}
	// The vault knows nothing of /setting, so it is asked once only from now on.
	r.sim.ResetCounts()
	r.run(record.RunComplete, start(kinds...))
	if n := r.sim.Counts().Routes["GET /setting"]; n != 1 {
		t.Errorf("/setting was asked %d times, want 1", n)
	}
	r.rules()
	r.run(record.RunComplete, start(kinds...))
	before := len(r.stored())

	r.rules(rules...)
	result = r.run(record.RunPartial, start(kinds...))
	for kind, reason := range map[record.Kind]string{
		"themes": "the vault holds documents of this kind", "color_collections": "the vault holds documents of this kind",
		"settings": "1 that the vault holds answered 404 or 403",
	} {
		if got := countsOf(t, result, kind); got.Listing != record.Incomplete || got.Gone != 0 || !strings.HasSuffix(got.Reason, reason) {
			t.Errorf("%+v, want it incomplete: %s", got, reason)
		}
	}
	var named []string
	for _, fault := range r.faults() {
		named = append(named, fault.Ref.String())
	}
	slices.Sort(named)
	if want := []string{"color_collections/", "settings/setting", "themes/"}; !slices.Equal(named, want) {
		t.Errorf("faults of %q, want %q", named, want)
	}
	if after := len(r.stored()); after != before {
		t.Errorf("%d documents, want %d", after, before)
	}

	r.rules()
	r.run(record.RunComplete, start(kinds...))
	if faults := r.faults(); len(faults) > 0 {
		t.Errorf("still open: %+v", faults)
	}
}

// TestWhatThisRunHasSettledIsNotUnavailable: a run is killed when all of a kind is
// committed, and its resume gets 404 for the list.
func TestWhatThisRunHasSettledIsNotUnavailable(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 8})
	killed := errors.New("killed")
	r.wrap = func(sink sinks.Sink) sinks.Sink {
		faulty := sinks.NewFaulty(sink)
		faulty.BeforeFinish = func(context.Context) error { return killed }
		return faulty
	}
	if _, err := r.try(start("themes")); !errors.Is(err, killed) {
		t.Fatal(err)
	}
	r.wrap = nil
	r.rules("route=GET /themes status=404")
	got := countsOf(t, r.run(record.RunPartial, resume()), "themes")
	if got.Listing != record.Incomplete || got.Gone != 0 || !strings.HasSuffix(got.Reason, "the vault holds documents of this kind") {
		t.Errorf("%+v, want it incomplete", got)
	}
}
