package codec_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
)

// TestEnds: a stored body ends where it says, and no other length of it does.
func TestEnds(t *testing.T) {
	dictionaries := codec.NewDictionaries(nil)
	for _, used := range []record.Codec{record.Plain, record.Zstd} {
		enc, _ := coders(t, used, dictionaries)
		for _, n := range []int{0, 1, 17, 600, 4096, 300_000, 9 << 20} {
			for name, src := range map[string][]byte{"text": document(n, 3), "noise": noise(n), "same": bytes.Repeat([]byte("a"), n)} {
				t.Run(fmt.Sprintf("%s/%s/%d", used, name, n), func(t *testing.T) {
					stored, kept, _ := enc.Encode("looks", src, nil)
					if err := codec.Ends(kept, stored, int64(len(src))); err != nil {
						t.Fatal(err)
					}
					for _, other := range [][]byte{stored[:max(0, len(stored)-1)], append(bytes.Clone(stored), 0), stored[:len(stored)/2]} {
						if len(other) == len(stored) {
							continue
						}
						if err := codec.Ends(kept, other, int64(len(src))); !errors.Is(err, codec.ErrDamaged) {
							t.Errorf("%d of %d bytes: %v, want ErrDamaged", len(other), len(stored), err)
						}
					}
					if err := codec.Ends(kept, stored, int64(len(src))+1); !errors.Is(err, codec.ErrDamaged) {
						t.Errorf("another size: %v, want ErrDamaged", err)
					}
				})
			}
		}
	}
	if err := codec.Ends("lzma", []byte("x"), 1); !errors.Is(err, codec.ErrUnknown) {
		t.Errorf("an unknown codec: %v, want ErrUnknown", err)
	}
}
