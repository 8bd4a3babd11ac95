package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"slices"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
)

// A block is the part of the search index that is about the versions of a range of ids:
// which terms there are, and which of the versions have them. One row holds a whole
// block, in three blobs, each compressed: that takes a tenth of the room of a row for
// each term and version, and a checksum finds any damage in it.
//
//	versions  how far each version's id is from the one before it, the first from the
//	          block's first id
//	terms     sorted bytewise, each with a line break behind it
//	postings  how many bytes follow for each term; then for each term which versions
//	          have it, by their place in the block, each as its distance from the one
//	          before it
//
// Numbers are unsigned varints.
type block struct {
	first, last int64 // ids; versions between them that the block does not know are gone
	ids         []int64
	postings    map[string]*posting
	size        int // bytes of the places of all postings
}

// posting says which versions of a block have a term.
type posting struct {
	places []byte
	next   uint64 // the first place that may follow
}

// blockVersions is how many versions a block holds at most. The larger, the fewer times
// the same term is stored, and the more a run keeps in memory.
const blockVersions = 8192

// blockSize is how many bytes of places a block has, and a version's more, at most. It bounds
// what find holds of a block, whatever the documents are: of 8,192 documents, most of 6 kB, it
// was 2 MB.
const blockSize = 1 << 20

func newBlock(first int64) *block {
	return &block{first: first, last: first - 1, postings: make(map[string]*posting)}
}

// add adds a version, whose id is the next one, with its terms.
func (b *block) add(id int64, terms []byte) {
	place := uint64(len(b.ids))
	b.ids, b.last = append(b.ids, id), id
	for len(terms) > 0 {
		var term []byte
		term, terms, _ = bytes.Cut(terms, []byte("\n"))
		p := b.postings[string(term)]
		if p == nil {
			p = &posting{}
			b.postings[string(term)] = p
		}
		b.size += p.add(place)
	}
}

// add adds a place, and returns how many bytes it takes.
func (p *posting) add(place uint64) int {
	before := len(p.places)
	p.places = binary.AppendUvarint(p.places, place-p.next)
	p.next = place + 1
	return len(p.places) - before
}

// append adds the versions of a block that follows.
func (b *block) append(next *block) error {
	offset := uint64(len(b.ids))
	b.ids, b.last = append(b.ids, next.ids...), next.last
	for term, of := range next.postings {
		p := b.postings[term]
		if p == nil {
			p = &posting{}
			b.postings[term] = p
		}
		if err := eachPlace(of.places, func(place uint64) { b.size += p.add(offset + place) }); err != nil {
			return err
		}
	}
	return nil
}

// only is the block without the versions that are not among those.
func (b *block) only(those map[int64]bool) (*block, error) {
	kept := newBlock(b.first)
	places := make([]int, len(b.ids)) // the new place of each version, -1 for none
	for place, id := range b.ids {
		if places[place] = -1; those[id] {
			places[place] = len(kept.ids)
			kept.ids = append(kept.ids, id)
		}
	}
	kept.last = b.last
	for term, of := range b.postings {
		p := &posting{}
		err := eachPlace(of.places, func(place uint64) {
			if place < uint64(len(places)) && places[place] >= 0 {
				kept.size += p.add(uint64(places[place]))
			}
		})
		if err != nil {
			return nil, err
		}
		if len(p.places) > 0 {
			kept.postings[term] = p
		}
	}
	return kept, nil
}

var errBlock = errors.New("the block is not as a writer makes it")

// eachPlace calls fn with every place of a posting.
func eachPlace(places []byte, fn func(place uint64)) error {
	next := uint64(0)
	for len(places) > 0 {
		gap, n := binary.Uvarint(places)
		if n <= 0 || gap > blockVersions {
			return errBlock
		}
		fn(next + gap)
		next, places = next+gap+1, places[n:]
	}
	return nil
}

// packed is a block as its row holds it.
type packed struct {
	first, last, count        int64
	versions, terms, postings []byte
}

