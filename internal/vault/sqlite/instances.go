package sqlite

import (
	"context"
	"fmt"
	"strings"

	"github.com/lookervault/lookervault/internal/vault"
)

// Instances lists the instances by name.
func (r *Reader) Instances(ctx context.Context) (list []vault.Instance, err error) {
	var sum summer
	for row, err := range rows(ctx, r.db, `SELECT id, name, base_url, created_at, checksum FROM instances ORDER BY name`) {
		if err == nil {
			if sum.begin("instances", row[:4]...); !sum.is(row[4]) {
				err = vault.Damaged(nil, "instances %d: does not match its checksum", integer(row[0]))
			}
		}
		if err != nil {
			return nil, classify(r.path, err)
		}
		list = append(list, vault.Instance{ID: integer(row[0]), Name: text(row[1]), BaseURL: text(row[2])})
	}
	return list, nil
}

// Resolve finds the instance of a name, and the only one when the name is empty.
// It returns ErrNotFound or ErrAmbiguous, with the names that there are.
func (r *Reader) Resolve(ctx context.Context, name string) (vault.Instance, error) {
	list, err := r.Instances(ctx)
	if err != nil {
		return vault.Instance{}, err
	}
	var names []string
	for _, i := range list {
		if i.Name == name || name == "" && len(list) == 1 {
			return i, nil
		}
		names = append(names, i.Name)
	}
	switch {
	case len(list) == 0:
		return vault.Instance{}, fmt.Errorf("%s holds no run yet: %w", r.path, vault.ErrNotFound)
	case name == "":
		return vault.Instance{}, fmt.Errorf("%w in %s, name one with --instance: %s", vault.ErrAmbiguous, r.path, strings.Join(names, ", "))
	}
	return vault.Instance{}, fmt.Errorf("instance %q: %w in %s, which holds %s", name, vault.ErrNotFound, r.path, strings.Join(names, ", "))
}

func instanceNames(ctx context.Context, q querier) (map[int64]string, error) {
	names := map[int64]string{}
	for row, err := range rows(ctx, q, `SELECT id, name FROM instances`) {
		if err != nil {
			return nil, err
		}
		names[integer(row[0])] = text(row[1])
	}
	return names, nil
}
