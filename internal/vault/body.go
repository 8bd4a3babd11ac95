package vault

import (
	"crypto/sha256"
	"errors"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
)

// decode decodes a stored body and checks it against its hash.
func decode(d *codec.Decoder, c record.Codec, size int64, data, dst []byte, hash record.Digest) ([]byte, error) {
	body, err := d.Decode(c, data, dst, size)
	if err != nil {
		return nil, err
	}
	if record.Digest(sha256.Sum256(body)) != hash {
		return nil, errOtherHash
	}
	return body, nil
}

var errOtherHash = errors.New("stored body has another sha256")

// bodyOf returns the exact bytes of a stored body.
func (w *Writer) bodyOf(hash record.Digest) ([]byte, error) {
	row, err := w.q.body.row(hash[:])
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, damaged(nil, "body %s is missing", hash)
	}
	if w.decoder == nil {
		if w.decoder, err = codec.NewDecoder(); err != nil {
			return nil, err
		}
	}
	body, err := decode(w.decoder, record.Codec(text(row[0])), integer(row[1]), blob(row[2]), nil, hash)
	if err != nil {
		return nil, damaged(err, "body %s", hash)
	}
	return body, nil
}
