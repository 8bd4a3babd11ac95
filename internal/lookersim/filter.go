package lookersim

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// value is a member of a document as filters and sorts see it.
type value struct {
	null bool
	text string   // strings decoded, anything else as it is written
	list []string // the members of an array of strings
}

func textValue(s string) value { return value{text: s} }

func intValue[T int | int32 | int64](n T) value { return value{text: strconv.FormatInt(int64(n), 10)} }

func rawValue(raw []byte) value {
	if isNull(raw) {
		return value{null: true}
	}
	switch raw[0] {
	case '"':
		return value{text: decodeString(raw)}
	case '[':
		v := value{list: []string{}}
		for start, end := range elements(raw) {
			v.list = append(v.list, rawValue(raw[start:end]).text)
		}
		return v
	}
	return value{text: string(raw)}
}

func decodeString(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	// The text is known to be valid JSON; a lone surrogate decodes to U+FFFD.
	_ = json.Unmarshal(raw, &s)
	return s
}

// match is how a filter parameter is compared with a member.
type match uint8

const (
	matchLike match = iota // any case, % and _ are wildcards
	matchID                // equal, or one of a comma list
	matchBool
)

// param is a query parameter that filters a listing.
type param struct {
	name   string
	member string // of the document
	match  match
}

// params reads a compact table such as "title id:id user_id:id deleted:bool
// creator_id>user_id:id".
func params(table string) []param {
	var list []param
	for word := range strings.FieldsSeq(table) {
		p := param{}
		name, how, _ := strings.Cut(word, ":")
		p.name, p.member, _ = strings.Cut(name, ">")
		p.member = cmp.Or(p.member, p.name)
		switch how {
		case "id":
			p.match = matchID
		case "bool":
			p.match = matchBool
		}
		list = append(list, p)
	}
	return list
}

// filter is a parameter with what the request says.
type filter struct {
	param
	want string
}

// accepts compares a member with the filter.
func (f filter) accepts(v value) bool {
	switch f.want {
	case "IS NULL", "NULL":
		return v.null
	case "NOT NULL":
		return !v.null
	}
	if v.null {
		return false
	}
	if v.list != nil {
		return slices.ContainsFunc(v.list, f.acceptsText)
	}
	return f.acceptsText(v.text)
}

func (f filter) acceptsText(text string) bool {
	switch f.match {
	case matchBool:
		return text == f.want
	case matchID:
		return slices.ContainsFunc(strings.Split(f.want, ","), func(one string) bool { return strings.TrimSpace(one) == text })
	}
	return like(strings.ToLower(text), strings.ToLower(f.want))
}

// like matches a pattern in which % stands for any text and _ for one character.
func like(text, pattern string) bool {
	t, p := []rune(text), []rune(pattern)
	ti, pi, star, mark := 0, 0, -1, 0
	for ti < len(t) {
		switch {
		case pi < len(p) && p[pi] == '%':
			star, mark = pi, ti
			pi++
		case pi < len(p) && (p[pi] == '_' || p[pi] == t[ti]):
			pi++
			ti++
		case star >= 0:
			mark++
			ti, pi = mark, star+1
		default:
			return false
		}
	}
	for pi < len(p) && p[pi] == '%' {
		pi++
	}
	return pi == len(p)
}

// sortKey is one field of a sorts parameter.
type sortKey struct {
	field string
	desc  bool
}

func parseSorts(s string) []sortKey {
	var keys []sortKey
	for part := range strings.SplitSeq(s, ",") {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		keys = append(keys, sortKey{field: words[0], desc: len(words) > 1 && strings.EqualFold(words[1], "desc")})
	}
	return keys
}

// compare orders two values: numbers by size, then text, null last.
func (v value) compare(o value) int {
	if v.null || o.null {
		return boolInt(v.null) - boolInt(o.null)
	}
	a, errA := strconv.ParseFloat(v.text, 64)
	b, errB := strconv.ParseFloat(o.text, 64)
	switch {
	case errA == nil && errB == nil:
		return cmp.Compare(a, b)
	case errA == nil:
		return -1
	case errB == nil:
		return 1
	}
	return strings.Compare(v.text, o.text)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
