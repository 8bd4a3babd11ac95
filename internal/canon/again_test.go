package canon_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// newSim returns a small instance.
func newSim(t *testing.T, change func(*lookersim.Options)) *lookersim.Server {
	t.Helper()
	opts := lookersim.Options{Seed: 7, Tiles: [2]int{2, 6}, Sizes: lookersim.DefaultSizes()}
	opts.Sizes.Dashboards, opts.Sizes.Looks, opts.Sizes.Boards = 24, 10, 4
	opts.Sizes.ScheduledPlans, opts.Sizes.Alerts, opts.Sizes.Users = 8, 6, 8
	if change != nil {
		change(&opts)
	}
	s, err := lookersim.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// maker makes documents anew on the simulator by their write rows, as a restore does.
type maker struct {
	*testing.T
	sim *lookersim.Server
	to  map[record.Ref]string // what was made, by what it was
	of  map[record.Ref]string // the other way round
}

func newMaker(t *testing.T, s *lookersim.Server) *maker {
	return &maker{T: t, sim: s, to: make(map[record.Ref]string), of: make(map[record.Ref]string)}
}

func (m *maker) made(kind record.Kind, from, to string) {
	m.to[record.Ref{Kind: kind, ID: from}] = to
	m.of[record.Ref{Kind: kind, ID: to}] = from
}

// there resolves to what was made, and to itself what was not.
func (m *maker) there(kind record.Kind, id string) (string, bool) {
	if to, ok := m.to[record.Ref{Kind: kind, ID: id}]; ok {
		return to, true
	}
	return id, true
}

// back resolves what was made to what it was.
func (m *maker) back(kind record.Kind, id string) (string, bool) {
	if from, ok := m.of[record.Ref{Kind: kind, ID: id}]; ok {
		return from, true
	}
	return id, true
}

func (m *maker) do(method, path string, body []byte) []byte {
	m.Helper()
	status, answer := m.sim.Do(method, path, body)
	if status/100 != 2 {
		m.Fatalf("%s %s %s: %d %s", method, path, body, status, answer)
	}
	return answer
}

// creation is the body that makes something, with the member that names its owner.
func (m *maker) creation(w *catalogue.Write, body []byte, owner, document string) []byte {
	m.Helper()
	sent, missing, err := canon.Creation(w, body, m.there)
	if err != nil || len(missing) > 0 {
		m.Fatalf("creation of %s: missing %v, %v", body, missing, err)
	}
	if owner != "" {
		if sent, err = canon.With(sent, catalogue.Member{Name: owner, Value: `"` + document + `"`}); err != nil {
			m.Fatal(err)
		}
	}
	return sent
}

// document makes a document anew and returns its id.
func (m *maker) document(kind record.Kind, w *catalogue.Write, from string, body []byte) string {
	m.Helper()
	answer := m.do(w.Create.Method, w.Create.Path, m.creation(w, body, "", ""))
	id := canon.Text(canon.Member(answer, kindOf(m.T, kind).Fields.ID))
	m.made(kind, from, id)
	for i := range w.Parts {
		m.parts(&w.Parts[i], body, answer, id)
	}
	read := func() []byte { return m.sim.Document(string(kind), id) }
	for i := range w.Parts {
		m.placed(&w.Parts[i], body, read(), "")
	}
	m.patch(w, w.Update.Fill(id), read(), body)
	for i := range w.Parts {
		m.late(&w.Parts[i], body, read(), id)
	}
	for i := range w.Sets {
		m.members(&w.Sets[i], body, read(), id)
	}
	return id
}

// members adds to a set what is not in it.
func (m *maker) members(set *catalogue.Set, body, made []byte, document string) {
	m.Helper()
	wanted, err := canon.SetIDs(set, body)
	if err != nil {
		m.Fatal(err)
	}
	has, err := canon.SetIDs(set, made)
	if err != nil {
		m.Fatal(err)
	}
	if !set.Replace.IsZero() {
		sent, err := json.Marshal(wanted)
		if err != nil {
			m.Fatal(err)
		}
		m.do(set.Replace.Method, set.Replace.Fill(document), sent)
		return
	}
	for _, id := range wanted {
		path, named := set.Add.Fill(document), id
		if set.Turned {
			path, named = set.Add.Fill(id), document
		}
		if !slices.Contains(has, id) {
			m.do(set.Add.Method, path, fmt.Appendf(nil, `{%q:%q}`, set.Body, named))
		}
	}
}

func (m *maker) rows(p *catalogue.Part, body []byte) []canon.PartRow {
	m.Helper()
	rows, err := canon.PartRows(p, body)
	if err != nil {
		m.Fatal(err)
	}
	return rows
}

// parts makes the parts of a document; the first of those that are born with it is there.
func (m *maker) parts(p *catalogue.Part, body, made []byte, document string) {
	m.Helper()
	if p.Write.Create.IsZero() {
		return
	}
	born := m.rows(p, made)
	for i, row := range m.rows(p, body) {
		var id string
		var answer []byte
		if p.Born && i < len(born) {
			id = born[i].Target
			m.patch(p.Write, p.Path(p.Write.Update, document, id), born[i].Body, row.Body)
		} else {
			sent := m.creation(p.Write, row.Body, p.Owner, document)
			answer = m.do(p.Write.Create.Method, p.Path(p.Write.Create, document, ""), sent)
			id = canon.Text(canon.Member(answer, "id"))
			if !canon.Holds(p.Write, sent, answer) {
				m.Errorf("%s: the answer does not hold what was sent:\n%s\n%s", p.Name, sent, answer)
			}
		}
		m.made(p.Name, row.ID, id)
		for k := range p.Write.Parts {
			m.parts(&p.Write.Parts[k], row.Body, nil, id)
		}
	}
}

// placed patches the parts that are made with others.
func (m *maker) placed(p *catalogue.Part, body, made []byte, document string) {
	m.Helper()
	wanted, current := m.rows(p, body), m.rows(p, made)
	pairs, err := canon.PairParts(p, wanted, current, m.there, func(id string) string {
		kind := p.Name
		if p.About != "" {
			kind = p.About
		}
		to, _ := m.there(kind, id)
		return to
	})
	if err != nil {
		m.Fatal(err)
	}
	for _, pair := range pairs {
		if pair.Wanted < 0 || pair.Current < 0 {
			m.Errorf("%s: %v is no pair of %d and %d", p.Name, pair, len(wanted), len(current))
			continue
		}
		w, c := wanted[pair.Wanted], current[pair.Current]
		if p.Write.Create.IsZero() {
			m.patch(p.Write, p.Path(p.Write.Update, document, c.Target), c.Body, w.Body)
		}
		for k := range p.Write.Parts {
			m.placed(&p.Write.Parts[k], w.Body, c.Body, c.Target)
		}
	}
}

// late sends what waited for other parts.
func (m *maker) late(p *catalogue.Part, body, made []byte, document string) {
	m.Helper()
	current := m.rows(p, made)
	for _, row := range m.rows(p, body) {
		to, _ := m.there(p.Name, row.ID)
		for _, c := range current {
			if c.ID == to && len(p.Write.Late) > 0 {
				m.patch(p.Write, p.Path(p.Write.Update, document, c.Target), c.Body, row.Body)
			}
		}
	}
}

func (m *maker) patch(w *catalogue.Write, path string, current, wanted []byte) {
	m.Helper()
	sent, changed, err := canon.Patch(w, current, wanted, m.there)
	if err != nil {
		m.Fatal(err)
	}
	if changed {
		m.do(w.Update.Method, path, sent)
	}
}

// renamed is a document under names that nothing else has.
func renamed(t *testing.T, w *catalogue.Write, body []byte) []byte {
	t.Helper()
	for _, key := range w.Keys {
		name := key.Members[len(key.Members)-1]
		for _, m := range key.Members {
			if m == "title" || m == "name" || m == "slug" || m == "label" {
				name = m
			}
		}
		value := canon.Text(canon.Member(body, name))
		if value == "" || strings.HasSuffix(name, "_id") || strings.Contains(name, ".") {
			continue
		}
		text, err := json.Marshal(value + "z")
		if err != nil {
			t.Fatal(err)
		}
		if body, err = canon.With(body, catalogue.Member{Name: name, Value: string(text)}); err != nil {
			t.Fatal(err)
		}
	}
	return bytes.ReplaceAll(body, []byte("@"), []byte("z@"))
}

// TestMadeAgainIsTheSame makes documents of a simulated instance anew, by what their write
// rows send, and reads them back: their normal forms are those of the originals.
func TestMadeAgainIsTheSame(t *testing.T) {
	tests := []struct {
		kind    record.Kind
		options func(*lookersim.Options)
		most    int
		poor    bool // the documents lack members that those made anew have
	}{
		{kind: "dashboards", most: 12},
		{kind: "dashboards", options: func(o *lookersim.Options) { o.SmallTiles = true }, most: 12, poor: true},
		{kind: "dashboards", options: func(o *lookersim.Options) { o.Dialect.NumericIDs, o.Dialect.EmptyForNull = true, true }, most: 6},
		{kind: "dashboards", options: func(o *lookersim.Options) { o.Dialect.QuerySlugs = true }, most: 6},
		{kind: "looks", most: 6},
		{kind: "queries", most: 6},
		{kind: "merge_queries", most: 4},
		{kind: "folders", most: 8},
		{kind: "boards", most: 4},
		{kind: "scheduled_plans", most: 6},
		{kind: "alerts", most: 6},
		{kind: "users", most: 5},
		{kind: "groups", most: 4},
		{kind: "roles", most: 4},
		{kind: "permission_sets", most: 4},
		{kind: "model_sets", most: 4},
		{kind: "user_attributes", most: 4},
		{kind: "lookml_models", most: 3},
		{kind: "connections", most: 3},
		{kind: "themes", most: 3},
		{kind: "color_collections", most: 3},
		{kind: "integration_hubs", most: 2},
	}
	for i, test := range tests {
		t.Run(fmt.Sprint(i, " ", test.kind), func(t *testing.T) {
			s := newSim(t, test.options)
			w, n := writeOf(t, test.kind), 0
			for item := range s.Items(string(test.kind)) {
				if canon.Guarded(w, item.Body) != nil || n == test.most || strings.Contains(string(item.Body), `"deleted":true`) {
					continue
				}
				n++
				again(t, s, test.kind, w, item, test.poor)
			}
			if n == 0 {
				t.Error("there is nothing of the kind")
			}
		})
	}
}

func again(t *testing.T, s *lookersim.Server, kind record.Kind, w *catalogue.Write, item lookersim.Item, poor bool) {
	t.Helper()
	m := newMaker(t, s)
	body := renamed(t, w, item.Body)
	id := m.document(kind, w, item.ID, body)
	got, err := canon.NormalOf(w, s.Document(string(kind), id), m.back)
	if err != nil {
		t.Fatal(err)
	}
	want, err := canon.NormalOf(w, body, canon.Itself)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) && !poor {
		changes, err := canon.Differences(want, got)
		t.Errorf("%s/%s: made again it is another one: %v\n%s", kind, item.ID, err, cmp.Diff(nil, changes))
	}
	changes, err := canon.Changes(w, s.Document(string(kind), id), body, m.there)
	if err != nil || len(changes) > 0 {
		t.Errorf("%s/%s: the way back has changes %v, %v", kind, item.ID, changes, err)
	}
}

