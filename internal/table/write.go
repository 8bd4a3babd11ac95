package table

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/dustin/go-humanize"
	"go.yaml.in/yaml/v3"

	"github.com/lookervault/lookervault/internal/plain"
)

// Output is where a table goes.
type Output struct {
	Out io.Writer
	// Screen is what people look at; nil where Out is a pipe or a file.
	Screen *Screen
}

// Write writes the rows as the choice asks for: as a table on a screen, tab-separated
// without a head in a pipe, or in the format that was named. An error among the rows
// ends the output after a whole line, and is returned; so is one of the choice, before
// anything is written.
func (t Table[T]) Write(o Output, choice Choice, rows iter.Seq2[T, error]) error {
	p, err := t.plan(choice)
	if err != nil {
		return err
	}
	more := false
	rows = p.pick(rows, &more)
	buffered := bufio.NewWriterSize(o.Out, 64<<10)
	switch {
	case p.format == FormatJSON:
		err = p.writeJSON(buffered, rows)
	case p.format == FormatYAML:
		err = p.writeYAML(buffered, rows)
	case p.format == FormatCSV:
		err = p.writeCSV(buffered, rows)
	case p.format == FormatTable || p.format == "" && o.Screen != nil:
		screen := Screen{}
		if o.Screen != nil {
			screen = *o.Screen
		}
		err = p.writeTable(buffered, screen, rows, &more)
	default:
		err = p.writeTabs(buffered, rows)
	}
	return errors.Join(err, buffered.Flush())
}

func (p *plan[T]) writeTabs(w *bufio.Writer, rows iter.Seq2[T, error]) error {
	line := func(cell func(Column[T]) string) {
		for i, c := range p.columns {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, plain.Text(cell(c)))
		}
		fmt.Fprintln(w)
	}
	if p.format == FormatTabs {
		line(func(c Column[T]) string { return c.Name })
	}
	for row, err := range rows {
		if err != nil {
			return err
		}
		line(func(c Column[T]) string { return c.Value(row) })
	}
	return nil
}

