package find

import (
	"bytes"
	"hash/maphash"
	"strings"
	"unicode/utf8"
)

// Role says what a member of a document is for who looks into it.
type Role uint8

// The roles. A member has none, one or several.
const (
	Readable     Role = 1 << iota // holds what people read
	NamesUser                     // holds the id of a user, or several
	NamesLook                     // holds the id of a look
	NamesModel                    // holds the name of a model, or an object that is one
	NamesExplore                  // holds the name of an explore, whose model stands beside it
	NamesItself                   // holds the id of the object that it is in
	Echo                          // repeats another document, which is found by itself
)

// Roles are the members that have a role, by name, at any depth.
func Roles() map[string]Role {
	roles := map[string]Role{"look_id": NamesLook, "model": NamesModel, "view": NamesExplore, "explore": NamesExplore, "id": NamesItself}
	for _, list := range []struct {
		names map[string]bool
		role  Role
	}{{readable, Readable}, {users, NamesUser}, {echoes, Echo}} {
		for name := range list.names {
			roles[name] |= list.role
		}
	}
	return roles
}

// TermRules is the version of what terms there are. Terms of another version say nothing
// about a query: raise it whenever one that [Terms] collects may be missing from an older
// document, or [Query.Needs] asks for one that it would not have.
const TermRules = 2

// A term is a letter for its class and a text.
const (
	classWord    = 'w' // letters and digits of what people read, in lower case
	classLong    = 'x' // without a text: the document has a word that is no term
	classField   = 'f'
	classModel   = 'm'
	classExplore = 'e' // model::name
	classLook    = 'l'
	classUser    = 'u'
)

const (
	longestWord  = 64  // bytes of a word that is a term
	longestOther = 200 // bytes of the text of other terms
)

// Terms collects what a document can be found by. It serves one goroutine and reuses its
// memory.
type Terms struct {
	text  []byte // the terms, each with a line break behind it
	slots []slot // places of terms by their hash
	used  int
	round uint32 // of Reset: slots of another one are free
	seed  maphash.Seed
	lower []byte
	term  []byte
}

type slot struct {
	round, from, to uint32
}

// NewTerms returns a collection without terms.
func NewTerms() *Terms {
	return &Terms{slots: make([]slot, 256), round: 1, seed: maphash.MakeSeed()}
}

// Reset begins another document.
func (t *Terms) Reset() {
	t.text, t.used = t.text[:0], 0
	if t.round++; t.round == 0 {
		clear(t.slots)
		t.round = 1
	}
}

// Text are the terms of the document, each once and with a line break behind it, in the
// caller's own memory. It is never nil.
func (t *Terms) Text() []byte { return append(make([]byte, 0, len(t.text)), t.text...) }

// add adds a term that is not there yet.
func (t *Terms) add(class byte, text []byte) {
	t.term = append(append(t.term[:0], class), text...)
	if 2*t.used >= len(t.slots) {
		t.grow()
	}
	if s := t.place(t.term); s.round != t.round {
		*s = slot{t.round, uint32(len(t.text)), uint32(len(t.text) + len(t.term))}
		t.text = append(append(t.text, t.term...), '\n')
		t.used++
	}
}

// place is the slot of a term: the one that holds it, or the free one that would.
func (t *Terms) place(term []byte) *slot {
	for at := maphash.Bytes(t.seed, term); ; at++ {
		s := &t.slots[at%uint64(len(t.slots))]
		if s.round != t.round || bytes.Equal(t.text[s.from:s.to], term) {
			return s
		}
	}
}

func (t *Terms) grow() {
	old := t.slots
	t.slots = make([]slot, 2*len(old))
	for _, s := range old {
		if s.round == t.round {
			*t.place(t.text[s.from:s.to]) = s
		}
	}
}

