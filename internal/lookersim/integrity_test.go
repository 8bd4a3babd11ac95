package lookersim_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
)

// references are members that name another document, and where it lies.
var references = map[string]string{
	"dashboard_id": "/dashboards/", "lookml_dashboard_id": "/dashboards/", "look_id": "/looks/", "query_id": "/queries/", "merge_result_id": "/merge_queries/",
	"folder_id": "/folders/", "parent_id": "/folders/", "home_folder_id": "/folders/", "personal_folder_id": "/folders/",
	"user_id": "/users/", "creator_id": "/users/", "owner_id": "/users/", "deleter_id": "/users/", "last_updater_id": "/users/", "created_by_user_id": "/users/",
	"group_id": "/groups/", "group_ids": "/groups/", "role_ids": "/roles/", "content_metadata_id": "/content_metadata/",
	"user_attribute_id": "/user_attributes/", "integration_hub_id": "/integration_hubs/", "action_hub_integration_id": "/integrations/",
	"color_collection_id": "/color_collections/", "connection_name": "/connections/", "project_name": "/projects/", "model_name": "/lookml_models/",
	"allowed_db_connection_names": "/connections/", "query_slug": "/queries/slug/", "models": "/lookml_models/",
}

// TestReferencesLeadSomewhere follows every id that a document names.
func TestReferencesLeadSomewhere(t *testing.T) {
	s, err := lookersim.New(lookersim.Options{Seed: 11, SmallTiles: true, Sizes: func() lookersim.Sizes {
		sizes := lookersim.StandardSizes()
		sizes.Dashboards, sizes.Looks, sizes.Users = 300, 200, 100
		return sizes
	}()})
	if err != nil {
		t.Fatal(err)
	}
	checked := map[string]bool{}
	for _, kind := range s.Kinds() {
		if kind == "settings" || kind == "homepage_sections" || kind == "explores" {
			continue // free text, the same on every server
		}
		for item := range s.Items(kind) {
			var doc any
			if err := json.Unmarshal(item.Body, &doc); err != nil {
				t.Fatal(err)
			}
			walk(doc, func(name, id string) {
				before, ok := references[name]
				if kind == "content_metadata" && name == "parent_id" {
					before = "/content_metadata/"
				}
				if !ok || kind == "agents" && name == "query_id" {
					return
				}
				path := before + url.PathEscape(id)
				if checked[path] {
					return
				}
				checked[path] = true
				status, _ := s.Peek(path)
				dangling := slices.Contains(s.Dangling()["merge_queries"], id)
				if want := map[bool]int{true: 404, false: 200}[dangling]; status != want {
					t.Errorf("%s %s names %s %q: %s answers %d", kind, item.ID, name, id, path, status)
				}
			})
		}
	}
	if len(s.Dangling()["merge_queries"]) == 0 || len(checked) < 2000 {
		t.Errorf("only %d references were followed, %d dangle", len(checked), len(s.Dangling()["merge_queries"]))
	}
}

// walk calls do for every string below a member, arrays of strings included.
func walk(v any, do func(name, id string)) {
	switch v := v.(type) {
	case map[string]any:
		for name, child := range v {
			switch child := child.(type) {
			case string:
				do(name, child)
			case []any:
				for _, one := range child {
					if id, ok := one.(string); ok {
						do(name, id)
					}
				}
			}
			walk(child, do)
		}
	case []any:
		for _, child := range v {
			walk(child, do)
		}
	}
}

