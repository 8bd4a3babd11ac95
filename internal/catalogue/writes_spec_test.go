package catalogue_test

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/testenv"
)

// api is what the tests of write rows need of an OpenAPI document.
type api struct {
	Paths      map[string]map[string]operation
	Components struct {
		Schemas       map[string]*property
		RequestBodies map[string]request
	}
}

type operation struct {
	Activity    string `json:"x-looker-activity-type"`
	Parameters  []struct{ Name, In string }
	RequestBody *request
	Responses   map[string]request
}

type request struct {
	Ref     string `json:"$ref"`
	Content map[string]struct{ Schema *property }
}

type property struct {
	Ref        string `json:"$ref"`
	Type       string
	ReadOnly   bool `json:"readOnly"`
	WriteOnly  bool `json:"x-looker-write-only"`
	Deprecated bool `json:"x-looker-deprecated"`
	Items      *property
	Properties map[string]*property
	Required   []string

	name string // of the schema
}

// readAPI reads the document that LOOKERVAULT_TEST_SPEC names.
func readAPI(t *testing.T) *api {
	t.Helper()
	// Of a path, only the members that are methods are operations.
	var raw struct {
		Paths      map[string]map[string]json.RawMessage
		Components json.RawMessage
	}
	testenv.ReadAPI(t, &raw)
	a := &api{Paths: make(map[string]map[string]operation)}
	if err := json.Unmarshal(raw.Components, &a.Components); err != nil {
		t.Fatal(err)
	}
	for name, members := range raw.Paths {
		a.Paths[name] = make(map[string]operation)
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			if text, ok := members[method]; ok {
				var o operation
				if err := json.Unmarshal(text, &o); err != nil {
					t.Fatal(err)
				}
				a.Paths[name][method] = o
			}
		}
	}
	return a
}

// resolved follows a reference. An array counts as its elements; array tells.
func (a *api) resolved(p *property) (is *property, array bool) {
	for {
		switch {
		case p == nil:
			return &property{}, array
		case p.Ref != "":
			name := path.Base(p.Ref)
			p = a.Components.Schemas[name]
			p.name = name
		case p.Items != nil:
			array = true
			p = p.Items
		default:
			return p, array
		}
	}
}

// body is the schema of a request's body, nil for none.
func (a *api) body(o operation) (is *property, array bool) {
	r := o.RequestBody
	if r == nil {
		return nil, false
	}
	if r.Ref != "" {
		shared := a.Components.RequestBodies[path.Base(r.Ref)]
		r = &shared
	}
	for _, content := range r.Content {
		return a.resolved(content.Schema)
	}
	return nil, false
}

// rowCheck checks one write row against the document.
type rowCheck struct {
	*testing.T
	api   *api
	where string // "dashboards", "dashboards dashboard_elements"
	row   *catalogue.Write
	part  *catalogue.Part // whose row it is, nil for a document

	seen map[string]bool // properties of the bodies
}

// eachRow calls visit for every write row of the catalogue.
func eachRow(t *testing.T, a *api, visit func(kind *catalogue.Spec, id string, c *rowCheck)) {
	t.Helper()
	var parts func(kind *catalogue.Spec, id, where string, w *catalogue.Write)
	parts = func(kind *catalogue.Spec, id, where string, w *catalogue.Write) {
		for i := range w.Parts {
			p := &w.Parts[i]
			visit(kind, id, &rowCheck{T: t, api: a, where: where + " " + string(p.Name), row: p.Write, part: p, seen: map[string]bool{}})
			parts(kind, id, where+" "+string(p.Name), p.Write)
		}
	}
	document := func(kind *catalogue.Spec, id, where string, w *catalogue.Write) {
		if w == nil {
			return
		}
		visit(kind, id, &rowCheck{T: t, api: a, where: where, row: w, seen: map[string]bool{}})
		parts(kind, id, where, w)
	}
	for _, kind := range catalogue.All() {
		document(kind, "", string(kind.Name), kind.Write)
		for _, v := range kind.Variants {
			document(kind, v.ID, string(kind.Name)+" "+v.ID+v.Member.Name, v.Write)
		}
	}
}

// operation returns the operation of a route, and checks what the row says of the route.
func (c *rowCheck) operation(s catalogue.Send) (operation, bool) {
	o, ok := c.api.Paths[s.Path][strings.ToLower(s.Method)]
	if !ok {
		c.Errorf("%s: %s is not in the document", c.where, s)
		return o, false
	}
	class := map[string]catalogue.Activity{"non_query": catalogue.Administrative, "db_query": catalogue.Query}[o.Activity]
	if s.Activity != class {
		c.Errorf("%s: %s is drawn from %q, the document says %q", c.where, s, s.Activity, o.Activity)
	}
	for parameter := range s.Params {
		if !slices.ContainsFunc(o.Parameters, func(p struct{ Name, In string }) bool { return p.Name == parameter && p.In == "query" }) {
			c.Errorf("%s: %s takes no %s", c.where, s, parameter)
		}
	}
	return o, true
}

