package sqlite

import (
	"database/sql/driver"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// selectSnapshot needs no sort: the key of heads has this order.
const selectSnapshot = `SELECT h.kind, h.item, h.state, v.hash FROM heads h CROSS JOIN versions v ON v.id = h.version
	WHERE h.instance = +? AND h.state <> 'gone' ORDER BY h.kind, h.item`

// addTo adds the rows of selectSnapshot to a snapshot.
func addTo(s *vault.Snapshot) func(row []driver.Value) error {
	return func(row []driver.Value) error {
		s.Add(record.Ref{Kind: record.Kind(text(row[0])), ID: text(row[1])}, record.State(text(row[2])), digest(row[3]))
		return nil
	}
}
