package lookersim

import (
	"slices"
	"strconv"
)

// seedGolden is the id of the golden query that all agents of the seed share.
const seedGolden = "9007199254740993"

// resolved are the members that a server works out from the answer of a golden
// query. The simulator works out none of them: they are null for a new answer.
var resolved = []string{"query_id", "explore", "model", "fields", "filters", "sorts", "limit", "client_id"}

// seededGolden is the golden query of the seed as the seed made it.
func (w *world) seededGolden() []byte {
	query := "null"
	if id := w.goldenQuery(); id != 0 {
		query = strconv.FormatInt(id, 10)
	}
	return []byte(`{"can":{},"id":` + seedGolden + `,"query_id":` + query + `,"questions":["How many orders \u003e 10?"],"answer":"42","is_active":true,"created_by_user_id":1,` +
		`"last_updated_by_user_id":null,"created_at":"2026-01-02T03:04:05.678-08:00","last_updated_at":null,"explore":"orders","model":"thelook","fields":["orders.count"],` +
		`"filters":{},"sorts":[],"limit":"500","client_id":"abcdefghijklmnopqrstuv"}`)
}

// golden finds a golden query, whether an agent names it or not.
func (w *world) golden(id string) ([]byte, bool) {
	if doc, ok := w.goldens[id]; ok {
		return doc, doc != nil
	}
	if id == seedGolden {
		return w.seededGolden(), true
	}
	return nil, false
}

// goldensOf is an array of the golden queries that a list of ids names.
func (w *world) goldensOf(ids []string) []byte {
	var docs [][]byte
	for _, id := range ids {
		if doc, ok := w.golden(id); ok {
			docs = append(docs, doc)
		}
	}
	return joined(nil, docs, nil)
}

// putGolden makes doc a golden query, nil for none, and shows it in the agents
// that name it.
func (w *world) putGolden(id string, doc []byte) {
	w.goldens[id] = doc
	t := w.tables["agents"]
	for i, r := range t.rows {
		if r.state == gone {
			continue
		}
		d := w.draftOf(t.found(i))
		ids := rawValue(lookup(d.body, "golden_query_ids")).list
		if !slices.Contains(ids, id) {
			continue
		}
		d.raw("golden_queries", w.goldensOf(ids))
		if doc == nil {
			array := slices.DeleteFunc(list(lookup(d.body, "golden_query_ids")), func(v []byte) bool { return string(v) == id })
			d.raw("golden_query_ids", joined(nil, array, nil))
		}
		w.store(t, i, d, r.state)
	}
}

// writeGolden changes a golden query by what the request says.
func (e *edit) writeGolden(d *draft) {
	answer := d.text("answer")
	d.take(e.sent, fieldSet("questions answer is_active"))
	if d.text("answer") != answer {
		d.null(resolved...)
	}
	e.w.putGolden(d.text("id"), d.body)
}

func createGolden(e *edit) ([]byte, *refusal) {
	for _, name := range []string{"questions", "answer"} {
		if isNull(lookup(e.sent, name)) {
			return nil, missing(name)
		}
	}
	d := draft{[]byte(`{"can":{},"id":` + e.w.partID() + `,"questions":[],"answer":null,"is_active":true,"last_updated_by_user_id":null,"last_updated_at":null}`)}
	d.num("created_by_user_id", callerID)
	d.time("created_at", e.now)
	d.null(resolved...)
	e.writeGolden(&d)
	return d.body, nil
}

func updateGolden(e *edit) ([]byte, *refusal) {
	doc, ok := e.w.golden(e.id())
	if !ok {
		return nil, absent
	}
	d := draft{doc}
	d.num("last_updated_by_user_id", callerID)
	d.time("last_updated_at", e.now)
	e.writeGolden(&d)
	return d.body, nil
}

func deleteGolden(e *edit) ([]byte, *refusal) {
	if _, ok := e.w.golden(e.id()); !ok {
		return nil, absent
	}
	e.w.putGolden(e.id(), nil)
	return nil, nil
}

// checkGoldens refuses golden queries of an agent that are not there.
func (e *edit) checkGoldens() *refusal {
	for _, id := range rawValue(lookup(e.sent, "golden_query_ids")).list {
		if _, ok := e.w.golden(id); !ok {
			return unknown("golden_query_ids", id)
		}
	}
	return nil
}

func goldenWrites() []route {
	return []route{
		{pattern: "POST /golden_queries", kind: "agents", write: createGolden},
		{pattern: "PATCH /golden_queries/{id}", kind: "agents", write: updateGolden},
		{pattern: "DELETE /golden_queries/{id}", kind: "agents", write: deleteGolden},
	}
}
