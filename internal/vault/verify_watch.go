package vault

import (
	"database/sql/driver"
	"encoding/binary"
	"math"
	"regexp"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
)

// VerifyOptions say how much of a vault is verified, and who watches.
type VerifyOptions struct {
	// Sample is the share of bodies that are read, above 0 and up to 1; 0 means all of
	// them. Rows are always checked.
	Sample float64
	// Turn chooses which share it is: the turns 0, 1, 2... go round all bodies.
	Turn int64
	// Progress is told how many bytes of bodies were read of how many, as they came. It
	// is called from the goroutine that verifies.
	Progress func(done, total int64)
	// Body is told each body that was read and is sound, from the same goroutine. The
	// bytes are good until it returns.
	Body func(hash record.Digest, body []byte)
}

// bodyWatch counts the bodies of a verification and chooses its sample.
type bodyWatch struct {
	options     VerifyOptions
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

// String is the finding in one line.
func (f Finding) String() string {
	where := strings.TrimSpace(f.Table + " " + f.Key)
	if where == "" {
		return f.Problem
	}
	return where + ": " + f.Problem
}

// documentIn finds the document that the key of a finding names.
var documentIn = map[string]*regexp.Regexp{
	"heads":           regexp.MustCompile(`^(?:\d+/)?([a-z_]+)/(.*)$`),
	"pruned_versions": regexp.MustCompile(`^\d+/([a-z_]+)/(.*)$`),
	"versions":        regexp.MustCompile(`\(([a-z_]+)/(.*)\)$`),
	"bodies":          regexp.MustCompile(`^([a-z_]+)/(.*) [0-9a-f]{64}$`),
}

// Document returns the document that a finding is about; the zero value where it is not
// about one, or nobody can tell.
func (f Finding) Document() record.Ref {
	pattern := documentIn[f.Table]
	if pattern == nil {
		return record.Ref{}
	}
	found := pattern.FindStringSubmatch(strings.TrimSpace(f.Key))
	if found == nil {
		return record.Ref{}
	}
	return record.Ref{Kind: record.Kind(found[1]), ID: found[2]}
}
