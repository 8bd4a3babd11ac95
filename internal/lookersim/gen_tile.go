package lookersim

import (
	"fmt"
	"strings"
	"sync"
)

// form is what a tile shows.
type form uint8

const (
	tileQuery  form = iota // a query, and its copy in the result maker
	tileMaker              // the query sits in the result maker only
	tileLook               // a look
	tileText               // HTML
	tileButton             // a link, kept as JSON in a string
	tileMerge              // merged results
	tileFat                // a query whose vis_config repeats field metadata
)

// typeName is the type as a tile states it.
func (f form) typeName() string {
	switch f {
	case tileText:
		return "text"
	case tileButton:
		return "button"
	}
	return "vis"
}

// tile says what one tile of a dashboard is.
type tile struct {
	form    form
	variant int
	small   bool
	look    int32
	merge   int
}

// tilePools are the templates that tiles and queries are made from.
type tilePools struct {
	queries []*queryVariant // full
	short   []*queryVariant // small
	fat     []*queryVariant // of fat tiles
	slugs   slugCoder

	tiles      map[tileKind][]*template
	components [2]*template // of layouts: full, small
}

type tileKind struct {
	form  form
	small bool
}

const (
	fullVariants  = 64
	shortVariants = 128
	textVariants  = 32
	fatVariants   = 3
)

// drawnPools remembers the pools of the worlds made last. Drawing one takes 15 to 20 ms, and
// tests make hundreds of worlds of few seeds. Pools are never changed, so that worlds share them.
var drawnPools = struct {
	sync.Mutex
	of map[string]*tilePools
}{of: map[string]*tilePools{}}

// keptPools bounds how many pools are remembered, of about 3 MB each.
const keptPools = 8

// drawPools takes the templates of the world's seed, models and dialect.
func (w *world) drawPools() {
	key := fmt.Sprintf("%d %v %+v", w.seed, w.queryHole(), w.models)
	drawnPools.Lock()
	defer drawnPools.Unlock()
	if pools, ok := drawnPools.of[key]; ok {
		w.tilePools = *pools
		return
	}
	w.drawNewPools()
	if len(drawnPools.of) == keptPools {
		clear(drawnPools.of)
	}
	pools := w.tilePools
	drawnPools.of[key] = &pools
}

func (w *world) drawNewPools() {
	w.slugs = newSlugCoder(w.seed)
	r := seeded(w.seed, hashOf("pools"))
	for range fullVariants {
		w.queries = append(w.queries, w.newQueryVariant(&r, false))
	}
	for range shortVariants {
		w.short = append(w.short, w.newQueryVariant(&r, true))
	}
	w.components = [2]*template{compile(componentText(false)), compile(componentText(true))}
	w.tiles = map[tileKind][]*template{}
	for _, small := range []bool{false, true} {
		pool := w.pool(small)
		for _, v := range pool {
			for _, f := range []form{tileQuery, tileMaker} {
				w.addTile(f, small, tileSource{query: v}.text(&r, f, small))
			}
		}
		for range textVariants {
			w.addTile(tileText, small, tileSource{html: htmlText(&r, small)}.text(&r, tileText, small))
			w.addTile(tileButton, small, tileSource{}.text(&r, tileButton, small))
			w.addTile(tileLook, small, tileSource{query: pool[r.n(len(pool))]}.text(&r, tileLook, small))
			w.addTile(tileMerge, small, tileSource{query: pool[r.n(len(pool))]}.text(&r, tileMerge, small))
		}
	}
	for range fatVariants {
		fat := *w.queries[r.n(len(w.queries))]
		fat.text = fattened(&r, fat.text)
		fat.doc = compile(fat.text)
		w.fat = append(w.fat, &fat)
		w.addTile(tileFat, false, tileSource{query: &fat}.text(&r, tileFat, false))
	}
}

func (w *world) pool(small bool) []*queryVariant {
	if small {
		return w.short
	}
	return w.queries
}

func (w *world) addTile(f form, small bool, text []byte) {
	k := tileKind{f, small}
	w.tiles[k] = append(w.tiles[k], compile(text))
}

// fattened adds the metadata of many fields to a query's vis_config, as some
// custom visualisations leave it there.
func fattened(r *rng, text []byte) []byte {
	var meta strings.Builder
	meta.WriteString(`"vis_config":{"query_fields":{"measures":[`)
	for i := range r.in(40, 200) {
		if i > 0 {
			meta.WriteByte(',')
		}
		fmt.Fprintf(&meta, `{"align":"right","can_filter":true,"category":"measure","default_filter_value":null,"description":%s,`+
			`"name":"orders.m%d","label":"Orders M %d","is_numeric":true,"sql":"SUM(${TABLE}.m%d) \u003c 1e6","source_file":"views/orders.view.lkml",`+
			`"suggestions":null,"tags":[],"value_format":"$#,##0.00","view_label":"Orders"}`,
			appendString(nil, r.lorem(20)), i, i, i)
	}
	meta.WriteString(`]},`)
	return []byte(strings.Replace(string(text), `"vis_config":{`, meta.String(), 1))
}

// tileSource is what the text of a tile is written from.
type tileSource struct {
	query *queryVariant
	html  string
}

