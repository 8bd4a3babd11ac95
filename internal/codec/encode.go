package codec

import (
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"github.com/lookervault/lookervault/internal/record"
)

// ErrUnknown is returned for a codec that this version does not know.
var ErrUnknown = errors.New("unknown codec")

// An Encoder encodes bodies with one codec. It serves one goroutine: make one
// for each worker. It holds no resource that must be given back.
type Encoder struct {
	codec record.Codec
	zstd  *zstd.Encoder // nil for record.Plain
}

// NewEncoder makes an encoder for a codec, or returns [ErrUnknown].
func NewEncoder(codec record.Codec) (*Encoder, error) {
	switch codec {
	case record.Plain:
		return &Encoder{codec: codec}, nil
	case record.Zstd:
		enc, err := zstd.NewWriter(nil,
			zstd.WithEncoderLevel(zstd.SpeedFastest),
			zstd.WithEncoderConcurrency(1),
			// Single segments name the size of the content in every frame,
			// which lets Decode refuse a frame before it allocates.
			zstd.WithSingleSegment(true),
			// The sha256 of the body is checked whenever it is read.
			zstd.WithEncoderCRC(false),
		)
		if err != nil {
			return nil, fmt.Errorf("make a zstd encoder: %w", err)
		}
		return &Encoder{codec: codec, zstd: enc}, nil
	}
	return nil, fmt.Errorf("%w %q", ErrUnknown, codec)
}

// Encode encodes src and tells with which codec that was done: a body that does
// not get smaller stays [record.Plain], and then src itself is returned, not a
// copy. Otherwise the result is in the memory of dst, from its start, where that
// is large enough. dst may be nil and must not overlap src.
func (e *Encoder) Encode(src, dst []byte) ([]byte, record.Codec) {
	if e.zstd == nil || len(src) == 0 {
		return src, record.Plain
	}
	out := e.zstd.EncodeAll(src, dst[:0])
	if len(out) >= len(src) {
		return src, record.Plain
	}
	return out, e.codec
}
