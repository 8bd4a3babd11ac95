package main

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plain"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
)

// loss is a document that went, under stable names.
type loss struct {
	change
	// Because are other documents that went as well, and without which this one could
	// not stay: its folder, its owner, what it shows.
	Because []dependent `json:"because"`
	// Dependents are the documents that named this one: those that went with it, and
	// those that are still there and lead nowhere now.
	Dependents []dependent `json:"dependents"`
}

type dependent struct {
	Kind record.Kind `json:"kind"`
	ID   string      `json:"id"`
	Name string      `json:"name"`
	How  string      `json:"how"` // folder, owner, parent, uses
	Lost bool        `json:"lost"`
}

func (d dependent) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s/%s %s", d.Kind, d.ID, d.Name))
}

var lossTable = table.Table[loss]{
	One: "loss", Many: "losses", View: func(l loss) any { return l },
	Columns: []table.Column[loss]{
		{Name: "change", Whole: true, Value: func(l loss) string { return strings.Join(l.Change, ",") }, Tone: func(l loss) table.Tone { return changeTone(l.change) }},
		{Name: "kind", Whole: true, Value: func(l loss) string { return string(l.Kind) }},
		{Name: "id", Whole: true, Value: func(l loss) string { return l.ID }},
		{Name: "name", Value: func(l loss) string { return l.Name }},
		{
			Name: "folder", Tail: true, Spare: 3, Value: func(l loss) string { return l.Folder },
			Show: func(l loss, _ table.Screen) string { return orID(l.FolderPath, l.Folder) },
		},
		{
			Name: "owner", Spare: 2, Value: func(l loss) string { return l.Owner },
			Show: func(l loss, _ table.Screen) string { return orID(l.OwnerName, l.Owner) },
		},
		{Name: "because", Value: func(l loss) string { return because(l.Because) }},
		{Name: "dependents", Number: true, Value: func(l loss) string { return strconv.Itoa(len(l.Dependents)) }},
	},
}

// because says what a document went with.
func because(with []dependent) string {
	var said []string
	for _, d := range with {
		said = append(said, fmt.Sprintf("its %s %s is gone", d.How, d))
	}
	return strings.Join(said, "; ")
}

// losses finds out of the changes those that are losses, why they were lost and what
// depended on them.
func (c *changer) losses(ctx context.Context, reader vault.Reader, span vault.Span, passages iter.Seq2[vault.Passage, error], filter *entryFilter) ([]loss, error) {
	lost := make(map[record.Ref]*loss)
	entries := make(map[record.Ref]vault.Entry) // as they were before
	var order []record.Ref
	for p, err := range passages {
		if err != nil {
			return nil, err
		}
		wentAway := p.After == nil || p.Before != nil && p.Before.State != record.Trashed && p.After.State == record.Trashed
		if p.Before == nil || !wentAway {
			continue
		}
		made, _, err := c.of(p)
		if err != nil {
			return nil, err
		}
		lost[p.Ref] = &loss{change: made, Because: []dependent{}, Dependents: []dependent{}}
		entries[p.Ref] = *p.Before
		order = append(order, p.Ref)
	}
	if err := c.becauses(lost, entries); err != nil {
		return nil, err
	}
	if err := c.dependents(ctx, reader, span, lost); err != nil {
		return nil, err
	}
	list := []loss{}
	for _, ref := range order {
		if filter.matches(entries[ref]) && (span.Kind == "" || ref.Kind == span.Kind) && (span.ID == "" || ref.ID == span.ID) {
			list = append(list, *lost[ref])
		}
	}
	return list, nil
}

// becauses says of each lost document which of those that it named was lost too.
func (c *changer) becauses(lost map[record.Ref]*loss, entries map[record.Ref]vault.Entry) error {
	for ref, l := range lost {
		body, err := c.body(entries[ref])
		if err != nil {
			return err
		}
		for named, how := range namedBy(ref, body) {
			other, gone := lost[named]
			if !gone || named == ref {
				continue
			}
			if how != howOwns {
				l.Because = append(l.Because, dependent{named.Kind, named.ID, other.Name, how, true})
			}
			other.Dependents = append(other.Dependents, dependent{ref.Kind, ref.ID, l.Name, how, true})
		}
	}
	for _, l := range lost {
		l.Because, l.Dependents = inOrder(l.Because), inOrder(l.Dependents)
	}
	return nil
}

