package sqlite

import (
	"database/sql/driver"
	"fmt"
)

// plans compares the plans of restores with their digests.
func (v *verifier) plans() error {
	var all []restoreRow
	err := v.each(func(row []driver.Value) error {
		if r, err := scanRestore(row, nil, &v.sum); err == nil { // else it is found already
			all = append(all, r)
		}
		return nil
	}, `SELECT * FROM restores`)
	if err != nil {
		return err
	}
	for i := range all {
		r := &all[i]
		sum, err := newPlanSum(r)
		if err != nil {
			return err
		}
		actions := int64(0)
		err = v.each(func(row []driver.Value) error {
			actions++
			return sum.add(plannedColumns(row))
		}, `SELECT * FROM restore_actions WHERE restore = +? ORDER BY seq`, r.ID)
		if err != nil {
			return err
		}
		if sum.digest() != r.Digest || actions != r.actions {
			v.found("restores", fmt.Sprint(r.ID), "its plan does not match its digest")
		}
	}
	return nil
}
