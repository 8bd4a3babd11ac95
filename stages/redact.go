package stages

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/budget"
	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// Secrets are the members that are redacted, per kind. The zero value redacts
// nothing.
type Secrets map[record.Kind]*canon.Secrets

// SecretMembers returns the members that are redacted, by kind: those that the
// catalogue names and some more. Each of those begins with a kind, or a star for all
// of them: "looks.public_url", "*.embed_url".
func SecretMembers(paths []string) (map[record.Kind][]string, error) {
	byKind := make(map[record.Kind][]string)
	for _, kind := range catalogue.All() {
		byKind[kind.Name] = slices.Clone(kind.Secrets)
	}
	for _, path := range paths {
		name, member, ok := strings.Cut(path, ".")
		_, known := catalogue.Find(record.Kind(name))
		switch {
		case !ok || member == "" || name != "*" && !known:
			return nil, fmt.Errorf("redact.paths: %q: want KIND.MEMBER, as looks.public_url or *.embed_url", path)
		case name == "*":
			for kind := range byKind {
				byKind[kind] = append(byKind[kind], member)
			}
		default:
			byKind[record.Kind(name)] = append(byKind[record.Kind(name)], member)
		}
	}
	return byKind, nil
}

// NewSecrets makes the members of [SecretMembers] ready.
func NewSecrets(paths []string) (Secrets, error) {
	byKind, err := SecretMembers(paths)
	if err != nil {
		return nil, err
	}
	secrets := make(Secrets)
	for kind, members := range byKind {
		secrets[kind] = canon.CompileSecrets(members)
	}
	return secrets, nil
}

// Redact is an optional stage between fetch and serialize: it replaces secret
// values by a marker before anything is hashed or stored, and notes their paths
// on the item. All other bytes stay as they are.
func Redact(workers, buffer int, secrets Secrets) pipeline.Stage[record.Item, record.Item] {
	return pipeline.Stage[record.Item, record.Item]{
		Name: "redact", Workers: workers, Buffer: buffer,
		New: pipeline.Shared(func(_ context.Context, item record.Item, emit pipeline.Emit[record.Item]) error {
			if item.Body != nil {
				redacted, paths := secrets[item.Kind].Redact(item.Body)
				if len(paths) > 0 {
					item.Lease.Resize(budget.Load{Bytes: int64(len(redacted)), Items: 1})
					item.Body, item.Redacted = redacted, paths
					item.Read = nil // of another body
				}
			}
			return emit(item)
		}),
	}
}
