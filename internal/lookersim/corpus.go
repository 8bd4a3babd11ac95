package lookersim

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// loadCorpus puts the documents of a folder in the place of generated ones.
func (w *world) loadCorpus(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		body, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			return err
		}
		if err := w.adopt(strings.TrimSuffix(e.Name(), ".json"), body); err != nil {
			return fmt.Errorf("%s: %w", e.Name(), err)
		}
	}
	return nil
}

// adopt takes in one document. Its name starts with its kind and id, where the
// id is the one that the document itself states; "::" is spelled "__" in it.
// Documents of kinds that nothing lists are served to whoever asks for them.
func (w *world) adopt(name string, body []byte) error {
	if !json.Valid(body) {
		return fmt.Errorf("not valid JSON")
	}
	kind := w.kindOf(name)
	if kind == "" {
		return fmt.Errorf("the name does not start with a kind and an underscore")
	}
	t := w.tables[kind]
	id := documentID(body)
	rest, spelled := strings.TrimPrefix(name, kind+"_"), strings.ReplaceAll(id, "::", "__")
	if id == "" || rest != spelled && !strings.HasPrefix(rest, spelled+"_") {
		return fmt.Errorf("the document states the id %q, its name does not", id)
	}
	if t == nil {
		w.adopted[kind+"/"+id] = body
		return nil
	}
	i, ok := t.indexOf(id)
	if !ok {
		i = t.makeRoom(w, id)
	}
	over := &override{body: body, keys: keysOf(body)}
	if t.idOf(w, row{num: t.rows[i].num}) != id {
		over.id = id
	}
	t.rows[i] = row{num: t.rows[i].num, over: over}
	if string(lookup(body, "deleted")) == "true" {
		t.rows[i].state = trashed
	}
	if t.spec.id != nil || over.id != "" {
		t.note(id, i)
	}
	return nil
}

// makeRoom finds a row for an id that the seed did not make. The last generated
// item of the kind gives way, so that totals stay.
func (t *table) makeRoom(w *world, id string) int {
	last, ok := t.lastGenerated()
	num, err := strconv.ParseInt(id, 10, 32)
	switch {
	case !ok:
		t.grow(w, id)
		return len(t.rows) - 1
	case t.spec.id != nil || err != nil || num <= 0:
		delete(t.byID, t.idOf(w, t.rows[last]))
		return last
	}
	t.rows = slices.Delete(t.rows, last, last+1)
	i, _ := slices.BinarySearchFunc(t.rows, int32(num), func(r row, n int32) int { return int(r.num - n) })
	t.rows = slices.Insert(t.rows, i, row{num: int32(num)})
	return i
}

// kindOf is the longest kind that a file's name starts with.
func (w *world) kindOf(name string) string {
	best := ""
	kinds := slices.AppendSeq([]string{"explores", "queries"}, maps.Keys(w.tables))
	for _, kind := range kinds {
		if strings.HasPrefix(name, kind+"_") && len(kind) > len(best) {
			best = kind
		}
	}
	return best
}

func documentID(body []byte) string {
	v := rawValue(lookup(body, "id"))
	if v.null {
		v = rawValue(lookup(body, "name"))
	}
	return v.text
}

// lastGenerated is the last row that is still what the seed made it.
func (t *table) lastGenerated() (int, bool) {
	for i, r := range slices.Backward(t.rows) {
		if r.over == nil && r.state == present {
			return i, true
		}
	}
	return 0, false
}