// TestEmptiedAndPutBack empties documents that are lists, and writes them again.
func TestEmptiedAndPutBack(t *testing.T) {
	s := newSim(t, func(o *lookersim.Options) { o.PersonalFolders = true })
	for _, kind := range []record.Kind{"user_attribute_group_values", "user_attribute_values", "content_access", "group_groups", "role_users", "role_groups"} {
		t.Run(string(kind), func(t *testing.T) {
			w, n := writeOf(t, kind), 0
			for item := range s.Items(string(kind)) {
				before, err := canon.NormalOf(w, item.Body, canon.Itself)
				if err != nil {
					t.Fatal(err)
				}
				administrators := kind == "role_users" && item.ID == "1" // somebody must be one
				if n == 3 || administrators || len(item.Body) < 20 || bytes.Contains(item.Body, []byte(`"value_is_hidden":true`)) && len(w.Parts) == 0 {
					continue
				}
				m := newMaker(t, s)
				m.emptied(w, item.ID, item.Body)
				emptied := s.Document(string(kind), item.ID)
				if changes, err := canon.Changes(w, emptied, item.Body, canon.Itself); err != nil || len(changes) == 0 {
					continue // hidden values alone, or nothing of its own
				}
				n++
				m.putBack(w, item.ID, item.Body, emptied)
				after, err := canon.NormalOf(w, s.Document(string(kind), item.ID), m.back)
				if err != nil {
					t.Fatal(err)
				}
				if string(before) != string(after) {
					changes, err := canon.Differences(before, after)
					t.Errorf("%s/%s: put back it is another one: %v %v\n%s", kind, item.ID, changes, err, item.Body)
				}
			}
			if n == 0 {
				t.Error("there is nothing of the kind")
			}
		})
	}
}

