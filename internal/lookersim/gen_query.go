package lookersim

import (
	"fmt"
	"math/bits"
	"strings"
)

// host is the instance's own idea of its address, as it stands in links.
const host = "https://sim.looker.example"

// A query's id tells what it belongs to: id = 4·n + class.
const (
	queryLoose  = iota // n counts queries that only plans name; shifted by one, so that no id is 0
	queryTile          // n is the number of the tile
	queryLook          // n is the look's number
	querySource        // n counts the source queries of merge queries
)

func queryID(class int, n int64) int64 {
	if class == queryLoose {
		n++
	}
	return 4*n + int64(class)
}

// queryVariant is a query drawn at New: many documents share it and differ in
// what fills its holes.
type queryVariant struct {
	text        []byte // with holes
	doc         *template
	id          hole // of the query
	model, view string
	vis         []byte
	sorts       string // JSON
	dynamic     string // JSON
	visType     string
	listens     string // the field that a date filter of a dashboard listens on
}

const queryCan = `{"run":true,"see_results":true,"explore":true,"create":true,"show":true,"cost_estimate":false,"index":true,"see_lookml":true,` +
	`"see_aggregate_table_lookml":true,"see_derived_table_lookml":true,"see_sql":true,"generate_drill_links":true,"download":true,"render":true}`

var visTypes = []string{"looker_column", "looker_line", "single_value", "looker_grid", "looker_pie",
	"looker_area", "looker_bar", "looker_map", "table", "looker_scatter"}

// newQueryVariant draws a query over one of the models.
func (w *world) newQueryVariant(r *rng, small bool) *queryVariant {
	m := w.models[r.n(len(w.models))]
	view := m.explores[r.n(len(m.explores))]
	v := &queryVariant{model: m.name, view: view, visType: r.pick(visTypes), id: w.queryHole()}
	var fields []string
	for range r.in(1, 6) {
		fields = append(fields, view+"."+r.pick(fieldNames))
	}
	date := view + ".created_date"
	v.listens = date
	v.vis = visConfig(r, v.visType, small)
	v.sorts = string(appendString([]byte("["), fields[0]+" desc")) + "]"
	v.dynamic = "null"
	if r.chance(150) {
		v.dynamic = string(appendString(nil, fmt.Sprintf(`[{"table_calculation":"share","label":"Share & growth",`+
			`"expression":"${%s}/sum(${%s})","value_format_name":"percent_1","_kind_hint":"measure"}]`, fields[0], fields[0])))
	}
	v.write(r, fields, date, small)
	v.doc = compile(v.text)
	return v
}

var fieldNames = []string{"count", "total_revenue", "average_price", "created_date", "created_month", "status", "state", "country", "category", "brand",
	"user_count", "margin", "profit", "lifetime_value", "first_order_date", "traffic_source", "is_active", "percent_of_total", "rank", "elevation"}

func (v *queryVariant) write(r *rng, fields []string, date string, small bool) {
	o := begin(nil)
	if !small {
		o.raw("can", queryCan)
	}
	o.str("id", v.id.String())
	o.str("model", v.model)
	o.str("view", v.view)
	o.strs("fields", fields...)
	if r.chance(200) {
		o.strs("pivots", fields[len(fields)-1])
	} else {
		o.null("pivots")
	}
	o.null("fill_fields")
	if r.chance(700) {
		f := begin(nil)
		f.str(date, fmt.Sprintf("%d months", r.in(1, 18)))
		f.str(v.view+".status", "-Cancelled,-Returned & refunded,%\"test\"%")
		o.raw("filters", string(f.end()))
	} else {
		o.null("filters")
	}
	o.null("filter_expression")
	o.raw("sorts", v.sorts)
	o.str("limit", r.pick([]string{"500", "5000", "10", "-1"}))
	o.str("column_limit", "50")
	o.null("total", "row_total", "subtotals")
	o.raw("vis_config", string(v.vis))
	o.null("filter_config", "visible_ui_sections")
	if !small {
		o.str("slug", holeSlug.String())
	}
	o.raw("dynamic_fields", v.dynamic)
	o.str("client_id", holeClient.String())
	if !small {
		v.links(&o, fields)
	}
	o.str("query_timezone", "America/Los_Angeles")
	if !small {
		o.yes("has_table_calculations", v.dynamic != "null")
		o.raw("runtime", fmt.Sprintf("%.3f", r.float()*9)) // real bodies carry it, the spec does not
	}
	v.text = o.end()
}

// links writes the three addresses of a query, of which two repeat the whole
// vis_config percent-encoded.
func (v *queryVariant) links(o *object, fields []string) {
	q := "/explore/" + v.model + "/" + v.view + "?fields=" + strings.Join(fields, ",") +
		"&f[" + v.listens + "]=" + percent("6 months") + "&sorts=" + percent(fields[0]+" desc") +
		"&limit=500&column_limit=50&query_timezone=" + percent("America/Los_Angeles") +
		"&vis=" + percent(string(v.vis)) +
		"&filter_config=" + percent(`{"`+v.listens+`":[{"type":"past","values":[{"constant":"6","unit":"mo"},{}],"id":1,"error":false}]}`)
	o.str("share_url", host+"/x/"+holeClient.String())
	o.str("expanded_share_url", host+q+"&origin=share-expanded")
	o.str("url", q)
}

