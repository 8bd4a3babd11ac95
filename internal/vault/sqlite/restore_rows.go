package sqlite

import (
	"crypto/sha256"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"hash"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// restoreRow is a restore as its table holds it: instances by their row ids.
type restoreRow struct {
	record.Restore
	source, target int64
	actions        int64
}

// columns returns the values in the table's order without the checksum.
func (r *restoreRow) columns() ([]driver.Value, error) {
	notes := r.Notes
	if notes == nil {
		notes = []string{}
	}
	noted, err := json.Marshal(notes)
	if err != nil {
		return nil, err
	}
	return []driver.Value{r.ID, string(r.Purpose), nullable(r.Of), r.source, r.target, nullable(r.Look), nullable(r.Verdict),
		nullable(r.AsOf), string(r.Request), int64(r.WritePolicy), r.actions, r.Digest[:], string(r.State), r.CallerID, r.ToolVersion,
		millis(r.PlannedAt), nullable(millis(r.StartedAt)), nullable(millis(r.FinishedAt)), int64(r.Resumed), string(noted),
		flag(r.Released)}, nil
}

// planned is what the digest of a plan covers of its row.
func (r *restoreRow) planned() []any {
	return []any{r.ID, r.Purpose, r.Of, r.source, r.target, r.Look, r.AsOf, string(r.Request), r.WritePolicy, r.actions, r.CallerID,
		r.ToolVersion, millis(r.PlannedAt)}
}

// scanRestore reads a row that was selected with all columns in the table's order. One
// that is not as it was written is an ErrCorrupt.
func scanRestore(row []driver.Value, names instanceNames, sum *summer) (r restoreRow, err error) {
	if err := checkRow("restores", row, 1, sum); err != nil {
		return r, err
	}
	r.source, r.target, r.actions = integer(row[3]), integer(row[4]), integer(row[10])
	for _, id := range []int64{r.source, r.target} {
		if _, err := names.name(id, fmt.Sprintf("restore %d", integer(row[0]))); err != nil {
			return r, err
		}
	}
	r.Restore = record.Restore{
		ID: integer(row[0]), Purpose: record.Purpose(text(row[1])), Of: integer(row[2]),
		Source: names[r.source], Target: names[r.target],
		Look: integer(row[5]), Verdict: integer(row[6]), AsOf: integer(row[7]), Request: json.RawMessage(text(row[8])),
		WritePolicy: int(integer(row[9])), Digest: digest(row[11]), State: record.RestoreState(text(row[12])),
		CallerID: text(row[13]), ToolVersion: text(row[14]), PlannedAt: moment(integer(row[15])), StartedAt: moment(integer(row[16])),
		FinishedAt: moment(integer(row[17])), Resumed: int(integer(row[18])), Released: integer(row[20]) != 0,
	}
	return r, unpack("restores", row, text(row[19]), &r.Notes)
}

// checkRow compares a row with its checksum. keys is how many of its first columns name
// it.
func checkRow(table string, row []driver.Value, keys int, sum *summer) error {
	last := len(row) - 1
	if sum.begin(table, row[:last]...); !sum.is(row[last]) {
		return vault.DamageOf("", []vault.Finding{{Table: table, Key: keyOf(row[:keys]), Problem: "does not match its checksum"}})
	}
	return nil
}

// unpack reads a column of JSON; an empty list is nil.
func unpack[T any](table string, row []driver.Value, column string, to *[]T) error {
	if err := json.Unmarshal([]byte(column), to); err != nil {
		return vault.Damaged(err, "%s %v", table, row[0])
	}
	if len(*to) == 0 {
		*to = nil
	}
	return nil
}

// actionColumns returns the values of an action in the table's order without the
// checksum.
func actionColumns(restore int64, a *record.Action) ([]driver.Value, error) {
	changes, err := json.Marshal(listed(a.Changes))
	if err != nil {
		return nil, err
	}
	needs, err := json.Marshal(listed(a.Needs))
	if err != nil {
		return nil, err
	}
	errors, err := json.Marshal(listed(a.Errors))
	if err != nil {
		return nil, err
	}
	return []driver.Value{restore, int64(a.Seq), int64(a.Level), string(a.Kind), a.ID, string(a.Deed), nullable(a.Version), a.Target,
		nullable(a.Before), digestValue(a.Expect), a.Name, a.Place, string(changes), string(needs), a.Reason, int64(a.PlannedCalls),
		string(a.State), a.Class, int64(a.Status), int64(a.Attempts), a.Message, string(errors), int64(a.Calls), a.Checked,
		nullable(millis(a.At))}, nil
}

// listed is an empty list for nil, which is null in JSON.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// The columns of an action up to which its plan goes, and that of the id on the target.
const (
	actionPlanned = 16
	actionTarget  = 7
)

// plannedColumns is what the digest of a plan covers of an action, given its columns.
// The id of what the action creates is not known to the plan.
func plannedColumns(columns []driver.Value) []any {
	planned := make([]any, actionPlanned)
	for i, value := range columns[:actionPlanned] {
		planned[i] = value
		if sum, ok := value.([]byte); ok {
			planned[i] = digest(sum).String()
		}
	}
	if columns[5] == string(record.DeedCreate) {
		planned[actionTarget] = ""
	}
	return planned
}

func scanAction(row []driver.Value, sum *summer) (a record.Action, err error) {
	if err := checkRow("restore_actions", row, 2, sum); err != nil {
		return a, err
	}
	a = record.Action{
		Seq: int(integer(row[1])), Level: int(integer(row[2])), Ref: record.Ref{Kind: record.Kind(text(row[3])), ID: text(row[4])},
		Deed: record.Deed(text(row[5])), Version: integer(row[6]), Target: text(row[actionTarget]), Before: integer(row[8]),
		Expect: digest(row[9]), Name: text(row[10]), Place: text(row[11]), Reason: text(row[14]), PlannedCalls: int(integer(row[15])),
		State: record.ActionState(text(row[16])), Class: text(row[17]), Status: int(integer(row[18])), Attempts: int(integer(row[19])),
		Message: text(row[20]), Calls: int(integer(row[22])), Checked: text(row[23]), At: moment(integer(row[24])),
	}
	if err := unpack("restore_actions", row, text(row[12]), &a.Changes); err != nil {
		return a, err
	}
	for i := range a.Changes {
		a.Changes[i].Before, a.Changes[i].After = present(a.Changes[i].Before), present(a.Changes[i].After)
	}
	if err := unpack("restore_actions", row, text(row[13]), &a.Needs); err != nil {
		return a, err
	}
	return a, unpack("restore_actions", row, text(row[21]), &a.Errors)
}

// present is nil for a member that is null: it is not there.
func present(member json.RawMessage) json.RawMessage {
	if string(member) == "null" {
		return nil
	}
	return member
}

func stepColumns(s *record.Step) []driver.Value {
	return []driver.Value{s.Restore, int64(s.Seq), int64(s.Step), s.Route, s.Part, s.Item, digestValue(s.Intended), string(s.State),
		s.Target, millis(s.At)}
}

func scanStep(row []driver.Value, sum *summer) (record.Step, error) {
	if err := checkRow("restore_steps", row, 3, sum); err != nil {
		return record.Step{}, err
	}
	return record.Step{
		Restore: integer(row[0]), Seq: int(integer(row[1])), Step: int(integer(row[2])), Route: text(row[3]), Part: text(row[4]),
		Item: text(row[5]), Intended: digest(row[6]), State: record.StepState(text(row[7])), Target: text(row[8]), At: moment(integer(row[9])),
	}, nil
}

func mappingColumns(source, target int64, m *record.Mapping) []driver.Value {
	return []driver.Value{source, target, string(m.Kind), m.ID, m.TargetID, m.How, nullable(m.Restore), millis(m.At), m.State}
}

func scanMapping(row []driver.Value, names instanceNames, sum *summer) (record.Mapping, error) {
	if err := checkRow("id_map", row, 4, sum); err != nil {
		return record.Mapping{}, err
	}
	return record.Mapping{
		Source: names[integer(row[0])], Target: names[integer(row[1])], Ref: record.Ref{Kind: record.Kind(text(row[2])), ID: text(row[3])},
		TargetID: text(row[4]), How: text(row[5]), Restore: integer(row[6]), At: moment(integer(row[7])), State: text(row[8]),
	}, nil
}

// planSum computes the digest of a plan: the sha256 over what was planned as JSON, an
// array for the restore and one for each action in their order, each on a line.
type planSum struct{ hash hash.Hash }

func newPlanSum(r *restoreRow) (*planSum, error) {
	s := &planSum{sha256.New()}
	return s, s.add(r.planned())
}

func (s *planSum) add(columns []any) error {
	line, err := json.Marshal(columns)
	if err != nil {
		return fmt.Errorf("compute the digest of a plan: %w", err)
	}
	s.hash.Write(append(line, '\n'))
	return nil
}

func (s *planSum) digest() record.Digest { return record.Digest(s.hash.Sum(nil)) }
