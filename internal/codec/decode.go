package codec

import (
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"github.com/lookervault/lookervault/internal/record"
)

// ErrDamaged is returned by Decode for bytes that are not a body of the size
// that is written beside it.
var ErrDamaged = errors.New("stored body is damaged")

// A Decoder decodes stored bodies of every known codec. It serves one goroutine
// and is given back with [Decoder.Close].
type Decoder struct {
	zstd *zstd.Decoder
}

// NewDecoder makes a decoder.
func NewDecoder() (*Decoder, error) {
	dec, err := zstd.NewReader(nil,
		zstd.WithDecoderConcurrency(1),
		zstd.WithDecodeAllCapLimit(true),
	)
	if err != nil {
		return nil, fmt.Errorf("make a zstd decoder: %w", err)
	}
	return &Decoder{zstd: dec}, nil
}

// Decode decodes src, a body of size bytes. No more than that is allocated,
// whatever src claims. The result is in the memory of dst, from its start, where
// that is large enough; it never shares memory with src. It returns
// [ErrUnknown] or [ErrDamaged], and does not check the body's hash.
func (d *Decoder) Decode(codec record.Codec, src, dst []byte, size int64) ([]byte, error) {
	switch codec {
	case record.Plain:
		if int64(len(src)) != size {
			return nil, fmt.Errorf("%w: %d bytes instead of %d", ErrDamaged, len(src), size)
		}
		return append(dst[:0], src...), nil
	case record.Zstd:
		return d.decodeZstd(src, dst, size)
	}
	return nil, fmt.Errorf("%w %q", ErrUnknown, codec)
}

func (d *Decoder) decodeZstd(src, dst []byte, size int64) ([]byte, error) {
	var head zstd.Header
	if err := head.Decode(src); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	// Both sizes must agree before memory is taken: one damaged number alone
	// cannot ask for gigabytes.
	if !head.HasFCS || size < 0 || head.FrameContentSize != uint64(size) {
		return nil, fmt.Errorf("%w: the frame is not one of %d bytes", ErrDamaged, size)
	}
	if int64(cap(dst)) < size {
		dst = make([]byte, 0, size)
	}
	out, err := d.zstd.DecodeAll(src, dst[:0:size])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if int64(len(out)) != size {
		return nil, fmt.Errorf("%w: %d bytes instead of %d", ErrDamaged, len(out), size)
	}
	return out, nil
}

// Close gives back the decoder's memory.
func (d *Decoder) Close() { d.zstd.Close() }
