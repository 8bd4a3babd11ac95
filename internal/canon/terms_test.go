package canon_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/find"
)

// termsOf are the terms of a document, sorted.
func termsOf(t *testing.T, body string) []string {
	t.Helper()
	terms, err := canon.Terms()([]byte(body))
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return slices.Sorted(strings.SplitSeq(strings.TrimSuffix(string(terms), "\n"), "\n"))
}

func TestTerms(t *testing.T) {
	for _, tt := range []struct{ name, body, want string }{
		{"what people read", `{"title":"Sales, Überblick sales","view_name":"no"}`, "wsales wüberblick"},
		{"escapes", `{"note_text":"a\nB\u0043 \"d\""}`, "wa wbc wd"},
		{"a long word", `{"title":"` + strings.Repeat("a", 65) + ` b"}`, "wb x"},
		{"not what repeats another document", `{"folder":{"name":"Finance","query":{"model":"m"}},"title":"T"}`, "wt"},
		{"fields", `{"fields":["a.b","c"],"sorts":["a.d desc"],"filters":{"e.f":"1.5"},"dynamic_fields":"[{\"x\":\"${g.h}\"}]"}`, "fa.b fa.d fe.f fg.h"},
		{"a model and its explores", `{"query":{"view":"v","model":"m","explore":"e"}}`, "em::e em::v mm"},
		{"a model that is an object", `{"look":{"model":{"label":"L","id":"m"},"view":"v"},"look_id":5}`, "em::v l5 mm wl"},
		{"users", `{"user_id":7,"owner_id":"8","user_ids":["9",10],"id":"11"}`, "u10 u7 u8 u9"},
		{"what is volatile as well", `{"last_accessed_at":"a.b","can":{"title":"Hidden","user_id":"5"},"user_name":"x"}`, "fa.b u5 whidden"},
		{"recipients", `{"destinations":[{"email_address":"Ann.B@x.y"}],"address":"c"}`, "fAnn.B fx.y wann wb wc wx wy"},
		{"each once", `{"title":"a a","name":"A"}`, "wa"},
		{"nothing", `{"id":"7"}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, strings.Join(termsOf(t, tt.body), " ")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// meets reports whether terms meet the needs of a query, as an index answers them.
func meets(terms []string, needs []find.Need) bool {
	for _, need := range needs {
		if !slices.ContainsFunc(terms, func(term string) bool {
			part := need.Part && term != "" && term[0] == need.Term[0] && strings.Contains(term[1:], need.Term[1:])
			return term == need.Term || part || need.Or != "" && term == need.Or
		}) {
			return false
		}
	}
	return true
}

// TestTermsMissNothing makes random documents and queries of what is in them: what a
// query finds in a document meets its needs.
func TestTermsMissNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 5))
	names := append(slices.Sorted(maps.Keys(find.Roles())), "query", "fields", "can", "url", "a.b", "deleted")
	found, narrowed := 0, 0
	for range 3000 {
		body := randomObject(random, names, 3)
		terms := termsOf(t, body)
		for range 5 {
			query := randomQuery(random)
			match, ok := find.NewSearcher(query).In([]byte(body))
			met := meets(terms, query.Needs())
			if ok && !met {
				t.Fatalf("%+v is in %v, and the terms do not tell:\n%s\n%q\n%+v", query, match.Where, body, terms, query.Needs())
			}
			if found += count(ok); !ok {
				narrowed += count(!met)
			}
		}
	}
	if found < 1000 || narrowed < 1000 {
		t.Errorf("only %d queries found something, and %d of the others were ruled out", found, narrowed)
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

var randomTexts = []string{
	"Sales", "sales overview", "ÜBER", "a.b", "x.y desc", "${a.b} + ${x.y_z}", `[{"f":"a.b"}]`, "7", "m", "v", "m::v", "a/b -- 100%", "user@example.com",
	"line\nbreak", "tab\tx.y", "\\a.b", strings.Repeat("long", 20) + "Tail", "ſ İ K", "日本語", "", "a\u2028b",
}

func randomValue(r *rand.Rand, names []string, depth int) string {
	switch n := r.IntN(10); {
	case n < 2 && depth > 0:
		return randomObject(r, names, depth-1)
	case n < 4 && depth > 0:
		var list []string
		for range r.IntN(3) {
			list = append(list, randomValue(r, names, depth-1))
		}
		return "[" + strings.Join(list, ",") + "]"
	case n == 4:
		return []string{"null", "true", "7", "12", "1.5"}[r.IntN(5)]
	}
	text := randomTexts[r.IntN(len(randomTexts))]
	if r.IntN(3) == 0 {
		text += " " + randomTexts[r.IntN(len(randomTexts))]
	}
	quoted, _ := json.Marshal(text)
	if r.IntN(3) == 0 && text != "" && text[0] < 0x80 {
		return fmt.Sprintf(`"\u%04x%s`, text[0], quoted[1+len(text)-len(strings.TrimPrefix(text, text[:1]))+escapedBy(text):])
	}
	return string(quoted)
}

// escapedBy is how many bytes more JSON needs for the first character of a text.
func escapedBy(text string) int {
	quoted, _ := json.Marshal(text[:1])
	return len(quoted) - 3
}

func randomObject(r *rand.Rand, names []string, depth int) string {
	var members []string
	for range 1 + r.IntN(6) {
		members = append(members, fmt.Sprintf("%q:%s", names[r.IntN(len(names))], randomValue(r, names, depth)))
	}
	return "{" + strings.Join(members, ",") + "}"
}

func randomQuery(r *rand.Rand) find.Query {
	text := randomTexts[r.IntN(len(randomTexts))]
	if r.IntN(2) == 0 {
		runes := []rune(text)
		from := r.IntN(len(runes) + 1)
		text = string(runes[from : from+r.IntN(len(runes)-from+1)])
	}
	switch r.IntN(8) {
	case 0:
		return find.Query{Field: []string{"a.b", "x.y", "x.y_z", "a", "7"}[r.IntN(5)]}
	case 1:
		return find.Query{Model: []string{"m", "v", "7"}[r.IntN(3)]}
	case 2:
		return find.Query{Explore: []string{"m::v", "v::m", "m::m"}[r.IntN(3)]}
	case 3:
		return find.Query{User: []string{"7", "12", "m"}[r.IntN(3)], Address: []string{"", "USER@example.com", "@@", strings.Repeat("long", 20) + "Tail"}[r.IntN(4)]}
	case 4:
		return find.Query{Look: []string{"7", "12", "m"}[r.IntN(3)]}
	}
	return find.New(text)
}
