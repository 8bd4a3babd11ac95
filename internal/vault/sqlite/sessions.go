package sqlite

import (
	"context"
	"database/sql/driver"
	jsonv1 "encoding/json"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// putSession keeps what a process measured of the run, in the place of what its
// commits left. One that measured nothing leaves nothing.
func (tx *transaction) putSession(session *record.Session) error {
	if session != nil {
		return tx.writeSession(session)
	}
	if tx.session == 0 {
		return nil
	}
	return tx.w.conn.run(`DELETE FROM run_sessions WHERE run = +? AND session = +?`, tx.run, tx.session)
}

// putUnfinished keeps how long the process has worked on the run. Of one that is
// killed that is what stays: its time up to its last commit.
func (tx *transaction) putUnfinished() error {
	took := max(tx.w.options.Now().Sub(tx.w.start.At), 0)
	return tx.writeSession(&record.Session{Began: tx.w.start.At.UTC(), Seconds: took.Round(time.Millisecond).Seconds(), Unfinished: true})
}

// writeSession writes the session of this process, which gets its number when it is
// written first.
func (tx *transaction) writeSession(session *record.Session) error {
	measured, err := jsonv1.Marshal(session)
	if err != nil {
		return err
	}
	if tx.session == 0 {
		tx.session, err = tx.w.conn.number(`SELECT coalesce(max(session), 0) + 1 FROM run_sessions WHERE run = +?`, tx.run)
		if err != nil {
			return err
		}
	}
	columns := []driver.Value{tx.run, tx.session, string(measured)}
	_, err = tx.w.q.putSession.exec(append(columns, tx.w.sum.row("run_sessions", columns...))...)
	return err
}

// How the JSON of sessions is read, of which a run of an hour has 10 kB: asWritten takes what
// encoding/json takes, which wrote it, in a quarter of the time; inBrief leaves the lists out.
var (
	asWritten = json.JoinOptions(json.MatchCaseInsensitiveNames(true), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	inBrief   = json.JoinOptions(asWritten, json.WithUnmarshalers(json.JoinUnmarshalers(
		json.UnmarshalFromFunc(leaveOut[[]record.StageUse]),
		json.UnmarshalFromFunc(leaveOut[[]record.KindUse]),
		json.UnmarshalFromFunc(leaveOut[[]record.Sample]),
	)))
)

func leaveOut[T any](decoder *jsontext.Decoder, _ *T) error { return decoder.SkipValue() }

// addSessions reads what was measured of the runs of a list.
func addSessions(ctx context.Context, q querier, list []record.Run, index map[int64]int, measured json.Options, which string, args []any) error {
	for row, err := range rowsDirect(ctx, q, `SELECT run, measured FROM run_sessions WHERE run IN `+which+` ORDER BY run, session`, args...) {
		if err != nil {
			return err
		}
		var session record.Session
		if err := json.Unmarshal([]byte(text(row[1])), &session, measured); err != nil {
			return vault.Damaged(err, "what was measured of run %d", integer(row[0]))
		}
		if i, ok := index[integer(row[0])]; ok {
			list[i].Sessions = append(list[i].Sessions, session)
		}
	}
	return nil
}