// TestNestedQueriesAreTheQueries compares the query inside a tile or a look
// with what the query's own route answers.
func TestNestedQueriesAreTheQueries(t *testing.T) {
	for _, opts := range []lookersim.Options{{Seed: 2}, {Seed: 2, SmallTiles: true}, {Seed: 2, DashboardBytes: 25_000}} {
		s := newSim(t, opts)
		compared, alone := 0, 0
		check := func(id *string, query json.RawMessage) {
			if id == nil || len(query) == 0 || string(query) == "null" {
				return
			}
			compared++
			if status, body := s.Peek("/queries/" + *id); status != 200 || !bytes.Equal(body, query) {
				t.Errorf("query %s: nested and alone differ (status %d)\n%.200s\n%.200s", *id, status, query, body)
			}
		}
		type queried struct {
			ID    *string         `json:"query_id"`
			Query json.RawMessage `json:"query"`
		}
		for item := range s.Items("dashboards") {
			var d struct {
				Elements []struct {
					queried
					Look  *queried `json:"look"`
					Maker *queried `json:"result_maker"`
				} `json:"dashboard_elements"`
			}
			if err := json.Unmarshal(item.Body, &d); err != nil {
				t.Fatal(err)
			}
			for _, e := range d.Elements {
				check(e.ID, e.Query)
				if e.Look != nil {
					check(e.Look.ID, e.Look.Query)
				}
				if e.Maker != nil {
					check(e.Maker.ID, e.Maker.Query)
					if string(e.Query) == "null" && len(e.Maker.Query) > 4 {
						alone++
					}
				}
			}
		}
		for item := range s.Items("looks") {
			var l queried
			if err := json.Unmarshal(item.Body, &l); err != nil {
				t.Fatal(err)
			}
			check(l.ID, l.Query)
		}
		if compared < 300 || alone == 0 {
			t.Errorf("compared %d queries, %d of them in a result maker only", compared, alone)
		}
	}
}

// TestMembershipsAgree checks that memberships say the same from both ends.
func TestMembershipsAgree(t *testing.T) {
	s := newSim(t, lookersim.Options{Seed: 4})
	type set map[string][]string
	fromUsers, fromGroups := set{}, set{}
	for item := range s.Items("users") {
		var u struct {
			ID     string
			Groups []string `json:"group_ids"`
		}
		if err := json.Unmarshal(item.Body, &u); err != nil {
			t.Fatal(err)
		}
		for _, g := range u.Groups {
			fromUsers[g] = append(fromUsers[g], u.ID)
		}
	}
	for item := range s.Items("group_users") {
		var users []struct{ ID string }
		if err := json.Unmarshal(item.Body, &users); err != nil {
			t.Fatal(err)
		}
		for _, u := range users {
			fromGroups[item.ID] = append(fromGroups[item.ID], u.ID)
		}
	}
	for g, users := range fromUsers {
		if got := strings.Join(fromGroups[g], " "); got != strings.Join(users, " ") {
			t.Errorf("group %s: members %q by its own list, %q by the users", g, got, users)
		}
	}
}

// TestRolesAgree checks that who holds a role says the same from both ends.
func TestRolesAgree(t *testing.T) {
	s := newSim(t, lookersim.Options{Seed: 4})
	holders := map[string][]string{}
	for item := range s.Items("users") {
		var u struct {
			ID    string
			Roles []string `json:"role_ids"`
		}
		if err := json.Unmarshal(item.Body, &u); err != nil {
			t.Fatal(err)
		}
		for _, r := range u.Roles {
			holders[r] = append(holders[r], u.ID)
		}
	}
	for _, role := range s.IDs("roles") {
		_, list := s.Peek("/roles/" + role + "/users")
		if got := strings.Join(ids(t, list), " "); got != strings.Join(holders[role], " ") {
			t.Errorf("role %s: users %q by its own list, %q by the users", role, got, holders[role])
		}
		_, direct := s.Peek("/roles/" + role + "/users?direct_association_only=true")
		_, groups := s.Peek("/roles/" + role + "/groups")
		all, own, through := len(holders[role]), len(ids(t, direct)), len(ids(t, groups))
		if own > all || through == 0 && own != all {
			t.Errorf("role %s: %d users, %d of them directly, through %d groups", role, all, own, through)
		}
		if slices.Contains(ids(t, groups), "1") {
			t.Errorf("role %s belongs to the group of all users", role)
		}
	}
}