func (p *plan[T]) writeCSV(w io.Writer, rows iter.Seq2[T, error]) error {
	out := csv.NewWriter(w)
	write := func(cell func(Column[T]) string) error {
		var cells []string
		for _, c := range p.columns {
			cells = append(cells, plain.Text(cell(c)))
		}
		return out.Write(cells)
	}
	if err := write(func(c Column[T]) string { return c.Name }); err != nil {
		return err
	}
	for row, err := range rows {
		if err == nil {
			err = write(func(c Column[T]) string { return c.Value(row) })
		}
		if err != nil {
			out.Flush()
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// writeJSON writes one array with an object a line. After an error the array has no
// end, so that nobody takes it for the whole.
func (p *plan[T]) writeJSON(w io.Writer, rows iter.Seq2[T, error]) error {
	const first = "[\n  "
	between := first
	for row, err := range rows {
		var object string
		if err == nil {
			object, err = p.object(row)
		}
		if err != nil {
			if between != first {
				fmt.Fprintln(w)
			}
			return err
		}
		fmt.Fprint(w, between, object)
		between = ",\n  "
	}
	if between == first {
		fmt.Fprint(w, "[")
	} else {
		fmt.Fprintln(w)
	}
	_, err := fmt.Fprintln(w, "]")
	return err
}

// object is the JSON object of a row on one line, with the members that were named.
func (p *plan[T]) object(row T) (string, error) {
	text, err := encode(p.table.View(row))
	if err != nil || !p.named {
		return text, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return "", err
	}
	var members []string
	for _, c := range p.columns {
		value, ok := all[c.Name]
		if !ok {
			if value, err = json.Marshal(c.Value(row)); err != nil {
				return "", err
			}
		}
		members = append(members, fmt.Sprintf("%q:%s", c.Name, value))
	}
	return plain.JSON("{" + strings.Join(members, ",") + "}"), nil
}

func encode(v any) (string, error) {
	var s strings.Builder
	enc := json.NewEncoder(&s)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return plain.JSON(strings.TrimSuffix(s.String(), "\n")), nil
}

// writeYAML writes the objects of [plan.writeJSON] as a sequence.
func (p *plan[T]) writeYAML(w io.Writer, rows iter.Seq2[T, error]) error {
	empty := true
	for row, err := range rows {
		var object string
		if err == nil {
			object, err = p.object(row)
		}
		if err != nil {
			return err
		}
		empty = false
		text, err := yamlOf(object)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	if empty {
		fmt.Fprintln(w, "[]")
	}
	return nil
}

// yamlOf is a JSON object as an element of a YAML sequence, its members in their order.
func yamlOf(object string) (string, error) {
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(object), &node); err != nil {
		return "", err
	}
	block(&node)
	list := yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: node.Content}
	text, err := yaml.Marshal(&list)
	return string(text), err
}

// block makes a node that was read from JSON look like YAML.
func block(node *yaml.Node) {
	node.Style &^= yaml.FlowStyle | yaml.DoubleQuotedStyle
	if len(node.Content) == 0 && node.Kind != yaml.ScalarNode {
		node.Style |= yaml.FlowStyle
	}
	for _, child := range node.Content {
		block(child)
	}
}

func (p *plan[T]) writeTable(w io.Writer, screen Screen, rows iter.Seq2[T, error], more *bool) error {
	all, failed := collect(rows)
	if len(all) > 0 {
		s := p.sheet(all, screen)
		s.fit(screen.Width)
		for line := range s.lines(screen.Color) {
			fmt.Fprintln(w, line)
		}
		if failed == nil {
			p.foot(w, screen, s, len(all), *more)
		}
		return failed
	}
	if failed == nil {
		fmt.Fprintf(w, "No %s.\n", p.table.Many)
	}
	return failed
}

func collect[T any](rows iter.Seq2[T, error]) (all []T, failed error) {
	for row, err := range rows {
		if err != nil {
			return all, err
		}
		all = append(all, row)
	}
	return all, nil
}

// sheet lays the rows out in columns.
func (p *plan[T]) sheet(rows []T, screen Screen) *sheet {
	s := &sheet{}
	for _, c := range p.columns {
		cells := make([]string, len(rows))
		tones := make([]Tone, len(rows))
		for n, row := range rows {
			cells[n] = plain.Text(c.show(row, screen))
			if c.Tone != nil {
				tones[n] = c.Tone(row)
			}
		}
		if c.Varies && !p.named && same(cells) {
			continue
		}
		s.columns = append(s.columns, newStrip(c.head(), cells, c.Number, c.Whole, c.Spare, tones))
	}
	return s
}

func same(cells []string) bool {
	for _, cell := range cells {
		if cell != cells[0] {
			return false
		}
	}
	return true
}

// foot writes what the table holds and what it does not show.
func (p *plan[T]) foot(w io.Writer, screen Screen, s *sheet, shown int, more bool) {
	word := p.table.Many
	if shown == 1 {
		word = p.table.One
	}
	count := fmt.Sprintf("%s %s", humanize.Comma(int64(shown)), word)
	if more {
		count = "The first " + count + " (--limit)"
	}
	said := []string{count + "."}
	if len(s.out) > 0 {
		said = append(said, fmt.Sprintf("No room for %s (--columns, or a wider terminal).", strings.Join(s.out, ", ")))
	}
	if s.cut > 0 {
		said = append(said, "Cells that end in … are cut (--format tsv shows all).")
	}
	fmt.Fprintln(w)
	for line := range wrapped(said, screen.Width) {
		fmt.Fprintln(w, paint(line, Dim, screen.Color))
	}
}

// wrapped yields the words of sentences in lines of at most width columns.
func wrapped(sentences []string, width int) iter.Seq[string] {
	return func(yield func(string) bool) {
		line := ""
		for word := range strings.FieldsSeq(strings.Join(sentences, " ")) {
			if line != "" && width > 0 && textWidth(line)+1+textWidth(word) > width {
				if !yield(line) {
					return
				}
				line = ""
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		if line != "" {
			yield(line)
		}
	}
}
