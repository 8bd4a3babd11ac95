package restore

import (
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// holder is what holds a list of parts, as it is wanted and as it is.
type holder struct {
	id          string // on the instance
	wanted, now []byte
}

// holdersOf are what hold the lists of a document: that, or each of its parts that is wanted.
func holdersOf(list partList, document holder, resolve canon.Resolver) ([]holder, error) {
	if list.in == nil {
		return []holder{document}, nil
	}
	wanted, err := canon.PartRows(list.in, document.wanted)
	if err != nil {
		return nil, err
	}
	is, err := canon.PartRows(list.in, document.now)
	if err != nil {
		return nil, err
	}
	var held []holder
	for _, row := range wanted {
		id, ok := resolve(list.in.Name, row.ID)
		if !ok {
			continue
		}
		h := holder{id: id, wanted: row.Body}
		if i := slices.IndexFunc(is, func(r canon.PartRow) bool { return partTarget(r) == id }); i >= 0 {
			h.now = is[i].Body
		}
		held = append(held, h)
	}
	return held, nil
}

// standing tells what part of the instance is known to be one of the backup, "" where nobody knows.
type standing func(part *catalogue.Part, id string) string

// pairedParts returns the parts of a list as they are wanted and as they are, and which is which.
func pairedParts(part *catalogue.Part, h holder, resolve canon.Resolver, known standing) (wanted, is []canon.PartRow, pairs []canon.PartPair, err error) {
	if wanted, err = canon.PartRows(part, h.wanted); err != nil {
		return nil, nil, nil, err
	}
	if is, err = canon.PartRows(part, h.now); err != nil {
		return nil, nil, nil, err
	}
	pairs, err = canon.PairParts(part, wanted, is, resolve, func(id string) string { return known(part, id) })
	return wanted, is, pairs, err
}

// eachPair calls found for the parts of a document that are there, as they are wanted and as they
// are, the holders of others before these. What found learns, resolve and known may tell.
func eachPair(w *catalogue.Write, document holder, resolve canon.Resolver, known standing, found func(part *catalogue.Part, wanted, is canon.PartRow)) error {
	for _, list := range partLists(w.Parts) {
		holders, err := holdersOf(list, document, resolve)
		if err != nil {
			return err
		}
		for _, h := range holders {
			wanted, is, pairs, err := pairedParts(list.part, h, resolve, known)
			if err != nil {
				return err
			}
			for _, p := range pairs {
				if p.Wanted >= 0 && p.Current >= 0 {
					found(list.part, wanted[p.Wanted], is[p.Current])
				}
			}
		}
	}
	return nil
}

// exchangesParts reports whether a document lacks parts and has others of the same list, as far as ids
// tell: these may be those, made again by hand.
func exchangesParts(n *node, changes []record.Change) bool {
	lacking, added := make(map[record.Kind]bool), make(map[record.Kind]bool)
	for _, c := range changes {
		for _, list := range partLists(n.spec.Write.Parts) {
			if isWholePart(list.part.Name, c.Path) {
				lacking[list.part.Name] = lacking[list.part.Name] || c.Before == nil
				added[list.part.Name] = added[list.part.Name] || c.After == nil
			}
		}
	}
	for name := range lacking {
		if lacking[name] && added[name] {
			return true
		}
	}
	return false
}

// isWholePart reports whether the path of a change is that of a part in some list.
func isWholePart(list record.Kind, path string) bool {
	before, id, found := cutLast(path, "/")
	return found && id != "" && !strings.Contains(id, ".") && (before == string(list) || strings.HasSuffix(before, "."+string(list)))
}

func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}

// pairParts finds what stands on the instance for parts of a document that have another id there, as
// carrying the plan out does, and lets whoever names these mean that.
func (d *draft) pairParts(w *catalogue.Write, document holder, resolve canon.Resolver) (map[record.Ref]string, error) {
	there := make(map[record.Ref]bool)
	err := eachPart(w.Parts, document.now, func(part *catalogue.Part, row canon.PartRow) error {
		there[record.Ref{Kind: part.Name, ID: row.ID}] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	known := func(part *catalogue.Part, id string) string {
		ref := record.Ref{Kind: part.Name, ID: id}
		switch target, made := d.present.made[ref]; {
		case part.About != "":
			about, _ := resolve(part.About, id)
			return about
		case made:
			return target
		case there[ref]:
			return id
		}
		return ""
	}
	pairs := make(map[record.Ref]string)
	return pairs, eachPair(w, document, resolve, known, func(part *catalogue.Part, wanted, is canon.PartRow) {
		ref := record.Ref{Kind: part.Name, ID: wanted.ID}
		if hasOwnID(part) && wanted.ID != is.ID {
			d.present.made[ref], pairs[ref] = is.ID, is.ID
		}
	})
}

// hasOwnID reports whether the parts of a list are known by ids that the server gives them.
func hasOwnID(part *catalogue.Part) bool {
	return part.About == "" && len(part.By) == 1 && !part.Chosen
}

// partsOfOtherIDs are the parts that come back in a document which is there under other ids than in the
// backup, by those: parts that the plan makes, and parts that somebody made again by hand.
func (d *draft) partsOfOtherIDs(n *node) ([]record.Ref, error) {
	parts, err := d.partsMade(n)
	for part, target := range n.pairs {
		if d.present.mapped[part] != target {
			parts = append(parts, part)
		}
	}
	return parts, err
}

// keepPairs stores with the plan which parts stand for others in what it writes.
func (d *draft) keepPairs() {
	for _, n := range d.nodes {
		stays := n.taken != nil && n.action.Deed == record.DeedReuse
		if !n.writes() && !stays || n.action.Deed == record.DeedCreate { // what is made beside it says nothing of that
			continue
		}
		for part, target := range n.pairs {
			d.keepPair(part, target)
		}
	}
}

func (d *draft) keepPair(part record.Ref, target string) {
	if d.present.mapped[part] == target {
		return
	}
	if d.request.Parts == nil {
		d.request.Parts = make(map[string]string)
	}
	d.request.Parts[part.String()] = target
}

// parts are the parts of the backup that others of the instance stand for.
func (c *Decisions) parts() map[record.Ref]string {
	parts := make(map[record.Ref]string, len(c.Parts))
	for text, target := range c.Parts {
		kind, id, _ := strings.Cut(text, "/")
		parts[record.Ref{Kind: record.Kind(kind), ID: id}] = target
	}
	return parts
}
