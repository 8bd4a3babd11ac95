package fetch_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// login says how a made-up user logs in: the members that are an object or an array
// with something in it.
type login struct {
	mail, saml, key bool
	// hides are members that lists leave out or show as null.
	hides string
}

// text returns the user, as a list shows it where hides is not empty.
func (l login) text(id, hides string) string {
	object := func(name string, has bool) string {
		if has && !strings.Contains(hides, name) {
			return `{"email":"` + id + `@example.com"}`
		}
		return "null"
	}
	keys := "[]"
	if l.key {
		keys = `[{"id":"7"}]`
	}
	return fmt.Sprintf(`{"id":%q,"show_title":true,"title":"user %s","credentials_email":%s,"credentials_saml":%s,"credentials_api3":%s}`,
		id, id, object("email", l.mail), object("saml", l.saml), keys)
}

// logins makes users, the first of whom has the id 1.
func logins(all ...login) []stagestest.Thing {
	things := make([]stagestest.Thing, len(all))
	for i, l := range all {
		id := fmt.Sprint(i + 1)
		things[i] = stagestest.Thing{ID: id, Folder: "0", Text: l.text(id, "")}
		if l.hides != "" {
			things[i].Raw = l.text(id, l.hides)
		}
	}
	return things
}

func repeated(n int, l login) []login { return slices.Repeat([]login{l}, n) }

// TestRowsPoorerThanTheirNeighbours: a row that lacks what most of its neighbours have,
// and has nothing that those lack, is fetched alone, however many documents before it
// have turned out to lack the same.
func TestRowsPoorerThanTheirNeighbours(t *testing.T) {
	mail, none, hidden := login{mail: true}, login{}, login{mail: true, hides: "email"}
	tests := []struct {
		name    string
		things  []stagestest.Thing
		singles int  // at most
		poor    bool // the list is given up
	}{
		{name: "rows that are alike", things: logins(repeated(40, mail)...), singles: 1},
		{
			name:    "a few that lack a member, and so do their documents",
			things:  logins(slices.Concat(repeated(2, mail), repeated(4, none), repeated(34, mail))...),
			singles: 1 + 4,
		},
		{
			name:   "many that lack it as their documents do, and one that does not",
			things: logins(slices.Concat(repeated(2, mail), repeated(15, none), repeated(22, mail), repeated(1, hidden))...), singles: 60, poor: true,
		},
		{
			name:   "some that lack it as their documents do, and most others do not",
			things: logins(slices.Concat(repeated(2, mail), repeated(4, none), repeated(8, mail), repeated(26, hidden))...), singles: 60, poor: true,
		},
		{
			name: "rows that have something else in its place",
			things: logins(slices.Concat(repeated(1, login{mail: true, key: true}), repeated(20, mail), repeated(9, login{saml: true}),
				repeated(10, login{key: true}))...),
			singles: 8,
		},
		{
			name: "a row that lost one of two", singles: 60, poor: true,
			things: logins(slices.Concat(repeated(20, login{mail: true, saml: true}), repeated(8, login{saml: true, mail: true, hides: "email"}),
				repeated(12, login{mail: true, saml: true}))...),
		},
	}
	for _, tt := range tests {
		for _, pages := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s, %d pages", tt.name, pages), func(t *testing.T) {
				looker := &stagestest.Looker{Things: tt.things}
				r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
				r.Size = 40
				var asks []record.Ask
				for i := 0; i < 40; i += 40 / pages {
					asks = append(asks, stagestest.PageAsk(i, stagestest.Numbers(i+1, i+40/pages)...))
				}
				items := r.Fetch(t, asks...)
				if diff := cmp.Diff(stagestest.Numbers(1, 40), stagestest.IDs(items, stagestest.HasBody)); diff != "" {
					t.Errorf("bodies (-want +got):\n%s", diff)
				}
				for _, item := range items {
					for _, d := range tt.things {
						if d.ID == item.ID && string(item.Body) != d.Text {
							t.Errorf("%s is stored as %s, want %s", item.Ref, item.Body, d.Text)
						}
					}
				}
				singles := slices.DeleteFunc(stagestest.Short(looker.Calls), func(c string) bool { return strings.Contains(c, "search") })
				if len(singles) > tt.singles {
					t.Errorf("%d documents were fetched alone, want at most %d: %q", len(singles), tt.singles, singles)
				}
				if poor := strings.Contains(strings.Join(r.Ledger.Notes(), "\n"), "poorer than single documents"); poor != tt.poor {
					t.Errorf("poor: %v, want %v: %q", poor, tt.poor, r.Ledger.Notes())
				}
			})
		}
	}
}

// TestRowsInTheAirWhenAnotherIsFoundPoor: an answer that nothing speaks against is not
// stored once rows of another one were found to be poorer than documents.
func TestRowsInTheAirWhenAnotherIsFoundPoor(t *testing.T) {
	users := logins(slices.Concat(repeated(4, login{mail: true}), repeated(1, login{}), repeated(34, login{mail: true}),
		repeated(1, login{mail: true, hides: "email"}))...)
	users[2].Raw = users[2].Text // an array of which half is missing, which no neighbour tells of
	users[2].Text = strings.Replace(users[2].Text, `"credentials_api3":[]`, `"credentials_api3":[{"id":"1"}]`, 1)
	examined, poor := make(chan struct{}), make(chan struct{})
	var once [2]sync.Once
	looker := &stagestest.Looker{Things: users, Hold: func(call stages.Call) {
		switch {
		case call.Path == "/dashboards/5": // while the first answer is examined
			once[0].Do(func() { close(examined) })
			<-poor
		case call.Query.Get("offset") == "20":
			<-examined
		case call.Path == "/dashboards/25": // the second answer is not stored
			once[1].Do(func() { close(poor) })
		}
	}}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
	r.Size = 40
	items := r.FetchBy(t, 2, stagestest.PageAsk(0, stagestest.Numbers(1, 20)...), stagestest.PageAsk(20, stagestest.Numbers(21, 40)...))
	for _, item := range items {
		if item.ID == "3" && string(item.Body) != users[2].Text {
			t.Errorf("%s is stored as %s, want %s", item.Ref, item.Body, users[2].Text)
		}
	}
	if diff := cmp.Diff(stagestest.Numbers(1, 40), stagestest.IDs(items, stagestest.HasBody)); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
}