const tileCan = `{"index":true,"show":true,"create":true,"update":true,"destroy":true,"explore":true,"download":true,"see_lookml":true,"run":true}`

// text writes a tile with its holes.
func (t tileSource) text(r *rng, f form, small bool) []byte {
	o := begin(nil)
	if !small {
		o.raw("can", tileCan)
	}
	o.opt("body_text", t.html)
	if !small {
		o.opt("body_text_as_html", strings.ReplaceAll(t.html, "\n", "<br>\n"))
	}
	o.str("dashboard_id", holeDashboard.String())
	if !small {
		o.str("dashboard_layout_id", holeLayout.String())
		o.null("edit_uri")
	}
	o.str("id", holeElement.String())
	t.content(&o, f)
	t.notes(&o, r, small)
	t.maker(&o, f, small)
	o.null("subtitle_text")
	o.opt("title", when(f != tileText && f != tileLook, holeTitle.String()))
	o.yes("title_hidden", r.chance(50))
	o.opt("title_text", when(f == tileText, holeTitle.String()))
	o.str("type", f.typeName())
	o.opt("rich_content_json", when(f == tileButton, `{"text":"Open & filter","description":"","newTab":true,"alignment":"center","size":"medium","style":"FILLED","color":"#1A73E8","href":"/dashboards/1?Date=7+days"}`))
	o.null("extension_id")
	if !small {
		o.num("alert_count", 0)
		o.null("title_text_as_html", "subtitle_text_as_html", "aria_description", "certification_metadata")
		o.raw("x_render_hints", `{"priority":1.0,"seed":18446744073709551615,"cache":null}`)
	}
	return o.end()
}

// content writes which query, look or merge query a tile shows.
func (t tileSource) content(o *object, f form) {
	if f == tileLook {
		o.raw("look", holeLookDoc.String())
		o.str("look_id", holeLook.String())
	} else {
		o.null("look", "look_id")
	}
	o.null("lookml_link_id")
	o.opt("merge_result_id", when(f == tileMerge, holeMerge.String()))
	if f == tileQuery || f == tileFat {
		o.raw("query", string(t.query.text))
		o.str("query_id", t.query.id.String())
	} else {
		o.null("query", "query_id")
	}
}

func (t tileSource) notes(o *object, r *rng, small bool) {
	if r.chance(150) {
		note := "<b>Note:</b> " + r.lorem(12) + " 🎯"
		o.str("note_display", r.pick([]string{"hover", "above", "below"}))
		o.str("note_state", "collapsed")
		o.str("note_text", note)
		if !small {
			o.str("note_text_as_html", note)
		}
	} else {
		o.null("note_display", "note_state", "note_text")
		if !small {
			o.null("note_text_as_html")
		}
	}
	o.null("refresh_interval")
	if !small {
		o.null("refresh_interval_to_i", "filter_id")
	}
}

// maker writes the result maker, which small tiles have only where it holds
// what nothing else does.
func (t tileSource) maker(o *object, f form, small bool) {
	if f == tileText || f == tileButton || small && f != tileMaker && f != tileMerge {
		o.null("result_maker", "result_maker_id")
		return
	}
	m := begin(nil)
	m.str("id", holeMaker.String())
	m.raw("dynamic_fields", t.query.dynamic)
	m.key("filterables")
	for i := range 1 + boolInt(f == tileMerge) {
		m.b = append(m.b, "[,"[i])
		l := begin(m.b)
		l.str("model", t.query.model)
		l.str("view", t.query.view)
		l.str("name", []string{"", "q1"}[i])
		l.raw("listen", `[{"dashboard_filter_name":"Date","field":`+string(appendString(nil, t.query.listens))+`},{"dashboard_filter_name":"State \u0026 Region","field":"users.state"}]`)
		m.b = l.end()
	}
	m.b = append(m.b, ']')
	m.raw("sorts", t.query.sorts)
	m.opt("merge_result_id", when(f == tileMerge, holeMerge.String()))
	m.no("total")
	if f == tileMerge || f == tileLook {
		m.null("query_id", "sql_query_id", "query")
	} else {
		m.str("query_id", t.query.id.String())
		m.null("sql_query_id")
		m.raw("query", string(t.query.text))
	}
	m.raw("vis_config", string(t.query.vis))
	o.raw("result_maker", string(m.end()))
	o.str("result_maker_id", holeMaker.String())
}

// htmlText is the text of a tile, 1 to 5 KB or a few hundred bytes.
func htmlText(r *rng, small bool) string {
	b := []byte("<h2>" + r.title() + "</h2>\n<p>")
	size := r.in(1000, 5000)
	if small {
		size = r.in(200, 600)
	}
	for len(b) < size {
		b = append(b, r.lorem(9)...)
		switch r.n(6) {
		case 0:
			b = append(b, " <a href=\"https://wiki.example/x?a=1&b=2\">"+r.pick(strange)+"</a>\n"...)
		case 1:
			b = append(b, " <i>שלום עולם</i> · مرحبا · e\u0301 👩‍👩‍👧 "...)
		case 2:
			b = append(b, "\n\n| a | b |\n|---|---|\n| 1 | \"2\" |\n"...)
		default:
			b = append(b, ' ')
		}
	}
	return string(append(b, "</p>"...))
}
