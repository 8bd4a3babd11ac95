package canon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

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

// pathOf fills the path of a route of a part: document is the id of what the part lies in, part its own.
func pathOf(p *catalogue.Part, s catalogue.Send, document, part string) string {
	switch strings.Count(s.Path, "{") {
	case 0:
		return s.Path
	case 1:
		if p.One || s.Method == http.MethodPost && !p.Chosen {
			return s.Fill(document)
		}
		return s.Fill(part)
	}
	return s.Fill(document, part)
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
			m.patch(p.Write, pathOf(p, p.Write.Update, document, id), born[i].Body, row.Body)
		} else {
			sent := m.creation(p.Write, row.Body, p.Owner, document)
			answer = m.do(p.Write.Create.Method, pathOf(p, p.Write.Create, document, ""), sent)
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
			m.patch(p.Write, pathOf(p, p.Write.Update, document, c.Target), c.Body, w.Body)
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
				m.patch(p.Write, pathOf(p, p.Write.Update, document, c.Target), c.Body, row.Body)
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

func (m *maker) emptied(w *catalogue.Write, id string, body []byte) {
	m.Helper()
	if w.Update.Array {
		m.do(w.Update.Method, w.Update.Fill(id), []byte("[]"))
	}
	for i := range w.Parts {
		p := &w.Parts[i]
		for _, row := range m.rows(p, body) {
			if canon.Guarded(p.Write, row.Body) == nil {
				m.do(p.Write.Delete.Method, pathOf(p, p.Write.Delete, id, row.Target), nil)
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
				m.do(p.Write.Create.Method, pathOf(p, p.Write.Create, id, row.Target), m.creation(p.Write, row.Body, p.Owner, id))
			}
		}
	}
	for i := range w.Sets {
		m.members(&w.Sets[i], body, made, id)
	}
}
