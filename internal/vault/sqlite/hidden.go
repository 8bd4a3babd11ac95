package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// mostCompared is how many documents of an answer are looked for in one pass over the
// table of versions. Of a larger answer every row is checked.
const mostCompared = 2000

// a versionsRead is what an answer about a span stands on: versions that indexes led to.
type versionsRead struct {
	documents map[record.Ref]bool
	versions  map[int64]bool
	events    int // changes that were met
	expected  int // those that the versions of the same documents tell of
}

func newVersionsRead() *versionsRead {
	return &versionsRead{documents: make(map[record.Ref]bool), versions: make(map[int64]bool)}
}

// add records a document and all its versions.
func (v *versionsRead) add(ref record.Ref, versions []vault.Entry) {
	if len(v.documents) > mostCompared {
		return
	}
	v.documents[ref] = true
	for _, e := range versions {
		v.versions[e.Version] = true
	}
}

// met records a change that was met in a run, of a document that changed in these
// runs. The newest comes first, and with it how many are to be met.
func (v *versionsRead) met(run int64, runs []int64) {
	v.events++
	if n := len(runs); n > 0 && run == runs[n-1] {
		v.expected += n
	}
}

// inFull reports whether every change was met of which a version tells.
func (v *versionsRead) inFull() bool { return v.events == v.expected }

// areTexts reports whether values are what a column of text holds.
func areTexts(values []driver.Value) bool {
	return !slices.ContainsFunc(values, func(value driver.Value) bool {
		_, ok := value.(string)
		return !ok
	})
}

// nothingHidden checks that an index or a damaged row has hidden no version from an answer
// about a span, which rows that are not read cannot tell. One pass over the table finds
// the versions of the span and those of its documents in another way; a damaged byte is in
// one of the two. It costs a twentieth of checking every row.
func (r *Reader) nothingHidden(ctx context.Context, q querier, instance int64, span vault.Span, read *versionsRead) error {
	if len(read.documents) > mostCompared {
		return r.CheckRows(ctx, vault.DocumentTables)
	}
	until := spanArgs(span, 0)[4].(int64)
	var either []string
	var args []any
	if span.ID == "" {
		either, args = []string{`first_run > ?1 AND first_run <= ?2 OR gone_run > ?1 AND gone_run <= ?2`}, []any{span.After, until}
	} else { // all versions of one document, whatever the moments of the span
		read.documents[record.Ref{Kind: span.Kind, ID: span.ID}] = true
	}
	if n := len(read.documents); n > 0 {
		either = append(either, `item IN (`+marks(n)+`)`)
	}
	for ref := range read.documents {
		args = append(args, ref.ID)
	}
	inSpan := func(run driver.Value) bool { return run != nil && integer(run) > span.After && integer(run) <= until }
	found, before := 0, int64(math.MinInt64)
	var others []int64 // versions that say that they are of another instance
	for row, err := range rowsDirect(ctx, q, `SELECT id, kind, item, first_run, gone_run, instance FROM versions NOT INDEXED WHERE `+
		strings.Join(either, ` OR `), args...) {
		if err != nil {
			return err
		}
		id, ref := integer(row[0]), record.Ref{Kind: record.Kind(text(row[1])), ID: text(row[2])}
		if id <= before {
			// A page whose list of rows is damaged has one of them twice, and another one not at all.
			return vault.Damaged(nil, "versions: row %d comes after row %d", id, before)
		}
		before = id
		asked := span.ID == "" && (span.Kind == "" || ref.Kind == span.Kind) && (inSpan(row[3]) || inSpan(row[4]))
		switch {
		case row[5] != instance:
			others = append(others, id)
		case !asked && !read.documents[ref]: // of another kind
		case !read.versions[id]:
			return vault.Damaged(nil, "versions %d (%s): is there, and no index leads to it", id, shown(ref))
		default:
			found++
		}
	}
	if found != len(read.versions) {
		return vault.Damaged(nil, "versions: indexes lead to %d of some documents, the table holds %d", len(read.versions), found)
	}
	if _, _, err := entriesOfVersions(ctx, q, instance, vault.Search{History: true}, others); err != nil {
		return err // one of them is damaged
	}
	return r.checkTables(ctx, vault.Tables{"pruned_versions"})
}

// nothingHiddenFrom checks that no index has versions which could not be read by their ids,
// and that the table holds the versions that an index has.
func nothingHiddenFrom(ctx context.Context, q querier, missing []int64) error {
	if len(missing) > 0 {
		list, err := json.Marshal(missing)
		if err != nil {
			return err
		}
		for row, err := range rows(ctx, q, `SELECT kind, item, id FROM versions INDEXED BY versions_item WHERE id IN (SELECT value FROM json_each(?))`, string(list)) {
			if err == nil {
				err = vault.Damaged(nil, "versions %d (%s): an index has it, and it cannot be read", integer(row[2]),
					shown(record.Ref{Kind: record.Kind(text(row[0])), ID: text(row[1])}))
			}
			return err
		}
	}
	const counted = `SELECT count(*), total(id) FROM versions `
	for row, err := range rows(ctx, q, `SELECT * FROM (`+counted+`NOT INDEXED), (`+counted+`INDEXED BY versions_item)`) {
		if err != nil {
			return err
		}
		if row[0] != row[2] || row[1] != row[3] {
			return vault.Damaged(nil, "versions: the table holds %d of them, an index %d, and they are not the same", integer(row[0]), integer(row[2]))
		}
	}
	return nil
}
