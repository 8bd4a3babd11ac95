// Package find looks into documents: which of their texts hold some words, and where
// they use a field, an explore, a model, a look or a user. It is pure.
package find

import (
	"bytes"
	"slices"
	"strconv"
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

// A Searcher looks into documents for what a query asks for. It reuses its memory and serves
// one goroutine.
type Searcher struct {
	query Query // with the address in lower case
	document

	anchors []anchor
	fieldAs [][]byte // how texts use the field that do not begin with it

	words map[string]bool // that were found
	uses  map[string]bool // what else was found
	where []string
	score int
	seen  []seen
}

// NewSearcher returns a searcher for a query.
func NewSearcher(q Query) *Searcher {
	q.Address = strings.ToLower(q.Address)
	s := &Searcher{query: q, words: make(map[string]bool), uses: make(map[string]bool)}
	anchors := slices.Clone(q.Words)
	for _, text := range []string{q.Field, q.Look, q.User, q.Address} {
		if text != "" {
			anchors = append(anchors, text)
		}
	}
	if q.Explore != "" {
		anchors = append(anchors, q.Explore[strings.LastIndexByte(q.Explore, ':')+1:])
	}
	for _, text := range anchors {
		lower, _ := appendLower(nil, []byte(text))
		s.anchors = append(s.anchors, anchor{text: lower})
	}
	if q.Field != "" {
		s.fieldAs = [][]byte{[]byte("${" + q.Field + "}"), []byte(`"` + q.Field + `"`)}
	}
	return s
}

// In looks into a document. It reports false where the document does not hold all that
// the query asks for, or is not JSON.
func (s *Searcher) In(document []byte) (Match, bool) {
	s.begin(document)
	for i := range s.anchors {
		s.anchors[i].next = -1
	}
	if !s.mayHold() || s.read(s.mayBe) != nil {
		return Match{}, false
	}
	clear(s.words)
	clear(s.uses)
	s.where, s.score, s.seen = nil, 0, s.seen[:0]
	s.walk("", nil, 0)
	for _, word := range s.query.Words {
		if !s.words[word] {
			return Match{}, false
		}
	}
	for name, wanted := range map[string]string{"field": s.query.Field, "explore": s.query.Explore, "model": s.query.Model, "look": s.query.Look, "user": s.query.User} {
		if wanted != "" && !s.uses[name] {
			return Match{}, false
		}
	}
	return Match{Where: s.where, Passages: s.best(), Score: s.score}, true
}

// mayHold reports whether the bytes of the document could hold what the query asks for.
// It rules most documents out at a hundredth of the cost of reading them. What JSON can
// spell in another way is not looked for.
func (s *Searcher) mayHold() bool {
	user := s.query.User
	if s.query.Address != "" {
		user = "" // the address will do
	}
	for _, exact := range []string{s.query.Field, s.query.Model, s.query.Look, user} {
		if plainly(exact) && !bytes.Contains(s.text, []byte(exact)) {
			return false
		}
	}
	for _, word := range s.query.Words {
		if s.isASCII && plainly(word) && !bytes.Contains(s.lower, []byte(word)) {
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

// found notes a place that holds some of what was looked for: its text, and which words
// of it.
func (s *Searcher) found(use, path, text string, words ...string) {
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

// An anchor is a text that a string or number holds which is looked for, in lower case.
type anchor struct {
	text []byte
	next int // where it is found next in the document, -1 for not looked for
}

// anchored reports whether a text holds one of the anchors, or cannot be told. Texts come in
// their order in the document.
func (s *Searcher) anchored(text span) bool {
	if text.isOther {
		return true
	}
	for i := range s.anchors {
		a := &s.anchors[i]
		if a.next < text.from {
			if a.next = bytes.Index(s.lower[text.from:], a.text); a.next < 0 {
				a.next = len(s.lower)
			} else {
				a.next += text.from
			}
		}
		if a.next+len(a.text) <= text.to {
			return true
		}
	}
	return false
}

// mayBe reports whether a value may be something that is looked for, called by the name of the
// member which it, or the list that it is in, is the value of. Only such values, and what they
// are in, are walked through.
func (s *Searcher) mayBe(name []byte, n *node) bool {
	switch {
	case s.query.Field != "" && string(name) == s.query.Field:
		return true
	case s.query.Model != "" && string(name) == "model":
		return n.kind == '{' || string(s.plain(n.value)) == s.query.Model
	case n.kind == '{' || n.kind == '[' || !s.anchored(n.value):
		return false
	}
	text := s.plain(n.value)
	if s.use(name, text) != "" {
		return true
	}
	return n.kind == '"' && (s.query.Field != "" && s.usesField(text) ||
		s.query.Explore != "" && (string(name) == "view" || string(name) == "explore") && strings.HasSuffix(s.query.Explore, string(text)) ||
		len(s.query.Words) > 0 && readable[string(name)] && len(s.wordsIn(n.value)) > 0)
}

// walk looks into a value, and into those in it that may hold something. The name is that of
// its member.
func (s *Searcher) walk(path string, name []byte, at int) {
	n := &s.nodes[at]
	if !n.holds {
		return
	}
	switch n.kind {
	case '{':
		s.object(path, at)
		for _, member := range s.members(at) {
			key := s.plain(s.nodes[member].name)
			below := path + "/" + escape(string(key))
			if s.query.Field != "" && string(key) == s.query.Field {
				s.found("field", below, s.query.Field, s.query.Field)
			}
			s.walk(below, key, member)
		}
	case '[':
		place := 0
		for element := range s.inside(at) {
			if s.nodes[element].holds {
				s.walk(path+"/"+s.elementName(element, place), name, element)
			}
			place++
		}
	case '"':
		s.inString(path, name, n.value)
	case '0':
		s.id(path, name, s.plain(n.value))
	}
}

// inString looks into a string.
func (s *Searcher) inString(path string, name []byte, value span) {
	text := s.plain(value)
	s.id(path, name, text)
	if s.query.Field != "" && s.usesField(text) {
		s.found("field", path, string(text), s.query.Field)
	}
	if len(s.query.Words) == 0 || !readable[string(name)] {
		return
	}
	if words := s.wordsIn(value); len(words) > 0 {
		for _, word := range words {
			s.words[word] = true
		}
		s.found("", path, string(text), words...)
	}
}

// wordsIn are the words of the query that a text holds.
func (s *Searcher) wordsIn(value span) (words []string) {
	lower := s.lowered(value)
	for _, word := range s.query.Words {
		if bytes.Contains(lower, []byte(word)) {
			words = append(words, word)
		}
	}
	return words
}

// usesField reports whether text is the field, sorts by it ("orders.total desc"), or uses
// it in a calculation ("${orders.total}") or in JSON that is held as text.
func (s *Searcher) usesField(text []byte) bool {
	if rest, ok := bytes.CutPrefix(text, []byte(s.query.Field)); ok && (len(rest) == 0 || rest[0] == ' ') {
		return true
	}
	return bytes.Contains(text, s.fieldAs[0]) || bytes.Contains(text, s.fieldAs[1])
}

// use is what a member of a name uses with an id, or names by a mail address, of what is looked
// for, "" for nothing.
func (s *Searcher) use(name, id []byte) string {
	switch {
	case s.query.Look != "" && string(name) == "look_id" && string(id) == s.query.Look:
		return "look"
	case s.query.User != "" && users[string(name)] && string(id) == s.query.User,
		s.query.Address != "" && recipients[string(name)] && strings.ToLower(string(id)) == s.query.Address:
		return "user"
	}
	return ""
}

func (s *Searcher) id(path string, name, id []byte) {
	if use := s.use(name, id); use != "" {
		s.found(use, path, string(id), string(id))
	}
}

// object looks for a model and an explore, which are told by two members.
func (s *Searcher) object(path string, at int) {
	if s.query.Model == "" && s.query.Explore == "" {
		return
	}
	model := s.member(at, "model")
	if model != 0 && s.nodes[model].kind == '{' {
		model = s.member(model, "id")
	}
	name := s.stringAt(model)
	if s.query.Model != "" && name == s.query.Model {
		s.found("model", path+"/model", name, name)
	}
	if s.query.Explore == "" || name == "" {
		return
	}
	for _, member := range []string{"view", "explore"} {
		explore := s.member(at, member)
		if explore == 0 || s.nodes[explore].kind != '"' {
			continue
		}
		if shown := s.stringAt(explore); name+"::"+shown == s.query.Explore {
			s.found("explore", path+"/"+member, shown, shown)
		}
	}
}

// elementName is what a path calls an element of a list.
func (s *Searcher) elementName(element, place int) string {
	if s.nodes[element].kind == '{' {
		switch id := s.member(element, "id"); {
		case id == 0:
		case s.nodes[id].kind == '"':
			return escape(string(s.plain(s.nodes[id].value)))
		case s.nodes[id].kind == '0':
			return string(s.plain(s.nodes[id].value))
		}
	}
	return strconv.Itoa(place)
}

// pointer writes names as a JSON pointer does.
var pointer = strings.NewReplacer("~", "~0", "/", "~1")

func escape(name string) string {
	if !strings.ContainsAny(name, "~/") {
		return name
	}
	return pointer.Replace(name)
}
