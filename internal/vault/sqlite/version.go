package sqlite

import (
	"github.com/mattn/go-sqlite3"
)

// Version is the version of the SQLite that is compiled in, like "3.50.4".
func Version() string {
	version, _, _ := sqlite3.Version()
	return version
}
