package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"errors"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// stored is a body as it lies in the file.
type stored struct {
	codec      record.Codec
	dictionary *record.Dictionary // nil for none
	size       int64
	data       []byte
}

// storedColumns are what scanStored reads.
const storedColumns = `b.codec, b.dictionary, b.size, b.data`

// scanStored reads a body's columns.
func scanStored(row []driver.Value, find dictionaryFinder) (stored, error) {
	s := stored{codec: record.Codec(text(row[0])), size: integer(row[2]), data: blob(row[3])}
	if row[1] == nil {
		return s, nil
	}
	if s.dictionary = find(integer(row[1])); s.dictionary == nil {
		return s, errNoDictionary
	}
	return s, nil
}

// decode decodes a stored body and checks it against its hash.
func decode(d *codec.Decoder, s stored, dst []byte, hash record.Digest) ([]byte, error) {
	body, err := d.Decode(s.codec, s.dictionary, s.data, dst, s.size)
	if err != nil {
		return nil, err
	}
	if record.Digest(sha256.Sum256(body)) != hash {
		return nil, errOtherHash
	}
	return body, nil
}

var (
	errOtherHash    = errors.New("stored body has another sha256")
	errNoDictionary = errors.New("the dictionary that it was encoded with is missing or damaged")
)

// decoding returns the writer's decoder.
func (w *Writer) decoding() (d *codec.Decoder, err error) {
	if w.decoder == nil {
		w.decoder, err = codec.NewDecoder()
	}
	return w.decoder, err
}

// bodyOf returns the exact bytes of a stored body.
func (tx *transaction) bodyOf(hash record.Digest) ([]byte, error) {
	return tx.w.bodyOf(hash, tx.dictionaries)
}

func (w *Writer) bodyOf(hash record.Digest, known dictionaries) ([]byte, error) {
	row, err := w.q.body.row(hash[:])
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, vault.Damaged(nil, "body %s is missing", hash)
	}
	decoder, err := w.decoding()
	if err != nil {
		return nil, err
	}
	body, err := bodyReader{decoder, known.find}.read(row, hash)
	if err != nil {
		return nil, vault.Damaged(err, "body %s", hash)
	}
	return body, nil
}

// bodyReader reads bodies of one state of a vault. It is for one goroutine.
type bodyReader struct {
	decoder    *codec.Decoder
	dictionary dictionaryFinder
}

// withBodies calls fn with one state of the vault and what reads its bodies.
func (r *Reader) withBodies(ctx context.Context, fn func(querier, bodyReader) error) error {
	decoder, err := codec.NewDecoder()
	if err != nil {
		return err
	}
	defer decoder.Close()
	return r.snapshot(ctx, func(q querier) error {
		dictionary, err := readDictionaries(ctx, q, decoder)
		if err != nil {
			return doing("read dictionaries", err)
		}
		return fn(q, bodyReader{decoder, dictionary})
	})
}

// read returns the exact bytes of a body, by its storedColumns, and checks them against its
// hash. The bytes are the caller's.
func (b bodyReader) read(row []driver.Value, hash record.Digest) ([]byte, error) {
	s, err := scanStored(row, b.dictionary)
	if err != nil {
		return nil, err
	}
	return decode(b.decoder, s, nil, hash)
}

// ofDocument returns the body of a document by its row, which has the columns of a document and
// of its body. A body that is missing or damaged is an error that names the document.
func (b bodyReader) ofDocument(row documentRow, e vault.Entry) ([]byte, error) {
	if row[columnBody] == nil {
		return nil, vault.Damaged(nil, "bodies %s: is missing", e.Ref)
	}
	body, err := b.read(row[columnBody:], e.Hash)
	if err != nil {
		return nil, vault.Damaged(err, "bodies %s", e.Ref)
	}
	return body, nil
}
