package codec

import (
	"errors"
	"fmt"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/lookervault/lookervault/internal/record"
)

// ErrUnknown is returned for a codec that this version does not know.
var ErrUnknown = errors.New("unknown codec")

// primed is how many encoders with a dictionary an [Encoder] keeps, of 0.8 MB
// each. The documents of a kind come in crowds.
const primed = 8

// An Encoder encodes bodies with one codec. It serves one goroutine: make one
// for each worker. It holds no resource that must be given back.
type Encoder struct {
	codec        record.Codec
	zstd         *zstd.Encoder // nil for record.Plain
	dictionaries *Dictionaries
	primed       []primedEncoder // the last used first
}

type primedEncoder struct {
	dictionary *record.Dictionary
	zstd       *zstd.Encoder
}

// NewEncoder makes an encoder for a codec, or returns [ErrUnknown]. Workers share
// the dictionaries; nil means to do without.
func NewEncoder(codec record.Codec, dictionaries *Dictionaries) (*Encoder, error) {
	switch codec {
	case record.Plain:
		return &Encoder{codec: codec}, nil
	case record.Zstd:
		enc, err := newZstd()
		if err != nil {
			return nil, fmt.Errorf("make a zstd encoder: %w", err)
		}
		return &Encoder{codec: codec, zstd: enc, dictionaries: dictionaries}, nil
	}
	return nil, fmt.Errorf("%w %q", ErrUnknown, codec)
}

func newZstd(options ...zstd.EOption) (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, append(options,
		zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(1),
		// Single segments name the size of the content in every frame, which lets
		// Decode refuse a frame before it allocates.
		zstd.WithSingleSegment(true),
		// The sha256 of the body is checked whenever it is read.
		zstd.WithEncoderCRC(false),
	)...)
}

// with returns an encoder that knows a dictionary, or nil. Frames do not name the
// dictionary, so that the zstd program takes it as it is.
func (e *Encoder) with(d *record.Dictionary) *zstd.Encoder {
	if i := slices.IndexFunc(e.primed, func(p primedEncoder) bool { return p.dictionary == d }); i >= 0 {
		used := e.primed[i]
		copy(e.primed[1:i+1], e.primed[:i])
		e.primed[0] = used
		return used.zstd
	}
	enc, err := newZstd(zstd.WithEncoderDictRaw(0, d.Text), zstd.WithWindowSize(2*largest), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil
	}
	e.primed = slices.Insert(e.primed[:min(len(e.primed), primed-1)], 0, primedEncoder{d, enc})
	return enc
}

// Encode encodes a body of a kind and tells with which codec, and with which
// dictionary if any, that was done: a body that does not get smaller stays
// [record.Plain], and then src itself is returned, not a copy. Otherwise the
// result is in the memory of dst, from its start, where that is large enough. dst
// may be nil and must not overlap src.
func (e *Encoder) Encode(kind record.Kind, src, dst []byte) ([]byte, record.Codec, *record.Dictionary) {
	if e.zstd == nil || len(src) == 0 {
		return src, record.Plain, nil
	}
	enc := e.zstd
	dictionary := e.dictionaries.of(kind, src)
	if dictionary != nil {
		if enc = e.with(dictionary); enc == nil {
			enc, dictionary = e.zstd, nil
		}
	}
	out := enc.EncodeAll(src, dst[:0])
	if len(out) >= len(src) {
		return src, record.Plain, nil
	}
	return out, e.codec, dictionary
}
