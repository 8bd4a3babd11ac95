package lookersim_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
)

// lists are the listings that give kinds whole, and what shows all of them.
var lists = []struct {
	kind, path string
	row        bool // the list gives Item.Row, not Item.Body
	paged      bool
}{
	{"dashboards", "/dashboards/search", false, true},
	{"looks", "/looks/search", true, true},
	{"folders", "/folders", true, false},
	{"folders", "/folders/search", false, true},
	{"boards", "/boards", false, false},
	{"boards", "/boards/search", false, true},
	{"users", "/users", false, true},
	{"users", "/users/search", false, true},
	{"groups", "/groups", false, true},
	{"groups", "/groups/search", false, true},
	{"roles", "/roles", false, false},
	{"roles", "/roles/search", false, true},
	{"permission_sets", "/permission_sets", false, false},
	{"permission_sets", "/permission_sets/search", false, true},
	{"model_sets", "/model_sets", false, false},
	{"model_sets", "/model_sets/search", false, true},
	{"lookml_models", "/lookml_models?include_internal=true&include_self_service=true", false, true},
	{"scheduled_plans", "/scheduled_plans?all_users=true", false, false},
	{"scheduled_plans", "/scheduled_plans/search?all_users=true", false, true},
	{"lookml_dashboards", "/dashboards/lookml/search", false, true},
	{"alerts", "/alerts/search?all_owners=true", false, true},
	{"user_attributes", "/user_attributes", false, false},
	{"themes", "/themes", false, false},
	{"themes", "/themes/search", false, true},
	{"color_collections", "/color_collections", false, false},
	{"connections", "/connections", false, false},
	{"projects", "/projects", false, false},
	{"datagroups", "/datagroups", false, false},
	{"integration_hubs", "/integration_hubs", false, false},
	{"integrations", "/integrations", false, false},
	{"homepage_sections", "/primary_homepage_sections", false, false},
	{"legacy_features", "/legacy_features", false, false},
	{"oauth_client_apps", "/oauth_client_apps", false, false},
	{"content_favorites", "/content_favorite/search", false, true},
	{"agents", "/agents/search", false, true},
}

// TestEveryItemHasOneSpelling pages through every listing and compares each
// row with the server's truth, and the truth with the single route.
func TestEveryItemHasOneSpelling(t *testing.T) {
	s, c := start(t, lookersim.Options{Seed: 3, Corpus: writeCorpus(t)})
	for _, l := range lists {
		t.Run(l.path, func(t *testing.T) {
			got := map[string][]byte{}
			sep := "?"
			if bytes.ContainsRune([]byte(l.path), '?') {
				sep = "&"
			}
			collect := func(path string) {
				for offset := 0; ; offset += 7 {
					page := path
					if l.paged {
						page = fmt.Sprintf("%s%slimit=7&offset=%d", path, sep, offset)
					}
					part := rows(t, c.body(page))
					for _, doc := range part {
						got[idOf(t, doc)] = doc
					}
					if !l.paged || len(part) == 0 {
						return
					}
				}
			}
			collect(l.path)
			if l.kind == "dashboards" || l.kind == "looks" {
				sep = "&"
				collect(l.path + "?deleted=true")
			}
			want := map[string][]byte{}
			for item := range s.Items(l.kind) {
				want[item.ID] = item.Body
				if l.row {
					want[item.ID] = item.Row
				}
				if item.Path == "" {
					continue
				}
				if one := c.body(item.Path); !bytes.Equal(one, item.Body) {
					t.Errorf("%s: the single route and Items differ", item.Path)
				}
			}
			if len(want) == 0 {
				t.Fatal("the server holds nothing")
			}
			compareDocuments(t, want, got)
		})
	}
}

// compareDocuments reports documents that are missing, unexpected or different.
func compareDocuments(t *testing.T, want, got map[string][]byte) {
	t.Helper()
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	for id, doc := range want {
		if other, ok := got[id]; ok && !bytes.Equal(doc, other) {
			t.Errorf("%s: bytes differ:\nwant %.300q\ngot  %.300q", id, doc, other)
		}
	}
}

// TestDerivedKinds compares the documents that belong to others with their
// routes, over the wire.
func TestDerivedKinds(t *testing.T) {
	s, c := start(t, lookersim.Options{Seed: 9, SmallTiles: true})
	for _, kind := range []string{"group_users", "group_groups", "role_users", "role_groups", "user_attribute_values", "user_favorites", "user_attribute_group_values", "explores",
		"merge_queries", "queries", "content_metadata", "content_access", "settings"} {
		n := 0
		for item := range s.Items(kind) {
			n++
			if one := c.body(item.Path); !bytes.Equal(one, item.Body) {
				t.Errorf("%s %s: %s and Items differ", kind, item.ID, item.Path)
			}
		}
		if n == 0 {
			t.Errorf("%s: nothing", kind)
		}
	}
	if s.Counts().Requests == 0 || s.IDs("no such kind") != nil {
		t.Error("items of a kind that there is not, or no counts")
	}
}

func TestGzip(t *testing.T) {
	s := newSim(t, lookersim.Options{Gzip: true})
	base, err := s.Start("")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := &client{t: t, base: base, http: &http.Client{Transport: &http.Transport{}}}
	c.login(lookersim.DefaultClientID, lookersim.DefaultClientSecret)
	r, body := c.get("/dashboards/3")
	if _, want := s.Peek("/dashboards/3"); !r.Uncompressed || !bytes.Equal(body, want) {
		t.Errorf("compressed %t, %d bytes of %d", r.Uncompressed, len(body), len(want))
	}
}

func TestServe(t *testing.T) {
	s := newSim(t, lookersim.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Serve(ctx, "127.0.0.1:0", func(url string) {
		r, err := http.Get(url + "/alive")
		if err != nil {
			t.Errorf("not reachable once ready: %v", err)
		} else {
			r.Body.Close()
		}
		cancel()
	})
	if err != nil {
		t.Errorf("a server that was told to end says %v", err)
	}
	if _, err := s.Start(""); err == nil {
		t.Error("a server started twice")
	}
}

func TestServeReportsDeath(t *testing.T) {
	s := newSim(t, lookersim.Options{Rules: []lookersim.Rule{{Do: lookersim.FaultDie}}})
	err := s.Serve(t.Context(), "", func(url string) {
		if r, err := http.Get(url + "/alive"); err == nil {
			r.Body.Close()
			t.Error("a dying server answered")
		}
	})
	if err == nil {
		t.Error("a killed server says nothing")
	}
}

func TestBadOptions(t *testing.T) {
	for name, opts := range map[string]lookersim.Options{
		"tiles":  {Tiles: [2]int{5, 2}},
		"trash":  {TrashShare: 2},
		"rule":   {Rules: []lookersim.Rule{{Do: "explode"}}},
		"corpus": {Corpus: "/does/not/exist"},
	} {
		if _, err := lookersim.New(opts); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
