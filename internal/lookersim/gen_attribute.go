package lookersim

import (
	"slices"
	"strconv"
)

// attributeName is unique; the first ones are the system's own.
func (w *world) attributeName(num int32) string {
	if doc, ok := w.nowNumbered("user_attributes", num); ok {
		return rawValue(lookup(doc, "name")).text
	}
	system := [...]string{"email", "first_name", "last_name", "locale", "number_format"}
	if int(num) <= len(system) {
		return system[num-1]
	}
	r := w.rngFor("user_attributes", num, 1)
	return [...]string{"region", "brand", "tenant", "department", "warehouse_user"}[r.n(5)] + "_" + strconv.Itoa(int(num))
}

func (w *world) attributeHidden(num int32) bool {
	if doc, ok := w.nowNumbered("user_attributes", num); ok {
		return rawValue(lookup(doc, "value_is_hidden")).text == "true"
	}
	return num > 5 && num%7 == 0
}

func (w *world) attributeLabel(num int32) string {
	if doc, ok := w.nowNumbered("user_attributes", num); ok {
		return rawValue(lookup(doc, "label")).text
	}
	return "Label & " + w.attributeName(num)
}

func (w *world) renderAttribute(b []byte, row row, _ fieldTree) []byte {
	r := w.rngFor("user_attributes", row.num, 0)
	name, system, hidden := w.attributeName(row.num), row.num <= 5, w.attributeHidden(row.num)
	o := begin(b)
	o.raw("can", `{"index":true,"show":true,"create":true,"update":true,"destroy":true,"show_value":true,"set_value":true}`)
	o.id("id", int64(row.num))
	o.str("name", name)
	o.str("label", "Label & "+name)
	o.str("type", r.pick([]string{"string", "number", "datetime", "advanced_filter_string", "zipcode"}))
	o.opt("default_value", when(r.chance(400) && !hidden, "%, NULL"))
	o.yes("is_system", system)
	o.yes("is_permanent", system)
	o.yes("value_is_hidden", hidden)
	o.yes("user_can_view", !hidden)
	o.yes("user_can_edit", r.chance(300))
	o.opt("hidden_value_domain_whitelist", when(hidden, "https://hooks.example/*"))
	o.no("needed_for_ci_run")
	o.null("value_for_ci_run")
	return o.end()
}

// attributeGroups lists the groups that set an attribute, the strongest first.
func (w *world) attributeGroups(num int32) []int32 {
	if num <= 5 {
		return nil
	}
	r := w.rngFor("user_attributes", num, 2)
	var list []int32
	for range r.n(4) {
		g := numberAt(r.n(w.sizes.Groups))
		if !slices.Contains(list, g) {
			list = append(list, g)
		}
	}
	return list
}

func (w *world) attributeValue(attribute int32, of string, num int32) string {
	r := seeded(w.seed, hashOf(of), uint64(attribute), uint64(num))
	return r.pick([]string{"EMEA", "North America", "%", "acme & sons", "1.0", "O'Hara \"x\"", "北海道"})
}

// attributeGroupValues answers with an attribute's values by group.
func attributeGroupValues(c *call, f found) answer {
	w := c.world
	w.mu.RLock()
	defer w.mu.RUnlock()
	return c.object(w.appendGroupValues(nil, f.row.num))
}

// appendGroupValues appends the values of an attribute by group, the strongest first.
func (w *world) appendGroupValues(b []byte, num int32) []byte {
	b = append(b, '[')
	for i, v := range w.groupValuesOf(num) {
		b = w.appendGroupValue(comma(b), num, i, v)
	}
	return append(b, ']')
}

func (w *world) appendGroupValue(b []byte, num int32, i int, v groupValue) []byte {
	o := begin(b)
	o.raw("can", `{"index":true,"show":true,"create":true,"update":true,"destroy":true}`)
	o.id("id", int64(num)*1000+int64(v.group))
	o.id("group_id", int64(v.group))
	o.id("user_attribute_id", int64(num))
	o.yes("value_is_hidden", w.attributeHidden(num))
	o.num("rank", int64(i+1))
	if w.attributeHidden(num) {
		o.null("value")
	} else {
		o.str("value", v.value)
	}
	return o.end()
}

// attributeValues answers with a user's values: those that are set, or all
// attributes with include_unset.
func attributeValues(c *call, f found) answer {
	w := c.world
	w.mu.RLock()
	defer w.mu.RUnlock()
	only := filter{param{match: matchID}, c.query.Get("user_attribute_ids")}
	unset := c.query.Get("include_unset") == "true"
	out := []byte{'['}
	for _, r := range w.tables["user_attributes"].rows {
		if r.state != present || only.want != "" && !only.acceptsText(strconv.Itoa(int(r.num))) {
			continue
		}
		source, value := w.valueFor(r.num, f.row.num)
		if source == "" && !unset {
			continue
		}
		out = w.appendUserValue(comma(out), r.num, c.id(), source, value)
	}
	return c.object(append(out, ']'))
}

// valueFor is what a user has for an attribute and where it comes from: the
// user's own setting wins over the strongest group's.
func (w *world) valueFor(attribute, user int32) (source, value string) {
	if own, ok := w.ownValue(attribute, user); ok {
		return "User Setting", own
	}
	mine := w.groupsOf(user)
	for _, v := range w.groupValuesOf(attribute) {
		if slices.Contains(mine, v.group) {
			return "Group: " + strconv.Itoa(int(v.group)), v.value
		}
	}
	return "", ""
}

func (w *world) appendUserValue(b []byte, attribute int32, user, source, value string) []byte {
	hidden := w.attributeHidden(attribute)
	name := w.attributeName(attribute)
	o := begin(b)
	o.raw("can", `{"show_value":true}`)
	o.str("name", name)
	o.str("label", w.attributeLabel(attribute))
	o.null("rank")
	o.opt("value", when(!hidden, value))
	o.str("user_id", user)
	o.yes("user_can_edit", false)
	o.yes("value_is_hidden", hidden)
	o.id("user_attribute_id", int64(attribute))
	o.opt("source", source)
	o.opt("hidden_value_domain_whitelist", when(hidden, "https://hooks.example/*"))
	return o.end()
}
