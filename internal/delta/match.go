package delta

import (
	"cmp"
	"fmt"
	"reflect"
)

// pair is an element of a list before and after, -1 where there is none.
type pair struct {
	before, after int
	key           string // its id or title, "" for one that has neither
}

// name is what a path calls the element.
func (p pair) name() string {
	if p.key != "" {
		return p.key
	}
	return fmt.Sprint(max(p.before, p.after))
}

// keys are the members by which elements are matched, the surest first.
var keys = []string{"id", "title", "name", "field", "label"}

// match pairs the elements of two lists: those of one id, then those of one title that
// no other element has, then those that are equal. The rest came or went. Pairs are in
// the order of the list after, behind them what went.
func match(before, after []any) []pair {
	m := &matching{before: before, after: after, toAfter: make(map[int]pair), taken: make(map[int]bool)}
	for _, key := range keys {
		m.by(key)
	}
	for i, a := range before {
		for j, b := range after {
			if _, done := m.toAfter[j]; !done && !m.taken[i] && reflect.DeepEqual(a, b) {
				m.take(i, j, "")
			}
		}
	}
	pairs := make([]pair, 0, len(after))
	for j := range after {
		p, ok := m.toAfter[j]
		if !ok {
			p = pair{before: -1, after: j, key: keyOf(after[j])}
		}
		pairs = append(pairs, p)
	}
	for i := range before {
		if !m.taken[i] {
			pairs = append(pairs, pair{before: i, after: -1, key: keyOf(before[i])})
		}
	}
	return pairs
}

type matching struct {
	before, after []any
	toAfter       map[int]pair // by the place in after
	taken         map[int]bool // places in before
}

func (m *matching) take(i, j int, key string) {
	m.toAfter[j] = pair{before: i, after: j, key: key}
	m.taken[i] = true
}

// by pairs the elements that are left whose member has one value, where only one
// element of each list has it.
func (m *matching) by(member string) {
	left, right := make(map[string][]int), make(map[string][]int)
	for i, element := range m.before {
		if value := scalar(element, member); value != "" && !m.taken[i] {
			left[value] = append(left[value], i)
		}
	}
	for j, element := range m.after {
		if _, done := m.toAfter[j]; done {
			continue
		}
		if value := scalar(element, member); value != "" {
			right[value] = append(right[value], j)
		}
	}
	for value, places := range right {
		if len(places) == 1 && len(left[value]) == 1 {
			m.take(left[value][0], places[0], cmp.Or(keyOf(m.after[places[0]]), value))
		}
	}
}

// keyOf is what an element is called in a path.
func keyOf(element any) string {
	for _, key := range keys {
		if value := scalar(element, key); value != "" {
			return value
		}
	}
	return ""
}

// titles are the members that people know an element by.
var titles = []string{"title", "title_text", "name", "label", "dashboard_title", "field"}

func titleOf(element any) string {
	for _, member := range titles {
		if value := scalar(element, member); value != "" {
			return value
		}
	}
	return ""
}

// scalar is a member as text, "" where there is none.
func scalar(element any, member string) string {
	object, _ := element.(map[string]any)
	switch value := object[member].(type) {
	case nil, map[string]any, []any:
		return ""
	default:
		return fmt.Sprint(value)
	}
}
