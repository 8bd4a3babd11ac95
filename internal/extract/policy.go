package extract

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
)

// policy is the version of the rules behind stamps and fingerprints: those of
// the catalogue and what is redacted before a fingerprint is made.
func policy(c config.Config) int {
	if !c.Stages.Redact.Enabled {
		return catalogue.Policy
	}
	paths := slices.Clone(c.Stages.Redact.Paths)
	slices.Sort(paths)
	sum := sha256.Sum256(fmt.Appendf(nil, "%d redact %q", catalogue.Policy, paths))
	return int(binary.BigEndian.Uint32(sum[:]) >> 1)
}
