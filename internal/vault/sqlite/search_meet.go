package sqlite

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/vault"
)

// A blockReader tells which versions of blocks meet some needs. Blocks of large documents have
// megabytes of postings: it takes them apart in memory that all blocks use, and looks at the
// postings of those terms only that meet a need.
type blockReader struct {
	decoder         *codec.Decoder
	terms, postings []byte
	needed          []neededTerm
	met             []int
}

// A neededTerm is a term of a block that meets a need.
type neededTerm struct {
	row, need int // its place among the terms, and that of the need
	from, to  int // where its postings are
}

// meeting appends the ids of the versions of a block that meet all needs.
func (b *blockReader) meeting(ids []int64, p packed, needs []vault.Need) ([]int64, error) {
	var err error
	if b.terms, err = unsqueeze(b.decoder, p.terms, b.terms); err != nil {
		return ids, err
	}
	b.needed = b.needed[:0]
	for need := range needs {
		before := len(b.needed)
		for _, row := range rowsOfNeed(b.terms, needs[need]) {
			b.needed = append(b.needed, neededTerm{row: row, need: need})
		}
		if len(b.needed) == before {
			return ids, nil
		}
	}
	places, err := b.places(p)
	if err != nil {
		return ids, err
	}
	versions, err := p.unpackVersions(b.decoder)
	if err != nil {
		return ids, err
	}
	b.met = append(b.met[:0], make([]int, len(versions))...) // how many needs a version meets, in their order
	slices.SortFunc(b.needed, func(x, y neededTerm) int { return cmp.Compare(x.need, y.need) })
	for _, term := range b.needed {
		err := eachPlace(places[term.from:term.to], func(place uint64) {
			if place < uint64(len(b.met)) && b.met[place] == term.need {
				b.met[place] = term.need + 1
			}
		})
		if err != nil {
			return ids, err
		}
	}
	for place, n := range b.met {
		if n == len(needs) {
			ids = append(ids, versions[place])
		}
	}
	return ids, nil
}

// places takes the postings of a block apart, finds those of the terms that are needed, and
// puts these in the order of their rows.
func (b *blockReader) places(p packed) (places []byte, err error) {
	if b.postings, err = unsqueeze(b.decoder, p.postings, b.postings); err != nil {
		return nil, err
	}
	slices.SortFunc(b.needed, func(x, y neededTerm) int { return cmp.Compare(x.row, y.row) })
	places = b.postings
	next, from := 0, 0
	for row := range bytes.Count(b.terms, []byte("\n")) {
		size, n := binary.Uvarint(places)
		if n <= 0 || size > uint64(len(b.postings)-from) {
			return nil, errBlock
		}
		to := from + int(size)
		for next < len(b.needed) && b.needed[next].row == row {
			b.needed[next].from, b.needed[next].to = from, to
			next++
		}
		from, places = to, places[n:]
	}
	if next < len(b.needed) || from > len(places) {
		return nil, errBlock
	}
	return places, nil
}

// rowsOfNeed are the terms that meet a need, by their place among all terms, each once.
func rowsOfNeed(terms []byte, need vault.Need) (rows []int) {
	for _, wanted := range []string{need.Term, need.Or} {
		if wanted == "" {
			continue
		}
		if at, found := lineOf(terms, []byte(wanted)); found {
			rows = append(rows, bytes.Count(terms[:at], []byte("\n")))
		}
	}
	if !need.Part || len(need.Term) < 2 {
		return rows
	}
	from, _ := lineOf(terms, []byte{need.Term[0]})
	to, _ := lineOf(terms, []byte{need.Term[0] + 1})
	row, part := bytes.Count(terms[:from], []byte("\n")), []byte(need.Term[1:])
	for section, begins := terms[from:to], true; ; {
		at := bytes.Index(section, part)
		if at < 0 {
			break
		}
		row += bytes.Count(section[:at], []byte("\n"))
		if at == 0 && begins || at > 0 && section[at-1] == '\n' {
			// That is the letter of the class.
			section, begins = section[at+1:], false
			continue
		}
		// Behind the line: each term counts once.
		rows = append(rows, row)
		end := bytes.IndexByte(section[at:], '\n')
		if end < 0 {
			break
		}
		section, begins = section[at+end:], false
	}
	slices.SortFunc(rows, cmp.Compare[int])
	return slices.Compact(rows)
}

// lineOf returns where the first line of sorted lines begins that is not before wanted,
// and whether it is wanted itself.
func lineOf(lines, wanted []byte) (at int, found bool) {
	low, high := 0, len(lines) // beginnings of lines
	for low < high {
		middle := (low + high) / 2
		start := low + bytes.LastIndexByte(lines[low:middle], '\n') + 1
		size := bytes.IndexByte(lines[start:], '\n')
		if size < 0 {
			size = len(lines) - start
		}
		switch order := bytes.Compare(lines[start:start+size], wanted); {
		case order == 0:
			return start, true
		case order < 0:
			low = min(start+size+1, len(lines))
		default:
			high = start
		}
	}
	return low, false
}
