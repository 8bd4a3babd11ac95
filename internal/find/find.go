// Package find looks into documents: which of their texts hold some words, and where
// they use a field, an explore, a model, a look or a user. It is pure.
package find

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Query is what to look for. Everything that it names must be in a document.
type Query struct {
	// Words are looked for in what people read: titles, names, descriptions, notes, the
	// text of tiles, addresses. Each must be in one of them, whatever its case.
	Words []string
	// Field is a field of a query: "orders.total". It may be selected, pivoted, sorted
	// or filtered by, used in a calculation, or listened to by a filter.
	Field string
	// Explore is "model::name".
	Explore string
	Model   string
	Look    string // id
	User    string // id
	// Address is the mail address of User, "" for none: whose mail goes there names the user.
	Address string
}

// New makes a query of text as people write it: several words mean all of them.
func New(text string) Query { return Query{Words: strings.Fields(strings.ToLower(text))} }

// Empty reports whether a query asks for nothing.
func (q Query) Empty() bool {
	return len(q.Words) == 0 && q.Field == "" && q.Explore == "" && q.Model == "" && q.Look == "" && q.User == ""
}

// Match is where a document holds what a query asks for.
type Match struct {
	// Where are the places, as JSON pointers in which an element of a list is named by
	// its id where it has one: "/dashboard_elements/17/title".
	Where []string
	// Passages are some of the places with what they say, the best first: what ranks
	// highest, and of that what holds most of the words. There is one at least.
	Passages []Passage
	// Score ranks documents: what is in a name counts more than what is deep inside.
	Score int
}

// In looks into a document. It reports false where the document does not hold all that
// the query asks for, or is not JSON.
func (q Query) In(document []byte) (Match, bool) {
	if !q.mayBeIn(document) {
		return Match{}, false
	}
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return Match{}, false
	}
	q.Address = strings.ToLower(q.Address)
	s := &search{query: q, words: make(map[string]bool), uses: make(map[string]bool)}
	s.walk("", "", value)
	for _, word := range q.Words {
		if !s.words[word] {
			return Match{}, false
		}
	}
	for name, wanted := range map[string]string{"field": q.Field, "explore": q.Explore, "model": q.Model, "look": q.Look, "user": q.User} {
		if wanted != "" && !s.uses[name] {
			return Match{}, false
		}
	}
	return Match{Where: s.where, Passages: s.best(), Score: s.score}, true
}

// mayBeIn reports whether the bytes of a document could hold what the query asks for.
// It rules most documents out at a hundredth of the cost of reading them. What JSON can
// spell in another way is not looked for.
func (q Query) mayBeIn(document []byte) bool {
	user := q.User
	if q.Address != "" {
		user = "" // the address will do
	}
	for _, exact := range []string{q.Field, q.Model, q.Look, user} {
		if plainly(exact) && !bytes.Contains(document, []byte(exact)) {
			return false
		}
	}
	if len(q.Words) == 0 {
		return true
	}
	lower := bytes.ToLower(document)
	for _, word := range q.Words {
		if plainly(word) && !bytes.Contains(lower, []byte(word)) {
			return false
		}
	}
	return true
}

// plainly reports whether JSON spells text in one way only, as serializers go.
func plainly(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '.' && r != '_'
	}) < 0
}

// readable are the members that hold what people read.
var readable = map[string]bool{
	"title": true, "name": true, "description": true, "title_text": true, "subtitle_text": true, "body_text": true,
	"note": true, "note_text": true, "text": true, "label": true, "display_name": true, "first_name": true,
	"last_name": true, "email": true, "address": true, "email_address": true, "subject": true, "message": true, "custom_title": true,
	"group_label": true, "hover_text": true, "heading": true, "instructions": true, "welcome_message": true,
}

// users are the members that name a user.
var users = map[string]bool{
	"user_id": true, "owner_id": true, "creator_id": true, "last_updater_id": true, "deleter_id": true,
	"created_by_user_id": true, "certifying_user_id": true, "user_ids": true,
}