// visConfig writes how a query is drawn: free JSON, numbers of every spelling
// included.
func visConfig(r *rng, visType string, small bool) []byte {
	o := begin(nil)
	o.str("type", visType)
	o.str("custom_color", "#"+holeColour.String())
	o.yes("show_view_names", r.chance(500))
	o.yes("show_row_numbers", r.chance(500))
	o.yes("limit_displayed_rows", r.chance(200))
	if r.chance(120) {
		o.members(`"map_zoom":1.0,"reference_value":9223372036854775808,"y_axis_max":1e21,"epsilon":-0.0000001`)
	}
	o.raw("series_types", "{}")
	if small {
		o.raw("hidden_fields", "[]")
		o.raw("y_axes", "[]")
		return o.end()
	}
	for _, name := range visFlags {
		o.yes(name, r.chance(400))
	}
	o.str("x_axis_scale", "auto")
	o.str("table_theme", r.pick([]string{"white", "editable", "gray"}))
	o.str("comparison_label", "vs. last year <%>")
	o.raw("label_density", fmt.Sprint(r.in(5, 50)))
	o.raw("series_colors", `{"orders.count":"#`+string(r.hex(nil, 6))+`","users.count":"#`+string(r.hex(nil, 6))+`"}`)
	o.raw("y_axes", `[{"label":"","orientation":"left","series":[{"axisId":"orders.count","id":"orders.count","name":"Orders"}],`+
		`"showLabels":true,"tickDensity":"default","tickDensityCustom":5,"type":"linear"}]`)
	o.raw("hidden_fields", "[]")
	o.raw("defaults_version", "1")
	return o.end()
}

var visFlags = []string{"show_single_value_title", "show_comparison", "comparison_reverse_colors", "show_comparison_label", "truncate_column_names",
	"hide_totals", "hide_row_totals", "enable_conditional_formatting", "conditional_formatting_include_totals", "y_axis_combined"}

// fillQuery fills the holes of a query.
func (w *world) fillQuery(f *fill, id int64) {
	f.query = id
	w.slugs.spell(f.slug[:], id)
	r := seeded(w.seed, hashOf("query"), uint64(id))
	r.slug(f.client[:0], len(f.client))
	r.hex(f.colour[:0], len(f.colour))
}

// variantOf is the variant of queries that lie in no tile.
func (w *world) variantOf(class int, n int64) *queryVariant {
	r := seeded(w.seed, hashOf("variant"), uint64(class), uint64(n))
	return w.queries[r.n(len(w.queries))]
}

// appendQuery appends the query of an id; false when there is none. It must be
// called with the world locked for reading.
func (w *world) appendQuery(b []byte, id int64) ([]byte, bool) {
	if doc, ok := w.posted[id]; ok {
		return append(b, doc...), true
	}
	v, ok := w.findQuery(id)
	if !ok {
		return b, false
	}
	return w.putQuery(b, v, id), true
}

func (w *world) putQuery(b []byte, v *queryVariant, id int64) []byte {
	var f fill
	w.fillQuery(&f, id)
	return v.doc.append(b, &f)
}

func (w *world) findQuery(id int64) (*queryVariant, bool) {
	class, n := int(id%4), id/4
	if class == queryLoose {
		n--
	}
	if n < 0 {
		return nil, false
	}
	switch class {
	case queryTile:
		return w.tileQueryVariant(n)
	case queryLook:
		t := w.tables["looks"]
		i, ok := t.indexOf(fmt.Sprint(n))
		return w.variantOf(class, n), ok && t.drawn(i)
	case querySource:
		return w.variantOf(class, n), n < int64(w.sizes.SourceQueries)
	}
	return w.variantOf(class, n), n < int64(w.sizes.ScheduledPlans)
}

// slugSpace is how many slugs of seven characters there are: 62^7.
const slugSpace = 62 * 62 * 62 * 62 * 62 * 62 * 62

// slugCoder spells an id as a slug and back, with no table between: the two
// are multiplications modulo slugSpace by factors that undo each other.
type slugCoder struct{ factor, inverse uint64 }

func newSlugCoder(seed uint64) slugCoder {
	r := seeded(seed, hashOf("slug"))
	c := slugCoder{factor: r.u64()%slugSpace | 1}
	for c.factor%31 == 0 { // the factor must have nothing in common with 62
		c.factor += 2
	}
	// Euler: a^(φ-1) is the inverse of a; φ(2^7·31^7) = 2^6·30·31^6.
	const phi = 64 * 30 * 31 * 31 * 31 * 31 * 31 * 31
	c.inverse = 1
	for power, left := c.factor, uint64(phi-1); left > 0; left >>= 1 {
		if left&1 == 1 {
			c.inverse = mulMod(c.inverse, power)
		}
		power = mulMod(power, power)
	}
	return c
}

func mulMod(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return bits.Rem64(hi, lo, slugSpace)
}

func (c slugCoder) spell(b []byte, id int64) {
	v := mulMod(uint64(id), c.factor)
	for i := range b {
		b[i] = base62[v%62]
		v /= 62
	}
}

func (c slugCoder) read(slug string) (int64, bool) {
	if len(slug) != 7 {
		return 0, false
	}
	v := uint64(0)
	for i := len(slug) - 1; i >= 0; i-- {
		digit := strings.IndexByte(base62, slug[i])
		if digit < 0 {
			return 0, false
		}
		v = v*62 + uint64(digit)
	}
	return int64(mulMod(v, c.inverse)), true
}
