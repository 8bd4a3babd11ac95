package sqlite

import (
	"context"
	"errors"
	"os"
)

// copyPages is how many pages are copied before a context is looked at: 16 MB.
const copyPages = 1024

// CopyTo copies the vault, as it is now, into a new file that only its owner can read,
// also while a run writes to it.
func (r *Reader) CopyTo(ctx context.Context, path string) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return doing("copy the vault", err)
	}
	how := []string{"mode=ro", "_query_only=1", "_busy_timeout=10000"}
	if r.alone {
		how = append(how, "immutable=1")
	}
	from, err := connect(uri(r.file, how...))
	if err != nil {
		return doing("copy the vault", classify(r.path, err))
	}
	defer func() { err = errors.Join(err, from.close()) }()
	to, err := connect(uri(path, "mode=rw"))
	if err != nil {
		return doing("copy the vault", classify(path, err))
	}
	defer func() { err = errors.Join(err, to.close()) }()
	backup, err := to.raw.Backup("main", from.raw, "main")
	if err != nil {
		return doing("copy the vault", classify(r.path, err))
	}
	for done := false; !done && err == nil; {
		if done, err = backup.Step(copyPages); err == nil {
			err = ctx.Err()
		}
	}
	return doing("copy the vault", classify(r.path, errors.Join(err, backup.Finish())))
}
