package canon_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

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
