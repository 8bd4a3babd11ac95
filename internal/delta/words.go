package delta

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// mostWords is how many parts [Words] names before it counts the rest.
const mostWords = 4

// nouns are what the elements of lists are called.
var nouns = map[string]string{
	"dashboard_elements": "tile", "dashboard_filters": "filter", "dashboard_layouts": "layout",
	"board_sections": "section", "board_items": "item", "scheduled_plan_destination": "destination",
	"applied_dashboard_filters": "filter", "destinations": "destination", "explores": "explore",
}

// silent are members that follow from something else that is said: a move, the trash.
var silent = map[string]bool{
	"folder": true, "deleted_at": true, "deleter_id": true, "last_updater_id": true, "last_updater_name": true,
	"updated_at": true, "updated_by": true, "deletion_reason": true,
}

// Moved reports whether an edit says that the document lies in another folder.
func (e Edit) Moved(folder string) bool { return folder != "" && e.Path == "/"+folder }

// Silent reports whether an edit only follows from another one.
func (e Edit) Silent() bool { return silent[strings.TrimPrefix(e.Path, "/")] }

// Words says in a few words what edits change: "2 tiles added, filter Region changed,
// moved to Finance". folder names a folder by its id.
func Words(edits []Edit, folder func(id string) string) string {
	var order []string
	grouped := make(map[string][]Edit)
	for _, e := range edits {
		first, _, _ := strings.Cut(strings.TrimPrefix(e.Path, "/"), "/")
		if _, ok := grouped[first]; !ok {
			order = append(order, first)
		}
		grouped[first] = append(grouped[first], e)
	}
	slices.SortStableFunc(order, func(a, b string) int { return weight(a) - weight(b) })
	var said []string
	for _, first := range order {
		if !silent[first] {
			said = append(said, wordsOf(first, grouped[first], folder)...)
		}
	}
	if len(said) > mostWords {
		said = append(said[:mostWords:mostWords], fmt.Sprintf("%d more", len(said)-mostWords))
	}
	return strings.Join(said, ", ")
}

// weight puts what people ask for first to the front.
func weight(first string) int {
	if place := slices.Index([]string{"title", "name", "deleted", "folder_id", "dashboard_elements", "dashboard_filters", "query"}, first); place >= 0 {
		return place
	}
	return 100
}

func wordsOf(first string, edits []Edit, folder func(string) string) []string {
	only := edits[0]
	switch whole := len(edits) == 1 && strings.Count(only.Path, "/") == 1; {
	case whole && (first == "title" || first == "name") && text(only.Before) != "":
		return []string{fmt.Sprintf("renamed from %q", text(only.Before))}
	case whole && first == "deleted":
		if string(only.After) == "true" {
			return []string{"moved to the trash"}
		}
		return []string{"taken out of the trash"}
	case whole && (first == "folder_id" || first == "parent_id"):
		return []string{"moved to " + folder(text(only.After))}
	case first == "query":
		return []string{"query changed: " + strings.Join(parts(edits), ", ")}
	case strings.Count(only.Path, "/") > 1 && listed(edits):
		return elements(first, edits)
	case whole && absent(only.Before):
		return []string{subject(first, only.After) + " added"}
	case whole && absent(only.After):
		return []string{subject(first, only.Before) + " removed"}
	}
	return []string{subject(first, only.After) + " changed"}
}

// subject is what a member is called: in a document that is a list, where members are
// elements by their ids, by the element's name.
func subject(first string, value json.RawMessage) string {
	if strings.Trim(first, "0123456789") != "" {
		return noun(first)
	}
	element := members(value)
	return cmp.Or(titleOf(element), scalar(element, "display_name"), "id "+first)
}

// parts are the members of the query that edits change.
func parts(edits []Edit) (list []string) {
	for _, e := range edits {
		part, _, _ := strings.Cut(strings.TrimPrefix(e.Path, "/query/"), "/")
		if part = strings.ReplaceAll(unescape(part), "_", " "); !slices.Contains(list, part) {
			list = append(list, part)
		}
	}
	return list
}

// listed reports whether edits are of the elements of a list: each of them is of one
// that has a title, or came or went as a whole.
func listed(edits []Edit) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(edits[0].Path, "/"), "/")
	if nouns[first] != "" {
		return true
	}
	return !slices.ContainsFunc(edits, func(e Edit) bool { return e.Within == "" })
}

func noun(first string) string {
	if one := nouns[first]; one != "" {
		return one + "s"
	}
	return strings.ReplaceAll(unescape(first), "_", " ")
}

// elements says what became of the elements of a list.
func elements(first string, edits []Edit) []string {
	became := map[string][]string{}
	seen := make(map[string]bool)
	titles := make(map[string]string)
	for _, e := range edits {
		rest := strings.TrimPrefix(e.Path, "/"+first)
		key, _, inside := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
		what := "changed"
		switch {
		case rest == "":
			what, key = "in another order", ""
		case !inside && absent(e.Before):
			what = "added"
		case !inside && absent(e.After):
			what = "removed"
		}
		if !seen[key] {
			seen[key] = true
			titles[key] = e.Within
			became[what] = append(became[what], key)
		}
	}
	one := strings.TrimSuffix(noun(first), "s")
	var said []string
	for _, what := range []string{"added", "removed", "changed", "in another order"} {
		switch keys := became[what]; {
		case len(keys) == 0:
		case what == "in another order":
			said = append(said, one+"s in another order")
		case len(keys) == 1 && titles[keys[0]] != "":
			said = append(said, fmt.Sprintf("%s %s %s", one, titles[keys[0]], what))
		case len(keys) == 1:
			said = append(said, fmt.Sprintf("1 %s %s", one, what))
		default:
			said = append(said, fmt.Sprintf("%d %ss %s", len(keys), one, what))
		}
	}
	return said
}

func absent(value json.RawMessage) bool { return len(value) == 0 || string(value) == "null" }

// text is a value as people read it: a string without its quotes.
func text(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	return string(value)
}