// recipients are the members that hold a mail address to which something is sent.
var recipients = map[string]bool{"address": true, "email_address": true}

// echoes are members that repeat another document, which is found by itself.
var echoes = map[string]bool{"folder": true, "space": true, "user": true}

type search struct {
	query Query
	words map[string]bool // that were found
	uses  map[string]bool // what else was found
	where []string
	score int
	seen  []seen
}

// found notes a place that holds some of what was looked for: its text, and which words
// of it.
func (s *search) found(use, path, text string, words ...string) {
	if use != "" {
		s.uses[use] = true
	}
	weight := max(1, 8-2*strings.Count(path, "/"))
	s.score += weight
	if !slices.Contains(s.where, path) {
		s.where = append(s.where, path)
		s.see(seen{path, text, words, weight})
	}
}

// walk looks into a value, whose member's name is given.
func (s *search) walk(path, name string, value any) {
	switch v := value.(type) {
	case map[string]any:
		s.object(path, v)
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if echoes[key] {
				continue
			}
			if s.query.Field != "" && key == s.query.Field {
				s.found("field", path+"/"+escape(key), key, key)
			}
			s.walk(path+"/"+escape(key), key, v[key])
		}
	case []any:
		for i, element := range v {
			s.walk(path+"/"+elementName(element, i), name, element)
		}
	case string:
		s.text(path, name, v)
	case json.Number:
		s.id(path, name, v.String())
	}
}

// text looks into a string.
func (s *search) text(path, name, text string) {
	s.id(path, name, text)
	if s.query.Field != "" && usesField(text, s.query.Field) {
		s.found("field", path, text, s.query.Field)
	}
	if !readable[name] || len(s.query.Words) == 0 {
		return
	}
	lower := strings.ToLower(text)
	var words []string
	for _, word := range s.query.Words {
		if strings.Contains(lower, word) {
			s.words[word] = true
			words = append(words, word)
		}
	}
	if len(words) > 0 {
		s.found("", path, text, words...)
	}
}

// usesField reports whether text is a field, sorts by it ("orders.total desc"), or uses
// it in a calculation ("${orders.total}") or in JSON that is held as text.
func usesField(text, field string) bool {
	return text == field || strings.HasPrefix(text, field+" ") ||
		strings.Contains(text, "${"+field+"}") || strings.Contains(text, `"`+field+`"`)
}

func (s *search) id(path, name, id string) {
	switch {
	case s.query.Look != "" && name == "look_id" && id == s.query.Look:
		s.found("look", path, id, id)
	case s.query.User != "" && users[name] && id == s.query.User,
		s.query.Address != "" && recipients[name] && strings.ToLower(id) == s.query.Address:
		s.found("user", path, id, id)
	}
}

// object looks for a model and an explore, which are told by two members.
func (s *search) object(path string, object map[string]any) {
	model, _ := object["model"].(string)
	if nested, ok := object["model"].(map[string]any); ok {
		model, _ = nested["id"].(string)
	}
	if s.query.Model != "" && model == s.query.Model {
		s.found("model", path+"/model", model, model)
	}
	if s.query.Explore == "" || model == "" {
		return
	}
	for _, member := range []string{"view", "explore"} {
		if name, ok := object[member].(string); ok && model+"::"+name == s.query.Explore {
			s.found("explore", path+"/"+member, name, name)
		}
	}
}

// elementName is what a path calls an element of a list.
func elementName(element any, place int) string {
	if object, ok := element.(map[string]any); ok {
		switch id := object["id"].(type) {
		case string:
			return escape(id)
		case json.Number:
			return id.String()
		}
	}
	return fmt.Sprint(place)
}

// pointer writes names as a JSON pointer does.
var pointer = strings.NewReplacer("~", "~0", "/", "~1")

func escape(name string) string {
	if !strings.ContainsAny(name, "~/") {
		return name
	}
	return pointer.Replace(name)
}
