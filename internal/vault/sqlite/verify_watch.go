package sqlite

import (
	"database/sql/driver"
	"encoding/binary"
	"math"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// bodyWatch counts the bodies of a verification and chooses its sample.
type bodyWatch struct {
	options     vault.VerifyOptions
	done, total int64
}

func (v *verifier) watchBodies() (*bodyWatch, error) {
	w := &bodyWatch{options: v.options}
	if w.options.Progress == nil {
		return w, nil
	}
	return w, v.each(func(row []driver.Value) error {
		w.total = integer(row[0])
		return nil
	}, `SELECT coalesce(sum(size), 0) FROM bodies`)
}

// next reports whether a body is to be read.
func (w *bodyWatch) next(hash record.Digest, row []driver.Value) bool {
	if w.options.Progress != nil {
		// The size is the third of the columns of a body, behind its hash.
		if size, ok := row[3].(int64); ok {
			w.done += size
		}
		w.options.Progress(w.done, w.total)
	}
	share := w.options.Sample
	if share <= 0 || share >= 1 {
		return true
	}
	place := float64(binary.BigEndian.Uint32(hash[:4])) / (1 << 32)
	from := math.Mod(float64(w.options.Turn)*share, 1)
	return math.Mod(place-from+1, 1) < share
}
