package sqlite

import (
	"bytes"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"hash"
	"strings"
)

// checksumSize is enough to notice damage; it is no protection against a forger.
const checksumSize = 8

// A summer computes the checksums of rows: the first eight bytes of the sha256
// over the table's name and every column before the checksum, in the table's
// order, each with its type and, where its length varies, its length. The
// checksum of a version also covers its refs, in the order of their key.
//
// It reuses its memory and serves one goroutine.
type summer struct {
	buf []byte
	// long has what stands before buf where a column is longer than longestKept, nil
	// otherwise. hash is what it is made of.
	long, hash hash.Hash
}

// longestKept is up to where a blob is copied beside the other columns. The search index has
// blobs of megabytes: a copy of each took find 5 MB.
const longestKept = 16 << 10

// row returns the checksum of a row, in memory of its own.
func (s *summer) row(table string, columns ...driver.Value) []byte {
	s.begin(table, columns...)
	sum := s.sum()
	return append([]byte(nil), sum[:checksumSize]...)
}

// kind returns the checksum of a row of run_kinds, of the columns before the checksum and
// those behind it, which came later: up to the last one that is not 0 or null.
func (s *summer) kind(columns, later []driver.Value) []byte {
	for len(later) > 0 && (later[len(later)-1] == int64(0) || later[len(later)-1] == nil) {
		later = later[:len(later)-1]
	}
	return s.row("run_kinds", append(columns[:len(columns):len(columns)], later...)...)
}

// wholeCounts reports whether a whole row of run_kinds is as it was written.
func (s *summer) wholeCounts(row []driver.Value) bool {
	const last = 14 // the checksum
	return len(row) > last && bytes.Equal(s.kind(row[:last], row[last+1:]), blob(row[last]))
}

// sum is the hash of what was added.
func (s *summer) sum() (sum [sha256.Size]byte) {
	if s.long == nil {
		return sha256.Sum256(s.buf)
	}
	s.flush()
	s.long.Sum(sum[:0])
	return sum
}

// flush takes what is in buf to what is long.
func (s *summer) flush() {
	if s.long == nil {
		if s.hash == nil {
			s.hash = sha256.New()
		}
		s.hash.Reset()
		s.long = s.hash
	}
	s.long.Write(s.buf) // never fails
	s.buf = s.buf[:0]
}

func (s *summer) add(v driver.Value) {
	switch v := v.(type) {
	case nil:
		s.buf = append(s.buf, 'n')
	case int64:
		s.addIntegers(v)
	case string:
		s.buf = appendText(s.buf, v)
	case []byte:
		if v == nil {
			s.buf = append(s.buf, 'n')
			return
		}
		s.buf = binary.AppendUvarint(append(s.buf, 'b'), uint64(len(v)))
		if len(v) > longestKept {
			s.flush()
			s.long.Write(v)
			return
		}
		s.buf = append(s.buf, v...)
	default:
		// No table has such a column; a damaged row can, and must not match.
		s.buf = fmt.Appendf(append(s.buf, '?'), "%T %v", v, v)
	}
}

// addTexts adds texts, as add does without making a value of each.
func (s *summer) addTexts(texts ...string) {
	for _, text := range texts {
		s.buf = appendText(s.buf, text)
	}
}

// addIntegers is addTexts for integers.
func (s *summer) addIntegers(integers ...int64) {
	for _, i := range integers {
		s.buf = binary.BigEndian.AppendUint64(append(s.buf, 'i'), uint64(i))
	}
}

// addBytes adds a blob that is held as a string.
func (s *summer) addBytes(blob string) {
	s.buf = binary.AppendUvarint(append(s.buf, 'b'), uint64(len(blob)))
	s.buf = append(s.buf, blob...)
}

// addRefs adds the refs of a version, as refsColumn has them.
func (s *summer) addRefs(refs string) {
	for refs != "" {
		var part string
		part, refs, _ = strings.Cut(refs, "\x00")
		s.buf = appendText(s.buf, part)
	}
}

func appendText(buf []byte, text string) []byte {
	buf = binary.AppendUvarint(append(buf, 't'), uint64(len(text)))
	return append(buf, text...)
}
