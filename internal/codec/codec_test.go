package codec_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
)

// document is about n bytes of JSON that compress as dashboards do.
func document(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	var b bytes.Buffer
	b.WriteString(`{"id":"17","elements":[`)
	for b.Len() < n-2 {
		fmt.Fprintf(&b, `{"id":"%d","title":"Orders and revenue","query":{"view":"orders","fields":["orders.count","users.region_%d"],"slug":"%x"},"refresh":null},`,
			r.IntN(1e6), r.IntN(100), r.Uint64())
	}
	b.WriteString("{}]}")
	return b.Bytes()
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(7, 7))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	sizes := []int{0, 1, 2, 17, 255, 256, 257, 4096, 65791, 65792, 1 << 20, 9 << 20}
	for _, c := range []record.Codec{record.Plain, record.Zstd} {
		enc, err := codec.NewEncoder(c)
		if err != nil {
			t.Fatal(err)
		}
		dec, err := codec.NewDecoder()
		if err != nil {
			t.Fatal(err)
		}
		defer dec.Close()
		var out, back []byte
		for _, n := range sizes {
			for name, src := range map[string][]byte{"text": document(n, 3), "noise": noise(n), "same": bytes.Repeat([]byte("a"), n)} {
				t.Run(fmt.Sprintf("%s/%s/%d", c, name, n), func(t *testing.T) {
					stored, used := enc.Encode(src, out)
					if used == record.Zstd {
						out = stored
						if len(stored) >= len(src) {
							t.Errorf("%d bytes grew to %d and were kept as zstd", len(src), len(stored))
						}
					}
					if name == "noise" && used != record.Plain {
						t.Errorf("noise is stored as %q, want plain", used)
					}
					got, err := dec.Decode(used, stored, back, int64(len(src)))
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(src, got) {
						t.Errorf("%d bytes came back as other %d", len(src), len(got))
					}
					back = got
				})
			}
		}
	}
}

func TestCompresses(t *testing.T) {
	src := document(12_000, 1)
	if !json.Valid(src) {
		t.Fatal("the test's document is no JSON")
	}
	enc, err := codec.NewEncoder(record.Zstd)
	if err != nil {
		t.Fatal(err)
	}
	stored, used := enc.Encode(src, nil)
	if used != record.Zstd || len(stored)*3 > len(src) {
		t.Errorf("%d bytes became %d as %q, want a third at most as zstd", len(src), len(stored), used)
	}
}

func TestUnknownCodec(t *testing.T) {
	if _, err := codec.NewEncoder("lzma"); !errors.Is(err, codec.ErrUnknown) {
		t.Errorf("NewEncoder: got %v, want ErrUnknown", err)
	}
	dec, err := codec.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	if _, err := dec.Decode("lzma", []byte("x"), nil, 1); !errors.Is(err, codec.ErrUnknown) {
		t.Errorf("Decode: got %v, want ErrUnknown", err)
	}
}

func TestDecodeRefusesDamage(t *testing.T) {
	enc, err := codec.NewEncoder(record.Zstd)
	if err != nil {
		t.Fatal(err)
	}
	src := bytes.Repeat([]byte("a"), 64<<20)
	bomb, _ := enc.Encode(src, nil)
	text := document(3000, 5)
	small, _ := enc.Encode(text, nil)
	tests := []struct {
		name  string
		codec record.Codec
		src   []byte
		size  int64
	}{
		{"plain too short", record.Plain, []byte("abc"), 4},
		{"plain too long", record.Plain, []byte("abcde"), 4},
		{"frame larger than recorded", record.Zstd, bomb, 100},
		{"frame smaller than recorded", record.Zstd, small, math.MaxInt64},
		{"negative size", record.Zstd, small, -1},
		{"cut off", record.Zstd, small[:len(small)/2], int64(len(text))},
		{"two frames", record.Zstd, append(bytes.Clone(small), small...), int64(len(text))},
		{"not a frame", record.Zstd, []byte("no frame at all"), 15},
		{"empty", record.Zstd, nil, 0},
	}
	dec, err := codec.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := dec.Decode(tt.codec, tt.src, nil, tt.size)
			if !errors.Is(err, codec.ErrDamaged) {
				t.Errorf("got %d bytes and %v, want ErrDamaged", len(got), err)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	enc, err := codec.NewEncoder(record.Zstd)
	if err != nil {
		f.Fatal(err)
	}
	small, _ := enc.Encode(document(600, 2), nil)
	f.Add(small, int64(600))
	f.Add([]byte{}, int64(0))
	dec, err := codec.NewDecoder()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, src []byte, size int64) {
		size = min(size, 1<<20)
		got, err := dec.Decode(record.Zstd, src, nil, size)
		if err == nil && int64(len(got)) != size {
			t.Errorf("got %d bytes, want %d", len(got), size)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	for _, n := range []int{2_000, 12_500, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			enc, err := codec.NewEncoder(record.Zstd)
			if err != nil {
				b.Fatal(err)
			}
			src := document(n, 9)
			var out []byte
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				out, _ = enc.Encode(src, out)
			}
			b.ReportMetric(float64(len(src))/float64(len(out)), "ratio")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, n := range []int{2_000, 12_500, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			enc, err := codec.NewEncoder(record.Zstd)
			if err != nil {
				b.Fatal(err)
			}
			dec, err := codec.NewDecoder()
			if err != nil {
				b.Fatal(err)
			}
			defer dec.Close()
			src := document(n, 9)
			stored, used := enc.Encode(src, nil)
			var out []byte
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				if out, err = dec.Decode(used, stored, out, int64(len(src))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
