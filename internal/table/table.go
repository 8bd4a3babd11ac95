package table

import (
	"encoding/json"
	"fmt"
	"iter"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Table says how rows of T are shown. It is immutable and safe for use by many
// goroutines.
type Table[T any] struct {
	// Columns are all that people see, in this order.
	Columns []Column[T]
	// View gives a row its stable names: a struct that is written as one JSON object.
	// Its members can be shown and sorted by as well.
	View func(T) any
	// One and Many are what the rows are called, for the count below them; "" for none.
	One, Many string
	// Total is a row below the others, for people: their sum. There is none when nil.
	Total func([]T) T
	// Fixed says that the command has no flags by which to choose, so that none is named.
	Fixed bool
}

// Column is a column of a table of T.
type Column[T any] struct {
	// Name is the member of the row's JSON object, which --columns and --sort take.
	Name string
	// Head is what stands above the column, and is taken as its name too. Name when
	// empty.
	Head string
	// Value is a cell as programs read it. The member of the JSON object when nil.
	Value func(T) string
	// Time is that of a column of times, in the place of Value and Show: programs read it
	// as [Stamp] spells it, people as [When] does.
	Time func(T) time.Time
	// Amount is the number of a column of numbers, in the place of Value and Show. Unit
	// spells it for people.
	Amount func(T) int64
	Unit   func(int64) string
	// Order is what rows are sorted by, where that is not the order of the cells: "90" for
	// "1m30s". Value when nil.
	Order func(T) string
	// Show is a cell as people read it on a screen. Value when nil.
	Show func(T, Screen) string
	// Number says that cells are aligned right, and never cut.
	Number bool
	// Whole says that cells are never cut, as half an id names nothing.
	Whole bool
	// Wraps says that cells take several lines where they would be cut: sentences.
	Wraps bool
	// Tail says that a cell which is cut keeps its end, as a path does.
	Tail bool
	// Spare says how well people can do without the column where a screen is too narrow:
	// the column with the highest number is left out first, one with 0 never.
	Spare int
	// Varies says that the column is left out for people while it holds one value in
	// several rows, or nothing.
	Varies bool
	// Obvious says of a column that varies that one row does not need it either.
	Obvious bool
	// Extra says that the column is shown only to whom names it.
	Extra bool
	// Tone is the colour of a cell. Plain when nil.
	Tone func(T) Tone
}

// Screen is what people look at.
type Screen struct {
	Width int // in columns; 0 for one that is as wide as it takes
	Now   time.Time
	Zone  *time.Location
}

// Tone is a colour with a meaning.
type Tone uint8

// The tones.
const (
	Plain  Tone = iota
	Dim         // that is there, and does not matter
	Good        // complete
	Unsure      // partial, in the trash
	Bad         // failed, gone
)

func (c Column[T]) head() string {
	if c.Head != "" {
		return c.Head
	}
	return c.Name
}

// show is the cell that people see.
func (c Column[T]) show(row T, screen Screen) string {
	if c.Show != nil {
		return c.Show(row, screen)
	}
	return c.Value(row)
}

func (c Column[T]) tone(row T) Tone {
	if c.Tone == nil {
		return Plain
	}
	return c.Tone(row)
}

// all returns the columns of the table and, behind them, one for each member of the
// JSON object that has none.
func (t Table[T]) all() []Column[T] {
	columns := make([]Column[T], 0, len(t.Columns))
	known := make(map[string]bool)
	for _, c := range t.Columns {
		switch {
		case c.Time != nil:
			c.Value = func(row T) string { return stamp(c.Time(row)) }
			c.Show = func(row T, screen Screen) string { return When(c.Time(row), screen) }
		case c.Amount != nil:
			c.Value = func(row T) string { return strconv.FormatInt(c.Amount(row), 10) }
			c.Show = func(row T, _ Screen) string { return c.Unit(c.Amount(row)) }
		case c.Value == nil:
			c.Value = t.member(c.Name)
		}
		columns = append(columns, c)
		known[c.Name] = true
	}
	for _, name := range t.members() {
		if !known[name] {
			columns = append(columns, Column[T]{Name: name, Value: t.member(name), Extra: true, Spare: 1})
		}
	}
	return columns
}

// Names are the columns that --columns and --sort take: by their names in JSON, and by
// their heads where those are other words.
func (t Table[T]) Names() []string {
	var names []string
	for _, c := range t.all() {
		names = append(names, c.Name)
		if head := strings.ToLower(c.head()); head != c.Name && !strings.Contains(head, " ") {
			names = append(names, head)
		}
	}
	return names
}

// members are the names in the JSON object of a row.
func (t Table[T]) members() []string {
	var names []string
	for name := range t.eachMember() {
		names = append(names, name)
	}
	return names
}

// emptyMembers are the members of the JSON object of a row by name, each as JSON writes it
// where it says nothing: "", 0, false, an empty list, or null for what can be anything.
func (t Table[T]) emptyMembers() map[string]json.RawMessage {
	empty := make(map[string]json.RawMessage)
	for name, of := range t.eachMember() {
		switch {
		case of.Kind() == reflect.Pointer:
			continue // its column says what stands for none
		case of.Kind() == reflect.Slice && of != reflect.TypeFor[json.RawMessage]():
			empty[name] = json.RawMessage("[]")
		default:
			if value, err := json.Marshal(reflect.Zero(of).Interface()); err == nil {
				empty[name] = value
			}
		}
	}
	return empty
}

// eachMember yields the name and the type of each member of the JSON object of a row.
func (t Table[T]) eachMember() iter.Seq2[string, reflect.Type] {
	return func(yield func(string, reflect.Type) bool) {
		if t.View == nil {
			return
		}
		var zero T
		kind := reflect.TypeOf(t.View(zero))
		if kind == nil || kind.Kind() != reflect.Struct {
			return
		}
		for field := range kind.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name != "" && name != "-" && !yield(name, field.Type) {
				return
			}
		}
	}
}

// member returns a function that reads a member of a row's JSON object: a text as it
// is, anything else as JSON writes it, and nothing for null.
func (t Table[T]) member(name string) func(T) string {
	return func(row T) string {
		text, err := json.Marshal(t.View(row))
		if err != nil {
			return ""
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(text, &object) != nil {
			return ""
		}
		var value string
		switch raw := object[name]; {
		case len(raw) == 0 || string(raw) == "null":
			return ""
		case json.Unmarshal(raw, &value) == nil:
			return value
		default:
			return string(raw)
		}
	}
}

// UnknownColumnError is a column that the table does not have.
type UnknownColumnError struct {
	Flag  string // "--columns" or "--sort"
	Name  string
	Near  string // the name that was probably meant, "" when none is near
	Known []string
}

func (e *UnknownColumnError) Error() string {
	if e.Near != "" {
		return fmt.Sprintf("%s: there is no column %q; did you mean %s?", e.Flag, e.Name, e.Near)
	}
	return fmt.Sprintf("%s: there is no column %q; there are %s", e.Flag, e.Name, strings.Join(e.Known, ", "))
}
