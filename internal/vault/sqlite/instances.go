package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/lookervault/lookervault/internal/vault"
)

// Instances lists the instances by name. Where some are damaged or lost, the error that
// comes with the others says so: an ErrCorrupt.
func (r *Reader) Instances(ctx context.Context) (list []vault.Instance, err error) {
	var sum summer
	var unreadable error
	for row, err := range rows(ctx, r.db, `SELECT id, name, base_url, created_at, checksum FROM instances ORDER BY name`) {
		if err != nil {
			return nil, classify(r.path, err)
		}
		if sum.begin("instances", row[:4]...); !sum.is(row[4]) {
			unreadable = cmp.Or(unreadable, error(vault.Damaged(nil, "instances %d: does not match its checksum", integer(row[0]))))
			continue
		}
		list = append(list, vault.Instance{ID: integer(row[0]), Name: text(row[1]), BaseURL: text(row[2])})
	}
	_, err = allInstanceNames(ctx, r.db)
	return list, classify(r.path, cmp.Or(unreadable, err))
}

// Resolve finds the instance of a name, and the only one when the name is empty.
// It returns ErrNotFound or ErrAmbiguous, with the names that there are, and an ErrCorrupt
// where damage may have taken the one that is asked for.
func (r *Reader) Resolve(ctx context.Context, name string) (vault.Instance, error) {
	list, err := r.Instances(ctx)
	for _, i := range list {
		if i.Name == name {
			return i, nil
		}
	}
	if err != nil {
		return vault.Instance{}, err
	}
	if name == "" && len(list) == 1 {
		return list[0], nil
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

// instanceNames are the names of instances by their row ids.
type instanceNames map[int64]string

func readInstanceNames(ctx context.Context, q querier) (instanceNames, error) {
	names := instanceNames{}
	for row, err := range rows(ctx, q, `SELECT id, name FROM instances`) {
		if err != nil {
			return nil, err
		}
		names[integer(row[0])] = text(row[1])
	}
	return names, nil
}

// name is the name of the instance that a sound row belongs to, or an ErrCorrupt where that
// was lost. Of nil, no names were read, it is "".
func (n instanceNames) name(id int64, row string) (string, error) {
	name, ok := n[id]
	if !ok && n != nil {
		return "", vault.DamageOf("", []vault.Finding{{Table: "instances", Key: strconv.FormatInt(id, 10), Problem: "is missing, but " + row + " belongs to it"}})
	}
	return name, nil
}

// allInstanceNames is readInstanceNames, or an ErrCorrupt where a run belongs to an
// instance that is not there: without it the vault would look as if it held nothing of that
// instance. Damaged runs may belong to any; whoever reads them says so.
func allInstanceNames(ctx context.Context, q querier) (instanceNames, error) {
	names, err := readInstanceNames(ctx, q)
	if err != nil {
		return nil, err
	}
	var sum summer
	for row, err := range rows(ctx, q, selectRuns+` WHERE instance NOT IN (SELECT id FROM instances)`) {
		if err != nil {
			return nil, err
		}
		run, err := scanRun(row, &sum)
		if err != nil {
			continue
		}
		if _, err := names.name(run.instance, fmt.Sprintf("run %d", run.id)); err != nil {
			return nil, err
		}
	}
	return names, nil
}
