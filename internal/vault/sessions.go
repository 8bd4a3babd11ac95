package vault

import (
	"context"
	"database/sql/driver"
	"encoding/json"

	"github.com/lookervault/lookervault/internal/record"
)

// putSession keeps what a process measured of the run, if it did.
func (tx *transaction) putSession(session *record.Session) error {
	if session == nil {
		return nil
	}
	measured, err := json.Marshal(session)
	if err != nil {
		return err
	}
	n, err := tx.w.conn.number(`SELECT count(*) + 1 FROM run_sessions WHERE run = ?`, tx.run)
	if err != nil {
		return err
	}
	columns := []driver.Value{tx.run, n, string(measured)}
	return tx.w.conn.run(`INSERT INTO run_sessions VALUES (?,?,?,?)`, append(columns, tx.w.sum.row("run_sessions", columns...))...)
}

// addSessions reads what was measured of the runs of a list.
func addSessions(ctx context.Context, q querier, list []record.Run, index map[int64]int, which string, args []any) error {
	for row, err := range rows(ctx, q, `SELECT run, measured FROM run_sessions WHERE run IN `+which+` ORDER BY run, session`, args...) {
		if err != nil {
			return err
		}
		var session record.Session
		if err := json.Unmarshal([]byte(text(row[1])), &session); err != nil {
			return damaged(err, "what was measured of run %d", integer(row[0]))
		}
		run := &list[index[integer(row[0])]]
		run.Sessions = append(run.Sessions, session)
	}
	return nil
}
