package lookersim

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// queryOverlay is what POST /queries and POST /merge_queries made. Queries are
// never changed nor deleted: the same query is posted once, and found again.
type queryOverlay struct {
	posted  map[int64][]byte  // by number: those that were posted, generated ones that were found again included
	byForm  map[string]int64  // by normal form, of those that were made
	drawn   *drawnQueries     // how to find generated ones, nil until the first POST
	merges  map[string][]byte // by id
	asMerge map[string]string // ids by normal form, nil until the first POST
}

// firstQuery is beyond the numbers of all queries that the seed makes, and can
// be spelled as a slug.
const firstQuery = 1_000_000_000_000

// querySaid are the members that make a query what it is.
var querySaid = fieldSet("model view fields pivots fill_fields filters filter_expression sorts limit column_limit total row_total subtotals vis_config " +
	"filter_config visible_ui_sections dynamic_fields query_timezone")

// drawnQueries finds generated queries by what they say.
type drawnQueries struct {
	variants map[string]*queryVariant // by normal form without the colour
	ids      map[drawnQuery]int64
	clients  map[[22]byte]bool
}

type drawnQuery struct {
	variant *queryVariant
	colour  string
}

// normalForm is what a document says in the named members, null left out, as a
// text that is the same for the same. The colour of a query is apart.
func normalForm(doc []byte, said fieldTree) (form, colour string) {
	values := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(said.cut(nil, doc)))
	d.UseNumber()
	if d.Decode(&values) != nil {
		return "", ""
	}
	for name, v := range values {
		if v == nil {
			delete(values, name)
		}
	}
	if vis, ok := values["vis_config"].(map[string]any); ok {
		if c, ok := vis["custom_color"].(string); ok {
			colour = c
			vis["custom_color"] = ""
		}
	}
	text, err := json.Marshal(values)
	if err != nil {
		return "", ""
	}
	return string(text), colour
}

// draw lists the generated queries once.
func (w *world) draw() *drawnQueries {
	if w.drawn != nil {
		return w.drawn
	}
	q := &drawnQueries{variants: map[string]*queryVariant{}, ids: map[drawnQuery]int64{}, clients: map[[22]byte]bool{}}
	forms := map[string]*queryVariant{} // one of each form stands for all
	same := map[*queryVariant]*queryVariant{}
	for _, pool := range [][]*queryVariant{w.queries, w.short, w.fat} {
		for _, v := range pool {
			form, _ := normalForm(w.putQuery(nil, v, 1), querySaid)
			if forms[form] == nil {
				forms[form] = v
			}
			same[v] = forms[form]
		}
	}
	q.variants = forms
	add := func(v *queryVariant, id int64) {
		var f fill
		w.fillQuery(&f, id)
		key := drawnQuery{same[v], "#" + string(f.colour[:])}
		if _, ok := q.ids[key]; !ok {
			q.ids[key] = id
		}
		q.clients[f.client] = true
	}
	w.eachDrawn(add)
	w.drawn = q
	return q
}

// eachDrawn yields every query that the seed made, whatever became of what showed it.
func (w *world) eachDrawn(do func(v *queryVariant, id int64)) {
	for i := range w.sizes.Dashboards {
		num := numberAt(i)
		for k, t := range w.tilesOf(nil, num) {
			if v, ok := w.variantOfTile(t); ok {
				do(v, queryID(queryTile, int64(num)*int64(w.tileStride)+int64(k)))
			}
		}
	}
	for i := range w.sizes.Looks {
		do(w.lookVariant(numberAt(i)), queryID(queryLook, int64(numberAt(i))))
	}
	for class, count := range map[int]int{querySource: w.sizes.SourceQueries, queryLoose: w.sizes.ScheduledPlans} {
		for n := range count {
			do(w.variantOf(class, int64(n)), queryID(class, int64(n)))
		}
	}
}

// sameQuery finds a query that says the same.
func (w *world) sameQuery(form, colour string) (int64, bool) {
	if id, ok := w.byForm[form+colour]; ok {
		return id, true
	}
	q := w.draw()
	id, ok := q.ids[drawnQuery{q.variants[form], colour}]
	return id, ok && q.variants[form] != nil
}

func createQuery(e *edit) ([]byte, *refusal) {
	w := e.w
	for _, name := range []string{"model", "view"} {
		if e.text(name) == "" {
			return nil, missing(name)
		}
	}
	if model, ok := e.row("lookml_models", e.text("model")); !ok || model.row.state != present {
		return nil, absent
	}
	form, colour := normalForm(e.sent, querySaid)
	if id, ok := w.sameQuery(form, colour); ok {
		doc, ok := w.appendQuery(nil, id)
		if !ok {
			doc = w.rememberedQuery(id)
		}
		w.keepQuery(id, doc)
		return doc, nil
	}
	client := e.text("client_id")
	if len(client) == 22 && w.draw().clients[[22]byte([]byte(client))] {
		return nil, taken(409, "client_id", "Client id has already been taken.")
	}
	id := firstQuery + int64(len(w.byForm))
	doc := e.newQuery(id, client)
	w.keepQuery(id, doc)
	w.byForm[form+colour] = id
	return doc, nil
}

// rememberedQuery is a generated query whose dashboard or look is gone.
func (w *world) rememberedQuery(id int64) (doc []byte) {
	w.eachDrawn(func(v *queryVariant, drawn int64) {
		if drawn == id {
			doc = w.putQuery(nil, v, id)
		}
	})
	return doc
}

func (w *world) keepQuery(id int64, doc []byte) {
	if w.posted == nil {
		w.posted, w.byForm = map[int64][]byte{}, map[string]int64{}
	}
	w.posted[id] = doc
	w.wrote.Store(true)
	w.changes++
}

// newQuery makes a query of a request.
func (e *edit) newQuery(id int64, client string) []byte {
	w := e.w
	if w.byForm == nil {
		w.posted, w.byForm = map[int64][]byte{}, map[string]int64{}
	}
	d := draft{w.putQuery(nil, w.queries[0], id)}
	for name := range querySaid {
		d.null(name)
	}
	d.take(e.sent, querySaid)
	if client != "" {
		d.str("client_id", client)
		w.draw().clients[[22]byte([]byte((client + "                      ")[:22]))] = true
	}
	d.yes("has_table_calculations", d.text("dynamic_fields") != "")
	d.raw("runtime", []byte("0.0"))
	path := "/explore/" + d.text("model") + "/" + d.text("view") + "?qid=" + d.text("client_id")
	d.str("share_url", host+"/x/"+d.text("client_id"))
	d.str("expanded_share_url", host+path+"&origin=share-expanded")
	d.str("url", path)
	return d.body
}

// queryNamed is a query by the id that a request gives: a number, or a slug
// where servers spell ids so.
func (w *world) queryNamed(name string) (id int64, doc []byte, ok bool) {
	if body := w.adopted["queries/"+name]; body != nil {
		id, _ := strconv.ParseInt(name, 10, 64)
		return id, body, true
	}
	id, err := strconv.ParseInt(name, 10, 64)
	if err != nil {
		if id, ok = w.slugs.read(name); !ok {
			return 0, nil, false
		}
	}
	doc, ok = w.appendQuery(nil, id)
	return id, doc, ok
}
