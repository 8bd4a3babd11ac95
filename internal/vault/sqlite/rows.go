package sqlite

import (
	"database/sql/driver"
	"encoding/json"
	"strconv"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// The row types hold a row as its table does. columns returns the values in the
// table's order without the checksum; the scan functions read a row that was
// selected in the table's order.

type headRow struct {
	instance int64
	kind     record.Kind
	item     string
	state    record.State
	version  int64
	stamp    record.Digest
	policy   int64
	settled  int64
	broken   bool // it does not match its checksum, or its version is missing
}

func (h *headRow) columns() []driver.Value {
	return []driver.Value{h.instance, string(h.kind), h.item, string(h.state), h.version,
		digestValue(h.stamp), h.policy, h.settled}
}

func scanHead(row []driver.Value) headRow {
	return headRow{
		instance: integer(row[0]), kind: record.Kind(text(row[1])), item: text(row[2]),
		state: record.State(text(row[3])), version: integer(row[4]), stamp: digest(row[5]),
		policy: integer(row[6]), settled: integer(row[7]),
	}
}

type versionRow struct {
	id          int64
	instance    int64
	kind        record.Kind
	item        string
	state       record.State
	hash        record.Digest
	size        int64
	fingerprint record.Digest
	policy      int64
	firstRun    int64
	lastRun     int64 // 0 is null
	goneRun     int64 // 0 is null
	fetchedAt   int64
	route       string
	redacted    []string
	name        string
	folder      string
	owner       string
	updated     string
	refs        []record.Ref // in a table of their own, but part of the checksum; sorted
}

func (v *versionRow) columns() []driver.Value {
	return []driver.Value{v.id, v.instance, string(v.kind), v.item, string(v.state), v.hash[:], v.size,
		v.fingerprint[:], v.policy, v.firstRun, nullable(v.lastRun), nullable(v.goneRun), v.fetchedAt, v.route,
		redactedValue(v.redacted), v.name, v.folder, v.owner, v.updated}
}

func (v *versionRow) checksum(s *summer) []byte {
	columns := v.columns()
	for _, ref := range v.refs {
		columns = append(columns, string(ref.Kind), ref.ID)
	}
	return s.row("versions", columns...)
}

func scanVersion(row []driver.Value) versionRow {
	return versionRow{
		id: integer(row[0]), instance: integer(row[1]), kind: record.Kind(text(row[2])), item: text(row[3]),
		state: record.State(text(row[4])), hash: digest(row[5]), size: integer(row[6]), fingerprint: digest(row[7]),
		policy: integer(row[8]), firstRun: integer(row[9]), lastRun: integer(row[10]), goneRun: integer(row[11]),
		fetchedAt: integer(row[12]), route: text(row[13]), redacted: redacted(row[14]), name: text(row[15]),
		folder: text(row[16]), owner: text(row[17]), updated: text(row[18]),
	}
}

type runRow struct {
	id         int64
	instance   int64
	baseURL    string
	origin     string
	startedAt  int64
	finishedAt int64 // 0 is null
	outcome    record.Outcome
	full       bool
	scope      record.Scope
	callerID   string
	admin      *bool
	looker     string
	tool       string
	policy     int64
	config     []byte
	notes      []string
	resumed    int64
	pruned     bool
	digest     record.Digest
}

func (r *runRow) columns() ([]driver.Value, error) {
	scope, err := json.Marshal(r.scope)
	if err != nil {
		return nil, err
	}
	notes := r.notes
	if notes == nil {
		notes = []string{}
	}
	noted, err := json.Marshal(notes)
	if err != nil {
		return nil, err
	}
	var admin, config driver.Value
	if r.admin != nil {
		admin = flag(*r.admin)
	}
	if r.config != nil {
		config = string(r.config)
	}
	return []driver.Value{r.id, r.instance, r.baseURL, r.origin, r.startedAt, nullable(r.finishedAt),
		string(r.outcome), flag(r.full), string(scope), r.callerID, admin, r.looker, r.tool, r.policy, config,
		string(noted), r.resumed, flag(r.pruned), digestValue(r.digest)}, nil
}

// damagedRun is the damage of a run that does not match its checksum.
func damagedRun(row []driver.Value) error {
	return vault.DamageOf("", []vault.Finding{{Table: "runs", Key: strconv.FormatInt(integer(row[0]), 10), Problem: "does not match its checksum"}})
}

// scanRun reads a run. One that is not as it was written is an ErrCorrupt.
func scanRun(row []driver.Value, sum *summer) (runRow, error) {
	r, err := scanRunInBrief(row, sum)
	if err != nil {
		return r, err
	}
	return r, r.scanLists(row)
}

// scanRunInBrief is scanRun without what [runRow.scanLists] reads.
func scanRunInBrief(row []driver.Value, sum *summer) (runRow, error) {
	last := len(row) - 1
	if sum.begin("runs", row[:last]...); !sum.is(row[last]) {
		return runRow{id: integer(row[0])}, damagedRun(row)
	}
	r := runRow{
		id: integer(row[0]), instance: integer(row[1]), baseURL: text(row[2]), origin: text(row[3]),
		startedAt: integer(row[4]), finishedAt: integer(row[5]), outcome: record.Outcome(text(row[6])),
		full: integer(row[7]) != 0, callerID: text(row[9]), looker: text(row[11]), tool: text(row[12]),
		policy: integer(row[13]), config: blob(row[14]), resumed: integer(row[16]), pruned: integer(row[17]) != 0,
		digest: digest(row[18]),
	}
	if row[10] != nil {
		admin := integer(row[10]) != 0
		r.admin = &admin
	}
	return r, nil
}

// scanLists reads the scope and the notes of a run, which takes longer than all else.
func (r *runRow) scanLists(row []driver.Value) error {
	if err := json.Unmarshal([]byte(text(row[8])), &r.scope); err != nil {
		return vault.Damaged(err, "scope of run %d", r.id)
	}
	if err := json.Unmarshal([]byte(text(row[15])), &r.notes); err != nil {
		return vault.Damaged(err, "notes of run %d", r.id)
	}
	return nil
}

// countsColumns are the columns of run_kinds before its checksum.
func countsColumns(run int64, c *record.Counts) []driver.Value {
	return []driver.Value{run, string(c.Kind), string(c.Listing), c.Reason, c.Listed, c.New, c.Changed, c.Same,
		c.Trashed, c.Reappeared, c.Gone, c.Failed, c.Bytes, c.Stored}
}

// laterCounts are the columns of run_kinds behind its checksum.
func laterCounts(c *record.Counts) []driver.Value {
	var observed driver.Value
	if c.Observed != "" {
		observed = c.Observed
	}
	return []driver.Value{c.Dangling, c.Deferred, observed, c.Trusted, c.Dates.Moved, c.Dates.Stayed, flag(c.TrashRested), c.TrashDeferred}
}

// idsText is a JSON array of ids.
func idsText(ids []string) string {
	text, err := json.Marshal(ids)
	if err != nil || ids == nil {
		return "[]"
	}
	return string(text)
}

func scanCounts(row []driver.Value) record.Counts {
	return record.Counts{
		Kind: record.Kind(text(row[1])), Listing: record.Listing(text(row[2])), Reason: text(row[3]),
		Listed: integer(row[4]), New: integer(row[5]), Changed: integer(row[6]), Same: integer(row[7]),
		Trashed: integer(row[8]), Reappeared: integer(row[9]), Gone: integer(row[10]), Failed: integer(row[11]),
		Bytes: integer(row[12]), Stored: integer(row[13]), Dangling: integer(row[14]), Deferred: integer(row[15]),
		Trusted: integer(row[16]), Dates: record.Dates{Moved: integer(row[17]), Stayed: integer(row[18])},
		TrashRested: integer(row[19]) != 0, TrashDeferred: integer(row[20]),
	}
}

type faultRow struct {
	id       int64
	instance int64
	run      int64
	ref      record.Ref
	fault    record.Fault
	at       int64
	resolved int64 // 0 is null
}

func (f *faultRow) columns() []driver.Value {
	return []driver.Value{f.id, f.instance, f.run, string(f.ref.Kind), f.ref.ID, f.fault.Class,
		int64(f.fault.Status), int64(f.fault.Attempts), f.fault.Message, f.at, nullable(f.resolved)}
}

func scanFault(row []driver.Value) faultRow {
	return faultRow{
		id: integer(row[0]), instance: integer(row[1]), run: integer(row[2]),
		ref: record.Ref{Kind: record.Kind(text(row[3])), ID: text(row[4])},
		fault: record.Fault{Class: text(row[5]), Status: int(integer(row[6])), Attempts: int(integer(row[7])),
			Message: text(row[8])},
		at: integer(row[9]), resolved: integer(row[10]),
	}
}

func nullable(i int64) driver.Value {
	if i == 0 {
		return nil
	}
	return i
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func digest(v any) (d record.Digest) {
	copy(d[:], blob(v))
	return d
}

func digestValue(d record.Digest) driver.Value {
	if d.IsZero() {
		return nil
	}
	return d[:]
}

func redacted(v any) (paths []string) {
	if v == nil {
		return nil
	}
	// A damaged list is named by Verify; the document itself is still good.
	_ = json.Unmarshal([]byte(text(v)), &paths)
	return paths
}

func redactedValue(paths []string) driver.Value {
	if len(paths) == 0 {
		return nil
	}
	// A list of strings cannot fail to marshal.
	list, _ := json.Marshal(paths)
	return string(list)
}

// Times are stored as milliseconds since 1970 in UTC, the zero time as 0.

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func callColumns(run int64, key callKey, calls int64) []driver.Value {
	return []driver.Value{run, key.month, key.class, key.route, calls}
}
