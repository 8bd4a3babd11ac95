package record

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// MaxID is how many bytes an id may have. The longest that Looker makes, model and
// explore of a LookML project, have a tenth of that.
const MaxID = 1024

// keptOfID is how many bytes are kept of an id that is longer than MaxID.
const keptOfID = 64

// FollowableID returns the id of a reference in a form that can be asked for, logged and
// stored. Bytes that are no UTF-8 text, and NULs, become U+FFFD. Of an id longer than MaxID
// it keeps the start, and a sum that tells it from others. No document has such an id, so
// the reference is dangling.
func FollowableID(id string) string {
	const unknown = "\uFFFD"
	whole := id
	if len(id) > MaxID {
		id = id[:keptOfID]
	}
	id = strings.ReplaceAll(strings.ToValidUTF8(id, unknown), "\x00", unknown)
	if len(whole) > MaxID {
		sum := sha256.Sum256([]byte(whole))
		id += fmt.Sprintf("%s%x", unknown, sum[:8])
	}
	return id
}