// unlike are members that the document calls read only and that requests must hold, each
// with the schema it is in (looker-api: which fields may be sent).
var unlike = []string{
	"ContentMetaGroupUser.permission_type", "ContentMetaGroupUser.group_id", "ContentMetaGroupUser.user_id", "ContentMetaGroupUser.content_metadata_id",
	"GroupIdForGroupInclusion.group_id", "GroupIdForGroupUserInclusion.user_id",
	"UserAttributeGroupValue.group_id", "UserAttributeGroupValue.value", "UserAttributeGroupValue.rank",
	"ResultMakerFilterables.listen",
}

func under(list []string, prefix string) bool {
	return slices.ContainsFunc(list, func(p string) bool { return strings.HasPrefix(p, prefix+".") })
}

// walk checks that each property of a body is sent or left, and that what is sent may be.
func (c *rowCheck) walk(s *property, at string) {
	fields := c.row.Fields
	for name, p := range s.Properties {
		full := strings.TrimPrefix(at+"."+name, ".")
		c.seen[full] = true
		owner := c.part != nil && c.part.Owner == full
		sent := slices.Contains(fields, full) || owner
		below, _ := c.api.resolved(p)
		readOnly := p.ReadOnly && !slices.Contains(unlike, s.name+"."+name)
		isPart := slices.ContainsFunc(c.row.Parts, func(part catalogue.Part) bool { return part.At == full })
		_, left := c.row.Left[full]
		switch {
		case readOnly && sent && !owner: // filters name their dashboard when they are made
			c.Errorf("%s: %s is sent and read only", c.where, full)
		case p.WriteOnly && sent && !slices.ContainsFunc(c.row.From, func(f catalogue.From) bool { return f.Member == full }):
			c.Errorf("%s: %s is write-only, so no backup has it, and is sent", c.where, full)
		case p.Deprecated && sent:
			c.Errorf("%s: %s is sent and deprecated", c.where, full)
		case sent && left:
			c.Errorf("%s: %s is sent and left", c.where, full)
		case sent:
			c.wholeValue(below, full)
		case under(fields, full):
			c.walk(below, full)
		case p.ReadOnly || left || isPart:
		default:
			c.Errorf("%s: %s (%s) is neither sent nor left", c.where, full, s.name)
		}
	}
}

// wholeValue checks that a value which is sent as it is holds nothing that is read only.
func (c *rowCheck) wholeValue(s *property, at string) {
	for name, p := range s.Properties {
		if p.ReadOnly && !slices.Contains(unlike, s.name+"."+name) || p.WriteOnly {
			c.Errorf("%s: %s is sent whole, and holds %s, which is not to be sent", c.where, at, name)
		}
		below, _ := c.api.resolved(p)
		c.wholeValue(below, at+"."+name)
	}
}

// TestEveryMemberIsSentOrLeft walks the schema of the body of every route that writes.
func TestEveryMemberIsSentOrLeft(t *testing.T) {
	a := readAPI(t)
	rows, members := 0, 0
	eachRow(t, a, func(_ *catalogue.Spec, _ string, c *rowCheck) {
		rows++
		for _, s := range []catalogue.Send{c.row.Create, c.row.Update} {
			if s.IsZero() {
				continue
			}
			o, ok := c.operation(s)
			if !ok {
				continue
			}
			body, array := a.body(o)
			if array != s.Array {
				t.Errorf("%s: the body of %s is an array: %v in the row, %v in the document", c.where, s, s.Array, array)
			}
			if (body == nil) != (len(s.Params) > 0) {
				t.Errorf("%s: %s has a body and parameters, or neither", c.where, s)
			}
			if body != nil {
				c.walk(body, "")
			}
		}
		members += len(c.seen)
		c.operations()
		for _, name := range c.row.Fields {
			if !c.seen[name] && len(c.row.Update.Params) == 0 {
				t.Errorf("%s: no body has %s", c.where, name)
			}
		}
		for name, why := range c.row.Left {
			if !c.seen[name] || why == "" {
				t.Errorf("%s: no body has %s, or there is no reason to leave it", c.where, name)
			}
		}
	})
	if rows < 45 || members < 600 {
		t.Errorf("%d rows with %d members were walked, which cannot be all", rows, members)
	}
}

// operations checks the routes of a row that make nothing of its fields.
func (c *rowCheck) operations() {
	if s := c.row.Delete; !s.IsZero() {
		c.operation(s)
	}
	if p := c.row.Partly; !p.IsZero() {
		if o, ok := c.operation(p.Send); ok {
			body, _ := c.api.body(o)
			if has, want := slices.Sorted(slices.Values(p.Fields)), slices.Sorted(maps.Keys(body.Properties)); !slices.Equal(has, want) {
				c.Errorf("%s: %s takes %v, the row says %v", c.where, p.Send, want, has)
			}
		}
	}
	for _, set := range c.row.Sets {
		for _, s := range []catalogue.Send{set.Replace, set.Add, set.Remove} {
			if s.IsZero() {
				continue
			}
			o, ok := c.operation(s)
			body, array := c.api.body(o)
			if ok && (array != s.Array || array && body.Type != "string") {
				c.Errorf("%s: the body of %s is not what the row says", c.where, s)
			}
			if ok && s.Method == "POST" && body.Properties[set.Body] == nil {
				c.Errorf("%s: the body of %s has no %s", c.where, s, set.Body)
			}
		}
	}
}