func (m *maker) emptied(w *catalogue.Write, id string, body []byte) {
	m.Helper()
	if w.Update.Array {
		m.do(w.Update.Method, w.Update.Fill(id), []byte("[]"))
	}
	for i := range w.Parts {
		p := &w.Parts[i]
		for _, row := range m.rows(p, body) {
			if canon.Guarded(p.Write, row.Body) == nil {
				m.do(p.Write.Delete.Method, p.Path(p.Write.Delete, id, row.Target), nil)
			}
		}
	}
	for i := range w.Sets {
		set := &w.Sets[i]
		if !set.Replace.IsZero() {
			m.do(set.Replace.Method, set.Replace.Fill(id), []byte("[]"))
			continue
		}
		ids, err := canon.SetIDs(set, body)
		if err != nil {
			m.Fatal(err)
		}
		for _, item := range ids {
			m.do(set.Remove.Method, set.Remove.Fill(id, item), nil)
		}
	}
}

func (m *maker) putBack(w *catalogue.Write, id string, body, made []byte) {
	m.Helper()
	if w.Update.Array {
		m.do(w.Update.Method, w.Update.Fill(id), m.creation(w, body, "", ""))
	}
	for i := range w.Parts {
		p := &w.Parts[i]
		for _, row := range m.rows(p, body) {
			if canon.Guarded(p.Write, row.Body) == nil {
				m.do(p.Write.Create.Method, p.Path(p.Write.Create, id, row.Target), m.creation(p.Write, row.Body, p.Owner, id))
			}
		}
	}
	for i := range w.Sets {
		m.members(&w.Sets[i], body, made, id)
	}
}

