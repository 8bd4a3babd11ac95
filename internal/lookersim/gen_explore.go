package lookersim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// explore answers for one explore of a model: the largest bodies of all, made
// of the metadata of every field.
func explore(c *call) answer {
	if body := c.world.adopted["explores/"+c.args[0]+"::"+c.args[1]]; body != nil {
		return c.object(body)
	}
	f, ok := c.find("lookml_models", c.args[0])
	if !ok {
		return c.notFound()
	}
	m := c.world.model(f.row.num)
	if f.row.over != nil && f.row.over.id != "" || !slices.Contains(m.explores, c.args[1]) {
		return c.notFound()
	}
	return c.object(c.world.appendExplore(nil, m, c.args[1]))
}

func exploreID(m modelInfo, name string) string { return m.name + "::" + name }

func (w *world) appendExplore(b []byte, m modelInfo, name string) []byte {
	r := seeded(w.seed, hashOf("explores"), hashOf(m.name), hashOf(name))
	o := begin(b)
	o.str("id", exploreID(m, name))
	o.str("name", name)
	o.opt("description", r.sometimes(500, 20))
	o.str("label", name)
	o.str("title", r.pick(subjects)+" & "+name)
	o.strs("scopes", name)
	o.members(`"can_total":true,"can_develop":true,"can_see_lookml":true`)
	o.str("lookml_link", "/projects/"+m.project+"/files/"+m.name+".model.lkml?line=10&x=1")
	o.members(`"can_save":true,"can_explain":true,"can_pivot_in_db":true,"can_subtotal":true,"has_timezone_support":true,"self_service_explore_data":null,` +
		`"supports_cost_estimate":true`)
	o.str("connection_name", m.connection)
	o.str("dialect_name", "postgres")
	o.str("null_sort_treatment", "high")
	o.strs("files", "views/"+name+".view.lkml")
	o.str("source_file", m.name+".model.lkml")
	o.str("project_name", m.project)
	o.str("model_name", m.name)
	o.str("view_name", name)
	o.no("hidden")
	o.str("sql_table_name", "public."+name)
	o.null("access_filter_fields")
	for _, list := range []string{"access_filters", "aliases", "always_filter", "conditionally_filter", "index_fields", "sets", "tags", "errors"} {
		o.raw(list, "[]")
	}
	o.key("fields")
	o.b = exploreFields(o.b, &r, name, w.uses.Load())
	o.raw("joins", `[{"name":"users","dependent_fields":[],"fields":null,"foreign_key":null,"from":null,"outer_only":null,"relationship":"many_to_one",`+
		`"required_joins":[],"sql_foreign_key":null,"sql_on":"${orders.user_id} = ${users.id} AND 1 \u003c 2","sql_table_name":null,"type":"left_outer","view_label":null}]`)
	o.str("group_label", m.label)
	o.raw("supported_measure_types", `[{"dimension_type":"number","measure_types":["sum","average"]}]`)
	o.raw("always_join", "[]")
	return o.end()
}

// exploreFields writes the fields of an explore; uses is how many times each was used
// since the server began.
func exploreFields(b []byte, r *rng, view string, uses int64) []byte {
	f := begin(b)
	for _, group := range []struct {
		name, category string
		count          int
	}{{"dimensions", "dimension", r.in(20, 90)}, {"measures", "measure", r.in(8, 40)}, {"filters", "filter", r.n(3)}, {"parameters", "parameter", r.n(3)}} {
		f.key(group.name)
		f.b = append(f.b, '[')
		for i := range group.count {
			f.b = exploreField(comma(f.b), r, view, group.category, i, uses)
		}
		f.b = append(f.b, ']')
	}
	return f.end()
}

// fieldRest is what fields of every sort say alike.
const fieldRest = `"available_custom_timeframes":null,"timeframe_labels":null,"can_filter":true,"default_filter_value":null,"dimension_group":null,"drill_fields":["orders.id","users.name"],` +
	`"enumerations":null,"error":null,"field_group_label":null,"field_group_variant":"Value","fill_style":null,"fiscal_month_offset":0,"has_allowed_values":false,` +
	`"has_drills_metadata":false,"hidden":false,"is_filter":false,"is_fiscal":false,"is_numeric":true,"is_timeframe":false,"can_time_filter":false,"time_interval":null,` +
	`"label_from_parameter":null,"links":[],"map_layer":null,"strict_value_format":false,"period_over_period_params":null,"permanent":null,"primary_key":false,` +
	`"requires_refresh_on_sort":false,"sortable":true,"sql_case":null,"filters":null,"suggestable":true,"suggestions":null,"synonyms":[],"tags":[],` +
	`"user_attribute_filter_types":["number","advanced_filter_number"],"value_format":"$#,##0.00","value_format_name":"usd","dynamic":false,"week_start_day":"monday",` +
	`"datatype":null,"convert_tz":true`

func exploreField(b []byte, r *rng, view, category string, i int, uses int64) []byte {
	name := view + "." + fieldNames[i%len(fieldNames)] + "_" + strconv.Itoa(i)
	label := strings.ReplaceAll(name, ".", " ")
	o := begin(b)
	o.str("align", "left")
	o.str("category", category)
	o.opt("description", r.sometimes(400, 14))
	o.str("label", label)
	o.str("label_short", label)
	o.str("lookml_link", fmt.Sprintf("/projects/thelook/files/views/%s.view.lkml?line=%d&col=1", view, i))
	o.yes("measure", category == "measure")
	o.str("name", name)
	o.yes("parameter", category == "parameter")
	o.str("project_name", "thelook")
	o.str("scope", view)
	o.str("source_file", "views/"+view+".view.lkml")
	o.str("source_file_path", "thelook/views/"+view+".view.lkml")
	o.str("sql", "${TABLE}."+name+" <> ''")
	o.str("suggest_dimension", name)
	o.str("suggest_explore", view)
	o.str("type", r.pick([]string{"string", "number", "yesno", "sum", "date_date"}))
	o.str("view", view)
	o.str("view_label", view)
	o.num("times_used", int64(r.skew(900))+uses)
	o.yes("frequent", r.chance(200) != (uses%2 == 1))
	o.raw("turtle_looks", "["+strconv.FormatInt(uses, 10)+"]")
	o.str("original_view", view)
	o.members(fieldRest)
	return o.end()
}
