package delta

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// mostNamed is how many fields of a query [Edit.Element] names before it counts the rest.
const mostNamed = 4

// longestQuoted is how many letters of a text [Edit.Element] quotes.
const longestQuoted = 60

// Element says in words which element of a list came or went: `tile "Orders", vis, asks
// shop::orders for orders.total`. It reports false for an edit of anything else.
func (e Edit) Element() (string, bool) {
	value := e.After
	switch {
	case absent(e.Before) == absent(e.After):
		return "", false
	case absent(e.After):
		value = e.Before
	}
	parts := strings.Split(strings.TrimPrefix(e.Path, "/"), "/")
	if len(parts) < 2 || nouns[parts[len(parts)-2]] == "" {
		return "", false
	}
	element := members(value)
	if element == nil {
		return "", false
	}
	said := []string{nouns[parts[len(parts)-2]]}
	if title := titleOf(element); title != "" {
		said[0] += fmt.Sprintf(" %q", title)
	}
	for _, member := range []string{"type", "chart"} {
		if is := scalar(element, member); is != "" {
			said = append(said, is)
		}
	}
	said = append(said, purposes(element)...)
	return strings.Join(said, ", "), true
}

func members(value json.RawMessage) map[string]any {
	decoded, err := decode(value)
	if err != nil {
		return nil
	}
	object, _ := decoded.(map[string]any)
	return object
}

// purposes say what an element shows, asks for or does.
func purposes(element map[string]any) (said []string) {
	query, _ := element["query"].(map[string]any)
	maker, _ := element["result_maker"].(map[string]any)
	if query == nil {
		query, _ = maker["query"].(map[string]any)
	}
	if vis, _ := query["vis_config"].(map[string]any); scalar(vis, "type") != "" {
		said = append(said, scalar(vis, "type"))
	}
	if query != nil {
		said = append(said, asks(query))
	}
	for _, names := range [][2]string{
		{"look_id", "shows look"}, {"merge_result_id", "shows merged result"}, {"dashboard_id", "shows dashboard"},
		{"address", "to"}, {"format", "as"}, {"dimension", "filters"}, {"default_value", "default"}, {"filter_value", "is"},
	} {
		if value := scalar(element, names[0]); value != "" {
			said = append(said, names[1]+" "+quoted(value))
		}
	}
	for _, member := range []string{"body_text", "note_text", "description"} {
		if value := scalar(element, member); value != "" {
			said = append(said, fmt.Sprintf("%q", quoted(value)))
			break
		}
	}
	return said
}

// asks says what a query asks for.
func asks(query map[string]any) string {
	said := strings.TrimPrefix(scalar(query, "model")+"::"+scalar(query, "view"), "::")
	if fields := texts(query["fields"]); len(fields) > 0 {
		said += " for " + listOf(fields)
	}
	if filters, _ := query["filters"].(map[string]any); len(filters) > 0 {
		var names []string
		for name := range filters {
			names = append(names, name)
		}
		slices.Sort(names)
		said += " filtered by " + listOf(names)
	}
	return "asks " + said
}

func texts(value any) (list []string) {
	elements, _ := value.([]any)
	for _, element := range elements {
		if text, ok := element.(string); ok {
			list = append(list, text)
		}
	}
	return list
}

func listOf(names []string) string {
	if more := len(names) - mostNamed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:mostNamed], ", "), more)
	}
	return strings.Join(names, ", ")
}

// quoted is the beginning of a text, on one line.
func quoted(text string) string {
	letters := []rune(strings.Join(strings.Fields(text), " "))
	if len(letters) > longestQuoted {
		return string(letters[:longestQuoted]) + "..."
	}
	return string(letters)
}
