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
	with map[record.Digest]*zstd.Decoder // by the dictionary's hash
}

// NewDecoder makes a decoder.
func NewDecoder() (*Decoder, error) {
	dec, err := unzstd()
	if err != nil {
		return nil, err
	}
	return &Decoder{zstd: dec, with: make(map[record.Digest]*zstd.Decoder)}, nil
}

func unzstd(options ...zstd.DOption) (*zstd.Decoder, error) {
	dec, err := zstd.NewReader(nil, append(options,
		zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderLowmem(true))...)
	if err != nil {
		return nil, fmt.Errorf("make a zstd decoder: %w", err)
	}
	return dec, nil
}

// Decode decodes src, a body of size bytes that was encoded with a dictionary, or
// with none when that is nil. No more than that is allocated,
// whatever src claims. The result is in the memory of dst, from its start, where
// that is large enough; it never shares memory with src. It returns
// [ErrUnknown] or [ErrDamaged], and does not check the body's hash.
func (d *Decoder) Decode(codec record.Codec, dictionary *record.Dictionary, src, dst []byte, size int64) ([]byte, error) {
	switch codec {
	case record.Plain:
		if int64(len(src)) != size {
			return nil, fmt.Errorf("%w: %d bytes instead of %d", ErrDamaged, len(src), size)
		}
		return append(dst[:0], src...), nil
	case record.Zstd:
		dec, err := d.decoder(dictionary)
		if err != nil {
			return nil, err
		}
		return decodeZstd(dec, src, dst, size)
	}
	return nil, fmt.Errorf("%w %q", ErrUnknown, codec)
}

// decoder returns the one that knows a dictionary.
func (d *Decoder) decoder(dictionary *record.Dictionary) (*zstd.Decoder, error) {
	if dictionary == nil {
		return d.zstd, nil
	}
	dec := d.with[dictionary.Hash]
	if dec == nil {
		var err error
		if dec, err = unzstd(zstd.WithDecoderDictRaw(0, dictionary.Text)); err != nil {
			return nil, err
		}
		d.with[dictionary.Hash] = dec
	}
	return dec, nil
}

func decodeZstd(dec *zstd.Decoder, src, dst []byte, size int64) ([]byte, error) {
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
	out, err := dec.DecodeAll(src, dst[:0:size])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if int64(len(out)) != size {
		return nil, fmt.Errorf("%w: %d bytes instead of %d", ErrDamaged, len(out), size)
	}
	return out, nil
}

// Close gives back the decoder's memory.
func (d *Decoder) Close() {
	d.zstd.Close()
	for _, dec := range d.with {
		dec.Close()
	}
}
