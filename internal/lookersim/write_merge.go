package lookersim

// mergeSaid are the members that make a merge query what it is.
var mergeSaid = fieldSet("column_limit dynamic_fields pivots sorts total limit vis_config source_queries")

// sourceSaid are the members of a source query that a request gives.
var sourceSaid = fieldSet("merge_fields name query_id")

// mergeForm is the normal form of a merge query, without what servers add to it.
func mergeForm(doc []byte) string {
	sources := sourceSaid.cut(nil, lookup(doc, "source_queries"))
	form, colour := normalForm(set(mergeSaid.cut(nil, doc), "source_queries", sources), mergeSaid)
	return form + colour
}

func createMerge(e *edit) ([]byte, *refusal) {
	w := e.w
	count := 0
	sent := lookup(e.sent, "source_queries")
	for from, to := range elements(sent) {
		count++
		id := rawValue(lookup(sent[from:to], "query_id")).text
		if _, _, ok := w.queryNamed(id); !ok {
			return nil, unknown("source_queries", id)
		}
	}
	if count == 0 {
		return nil, missing("source_queries")
	}
	d := draft{[]byte(`{"can":{"index":true,"show":true,"create":true,"update":false},"column_limit":null,"dynamic_fields":null,"id":null,"pivots":null,` +
		`"result_maker_id":null,"sorts":null,"source_queries":[],"total":false,"limit":null,"vis_config":null}`)}
	d.take(e.sent, mergeSaid)
	e.fillSources(&d)
	form := mergeForm(d.body)
	if id, ok := w.mergesByForm()[form]; ok {
		if doc, ok := w.merges[id]; ok {
			return doc, nil
		}
		k, _ := w.mergeOf(id)
		return w.appendMerge(nil, k), nil
	}
	r := seeded(w.seed, hashOf("posted merge"), uint64(len(w.merges)))
	id := string(r.slug(nil, 2*mergeHalf))
	d.str("id", id)
	d.str("result_maker_id", w.partID())
	w.merges[id] = d.body
	w.asMerge[form] = id
	w.wrote.Store(true)
	w.changes++
	return d.body, nil
}

// fillSources gives each source query the slug that servers add.
func (e *edit) fillSources(d *draft) {
	out := []byte{'['}
	array := lookup(d.body, "source_queries")
	for from, to := range elements(array) {
		out = comma(out)
		source := draft{[]byte(`{"merge_fields":[],"name":null,"query_id":null,"query_slug":null}`)}
		source.take(array[from:to], sourceSaid)
		id, _, _ := e.w.queryNamed(source.text("query_id"))
		source.str("query_slug", e.w.querySlug(id))
		out = append(out, source.body...)
	}
	d.raw("source_queries", append(out, ']'))
}

// mergesByForm lists the merge queries that there are, generated ones included.
func (w *world) mergesByForm() map[string]string {
	if w.asMerge == nil {
		w.merges, w.asMerge = map[string][]byte{}, map[string]string{}
		for k := range w.sizes.MergeQueries {
			if form := mergeForm(w.appendMerge(nil, k)); w.asMerge[form] == "" && !w.danglingMerge(k) {
				w.asMerge[form] = string(w.mergeID(k))
			}
		}
	}
	return w.asMerge
}

// mergeNamed is a merge query by its id.
func (w *world) mergeNamed(id string) ([]byte, bool) {
	if doc, ok := w.merges[id]; ok {
		return doc, true
	}
	k, ok := w.mergeOf(id)
	if !ok {
		return nil, false
	}
	return w.appendMerge(nil, k), true
}
