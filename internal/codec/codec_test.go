package codec_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
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

// coders are an encoder and a decoder for a test.
func coders(t testing.TB, c record.Codec, dictionaries *codec.Dictionaries) (*codec.Encoder, *codec.Decoder) {
	t.Helper()
	enc, err := codec.NewEncoder(c, dictionaries)
	if err != nil {
		t.Fatal(err)
	}
	dec, err := codec.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(dec.Close)
	return enc, dec
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
		enc, dec := coders(t, c, nil)
		var out, back []byte
		for _, n := range sizes {
			for name, src := range map[string][]byte{"text": document(n, 3), "noise": noise(n), "same": bytes.Repeat([]byte("a"), n)} {
				t.Run(fmt.Sprintf("%s/%s/%d", c, name, n), func(t *testing.T) {
					stored, used, _ := enc.Encode("looks", src, out)
					if used == record.Zstd {
						out = stored
						if len(stored) >= len(src) {
							t.Errorf("%d bytes grew to %d and were kept as zstd", len(src), len(stored))
						}
					}
					if name == "noise" && used != record.Plain {
						t.Errorf("noise is stored as %q, want plain", used)
					}
					got, err := dec.Decode(used, nil, stored, back, int64(len(src)))
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
	enc, err := codec.NewEncoder(record.Zstd, nil)
	if err != nil {
		t.Fatal(err)
	}
	stored, used, _ := enc.Encode("looks", src, nil)
	if used != record.Zstd || len(stored)*3 > len(src) {
		t.Errorf("%d bytes became %d as %q, want a third at most as zstd", len(src), len(stored), used)
	}
}

func TestDictionary(t *testing.T) {
	dictionaries := codec.NewDictionaries(nil)
	enc, dec := coders(t, record.Zstd, dictionaries)
	var without, with []int
	var made *record.Dictionary
	for i := range 40 {
		kind, src := record.Kind("looks"), document(2000, uint64(i))
		if i%2 > 0 {
			kind = "boards"
			src = bytes.ToUpper(src)
		}
		stored, used, dictionary := enc.Encode(kind, src, nil)
		got, err := dec.Decode(used, dictionary, stored, nil, int64(len(src)))
		if err != nil || !bytes.Equal(src, got) {
			t.Fatalf("%d: %v", i, err)
		}
		if dictionary == nil {
			without = append(without, len(stored))
			continue
		}
		with = append(with, len(stored))
		if dictionary.Kind != kind || dictionary.Hash != sha256.Sum256(dictionary.Text) || len(dictionary.Text) != 32<<10 {
			t.Fatalf("%s is encoded with %d bytes of %s", kind, len(dictionary.Text), dictionary.Kind)
		}
		made = dictionary
		if back, err := dec.Decode(used, nil, stored, nil, int64(len(src))); err == nil && bytes.Equal(src, back) {
			t.Errorf("%d needs no dictionary", i)
		}
	}
	// Documents of somewhat more than 2 KB: 16 make the dictionary of a kind.
	if len(without) != 32 || len(with) != 8 || slices.Max(with) >= slices.Min(without) {
		t.Errorf("%d without a dictionary, %d with one: %v and %v bytes", len(without), len(with), without, with)
	}
	if _, _, dictionary := enc.Encode("looks", document(100_000, 1), nil); dictionary != nil {
		t.Error("a large body is encoded with a dictionary")
	}
	again, err := codec.NewEncoder(record.Zstd, codec.NewDictionaries([]*record.Dictionary{made}))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, dictionary := again.Encode(made.Kind, document(2000, 99), nil); dictionary != made {
		t.Error("a dictionary of earlier is not used")
	}
}

// TestManyDictionaries: an encoder keeps a few of them ready, and knows all.
func TestManyDictionaries(t *testing.T) {
	enc, dec := coders(t, record.Zstd, codec.NewDictionaries(nil))
	for i := range 200 {
		kind := record.Kind(fmt.Sprint("kind", i*i%13))
		src := document(20_000, uint64(i%13))
		stored, used, dictionary := enc.Encode(kind, src, nil)
		if dictionary != nil && dictionary.Kind != kind {
			t.Fatalf("%s is encoded with the dictionary of %s", kind, dictionary.Kind)
		}
		if got, err := dec.Decode(used, dictionary, stored, nil, int64(len(src))); err != nil || !bytes.Equal(src, got) {
			t.Fatalf("%d: %v", i, err)
		}
	}
}

func TestUnknownCodec(t *testing.T) {
	if _, err := codec.NewEncoder("lzma", nil); !errors.Is(err, codec.ErrUnknown) {
		t.Errorf("NewEncoder: got %v, want ErrUnknown", err)
	}
	dec, err := codec.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	if _, err := dec.Decode("lzma", nil, []byte("x"), nil, 1); !errors.Is(err, codec.ErrUnknown) {
		t.Errorf("Decode: got %v, want ErrUnknown", err)
	}
}

func TestDecodeRefusesDamage(t *testing.T) {
	enc, err := codec.NewEncoder(record.Zstd, nil)
	if err != nil {
		t.Fatal(err)
	}
	src := bytes.Repeat([]byte("a"), 64<<20)
	bomb, _, _ := enc.Encode("looks", src, nil)
	text := document(3000, 5)
	small, _, _ := enc.Encode("looks", text, nil)
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
			got, err := dec.Decode(tt.codec, nil, tt.src, nil, tt.size)
			if !errors.Is(err, codec.ErrDamaged) {
				t.Errorf("got %d bytes and %v, want ErrDamaged", len(got), err)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	enc, err := codec.NewEncoder(record.Zstd, nil)
	if err != nil {
		f.Fatal(err)
	}
	small, _, _ := enc.Encode("looks", document(600, 2), nil)
	f.Add(small, int64(600))
	f.Add([]byte{}, int64(0))
	dec, err := codec.NewDecoder()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, src []byte, size int64) {
		size = min(size, 1<<20)
		got, err := dec.Decode(record.Zstd, nil, src, nil, size)
		if err == nil && int64(len(got)) != size {
			t.Errorf("got %d bytes, want %d", len(got), size)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	for _, n := range []int{2_000, 12_500, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			enc, err := codec.NewEncoder(record.Zstd, nil)
			if err != nil {
				b.Fatal(err)
			}
			src := document(n, 9)
			var out []byte
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				out, _, _ = enc.Encode("looks", src, out)
			}
			b.ReportMetric(float64(len(src))/float64(len(out)), "ratio")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, n := range []int{2_000, 12_500, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			enc, dec := coders(b, record.Zstd, nil)
			src := document(n, 9)
			stored, used, _ := enc.Encode("looks", src, nil)
			var out []byte
			var err error
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				if out, err = dec.Decode(used, nil, stored, out, int64(len(src))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
