package vault

import (
	"context"
	"database/sql/driver"
	"encoding/json"

	"github.com/lookervault/lookervault/internal/record"
)

// mostCompared is how many documents of an answer are looked for in one pass over the
// table of versions. Of a larger answer every row is checked.
const mostCompared = 2000

// a versionsRead is what an answer about a span stands on: versions that indexes led to.
type versionsRead struct {
	documents map[record.Ref]bool
	versions  map[int64]bool
}

func newVersionsRead() *versionsRead {
	return &versionsRead{documents: make(map[record.Ref]bool), versions: make(map[int64]bool)}
}

// add takes note of a document and all its versions.
func (v *versionsRead) add(ref record.Ref, versions []Entry) {
	if len(v.documents) > mostCompared {
		return
	}
	v.documents[ref] = true
	for _, e := range versions {
		v.versions[e.Version] = true
	}
}

// nothingHidden checks that an index or a damaged row has hidden no version from an answer
// about a span, which rows that are not read cannot tell. One pass over the table finds
// the versions of the span and those of its documents in another way; a damaged byte is in
// one of the two. It costs a twentieth of checking every row.
func (r *Reader) nothingHidden(ctx context.Context, q querier, instance int64, span Span, read *versionsRead) error {
	if len(read.documents) > mostCompared {
		return r.CheckRows(ctx, DocumentTables)
	}
	args := []any{instance, span.After, span.args(0)[4]}
	for ref := range read.documents {
		args = append(args, ref.ID)
	}
	among := ""
	if more := len(read.documents); more > 0 {
		among = ` OR item IN (` + marks(more) + `)`
	}
	inSpan := func(run driver.Value) bool {
		return run != nil && integer(run) > span.After && integer(run) <= span.args(0)[4].(int64)
	}
	found := 0
	for row, err := range rowsDirect(ctx, q, `SELECT id, kind, item, first_run, gone_run FROM versions NOT INDEXED WHERE instance = ?
		AND (first_run > ?2 AND first_run <= ?3 OR gone_run > ?2 AND gone_run <= ?3`+among+`)`, args...) {
		if err != nil {
			return err
		}
		ref := record.Ref{Kind: record.Kind(text(row[1])), ID: text(row[2])}
		asked := (span.Kind == "" || ref.Kind == span.Kind) && (inSpan(row[3]) || inSpan(row[4]))
		if !asked && !read.documents[ref] {
			continue // of another kind
		}
		if found++; !read.versions[integer(row[0])] {
			return damaged(nil, "versions %d (%s): is there, and no index leads to it", integer(row[0]), shown(ref))
		}
	}
	if found != len(read.versions) {
		return damaged(nil, "versions: indexes lead to %d of some documents, the table holds %d", len(read.versions), found)
	}
	return r.checkTables(ctx, Tables{"pruned_versions"})
}

// nothingHiddenFrom checks that no index has versions which could not be read by their ids,
// and that the table holds as many versions as an index.
func nothingHiddenFrom(ctx context.Context, q querier, missing []int64) error {
	if len(missing) > 0 {
		list, err := json.Marshal(missing)
		if err != nil {
			return err
		}
		for row, err := range rows(ctx, q, `SELECT kind, item, id FROM versions INDEXED BY versions_item WHERE id IN (SELECT value FROM json_each(?))`, string(list)) {
			if err == nil {
				err = damaged(nil, "versions %d (%s): an index has it, and it cannot be read", integer(row[2]),
					shown(record.Ref{Kind: record.Kind(text(row[0])), ID: text(row[1])}))
			}
			return err
		}
	}
	for row, err := range rows(ctx, q, `SELECT (SELECT count(*) FROM versions NOT INDEXED), (SELECT count(*) FROM versions INDEXED BY versions_item)`) {
		if err != nil {
			return err
		}
		if row[0] != row[1] {
			return damaged(nil, "versions: the table holds %d of them, an index %d", integer(row[0]), integer(row[1]))
		}
	}
	return nil
}
