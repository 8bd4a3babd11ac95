package history

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Loss is a document that went.
type Loss struct {
	Change
	// Because are other documents that went as well, and without which this one could
	// not stay: its folder, its owner, what it shows.
	Because []Dependent
	// Dependents are the documents that named this one: those that went with it, and
	// those that are still there and lead nowhere now.
	Dependents []Dependent
}

// Dependent is one of two documents of which one names the other.
type Dependent struct {
	record.Ref
	Name string
	How  string // folder, owner, part, or what is named: query
	Lost bool   // it went as well
}

func (d Dependent) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s/%s %s", d.Kind, d.ID, d.Name))
}

// Losses finds out of passages those that are losses within a span, why they were lost and
// what depended on them. The passages are of all kinds, whatever the span is of.
func (c *Changer) Losses(ctx context.Context, reader vault.Reader, span vault.Span, passages iter.Seq2[vault.Passage, error], filter *Filter) ([]Loss, error) {
	lost := make(map[record.Ref]*Loss)
	entries := make(map[record.Ref]vault.Entry) // as they were before
	var order []record.Ref
	for p, err := range passagesByNumber(passages) {
		if err != nil {
			return nil, err
		}
		wentAway := p.After == nil || p.Before != nil && p.Before.State != record.Trashed && p.After.State == record.Trashed
		if p.Before == nil || !wentAway {
			continue
		}
		made, _, err := c.change(p)
		if err != nil {
			return nil, err
		}
		lost[p.Ref] = &Loss{Change: made, Because: []Dependent{}, Dependents: []Dependent{}}
		entries[p.Ref] = *p.Before
		order = append(order, p.Ref)
	}
	if err := c.becauses(lost, entries); err != nil {
		return nil, err
	}
	if err := c.dependents(ctx, reader, span, lost); err != nil {
		return nil, err
	}
	list := []Loss{}
	for _, ref := range order {
		if filter.Matches(entries[ref]) && (span.Kind == "" || ref.Kind == span.Kind) && (span.ID == "" || ref.ID == span.ID) {
			list = append(list, *lost[ref])
		}
	}
	return list, nil
}

// becauses says of each lost document which of those that it named was lost too.
func (c *Changer) becauses(lost map[record.Ref]*Loss, entries map[record.Ref]vault.Entry) error {
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
				l.Because = append(l.Because, Dependent{named, other.Name, how, true})
			}
			other.Dependents = append(other.Dependents, Dependent{ref, l.Name, how, true})
		}
	}
	for _, l := range lost {
		l.Because, l.Dependents = inOrder(l.Because), inOrder(l.Dependents)
	}
	return nil
}

// dependents adds to lost documents those that are still there and name them.
func (c *Changer) dependents(ctx context.Context, reader vault.Reader, span vault.Span, lost map[record.Ref]*Loss) error {
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
				l.Dependents = append(l.Dependents, Dependent{d.Ref, d.Name, how, false})
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
		spec := catalogue.Lookup(ref.Kind)
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

func inOrder(list []Dependent) []Dependent {
	slices.SortFunc(list, func(x, y Dependent) int { return strings.Compare(x.String()+x.How, y.String()+y.How) })
	return slices.Compact(list)
}
