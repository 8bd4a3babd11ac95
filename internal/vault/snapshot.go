package vault

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"github.com/lookervault/lookervault/internal/record"
)

// A Snapshot computes the digest of what an instance holds: kind, id, state and
// body of every document that is not gone. It knows nothing of rows and runs, so
// that two vaults which came to the same content in different ways are equal.
type Snapshot struct {
	sum hash.Hash
	buf []byte
}

// NewSnapshot begins a snapshot without documents.
func NewSnapshot() *Snapshot { return &Snapshot{sum: sha256.New()} }

// Add adds a document. They come sorted by kind, then by id, bytewise; one that
// is gone is left out.
func (s *Snapshot) Add(ref record.Ref, state record.State, hash record.Digest) {
	if state == record.Gone {
		return
	}
	s.buf = s.buf[:0]
	for _, part := range []string{string(ref.Kind), ref.ID, string(state)} {
		s.buf = binary.AppendUvarint(s.buf, uint64(len(part)))
		s.buf = append(s.buf, part...)
	}
	s.buf = append(s.buf, hash[:]...)
	s.sum.Write(s.buf)
}

// Digest is the digest of what was added.
func (s *Snapshot) Digest() (d record.Digest) {
	s.sum.Sum(d[:0])
	return d
}
