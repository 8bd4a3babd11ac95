package lookersim

import "strconv"

// modelInfo is a LookML model as content refers to it.
type modelInfo struct {
	name, label, project, connection string
	explores                         []string
	internal, selfService            bool
}

var modelNames = []string{"thelook", "aviation", "finance", "marketing_analytics", "ops", "web_events"}

var exploreNames = []string{"orders", "order_items", "users", "airports", "flights", "sessions", "events",
	"inventory_items", "invoices", "accounts", "campaigns", "tickets"}

// layOutModels draws the models. One of four or more is a built-in one, one of
// six or more is self-service: lists leave both out unless asked.
func (w *world) layOutModels() {
	n := w.sizes.LookmlModels
	for i := range n {
		r := seeded(w.seed, hashOf("models"), uint64(i))
		m := modelInfo{name: modelNames[i%len(modelNames)]}
		if i >= len(modelNames) {
			m.name += "_" + strconv.Itoa(i)
		}
		switch {
		case n >= 4 && i == n-1:
			m.name, m.internal = "system__activity", true
		case n >= 6 && i == n-2:
			m.name, m.selfService = "upload__budget_2026", true
		}
		m.label = r.pick(subjects) + " & more"
		m.project = projectName(i % w.sizes.Projects)
		m.connection = connectionName(i % w.sizes.Connections)
		for k := range w.sizes.ExploresPerModel {
			e := exploreNames[(i+k)%len(exploreNames)]
			if k >= len(exploreNames) {
				e += "_" + strconv.Itoa(k)
			}
			m.explores = append(m.explores, e)
		}
		w.models = append(w.models, m)
	}
}

func projectName(i int) string {
	return [...]string{"thelook", "warehouse", "ops", "marketplace_kit"}[i%4] + when(i >= 4, "_"+strconv.Itoa(i))
}

func connectionName(i int) string {
	return [...]string{"bigquery", "snowflake_prod", "postgres", "redshift"}[i%4] + when(i >= 4, "_"+strconv.Itoa(i))
}

// model also answers for models added at run time.
func (w *world) model(num int32) modelInfo {
	if int(num) <= len(w.models) {
		return w.models[num-1]
	}
	return modelInfo{name: "added_model_" + strconv.Itoa(int(num)), label: "Added", project: projectName(0), connection: connectionName(0),
		explores: []string{"orders"}}
}

func (w *world) modelID(num int32) string { return w.model(num).name }

func (w *world) modelNeeds(r row) string {
	switch m := w.model(r.num); {
	case m.internal:
		return "include_internal=true"
	case m.selfService:
		return "include_self_service=true"
	}
	return ""
}

func (w *world) renderModel(b []byte, row row, _ fieldTree) []byte {
	m := w.model(row.num)
	r := w.rngFor("lookml_models", row.num, 0)
	o := begin(b)
	o.raw("can", `{"index":true,"show":true,"create":true,"update":true,"destroy":true}`)
	u := w.rngFor("lookml_models", row.num, 1)
	unlimited := u.chance(400)
	if unlimited {
		o.strs("allowed_db_connection_names", w.everything.Load().connections...)
	} else {
		o.strs("allowed_db_connection_names", m.connection)
	}
	o.key("explores")
	o.b = append(o.b, '[')
	for _, e := range m.explores {
		x := begin(comma(o.b))
		x.str("name", e)
		x.opt("description", r.sometimes(500, 10))
		x.str("label", r.pick(subjects))
		x.yes("hidden", r.chance(100))
		x.str("group_label", m.label)
		o.b = x.end()
	}
	o.b = append(o.b, ']')
	o.yes("has_content", true)
	o.str("label", m.label)
	o.str("name", m.name)
	o.str("project_name", m.project)
	o.yes("unlimited_db_connections", unlimited)
	return o.end()
}

// modelKeep leaves out the models that a listing shows only when asked.
func modelKeep(c *call) func(*world, row) bool {
	internal := c.query.Get("include_internal") == "true"
	selfService := c.query.Get("include_self_service") == "true"
	return func(w *world, r row) bool {
		m := w.model(r.num)
		if r.over != nil && r.over.id != "" {
			return true // configured by a write
		}
		return (!m.internal || internal) && (!m.selfService || selfService)
	}
}

func modelScope(c *call) string {
	return c.query.Get("include_internal") + "," + c.query.Get("include_self_service")
}
