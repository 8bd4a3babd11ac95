package restore

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// requireKnown sees to it that the backup has the members without which Looker makes no document, nor any of
// its parts that are to be made.
func (d *draft) requireKnown(ctx context.Context, n *node) error {
	if lacking := canon.RequiredRedacted(n.spec.Write, n.body); n.action.Deed == record.DeedCreate && len(lacking) > 0 {
		n.impossible(redactedWhy(lacking) + ": make it by hand, or name a run from before that by --run")
		return nil
	}
	led, err := d.redactedLed(ctx, n)
	if err != nil {
		return err
	}
	if led[n.Ref] && n.action.Deed == record.DeedCreate {
		n.impossible(redactedLedWhy)
		return nil
	}
	lacking := make(map[string][]record.Ref) // parts, by what they lack
	var whys []string
	err = eachPart(n.spec.Write.Parts, n.body, func(part *catalogue.Part, row canon.PartRow) error {
		paths := canon.RequiredRedacted(part.Write, row.Body)
		ref := record.Ref{Kind: part.Name, ID: row.ID}
		if (len(paths) == 0 && !led[ref]) || !d.makesPart(n, part, ref) {
			return nil
		}
		why := redactedLedWhy
		if len(paths) > 0 {
			why = redactedWhy(paths)
		}
		whys = appendNew(whys, why)
		lacking[why] = append(lacking[why], ref)
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", n.Ref, err)
	}
	for _, why := range whys {
		if err := d.withoutUnknown(n, lacking[why], why); err != nil || !n.writes() {
			return err
		}
	}
	return nil
}

// redactedLedWhy says why what shows a query cannot be made.
const redactedLedWhy = "the texts of its query lead to what an earlier restore has made, and stages.redact.paths keeps some of it out of the backup: --links keep leaves them"

// redactedLed are the document and its parts that show a query whose texts lead elsewhere than in the backup, so
// that another one would have to be made, and of which the backup lacks something.
func (d *draft) redactedLed(ctx context.Context, n *node) (map[record.Ref]bool, error) {
	whole, err := d.body(ctx, n.entry)
	if err != nil || !bytes.Contains(whole, []byte(canon.Marker)) {
		return nil, err
	}
	texts := func(body []byte) (map[record.Ref][]byte, error) {
		queries := make(map[record.Ref][]byte)
		note := func(w *catalogue.Write, ref record.Ref, body []byte) error {
			nested, err := canon.NestedIn(w, body)
			for _, q := range nested {
				if canon.HasRedacted(catalogue.Lookup(q.Kind).Write, q.Body) {
					queries[ref] = append(queries[ref], q.Body...)
				}
			}
			return err
		}
		if err := note(n.spec.Write, n.Ref, body); err != nil {
			return nil, err
		}
		return queries, eachPart(n.spec.Write.Parts, body, func(part *catalogue.Part, row canon.PartRow) error {
			return note(part.Write, record.Ref{Kind: part.Name, ID: row.ID}, row.Body)
		})
	}
	was, err := texts(whole)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.Ref, err)
	}
	is, err := texts(n.body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.Ref, err)
	}
	led := make(map[record.Ref]bool)
	for ref, text := range is {
		led[ref] = !bytes.Equal(text, was[ref])
	}
	return led, nil
}

// redactedWhy says why something cannot be made.
func redactedWhy(paths []string) string {
	return fmt.Sprintf("Looker makes none without %s, which stages.redact.paths keeps out of the backup", strings.Join(paths, ", "))
}

// makesPart reports whether a part is to be made: the instance does not have it.
func (d *draft) makesPart(n *node, part *catalogue.Part, ref record.Ref) bool {
	if n.action.Deed == record.DeedCreate {
		return true
	}
	path := d.partOnInstance(n, ref).String()
	if part.One {
		path = string(part.Name)
	}
	return slices.ContainsFunc(n.action.Changes, func(c record.Change) bool {
		return c.Before == nil && (c.Path == path || strings.HasSuffix(c.Path, "."+path))
	})
}

// withoutUnknown decides about a document some of whose parts nobody can make.
func (d *draft) withoutUnknown(n *node, parts []record.Ref, why string) error {
	if !d.request.Partial {
		return d.lacksParts(n, parts, fmt.Sprintf("%s: %s", parts[0], why))
	}
	for _, list := range partLists(n.spec.Write.Parts) {
		if list.part.One && list.part.Name == parts[0].Kind {
			d.note("%s comes back without %s: %s", n.Ref, list.part.At, why)
			return d.without(n, list.part.At)
		}
	}
	return d.leaveOut(n, parts, why)
}

// tellRedactedQueries notes of which queries in a document the backup lacks something. They stay on the
// instance, and what names them shows them as they are; nothing makes one that lacks something.
func (d *draft) tellRedactedQueries(n *node) {
	var queries []string
	note := func(w *catalogue.Write, body []byte) {
		nested, err := canon.NestedIn(w, body)
		if err != nil {
			return // who sends it says so
		}
		for _, q := range nested {
			if canon.HasRedacted(catalogue.Lookup(q.Kind).Write, q.Body) {
				queries = appendNew(queries, q.String())
			}
		}
	}
	note(n.spec.Write, n.body)
	_ = eachPart(n.spec.Write.Parts, n.body, func(part *catalogue.Part, row canon.PartRow) error {
		note(part.Write, row.Body)
		return nil
	})
	if len(queries) > 0 {
		d.note("%s shows %s, of which stages.redact.paths keeps something out of the backup: what shows one that the instance does not have any more cannot come back",
			n.action.Title(), strings.Join(queries, ", "))
	}
}
