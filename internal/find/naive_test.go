package find_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/find"
)

// naive looks into a document by all of its values as encoding/json reads them.
type naive struct {
	query find.Query
	roles map[string]find.Role
	words map[string]bool
	uses  map[string]bool
	where []string
	score int
}

// in returns the places where a document holds what a query asks for, and the score; nil
// where it does not.
func (n naive) in(document string) ([]string, int) {
	n.words, n.uses = make(map[string]bool), make(map[string]bool)
	d := json.NewDecoder(strings.NewReader(document))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return nil, 0
	}
	n.walk("", "", value)
	for _, word := range n.query.Words {
		if !n.words[word] {
			return nil, 0
		}
	}
	for use, wanted := range map[string]string{"field": n.query.Field, "explore": n.query.Explore, "model": n.query.Model, "look": n.query.Look, "user": n.query.User} {
		if wanted != "" && !n.uses[use] {
			return nil, 0
		}
	}
	return n.where, n.score
}

func (n *naive) found(use, path string) {
	n.uses[use] = true
	n.score += max(1, 8-2*strings.Count(path, "/"))
	if !slices.Contains(n.where, path) {
		n.where = append(n.where, path)
	}
}

func (n *naive) walk(path, name string, value any) {
	switch v := value.(type) {
	case map[string]any:
		n.object(path, v)
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if n.roles[key]&find.Echo != 0 {
				continue
			}
			if n.query.Field != "" && key == n.query.Field {
				n.found("field", path+"/"+escaped(key))
			}
			n.walk(path+"/"+escaped(key), key, v[key])
		}
	case []any:
		for i, element := range v {
			called := fmt.Sprint(i)
			if object, ok := element.(map[string]any); ok {
				switch id := object["id"].(type) {
				case string:
					called = escaped(id)
				case json.Number:
					called = id.String()
				}
			}
			n.walk(path+"/"+called, name, element)
		}
	case string:
		n.scalar(path, name, v)
		if field := n.query.Field; field != "" && (v == field || strings.HasPrefix(v, field+" ") || strings.Contains(v, "${"+field+"}") || strings.Contains(v, `"`+field+`"`)) {
			n.found("field", path)
		}
		n.text(path, name, v)
	case json.Number:
		n.scalar(path, name, v.String())
	}
}

func (n *naive) scalar(path, name, id string) {
	sent := n.query.Address != "" && (name == "address" || name == "email_address") && strings.EqualFold(id, n.query.Address)
	switch {
	case n.query.Look != "" && name == "look_id" && id == n.query.Look:
		n.found("look", path)
	case n.query.User != "" && n.roles[name]&find.NamesUser != 0 && id == n.query.User, sent:
		n.found("user", path)
	}
}

func (n *naive) text(path, name, text string) {
	held := false
	for _, word := range n.query.Words {
		if n.roles[name]&find.Readable != 0 && strings.Contains(strings.ToLower(text), word) {
			n.words[word], held = true, true
		}
	}
	if held {
		n.found("", path)
	}
}

func (n *naive) object(path string, object map[string]any) {
	model, _ := object["model"].(string)
	if nested, ok := object["model"].(map[string]any); ok {
		model, _ = nested["id"].(string)
	}
	if n.query.Model != "" && model == n.query.Model {
		n.found("model", path+"/model")
	}
	for _, member := range []string{"view", "explore"} {
		if name, ok := object[member].(string); ok && n.query.Explore != "" && model != "" && model+"::"+name == n.query.Explore {
			n.found("explore", path+"/"+member)
		}
	}
}

func escaped(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

// TestAsNaively compares searchers, which pass over most of a document, with one that does not.
func TestAsNaively(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 11))
	roles := find.Roles()
	names := append(slices.Sorted(maps.Keys(roles)), "query", "a.b", "a/~", "Ä", "look_id", "model", "view", "user_id", "title", "title")
	queries := []find.Query{
		find.New("sales"), find.New("b k"), find.New("über 7"), {Field: "a.b"}, {Field: "title"}, {Model: "m"}, {Model: "7"}, {Explore: "m::v"}, {Explore: "::v"},
		{Look: "7"}, {User: "7"}, {User: "7", Address: "ANN@example.com"}, {Words: []string{"sales"}, Field: "a.b"}, {},
	}
	found := 0
	for range 1500 {
		document := anyObject(random, names, 3)
		for _, query := range queries {
			want, score := naive{query: query, roles: roles}.in(document)
			got, ok := find.NewSearcher(query).In([]byte(document))
			if ok != (want != nil || score == 0 && query.Empty()) || ok && (!cmp.Equal(want, got.Where) || got.Score != score) {
				t.Fatalf("%+v in %s\nwant %v, score %d\ngot  %v, score %d", query, document, want, score, got.Where, got.Score)
			}
			if want != nil {
				found++
			}
		}
	}
	if found < 1500 {
		t.Errorf("only %d times something was found", found)
	}
}

// anyObject makes a random object, in which members are given twice.
func anyObject(r *rand.Rand, names []string, depth int) string {
	var members []string
	for range 1 + r.IntN(6) {
		members = append(members, fmt.Sprintf("%q:%s", names[r.IntN(len(names))], anyValue(r, names, depth)))
	}
	return "{ " + strings.Join(members, ", ") + " }"
}

func anyValue(r *rand.Rand, names []string, depth int) string {
	switch n := r.IntN(10); {
	case n < 3 && depth > 0:
		return anyObject(r, names, depth-1)
	case n < 5 && depth > 0:
		var list []string
		for range r.IntN(4) {
			list = append(list, anyValue(r, names, depth-1))
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	return []string{
		`"Sales"`, `"s\u0061les sales\/"`, `"\u00fcber"`, `"a.b"`, `"a.b desc"`, `"x ${a.b} y"`, `"[{\"f\":\"a.b\"}]"`, `"7"`, `7`, `"m"`, `"v"`, `"ann@example.com"`,
		`"Über K"`, "\"\u212a \xff b\"", `"\ud800 b"`, `null`, `true`, `1.50`, `""`, `"title"`,
	}[r.IntN(20)]
}