// answer is the schema of the documents that a row writes.
func (a *api) answer(t *testing.T, kind *catalogue.Spec, id string) *property {
	t.Helper()
	route := kind.Detail
	if id != "" {
		route, _ = kind.Single(id)
	}
	o, ok := a.Paths[route.Path]["get"]
	if !ok {
		t.Fatalf("%s %s: no GET %s", kind.Name, id, route.Path)
	}
	for _, content := range o.Responses["200"].Content {
		s, _ := a.resolved(content.Schema)
		return s
	}
	t.Fatalf("%s %s: GET %s has no answer", kind.Name, id, route.Path)
	return nil
}

// volatile reports whether a member is volatile by a row's rules.
func volatile(kind *catalogue.Spec, full string) bool {
	_, name, _ := strings.Cut("."+full[strings.LastIndexByte(full, '.')+1:], ".")
	matches := func(pattern, text string) bool {
		before, after, star := strings.Cut(pattern, "*")
		return pattern == text || star && len(text) >= len(before)+len(after) && strings.HasPrefix(text, before) && strings.HasSuffix(text, after)
	}
	for _, pattern := range slices.Concat(catalogue.Everywhere, kind.Volatile) {
		if anywhere, ok := strings.CutPrefix(pattern, "**."); ok && matches(anywhere, name) || !ok && matches(pattern, full) {
			return true
		}
	}
	return false
}

// known checks that the row knows each member of the documents it writes.
func (c *rowCheck) known(kind *catalogue.Spec, s *property, at, outside string, given map[string]bool) {
	w := c.row
	for name, p := range s.Properties {
		full := strings.TrimPrefix(at+"."+name, ".")
		below, _ := c.api.resolved(p)
		from := slices.ContainsFunc(w.From, func(f catalogue.From) bool {
			return slices.ContainsFunc(f.Paths, func(p string) bool { return p == full || strings.HasPrefix(p, full+".") })
		})
		_, left := w.Left[full]
		switch {
		case slices.Contains(w.Given, full):
			given[full] = true
		case slices.Contains(w.Fields, full), left, from && !under(w.Fields, full), c.part != nil && c.part.Owner == full, volatile(kind, strings.TrimPrefix(outside+"."+full, ".")),
			slices.ContainsFunc(w.Parts, func(p catalogue.Part) bool { return p.At == full }),
			slices.ContainsFunc(w.Sets, func(s catalogue.Set) bool { return s.At == full }):
		case under(w.Fields, full):
			c.known(kind, below, full, outside, given)
		default:
			c.Errorf("%s: %q is not known to the row", c.where, full)
		}
	}
}

// TestEveryMemberOfAnAnswerIsKnown: what a document has besides is told as somebody
// else's change, so the row has to know what the server makes.
func TestEveryMemberOfAnAnswerIsKnown(t *testing.T) {
	a := readAPI(t)
	var inside func(kind *catalogue.Spec, id, where, outside string, w *catalogue.Write, part *catalogue.Part, s *property)
	inside = func(kind *catalogue.Spec, id, where, outside string, w *catalogue.Write, part *catalogue.Part, s *property) {
		c := &rowCheck{T: t, api: a, where: where, row: w, part: part}
		given := make(map[string]bool)
		// The rows of a set are copies of what is in it.
		if (len(w.Parts) != 1 || w.Parts[0].At != ".") && (len(w.Sets) == 0 || len(w.Fields) > 0) {
			c.known(kind, s, "", outside, given)
		}
		for _, name := range w.Given {
			if !given[name] {
				t.Errorf("%s: no answer has %s", where, name)
			}
		}
		for i := range w.Parts {
			p := &w.Parts[i]
			below, to := s, outside
			if p.At != "." {
				below, _ = a.resolved(s.Properties[p.At])
				to = strings.TrimPrefix(outside+"."+p.At, ".")
			}
			inside(kind, id, where+" "+string(p.Name), to, p.Write, p, below)
		}
	}
	for _, kind := range catalogue.All() {
		if kind.Write != nil {
			inside(kind, "", string(kind.Name), "", kind.Write, nil, a.answer(t, kind, ""))
		}
		for _, v := range kind.Variants {
			if v.Write != nil {
				inside(kind, v.ID, string(kind.Name)+" "+v.ID+v.Member.Name, "", v.Write, nil, a.answer(t, kind, v.ID))
			}
		}
	}
}
