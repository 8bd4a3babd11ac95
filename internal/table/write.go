package table

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/lookervault/lookervault/internal/plain"
)

// Output is where a table goes.
type Output struct {
	Out io.Writer
	// Screen is what people look at; nil where Out is a pipe or a file.
	Screen *Screen
	Color  bool
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
		err = p.writeTable(buffered, screen, o.Color, rows, &more)
	default:
		err = p.writeTabs(buffered, o.Color, rows)
	}
	return errors.Join(err, buffered.Flush())
}

// WriteObject writes one row as an object, in JSON on a line or as YAML: with all its
// members, or with those that the choice names.
func (t Table[T]) WriteObject(w io.Writer, choice Choice, row T) error {
	p, err := t.plan(choice)
	if err != nil {
		return err
	}
	object, err := p.object(row)
	if err != nil {
		return err
	}
	text := []byte(object + "\n")
	if p.format == FormatYAML {
		if text, err = YAML([]byte(object)); err != nil {
			return err
		}
	}
	_, err = w.Write(text)
	return err
}

func (p *plan[T]) writeTabs(w *bufio.Writer, color bool, rows iter.Seq2[T, error]) error {
	// The writer keeps the first error, which Flush returns.
	if p.format == FormatTabs {
		for i := range p.columns {
			tab(w, i)
			_, _ = w.WriteString(p.columns[i].Name)
		}
		_ = w.WriteByte('\n')
	}
	// Many rows have the cell of the row in front of them.
	type shown struct{ value, plain string }
	before := make([]shown, len(p.columns))
	for row, err := range rows {
		if err != nil {
			return err
		}
		for i := range p.columns {
			c := &p.columns[i] // a copy for each cell would take longer than the cell
			tab(w, i)
			if c.Amount != nil && !color {
				_, _ = w.Write(strconv.AppendInt(w.AvailableBuffer(), c.Amount(row), 10))
				continue
			}
			if value := c.Value(row); value != before[i].value {
				before[i] = shown{value, plain.Text(value)}
			}
			cell := before[i].plain
			if color {
				cell = Paint(cell, c.tone(row), color)
			}
			_, _ = w.WriteString(cell)
		}
		_ = w.WriteByte('\n')
	}
	return nil
}

// tab separates a cell from the one in front of it.
func tab(w *bufio.Writer, place int) {
	if place > 0 {
		_ = w.WriteByte('\t')
	}
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

// writeJSON writes one array with an object a line. An error ends the array behind the
// rows that came, so that these can be read; before the first row nothing is written,
// which no reader takes for an empty array.
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
				fmt.Fprint(w, "\n]\n")
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
	text, err := plain.Encode(p.table.View(row))
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
			value, ok = p.empty[c.Name] // left out where it says nothing
		}
		if !ok {
			value = c.json(row)
		}
		members = append(members, fmt.Sprintf("%q:%s", c.Name, value))
	}
	return plain.JSON("{" + strings.Join(members, ",") + "}"), nil
}

// json is a cell that is no member of the JSON object of its row.
func (c Column[T]) json(row T) json.RawMessage {
	cell := c.Value(row)
	if _, ok := number(cell); ok && c.Number {
		return json.RawMessage(cell)
	}
	text, err := json.Marshal(cell)
	if err != nil {
		return json.RawMessage("null")
	}
	return text
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
		text, err := yamlElement(object)
		if err != nil {
			return err
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	if empty {
		fmt.Fprintln(w, "[]")
	}
	return nil
}

func (p *plan[T]) writeTable(w io.Writer, screen Screen, color bool, rows iter.Seq2[T, error], more *bool) error {
	all, failed := collect(rows)
	if len(all) > 0 {
		s := p.sheet(all, screen)
		s.fit(screen.Width)
		for line := range s.lines(color) {
			fmt.Fprintln(w, line)
		}
		if failed == nil {
			if foot := p.foot(s, len(all), *more); foot != "" {
				fmt.Fprintln(w)
				for _, line := range Wrap(foot, screen.Width) {
					fmt.Fprintln(w, Paint(line, Dim, color))
				}
			}
		}
		return failed
	}
	if failed == nil {
		fmt.Fprintf(w, "No %s.\n", p.table.Many)
	}
	return failed
}

// Each yields rows that were read without an error.
func Each[T any](rows []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
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
		cells := make([]string, 0, len(rows)+1)
		tones := make([]Tone, 0, len(rows)+1)
		add := func(row T) {
			cells = append(cells, plain.Text(c.show(row, screen)))
			tones = append(tones, c.tone(row))
		}
		for _, row := range rows {
			add(row)
		}
		if c.Varies && !p.named && (same(cells) || c.Obvious && len(cells) == 1) {
			continue
		}
		if p.table.Total != nil {
			add(p.table.Total(rows))
		}
		s.columns = append(s.columns, strip{
			head: strings.ToUpper(c.head()), cells: cells, tones: tones,
			number: c.Number, whole: c.Whole || c.Number, wraps: c.Wraps, tail: c.Tail, spare: c.Spare,
		}.measured())
	}
	return s
}

// same reports whether a column says nothing: it holds one value in several rows, or
// none at all.
func same(cells []string) bool {
	if len(cells) == 1 {
		return cells[0] == ""
	}
	for _, cell := range cells {
		if cell != cells[0] {
			return false
		}
	}
	return true
}

// foot says what the table holds and what it does not show.
func (p *plan[T]) foot(s *sheet, shown int, more bool) string {
	word := p.table.Many
	if shown == 1 {
		word = p.table.One
	}
	said := ""
	switch count := fmt.Sprintf("%s %s", humanize.Comma(int64(shown)), word); {
	case word == "":
	case more && shown == 1:
		said = "The first " + word + " (--limit)."
	case more:
		said = "The first " + count + " (--limit)."
	default:
		said = count + "."
	}
	if len(s.out) > 0 {
		remedy := "--columns, or a wider terminal"
		if p.table.Fixed {
			remedy = "a wider terminal shows all"
		}
		said += fmt.Sprintf(" No room for %s (%s).", strings.Join(s.out, ", "), remedy)
	}
	if s.cut > 0 {
		remedy := "--format tsv"
		if p.table.Fixed {
			remedy = "a wider terminal"
		}
		said += " Cells with … are cut (" + remedy + " shows all)."
	}
	return strings.TrimSpace(said)
}
