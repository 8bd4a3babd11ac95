package lookersim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/testenv"
)

// loadSpec reads Looker's OpenAPI document and mends what keeps it from being
// used as a judge of real bodies.
func loadSpec(t *testing.T) (*openapi3.T, routers.Router) {
	t.Helper()
	var doc map[string]any
	testenv.ReadAPI(t, &doc)
	mend(doc)
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := loaded.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(loaded)
	if err != nil {
		t.Fatal(err)
	}
	return loaded, router
}

type tree = map[string]any

// mend patches the document where it is not valid OpenAPI, or stricter than
// what servers send.
func mend(doc tree) {
	dropAny(doc)
	for _, ops := range doc["paths"].(tree) {
		for _, op := range ops.(tree) {
			params, _ := op.(tree)["parameters"].([]any)
			for _, p := range params {
				p := p.(tree)
				if p["in"] == "query" && p["style"] == "simple" {
					p["style"] = "form" // not allowed in a query; on the wire it is one comma list
				}
				if schema, ok := p["schema"].(tree); ok && p["name"] == "filters" {
					delete(schema, "additionalProperties")
				}
				delete(p, "additionalProperties")
			}
			for _, response := range op.(tree)["responses"].(tree) {
				if r := response.(tree); r["description"] == nil {
					r["description"] = ""
				}
			}
		}
	}
	schemas := doc["components"].(tree)["schemas"].(tree)
	for _, s := range schemas {
		props, _ := s.(tree)["properties"].(tree)
		for name, p := range props {
			p := p.(tree)
			if ref := p["$ref"]; ref != nil {
				props[name] = tree{"nullable": true, "allOf": []any{tree{"$ref": ref}}} // real bodies hold null here
			}
			if enum, ok := p["enum"].([]any); ok && p["type"] == "array" {
				delete(p, "enum") // the values are meant for the elements
				p["items"].(tree)["enum"] = enum
			} else if ok && p["nullable"] == true {
				p["enum"] = append(enum, nil)
			}
		}
	}
	free := func(schema, property string) {
		delete(schemas[schema].(tree)["properties"].(tree)[property].(tree), "additionalProperties")
	}
	free("MergeQuery", "vis_config") // strings by the document, anything in real bodies
	free("User", "ui_state")
	lookml := doc["paths"].(tree)["/dashboards/lookml/search"].(tree)["get"].(tree)["responses"].(tree)["200"].(tree)["content"].(tree)["application/json"].(tree)
	lookml["schema"] = tree{"type": "array", "items": tree{"$ref": "#/components/schemas/Dashboard"}}
}

// dropAny removes "type: any", which is no type.
func dropAny(v any) {
	switch v := v.(type) {
	case tree:
		if v["type"] == "any" {
			delete(v, "type")
			delete(v, "format")
			v["nullable"] = true
		}
		for _, child := range v {
			dropAny(child)
		}
	case []any:
		for _, child := range v {
			dropAny(child)
		}
	}
}

var paramPattern = regexp.MustCompile(`\{[a-z_]+\}`)

// TestAnswersFitTheSpecification asks every route of several servers and holds
// the answers against the OpenAPI document.
func TestAnswersFitTheSpecification(t *testing.T) {
	doc, router := loadSpec(t)
	all := []lookersim.Options{
		{Seed: 1},
		{Seed: 2, SmallTiles: true, TrashShare: 0.2},
		{Seed: 3, DashboardBytes: 20_000},
		{Seed: 4, Restricted: true, SmallTiles: true},
	}
	for _, opts := range all {
		t.Run(fmt.Sprintf("seed %d", opts.Seed), func(t *testing.T) {
			s, c := start(t, opts)
			for _, route := range lookersim.Routes() {
				path, ok := strings.CutPrefix(route, "GET ")
				if !ok || path == "/alive" || path == "/login" {
					continue
				}
				if !specified(doc, path) {
					t.Errorf("%s: the specification has no such path", route)
				}
				for _, concrete := range paths(t, s, path) {
					c.judge(router, concrete)
				}
			}
		})
	}
}

// specified says whether the document has a path, whatever its parameters are called.
func specified(doc *openapi3.T, path string) bool {
	want := paramPattern.ReplaceAllString(path, "{}")
	return slices.ContainsFunc(doc.Paths.InMatchingOrder(), func(p string) bool {
		return paramPattern.ReplaceAllString(p, "{}") == want
	})
}

// judge validates the answer to one GET.
func (c *client) judge(router routers.Router, path string) {
	c.t.Helper()
	r, body := c.get(path)
	req, err := http.NewRequest(http.MethodGet, "https://localhost:20000/api/4.0"+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	route, params, err := router.FindRoute(req)
	if err != nil {
		c.t.Errorf("%s: %v", path, err)
		return
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route},
		Status:                 r.StatusCode, Header: r.Header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	input.SetBodyBytes(body)
	if err := openapi3filter.ValidateResponse(c.t.Context(), input); err != nil {
		c.t.Errorf("%s: %.1500s", path, err)
	}
}

// TestNothingIsLeftOut holds one full document of each kind against its
// schema: servers spell out every member, with null where there is nothing.
func TestNothingIsLeftOut(t *testing.T) {
	doc, _ := loadSpec(t)
	schemas := map[string]string{"dashboards": "Dashboard", "looks": "LookWithQuery", "folders": "Folder", "boards": "Board", "users": "User",
		"groups": "Group", "roles": "Role", "permission_sets": "PermissionSet", "model_sets": "ModelSet", "lookml_models": "LookmlModel",
		"scheduled_plans": "ScheduledPlan", "alerts": "Alert", "user_attributes": "UserAttribute", "themes": "Theme", "color_collections": "ColorCollection",
		"connections": "DBConnection", "projects": "Project", "datagroups": "Datagroup", "integration_hubs": "IntegrationHub", "integrations": "Integration",
		"agents": "Agent", "legacy_features": "LegacyFeature", "oauth_client_apps": "OauthClientApp", "content_favorites": "ContentFavorite",
		"queries": "Query", "merge_queries": "MergeQuery", "content_metadata": "ContentMeta", "explores": "LookmlModelExplore"}
	s := newSim(t, lookersim.Options{Seed: 5})
	for kind, name := range schemas {
		for item := range s.Items(kind) {
			missing(t, doc, name, kind+" "+item.ID, item.Body)
			break
		}
	}
	for item := range s.Items("dashboards") {
		var d struct {
			Elements []json.RawMessage `json:"dashboard_elements"`
			Filters  []json.RawMessage `json:"dashboard_filters"`
			Layouts  []json.RawMessage `json:"dashboard_layouts"`
		}
		if err := json.Unmarshal(item.Body, &d); err != nil {
			t.Fatal(err)
		}
		if len(d.Elements)*len(d.Filters) == 0 {
			continue
		}
		missing(t, doc, "DashboardElement", "tile", d.Elements[0])
		missing(t, doc, "DashboardFilter", "filter", d.Filters[0])
		missing(t, doc, "DashboardLayout", "layout", d.Layouts[0])
		break
	}
}

// missing reports members of a schema that a body lacks, but for those to leave out.
func missing(t *testing.T, doc *openapi3.T, schema, what string, body []byte, but ...string) {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	for name, p := range doc.Components.Schemas[schema].Value.Properties {
		if _, ok := members[name]; !ok && p.Value.Extensions["x-looker-write-only"] == nil && !slices.Contains(but, name) {
			t.Errorf("%s: no member %q", what, name)
		}
	}
}
