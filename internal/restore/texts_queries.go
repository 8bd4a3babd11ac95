package restore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// A query never changes. One whose texts lead elsewhere by now is another query: it is made,
// and what names the old one names the new one.

// ledPrefix begins what stands for the id of a query that is still to be made, since its texts
// lead elsewhere than those of the backup's. The rest tells its text.
const ledPrefix = "led:"

// leading rewrites the addresses in the texts of a body that is to be written.
func (a *applier) leading(w *catalogue.Write, body []byte, resolve canon.Resolver) ([]byte, error) {
	rewritten, _, err := canon.Addresses{Hosts: a.request.Hosts, Resolve: resolve, Renamed: func(body []byte) string {
		sum := sha256.Sum256(body)
		return ledPrefix + hex.EncodeToString(sum[:16])
	}}.Document(w, body)
	return rewritten, err
}

// makeLed makes the queries of a document or part whose texts lead elsewhere, each once. The
// server gives the same id to the same query.
func (t *task) makeLed(ctx context.Context, w *catalogue.Write, body []byte) error {
	nested, err := canon.NestedIn(w, body)
	if err != nil {
		return err
	}
	for _, n := range nested {
		if !strings.HasPrefix(n.ID, ledPrefix) || t.remade(n.Ref) {
			continue
		}
		if err := t.remakeOnce(ctx, n.Ref, n.Body); err != nil {
			return err
		}
	}
	return nil
}

// ledItself is a [canon.Resolver] for what has the ids of the instance, but for queries that
// were made since their texts lead elsewhere.
func (t *task) ledItself(kind record.Kind, id string) (string, bool) {
	if strings.HasPrefix(id, ledPrefix) {
		return t.applier.resolve(kind, id)
	}
	return canon.Itself(kind, id)
}
