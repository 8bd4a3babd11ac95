package sqlite

import (
	"database/sql/driver"

	"github.com/lookervault/lookervault/internal/record"
)

// takenBack marks the restore that a complete undo took back, and what it entered into
// the map of ids. Where that was an undo itself, the restore before it counts again.
func (r *Restore) takenBack(undo *restoreRow) error {
	if undo.Purpose != record.UndoPurpose || undo.State != record.RestoreComplete || undo.Of == 0 {
		return nil
	}
	of, err := r.revalue(undo.Of, record.RestoreUndone, record.MapUndone)
	if err != nil || of.Purpose != record.UndoPurpose || of.Of == 0 {
		return err
	}
	state, err := r.ended(of.Of)
	if err != nil {
		return err
	}
	_, err = r.revalue(of.Of, state, record.MapLive)
	return err
}

// revalue gives a restore a state, and what it entered into the map of ids another one.
func (r *Restore) revalue(id int64, state record.RestoreState, mapped string) (*restoreRow, error) {
	of, err := r.file.restore(id)
	if err != nil {
		return nil, err
	}
	of.State = state
	if err := r.file.putRestore(of); err != nil {
		return nil, err
	}
	names := map[int64]string{of.source: of.Source, of.target: of.Target}
	var entered []record.Mapping
	err = r.file.conn.each(`SELECT * FROM id_map WHERE restore = +? AND state IN ('live', 'undone')`, func(row []driver.Value) error {
		m, err := scanMapping(row, names, &r.file.sum)
		entered = append(entered, m)
		return err
	}, id)
	if err != nil {
		return nil, err
	}
	for _, m := range entered {
		m.State = mapped
		if err := r.putMapping(m); err != nil {
			return nil, err
		}
	}
	return of, nil
}

// ended is the state in which a restore ended, from what became of its actions.
func (r *Restore) ended(id int64) (record.RestoreState, error) {
	open, err := r.file.conn.number(`SELECT count(*) FROM restore_actions WHERE restore = +?
		AND (state NOT IN ('done', 'same', 'skipped') OR checked IN ('different', 'missing'))`, id)
	if err != nil || open > 0 {
		return record.RestorePartial, err
	}
	return record.RestoreComplete, nil
}