// dependents adds to lost documents those that are still there and name them.
func (c *changer) dependents(ctx context.Context, reader vault.Reader, span vault.Span, lost map[record.Ref]*loss) error {
	if len(lost) == 0 {
		return nil
	}
	for d, err := range reader.Documents(ctx, vault.Query{Instance: span.Instance, At: vault.AtRun(span.Until)}) {
		if err != nil {
			return err
		}
		if _, gone := lost[d.Ref]; gone || d.State == record.Trashed {
			continue
		}
		for named, how := range namedBy(d.Ref, d.Body) {
			if l, gone := lost[named]; gone && how != howOwns {
				l.Dependents = append(l.Dependents, dependent{d.Kind, d.ID, d.Name, how, false})
			}
		}
	}
	for _, l := range lost {
		l.Dependents = inOrder(l.Dependents)
	}
	return nil
}

const howOwns = "part"

// namedBy yields what a document names, and how.
func namedBy(ref record.Ref, body []byte) iter.Seq2[record.Ref, string] {
	return func(yield func(record.Ref, string) bool) {
		spec := specOf(ref.Kind)
		for _, relation := range spec.Relations {
			how := ""
			switch {
			case relation.Role == catalogue.Owner:
				how = "owner"
			case relation.Role == catalogue.Owns:
				how = howOwns
			case relation.Role == catalogue.Actor:
				continue
			case relation.Kind == catalogue.Folders:
				how = "folder"
			default:
				how = strings.ReplaceAll(strings.TrimSuffix(string(relation.Kind), "s"), "_", " ")
			}
			for _, id := range canon.Named(body, &relation) {
				if !yield(record.Ref{Kind: relation.Kind, ID: id}, how) {
					return
				}
			}
		}
	}
}

func inOrder(list []dependent) []dependent {
	slices.SortFunc(list, func(x, y dependent) int { return strings.Compare(x.String()+x.How, y.String()+y.How) })
	return slices.Compact(list)
}

// showLosses shows who lost what: for people grouped by owner and folder.
func (a *app) showLosses(choice table.Choice, list []loss) error {
	width, height := ui.TerminalSize(a.stdout)
	if width == 0 || choice.Format != "" || len(choice.Columns) > 0 || choice.Sort != "" {
		return show(a, lossTable, choice, each(list))
	}
	slices.SortStableFunc(list, func(x, y loss) int {
		return strings.Compare(orID(x.OwnerName, x.Owner)+"\x00"+x.FolderPath, orID(y.OwnerName, y.Owner)+"\x00"+y.FolderPath)
	})
	return a.paged(height, func(text *strings.Builder) error {
		if len(list) == 0 {
			fmt.Fprintln(text, "Nothing was lost.")
		}
		group := ""
		for _, l := range list {
			of := plain.Text(fmt.Sprintf("%s, %s", orID(orID(l.OwnerName, l.Owner), "nobody"), orID(orID(l.FolderPath, l.Folder), "no folder")))
			if of != group {
				group = of
				fmt.Fprintf(text, "%s\n", of)
			}
			writeLoss(text, l, width, a.colors(a.stdout))
		}
		return nil
	})
}

// dependentsShown is how many dependents of a loss people see.
const dependentsShown = 5

func writeLoss(text *strings.Builder, l loss, width int, color bool) {
	wrapped := func(indent, sentence string) []string {
		lines := table.Wrap(plain.Text(sentence), max(20, width-len(indent)))
		for i := range lines {
			lines[i] = indent + lines[i] + "\n"
		}
		return lines
	}
	what := strings.Join(l.Change, ", ")
	first := strings.Join(wrapped("  ", what+" "+dependent{Kind: l.Kind, ID: l.ID, Name: l.Name}.String()), "")
	text.WriteString(strings.Replace(first, what, table.Paint(what, changeTone(l.change), color), 1))
	say := func(sentence string) { text.WriteString(strings.Join(wrapped("    ", sentence), "")) }
	if len(l.Because) > 0 {
		say(because(l.Because))
	}
	for i, d := range l.Dependents {
		if i == dependentsShown {
			say(fmt.Sprintf("and %d more that depended on it", len(l.Dependents)-i))
			break
		}
		if d.Lost {
			say(d.String() + " went with it")
		} else {
			say(d.String() + " leads nowhere now")
		}
	}
}