// TestSettingsAreChangedBack changes what is true or false in each setting and puts it back.
func TestSettingsAreChangedBack(t *testing.T) {
	s, n := newSim(t, nil), 0
	for item := range s.Items("settings") {
		row := canon.RowFor(kindOf(t, "settings"), item.ID, item.Body)
		if row.Write == nil || len(row.Write.Fields) == 0 || len(row.Write.Update.Params) > 0 {
			continue
		}
		changed := bytes.Clone(item.Body)
		for _, field := range row.Write.Fields {
			value := canon.Text(canon.Member(item.Body, field))
			if other := map[string]string{"true": "false", "false": "true"}[value]; other != "" {
				var err error
				if changed, err = canon.With(changed, catalogue.Member{Name: field, Value: other}); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, wanted := range [][]byte{changed, item.Body} {
			current := s.Document("settings", item.ID)
			sent, differs, err := canon.Patch(row.Write, current, wanted, canon.Itself)
			if err != nil {
				t.Fatal(err)
			}
			if !differs {
				continue
			}
			status, answer := s.Do(row.Write.Update.Method, row.Write.Update.Path, sent)
			if status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
				continue // the simulator does not take it
			}
			if n++; status/100 != 2 {
				t.Errorf("%s: %d %s", row.Write.Update, status, answer)
			}
			if changes, err := canon.Changes(row.Write, s.Document("settings", item.ID), wanted, canon.Itself); err != nil || len(changes) > 0 {
				t.Errorf("settings/%s: changed back it is another one: %v, %v", item.ID, changes, err)
			}
		}
	}
	if n < 6 {
		t.Errorf("%d settings were changed, which cannot be all", n)
	}
}
