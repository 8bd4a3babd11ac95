package lookersim

import (
	"net/http"
	"slices"
	"strconv"
)

// valueOverlay is what writes made of the values of user attributes, guarded by
// the world's lock.
type valueOverlay struct {
	groupValues map[int32][]groupValue // by attribute, the strongest first
	ownValues   map[ownKey]*string     // nil: taken away
}

type groupValue struct {
	group int32
	value string
}

type ownKey struct{ attribute, user int32 }

func (w *world) groupValuesOf(attribute int32) []groupValue {
	if list, ok := w.groupValues[attribute]; ok {
		return list
	}
	var list []groupValue
	for _, g := range w.attributeGroups(attribute) {
		list = append(list, groupValue{g, w.attributeValue(attribute, "group", g)})
	}
	return list
}

// ownValue is the value that a user has itself.
func (w *world) ownValue(attribute, user int32) (string, bool) {
	if v, ok := w.ownValues[ownKey{attribute, user}]; ok {
		if v == nil {
			return "", false
		}
		return *v, true
	}
	if !w.drawnNumber("user_attributes", attribute) || !w.drawnNumber("users", user) {
		return "", false
	}
	r := seeded(w.seed, hashOf("own value"), uint64(attribute), uint64(user))
	if !r.chance(150) {
		return "", false
	}
	return w.attributeValue(attribute, "user", user), true
}

// drawnNumber reports whether an item is one that no write made.
func (w *world) drawnNumber(kind string, num int32) bool {
	t := w.tables[kind]
	i, ok := t.indexOf(strconv.Itoa(int(num)))
	return !ok || t.rows[i].over == nil || t.rows[i].over.drawn || t.rows[i].over.id != ""
}

func (w *world) setGroupValues(attribute int32, list []groupValue) {
	w.groupValues[attribute] = list
	w.wrote.Store(true)
	w.changes++
}

func (w *world) setOwnValue(attribute, user int32, value *string) {
	w.ownValues[ownKey{attribute, user}] = value
	w.wrote.Store(true)
	w.changes++
}

func attributeWrites() kindWrites {
	return kindWrites{kind: "user_attributes", fields: fieldSet("name label type default_value value_is_hidden user_can_view user_can_edit hidden_value_domain_whitelist needed_for_ci_run value_for_ci_run"),
		required: []string{"name", "label", "type"}, unique: []string{"name"},
		defaults: `{"default_value":null,"is_system":false,"is_permanent":false,"value_is_hidden":false,"user_can_view":true,"user_can_edit":false,
			"hidden_value_domain_whitelist":null,"needed_for_ci_run":false,"value_for_ci_run":null}`,
		fixed: func(_ *edit, d *draft) *refusal {
			if d.text("is_system") == "true" {
				return invalid("id", "invalid", "The attribute belongs to the system")
			}
			return nil
		},
		check: func(e *edit, d *draft, id string) *refusal {
			if id == "" {
				return nil
			}
			f, _ := e.row("user_attributes", id)
			if old := f.t.attribute(e.w, f.row, "hidden_value_domain_whitelist"); !old.null && old.text != d.text("hidden_value_domain_whitelist") {
				return invalid("hidden_value_domain_whitelist", "invalid", "The list cannot be changed once it is set")
			}
			return nil
		},
		born: func(e *edit, num int32) { e.w.setGroupValues(num, nil) },
	}
}

// setAttributeGroups replaces the values of an attribute for all groups.
func setAttributeGroups(e *edit, f found) ([]byte, *refusal) {
	type ranked struct {
		groupValue
		rank int64
	}
	var rows []ranked
	for from, to := range elements(e.sent) {
		get := func(name string) string { return rawValue(lookup(e.sent[from:to], name)).text }
		g, ok := e.row("groups", get("group_id"))
		if !ok {
			return nil, unknown("group_id", get("group_id"))
		}
		if slices.ContainsFunc(rows, func(r ranked) bool { return r.group == g.row.num }) {
			return nil, taken(http.StatusUnprocessableEntity, "group_id", "The group has a value already")
		}
		rows = append(rows, ranked{groupValue{g.row.num, get("value")}, number(get("rank"))})
	}
	slices.SortStableFunc(rows, func(a, b ranked) int { return int(a.rank - b.rank) })
	list := []groupValue{}
	for _, r := range rows {
		list = append(list, r.groupValue)
	}
	e.w.setGroupValues(f.row.num, list)
	return e.w.appendGroupValues(nil, f.row.num), nil
}

// editingValue is a write of the value that a user or a group, the first of its path, has
// for an attribute, the second.
func editingValue(kind string, write func(e *edit, owner, attribute found) ([]byte, *refusal)) writeFunc {
	return func(e *edit) ([]byte, *refusal) {
		owner, ok := e.row(kind, e.args[0])
		attribute, also := e.row("user_attributes", e.args[1])
		if !ok || !also {
			return nil, absent
		}
		return write(e, owner, attribute)
	}
}

func setGroupValue(e *edit, g, a found) ([]byte, *refusal) {
	list := slices.Clone(e.w.groupValuesOf(a.row.num))
	next := groupValue{g.row.num, e.text("value")}
	at := slices.IndexFunc(list, func(v groupValue) bool { return v.group == g.row.num })
	if at < 0 {
		at = len(list)
		list = append(list, next)
	}
	list[at] = next
	e.w.setGroupValues(a.row.num, list)
	return e.w.appendGroupValue(nil, a.row.num, at, next), nil
}

func dropGroupValue(e *edit, g, a found) ([]byte, *refusal) {
	list := slices.Clone(e.w.groupValuesOf(a.row.num))
	e.w.setGroupValues(a.row.num, slices.DeleteFunc(list, func(v groupValue) bool { return v.group == g.row.num }))
	return nil, nil
}

func setUserValue(e *edit, u, a found) ([]byte, *refusal) {
	value := e.text("value")
	e.w.setOwnValue(a.row.num, u.row.num, &value)
	return e.w.appendUserValue(nil, a.row.num, e.args[0], "User Setting", value), nil
}

func dropUserValue(e *edit, u, a found) ([]byte, *refusal) {
	e.w.setOwnValue(a.row.num, u.row.num, nil)
	return nil, nil
}