func (b *block) pack(encoder *codec.Encoder) packed {
	var versions, terms, sizes, places []byte
	before := b.first
	for _, id := range b.ids {
		versions = binary.AppendUvarint(versions, uint64(id-before))
		before = id
	}
	for _, term := range slices.Sorted(maps.Keys(b.postings)) {
		terms = append(append(terms, term...), '\n')
		of := b.postings[term].places
		sizes = binary.AppendUvarint(sizes, uint64(len(of)))
		places = append(places, of...)
	}
	return packed{
		first: b.first, last: b.last, count: int64(len(b.ids)),
		versions: squeeze(encoder, versions), terms: squeeze(encoder, terms), postings: squeeze(encoder, append(sizes, places...)),
	}
}

// squeeze compresses a blob, unless an eighth is not to be had: what is not compressed is
// read where it is. Its size comes first, then a byte that says how it is stored.
func squeeze(encoder *codec.Encoder, blob []byte) []byte {
	data, used, _ := encoder.Encode("", blob, nil)
	out := append(binary.AppendUvarint(nil, uint64(len(blob))), 0)
	if used == record.Plain || len(data) > len(blob)/8*7 {
		return append(out, blob...)
	}
	out[len(out)-1] = 1
	return append(out, data...)
}

// largestBlob bounds what a blob of a block may claim to be.
const largestBlob = 1 << 30

// unsqueeze takes a blob apart, in its own memory where it is not compressed, and in that of
// dst where that is large enough.
func unsqueeze(decoder *codec.Decoder, blob, dst []byte) ([]byte, error) {
	size, n := binary.Uvarint(blob)
	if n <= 0 || n == len(blob) || size > largestBlob {
		return nil, errBlock
	}
	if blob[n] == 1 {
		return decoder.Decode(record.Zstd, nil, blob[n+1:], dst, int64(size))
	}
	if blob = blob[n+1:]; uint64(len(blob)) != size {
		return nil, errBlock
	}
	return blob, nil
}

// unpackVersions are the ids of a block's versions, by the place of each.
func (p packed) unpackVersions(decoder *codec.Decoder) ([]int64, error) {
	blob, err := unsqueeze(decoder, p.versions, nil)
	if err != nil {
		return nil, err
	}
	ids, id := make([]int64, 0, min(p.count, blockVersions)), p.first
	for len(blob) > 0 {
		gap, n := binary.Uvarint(blob)
		if n <= 0 {
			return nil, errBlock
		}
		id, blob = id+int64(gap), blob[n:]
		ids = append(ids, id)
	}
	if int64(len(ids)) != p.count {
		return nil, errBlock
	}
	return ids, nil
}

// unpack is the block itself, for one that is to become larger.
func (p packed) unpack(decoder *codec.Decoder) (*block, error) {
	b := newBlock(p.first)
	terms, err := unsqueeze(decoder, p.terms, nil)
	if err != nil {
		return nil, err
	}
	if b.ids, err = p.unpackVersions(decoder); err != nil {
		return nil, err
	}
	b.last = p.last
	of, err := p.places(decoder, bytes.Count(terms, []byte("\n")))
	if err != nil {
		return nil, err
	}
	for i := range of {
		var term []byte
		term, terms, _ = bytes.Cut(terms, []byte("\n"))
		made := &posting{places: slices.Clone(of[i])}
		b.size += len(made.places)
		if err := eachPlace(made.places, func(place uint64) { made.next = place + 1 }); err != nil {
			return nil, err
		}
		b.postings[string(term)] = made
	}
	return b, nil
}

// places are the postings of the terms of a block.
func (p packed) places(decoder *codec.Decoder, terms int) ([][]byte, error) {
	blob, err := unsqueeze(decoder, p.postings, nil)
	if err != nil {
		return nil, err
	}
	sizes := make([]int, terms)
	for i := range sizes {
		size, n := binary.Uvarint(blob)
		if n <= 0 || size > uint64(len(blob)) {
			return nil, errBlock
		}
		sizes[i], blob = int(size), blob[n:]
	}
	of := make([][]byte, terms)
	for i, size := range sizes {
		if size > len(blob) {
			return nil, errBlock
		}
		of[i], blob = blob[:size], blob[size:]
	}
	return of, nil
}
