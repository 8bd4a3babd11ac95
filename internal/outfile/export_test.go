package outfile

import (
	"context"
	"io/fs"
)

// CannotReplace is cannotReplace for tests.
func CannotReplace(err error) bool { return cannotReplace(err) }

// WriteRenaming is Write with a function that renames files.
func WriteRenaming(ctx context.Context, path string, data []byte, perm fs.FileMode, rename func(from, to string) error) error {
	return write(ctx, path, data, perm, rename)
}
