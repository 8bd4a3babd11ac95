package extract_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
)

// TestEveryDialectIsStoredExactly backs up servers that spell ids, and what is
// missing, otherwise.
func TestEveryDialectIsStoredExactly(t *testing.T) {
	t.Parallel()
	servers := map[string]lookersim.Dialect{
		"queries have slugs":                    {QuerySlugs: true},
		"no number opens a query":               {NoNumericQueries: true},
		"queries have slugs, no number opens":   {QuerySlugs: true, NoNumericQueries: true},
		"ids are numbers":                       {NumericIDs: true},
		"empty text for what is missing":        {EmptyForNull: true},
		"numbers, empty text, slugs of queries": {NumericIDs: true, EmptyForNull: true, QuerySlugs: true},
	}
	for name, dialect := range servers {
		t.Run(name, func(t *testing.T) {
			sizes := simtest.Small()
			if dialect.NoNumericQueries && !dialect.QuerySlugs {
				sizes.ScheduledPlans = 0 // where a plan names a query by number, nothing tells its slug
			}
			r := newRig(t, lookersim.Options{Seed: 7, Sizes: sizes, Dialect: dialect})
			result := r.run(record.RunComplete, start())
			compare(t, r)
			bySlug := r.sim.Counts().Routes["GET /queries/slug/{slug}"]
			if (bySlug > 0) != dialect.NoNumericQueries {
				t.Errorf("%d queries were asked for by slug", bySlug)
			}
			if len(result.Run.Notes) > 0 {
				t.Errorf("notes %q, want none", result.Run.Notes)
			}
			for _, k := range r.run(record.RunComplete, start()).Run.Kinds {
				if k.New+k.Changed+k.Gone+k.Failed > 0 {
					t.Errorf("%s: %+v, want all the same", k.Kind, k)
				}
			}
		})
	}
}

// TestServerThatChangesToSlugsMakesNoDoubles upgrades a server between two runs:
// queries that it named by number it names by slug from then on.
func TestServerThatChangesToSlugsMakesNoDoubles(t *testing.T) {
	t.Parallel()
	for _, full := range []bool{false, true} {
		sizes := simtest.Small()
		sizes.Agents = 0 // their golden queries have numbers only
		before := newRig(t, lookersim.Options{Seed: 7, Sizes: sizes})
		before.run(record.RunComplete, start())
		want := before.ids("queries")
		after := newRig(t, lookersim.Options{Seed: 7, Sizes: sizes, Dialect: lookersim.Dialect{QuerySlugs: true, NoNumericQueries: true}})
		after.path = before.path
		s := start()
		s.Full = full
		after.run(record.RunComplete, s)
		slugs := 0
		for ref := range after.served("queries") {
			if strings.Trim(ref.ID, "0123456789") != "" {
				slugs++
			}
		}
		if slugs == 0 {
			t.Fatal("the server names no query by slug")
		}
		if diff := cmp.Diff(want, after.ids("queries")); diff != "" {
			t.Errorf("full=%v: queries (-before +after):\n%s", full, diff)
		}
	}
}

// ids are those of the documents of a kind that the vault holds, sorted.
func (r *rig) ids(kind record.Kind) (ids []string) {
	r.t.Helper()
	for ref := range r.stored() {
		if ref.Kind == kind {
			ids = append(ids, ref.ID)
		}
	}
	slices.Sort(ids)
	return ids
}
