package restore

import (
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
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