// TestNewRowAmongKnownOnes: neighbours that are stored as they are have members too. A
// row of a document that nobody has seen is held against them.
func TestNewRowAmongKnownOnes(t *testing.T) {
	things := logins(slices.Concat(repeated(9, login{mail: true}), repeated(1, login{mail: true, hides: "email"}))...)
	looker := &stagestest.Looker{Things: things}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
	r.Size = 10
	ask := stagestest.PageAsk(0, stagestest.Numbers(1, 10)...)
	for i := range 9 {
		ask.Want[i].Hash, ask.Want[i].Size = sha256.Sum256([]byte(things[i].Text)), int64(len(things[i].Text))
		ask.Want[i].Fingerprint = record.Digest{1}
	}
	for _, item := range r.Fetch(t, ask) {
		if item.ID == "10" && string(item.Body) != things[9].Text {
			t.Errorf("%s is stored as %s, want %s", item.Ref, item.Body, things[9].Text)
		}
	}
}

// TestNumbersOfRowsAreSpelledOtherwise: what stands between here and the server may read
// and write lists, and not single documents.
func TestNumbersOfRowsAreSpelledOtherwise(t *testing.T) {
	looker := &stagestest.Looker{}
	for i := range 6 {
		id := fmt.Sprint(i + 1)
		looker.Things = append(looker.Things, stagestest.Thing{
			ID: id, Folder: "0", Text: `{"id":"` + id + `","show_title":true,"score":1e21}`, Raw: `{"id": "` + id + `", "show_title": true, "score": 1e+21}`,
		})
	}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
	r.Size = 6
	items := r.Fetch(t, stagestest.PageAsk(0, stagestest.Numbers(1, 6)...))
	if diff := cmp.Diff(stagestest.Numbers(1, 6), stagestest.IDs(items, stagestest.HasBody)); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
	if len(looker.Calls) != 2 || r.Ledger.Notes() != nil {
		t.Errorf("calls %q, notes %q: want a page and a single fetch", looker.Calls, r.Ledger.Notes())
	}
}

// TestNewRowWithoutNeighbours: all rows of a run are what is stored, but for one in an answer of
// its own. What was compared tells nothing of that.
func TestNewRowWithoutNeighbours(t *testing.T) {
	things := logins(slices.Concat(repeated(9, login{mail: true}), repeated(1, login{mail: true, hides: "email"}))...)
	looker := &stagestest.Looker{Things: things}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
	r.Size = 10
	known := stagestest.PageAsk(0, stagestest.Numbers(1, 9)...)
	for i := range known.Want {
		known.Want[i].Hash, known.Want[i].Size = sha256.Sum256([]byte(things[i].Text)), int64(len(things[i].Text))
		known.Want[i].Fingerprint = record.Digest{1}
	}
	for _, item := range r.Fetch(t, known, stagestest.PageAsk(9, "10")) {
		if item.ID == "10" && string(item.Body) != things[9].Text {
			t.Errorf("%s is stored as %s, want %s", item.Ref, item.Body, things[9].Text)
		}
	}
	if n := len(looker.Calls); n > 5 {
		t.Errorf("%d calls, want two pages, a document for each and the poor one: %q", n, looker.Calls)
	}
}

// TestRowPoorerThanLaterNeighbours: the first answers hold no row that has what one of them has
// lost. Once most rows have it, the document is to be fetched alone.
func TestRowPoorerThanLaterNeighbours(t *testing.T) {
	first, mail := login{key: true}, login{mail: true, key: true}
	tests := []struct {
		name   string
		second login
		later  []login
		late   bool
	}{
		{"it has lost a member", login{mail: true, key: true, hides: "email"}, repeated(10, mail), true},
		{"its document lacks it as well", first, repeated(10, mail), true},
		{"it has another member", login{saml: true, key: true}, repeated(10, mail), false},
		{"few have it", first, slices.Concat(repeated(8, first), repeated(1, mail)), false},
		{"it has it", mail, repeated(10, mail), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			things := logins(slices.Concat([]login{first, tt.second}, tt.later)...)
			r := stagestest.NewRig(&stagestest.Looker{Things: things}, stagestest.KindOf(t, "dashboards"))
			r.Size = 20
			items := r.Fetch(t, stagestest.PageAsk(0, "1", "2"), stagestest.PageAsk(2, stagestest.Numbers(3, len(things))...))
			if diff := cmp.Diff(stagestest.Numbers(1, len(things)), stagestest.IDs(items, stagestest.HasBody)); diff != "" {
				t.Errorf("bodies (-want +got):\n%s", diff)
			}
			if late := r.Ledger.HasUnclear("dashboards"); late != tt.late {
				t.Errorf("a document is to be fetched: %v, want %v (%q)", late, tt.late, r.Ledger.Notes())
			}
		})
	}
}
