package vault

import "github.com/mattn/go-sqlite3"

// SQLiteVersion is the version of the SQLite that is compiled in, like "3.50.4".
func SQLiteVersion() string {
	version, _, _ := sqlite3.Version()
	return version
}