// Words adds the words of what people read.
func (t *Terms) Words(text []byte) {
	t.lower = t.lower[:0]
	for _, c := range text {
		if c >= utf8.RuneSelf {
			t.lower = append(t.lower[:0], strings.ToLower(string(text))...)
			break
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		t.lower = append(t.lower, c)
	}
	eachWord(t.lower, func(word []byte) {
		if len(word) > longestWord {
			t.add(classLong, nil)
			return
		}
		t.add(classWord, word)
	})
}

// Fields adds what may be a field in a text of any sort. It looks around dots only: most
// texts have none.
func (t *Terms) Fields(text []byte) {
	for at := 0; ; {
		dot := bytes.IndexByte(text[at:], '.')
		if dot < 0 {
			return
		}
		from, to := at+dot, at+dot+1
		for from > at && fieldBytes[text[from-1]] {
			from--
		}
		for to < len(text) && fieldBytes[text[to]] {
			to++
		}
		if run := text[from:to]; beginsLikeField(run) {
			t.add(classField, run)
		}
		at = to
	}
}

// Model adds a model.
func (t *Terms) Model(name []byte) { t.other(classModel, name) }

// Explore adds an explore of a model.
func (t *Terms) Explore(model, name []byte) {
	t.lower = append(append(append(t.lower[:0], model...), "::"...), name...)
	t.other(classExplore, t.lower)
}

// Look adds the id of a look.
func (t *Terms) Look(id []byte) { t.other(classLook, id) }

// User adds the id of a user.
func (t *Terms) User(id []byte) { t.other(classUser, id) }

func (t *Terms) other(class byte, text []byte) {
	if isOther(text) {
		t.add(class, text)
	}
}

// isOther reports whether a text can be a term that is no word and no field.
func isOther(text []byte) bool {
	return len(text) > 0 && len(text) <= longestOther && bytes.IndexByte(text, '\n') < 0
}

// likeField reports whether a text can be the term of a field. Names without a view, of
// calculations, are not among them: every member of a document would be one.
func likeField(text []byte) bool {
	for _, c := range text {
		if !fieldBytes[c] {
			return false
		}
	}
	return bytes.IndexByte(text, '.') > 0 && beginsLikeField(text)
}

func beginsLikeField(text []byte) bool {
	return len(text) <= longestOther && (text[0]|0x20 >= 'a' && text[0]|0x20 <= 'z')
}

// eachWord calls fn with every longest run of bytes of words.
func eachWord(text []byte, fn func(word []byte)) {
	for at := 0; at < len(text); at++ {
		if !wordBytes[text[at]] {
			continue
		}
		from := at
		for at < len(text) && wordBytes[text[at]] {
			at++
		}
		fn(text[from:at])
	}
}

// wordBytes are the bytes of words in lower case: all that is no ASCII is taken for a
// part of one. fieldBytes are those of the names of fields.
var wordBytes, fieldBytes = func() (words, fields [256]bool) {
	for c := range 256 {
		lower := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		words[c] = lower || c >= utf8.RuneSelf
		fields[c] = lower || c >= 'A' && c <= 'Z' || c == '.' || c == '_'
	}
	return words, fields
}()

// A Need is met by every document in which a query finds something.
type Need struct {
	Term string // a term of the document
	Part bool   // a term of the class of Term will do of whose text the rest of Term is a part
	Or   string // a term that will do as well, "" for none
}

// Needs are what the documents have in common in which the query finds something. Other
// documents may meet them as well. A query without needs may find something in any.
func (q Query) Needs() []Need {
	var needs []Need
	for _, word := range q.Words {
		eachWord([]byte(word), func(run []byte) {
			if len(run) <= longestWord {
				needs = append(needs, Need{Term: string(classWord) + string(run), Part: true, Or: string(classLong)})
			}
		})
	}
	if q.User != "" && isOther([]byte(q.User)) {
		if need, ok := q.userNeed(); ok {
			needs = append(needs, need)
		}
	}
	if q.Field != "" && likeField([]byte(q.Field)) {
		needs = append(needs, Need{Term: string(classField) + q.Field})
	}
	for _, other := range []struct {
		class byte
		text  string
	}{{classExplore, q.Explore}, {classModel, q.Model}, {classLook, q.Look}} {
		if isOther([]byte(other.text)) {
			needs = append(needs, Need{Term: string(other.class) + other.text})
		}
	}
	return needs
}

// userNeed is what a document has that names the user, by id or by mail address: of the
// address the longest word before the @, since many share what is behind it. It reports
// false where no term tells.
func (q Query) userNeed() (need Need, ok bool) {
	need.Term = string(classUser) + q.User
	if q.Address == "" {
		return need, true
	}
	local, _, _ := strings.Cut(strings.ToLower(q.Address), "@")
	longest := 0
	eachWord([]byte(local), func(word []byte) {
		switch {
		case len(word) <= longest:
		case len(word) > longestWord:
			longest, need.Or = len(word), string(classLong)
		default:
			longest, need.Or = len(word), string(classWord)+string(word)
		}
	})
	return need, need.Or != ""
}
