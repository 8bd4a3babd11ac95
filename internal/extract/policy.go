package extract

import (
	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// policies names for each kind the rules behind its stamps and fingerprints: those of
// the catalogue and what is redacted before a fingerprint is made.
func policies(c config.Config) (map[record.Kind]int, error) {
	var redacted map[record.Kind][]string
	if c.Stages.Redact.Enabled {
		var err error
		if redacted, err = stages.SecretMembers(c.Stages.Redact.Paths); err != nil {
			return nil, err
		}
	}
	all := make(map[record.Kind]int)
	for _, kind := range catalogue.All() {
		all[kind.Name] = kind.Policy(redacted[kind.Name])
	}
	return all, nil
}
