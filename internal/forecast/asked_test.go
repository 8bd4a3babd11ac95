package forecast_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/forecast"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/scope"
)

// TestForecastAsksLittleAndStoresNothing counts on the server what a forecast
// costs, and looks for files that it may have left.
func TestForecastAsksLittleAndStoresNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 7})
	scoped := start()
	scoped.Scope.Folders, scoped.Scope.Recursive = []string{"1"}, true
	ask := func(s record.Start) {
		t.Helper()
		r.sim.ResetCounts()
		if _, err := r.foresee(s); err != nil {
			t.Fatal(err)
		}
		counts := r.sim.Counts()
		most, passes := 0, make(map[record.Kind]int)
		for _, kind := range catalogue.All() {
			passes[kind.Name] = 1
			if kind.Listing.Trash {
				passes[kind.Name] = 2
			}
			most += passes[kind.Name]
		}
		for kind, n := range counts.Kinds {
			if n > passes[record.Kind(kind)] {
				t.Errorf("%s was asked for %d times", kind, n)
			}
		}
		if counts.Calls > most {
			t.Errorf("%d calls for %d kinds", counts.Calls, most)
		}
	}
	files := func() []string {
		t.Helper()
		entries, err := os.ReadDir(filepath.Dir(r.path))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	ask(start())
	ask(scoped)
	if got := files(); len(got) != 0 {
		t.Errorf("a forecast left %v", got)
	}
	r.made(record.RunComplete, start())
	before := files()
	stored := r.stats()
	ask(start())
	ask(scoped)
	if diff := cmp.Diff(before, files()); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(stored, r.stats()); diff != "" {
		t.Errorf("the vault (-before +after):\n%s", diff)
	}
}

func TestForecastSaysWhatCannotBeAsked(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 7})
	for _, text := range []string{
		"route=GET /themes status=404",
		"route=GET /roles status=403",
		"route=GET /boards status=500",
		"route=GET /dashboards/search status=500",
	} {
		rule, err := lookersim.ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.sim.AddRules(rule); err != nil {
			t.Fatal(err)
		}
	}
	f, err := r.foresee(start())
	if err != nil {
		t.Fatal(err)
	}
	want := map[record.Kind]record.Listing{
		"themes": record.Unavailable, "roles": record.Denied, "boards": record.Incomplete, "dashboards": record.Incomplete, "users": record.Complete,
	}
	got := make(map[record.Kind]record.Listing)
	for _, k := range f.Kinds {
		if _, ok := want[k.Kind]; ok {
			got[k.Kind] = k.Listing
			if k.Listing != record.Complete && len(k.Notes) == 0 {
				t.Errorf("%s: no reason", k.Kind)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("listings (-want +got):\n%s", diff)
	}
}

func TestForecastErrors(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 7})
	s := start()
	s.Scope.Folders = []string{"404404"}
	if _, err := r.foresee(s); !errors.Is(err, scope.ErrNoFolder) || !strings.Contains(err.Error(), "404404") {
		t.Errorf("error %v, want ErrNoFolder with the id", err)
	}
	client := r.client(&extract.Meter{})
	client.Close()
	_, err := forecast.Foresee(t.Context(), forecast.Ahead{Config: r.config, Kinds: catalogue.All(), Client: client})
	if !errors.Is(err, looker.ErrClosed) {
		t.Errorf("error %v, want that of the connection", err)
	}
}

func TestEnumerationCosts(t *testing.T) {
	t.Parallel()
	looks, _ := catalogue.Find("looks")
	for _, tt := range []struct {
		n      int
		totals bool
		want   float64
	}{
		{n: 0, totals: true, want: 1},
		{n: 0, totals: false, want: 1},
		{n: 1, totals: true, want: 1},
		{n: 1, totals: false, want: 2},
		{n: 5000, totals: true, want: 1},
		{n: 5001, totals: true, want: 2},
		{n: 9999, totals: true, want: 2},
		{n: 10000, totals: true, want: 3},
		{n: 10000, totals: false, want: 4},
	} {
		if got := forecast.Enumeration(looks, tt.n, tt.totals); got[1] != tt.want {
			t.Errorf("%d ids, totals %t: %v calls, want %v", tt.n, tt.totals, got[1], tt.want)
		}
	}
}

func TestForecastAsksForFewFields(t *testing.T) {
	t.Parallel()
	followed := []record.Kind{"merge_queries", "queries", "content_metadata", "explores", "user_attribute_values"}
	for _, tt := range []struct {
		kind    record.Kind
		targets []record.Kind
		want    string
	}{
		{"dashboards", followed, "id,title,folder_id,updated_at,dashboard_elements(merge_result_id)"},
		{"dashboards", nil, "id,title,folder_id,updated_at"},
		{"looks", followed, "id,title,folder_id,updated_at"},
		{"folders", followed, "id,name,parent_id,content_metadata_id"},
		{"lookml_models", followed, "name,label,explores(name)"},
		{"alerts", followed, "id,custom_title,query_id,dashboard_element_id"},
		{"users", followed, "id,display_name"},
	} {
		kind, _ := catalogue.Find(tt.kind)
		if got := forecast.Fields(kind, tt.targets); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.kind, got, tt.want)
		}
	}
}

// givesUp adds a rule: a load balancer gives up on a list before the server has made it,
// however often it is asked for. Pages of it are another route.
func givesUp(t *testing.T, r *rig, kind *catalogue.Spec) {
	t.Helper()
	rule, err := lookersim.ParseRule(fmt.Sprintf("route=%s status=504 body=page", kind.Listing.Route))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.sim.AddRules(rule); err != nil {
		t.Fatal(err)
	}
}

// TestForecastOfAListThatIsTooLong: what a run reads in pages is forecast so, before a
// first run and before later ones.
func TestForecastOfAListThatIsTooLong(t *testing.T) {
	t.Parallel()
	for _, kind := range catalogue.All() {
		paged, ok := kind.InPages()
		if !ok || paged.Listing.Route.Path == kind.Listing.Route.Path {
			continue
		}
		t.Run(string(kind.Name), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 4})
			r.config.Retry.Attempts = 1 // a forecast knows no retries
			givesUp(t, r, kind)
			for night := range 2 {
				f, err := r.foresee(start(kind.Name))
				if err != nil {
					t.Fatal(err)
				}
				k := f.Kinds[0]
				documents := int64(len(r.sim.IDs(string(kind.Name))))
				if k.Listing != record.Complete || k.Items.Likely != documents || len(k.Notes) == 0 {
					t.Errorf("night %d: %+v, want complete, %d documents and a note", night, k, documents)
				}
				tolerance := 0.1
				if night == 0 {
					tolerance = 0.2 // a row more may be compared for its short arrays
				}
				r.foretold(tolerance, start(kind.Name))
			}
		})
	}
}
