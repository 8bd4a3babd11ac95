package lookersim_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
)

// paths spells out a path template of a route with ids that the server has, at
// most forty of them and one that it has not.
func paths(t testing.TB, s *lookersim.Server, template string) []string {
	t.Helper()
	var list []string
	fromItems := func(kind string) []string {
		for item := range s.Items(kind) {
			if list = append(list, item.Path); len(list) == 40 {
				break
			}
		}
		return list
	}
	switch template {
	case "/lookml_models/{model}/explores/{explore}":
		return fromItems("explores")[:3]
	case "/content_metadata_access":
		return fromItems("content_access")
	case "/content_metadata":
		for _, id := range s.IDs("content_metadata")[:8] {
			list = append(list, "/content_metadata?parent_id="+id)
		}
		return list
	case "/scheduled_plans", "/scheduled_plans/search":
		return []string{template, template + "?all_users=true"}
	case "/scheduled_plans/dashboard/{id}", "/scheduled_plans/look/{id}":
		return []string{strings.Replace(template, "{id}", "1", 1) + "?all_users=true", strings.Replace(template, "{id}", "77777", 1)}
	case "/alerts/search":
		return []string{template, template + "?all_owners=true"}
	case "/users/{id}/attribute_values":
		return fromItems("user_attribute_values")
	case "/queries/slug/{slug}":
		return slugs(t, s)
	}
	before, after, ok := strings.Cut(template, "{id}")
	if !ok {
		return []string{template}
	}
	kind := strings.Trim(strings.Replace(before, "content_favorite/", "content_favorites", 1), "/")
	ids := s.IDs(kind)
	if kind == "dashboards" {
		ids = append(ids[:30:30], s.IDs("lookml_dashboards")...)
	}
	if len(ids) == 0 {
		t.Fatalf("%s: the server has no %s", template, kind)
	}
	for _, id := range append(ids[:min(len(ids), 40)], "none of these") {
		list = append(list, before+url.PathEscape(id)+after)
	}
	return list
}

// slugs are the addresses by slug of the queries in merge queries.
func slugs(t testing.TB, s *lookersim.Server) (list []string) {
	t.Helper()
	for item := range s.Items("merge_queries") {
		var m struct {
			Sources []struct {
				Slug string `json:"query_slug"`
			} `json:"source_queries"`
		}
		if err := json.Unmarshal(item.Body, &m); err != nil {
			t.Fatal(err)
		}
		for _, source := range m.Sources {
			list = append(list, "/queries/slug/"+source.Slug)
		}
	}
	return list
}
