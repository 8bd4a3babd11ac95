package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// examine holds every row of an answer against what is known of the kind: the members
// that its neighbours have, and those that the stored version of the same document
// has. A row that lacks one, or has null where they have an array or object, is
// compared with its document alone, and so is one of those that have the longest arrays
// where lists seem to cut them off. It returns the rows that may be stored and those
// whose documents have to be fetched; the verdict is poor when a row was found to be
// poorer than its document.
//
// Rows of one list can differ, so good comparisons of other rows do not speak for one
// that is poorer than its neighbours. No call is made where rows are alike, or where
// documents have one thing or another: [shapes.suspicion] says which rows those are. A row that
// later answers show to be poorer than most is fetched alone when everything is committed.
func (t *task) examine(ctx context.Context, found []matched) (good []matched, doubtful []record.Listed, v verdict, err error) {
	if t.kind.Detail.IsZero() {
		return found, nil, rich, nil
	}
	t.observe(found)
	suspects, err := t.suspects(ctx, found)
	if err != nil {
		return found, nil, rich, err
	}
	suspects = withAll(suspects, t.likelyCut(found))
	suspects = t.withShort(suspects, t.likelyShort(found))
	suspects = withAll(suspects, t.disagreeing(found))
	suspects = withAll(suspects, t.firstNew(found))
	if len(suspects) == 0 {
		t.Ledger.Unclear(t.kind.Name, t.late(found)...)
		return found, nil, rich, nil
	}
	verdicts, err := t.compareAll(ctx, suspects)
	if err != nil {
		return nil, nil, unknown, err
	}
	good = make([]matched, 0, len(found))
	var untold, uncompared []matched
	for _, m := range found {
		switch v, suspect := verdicts[m.want.ID]; {
		case !suspect:
			good, uncompared = append(good, m), append(uncompared, m)
		case v == rich:
			t.speaks(m)
			good = append(good, m)
		case v == poor:
			t.judge(m.want.ID, poor)
			return nil, nil, poor, nil
		default:
			doubtful, untold = append(doubtful, m.want), append(untold, m)
		}
	}
	for _, m := range untold {
		var more []record.Listed
		if good, more, v, err = t.standIns(ctx, found, good, m); err != nil || v != rich {
			return nil, nil, v, err
		}
		doubtful = append(doubtful, more...)
	}
	t.Ledger.Unclear(t.kind.Name, t.late(uncompared)...)
	return good, doubtful, rich, nil
}

// disagreeing returns new rows whose parts name others that they lack: of such rows the first, and
// then fewer and fewer, since some documents may be so.
func (t *task) disagreeing(found []matched) (rows []matched) {
	for _, m := range found {
		if isNew(m) && m.doc.Disagrees && t.disagreementDue(m.want.ID) {
			rows = append(rows, m)
		}
	}
	return rows
}

// firstNew returns the largest row of a document that nothing is stored of, where the row that
// was compared for all was that of a stored one: what that has tells nothing of what lists leave
// out since.
func (t *task) firstNew(found []matched) []matched {
	news := slices.DeleteFunc(slices.Clone(found), func(m matched) bool { return !isNew(m) })
	if len(news) == 0 || t.hasSpoken() || t.Proven != nil && t.Proven(t.kind.Name) {
		return nil
	}
	return []matched{slices.MaxFunc(news, func(a, b matched) int { return cmp.Compare(len(a.row), len(b.row)) })}
}

// compareAll compares rows with their documents, and returns what each comparison told.
// The first one goes ahead: where lists are poor, it spares the others their calls. What
// was not compared because the budget of calls has ended is unknown.
func (t *task) compareAll(ctx context.Context, suspects []matched) (map[string]verdict, error) {
	verdicts := make(map[string]verdict, len(suspects))
	for _, m := range suspects {
		verdicts[m.want.ID] = unknown
	}
	var mu sync.Mutex
	found := unknown // poor once one is
	compare := func(own *task, m matched) error {
		mu.Lock()
		done := found == poor
		mu.Unlock()
		if done || own.known() == poor {
			return nil
		}
		v, err := own.compare(ctx, m)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		verdicts[m.want.ID] = v
		if v == poor {
			found = poor
		}
		return nil
	}
	err := compare(t, suspects[0])
	if err == nil && len(suspects) > 1 {
		err = shareByWorkers(t, suspects[1:], compare)
	}
	if errors.Is(err, stages.ErrBudget) {
		err = nil // those whose comparison is missing are asked for, which says that it is used up
	}
	return verdicts, err
}

// inspect reads the rows that were not read.
func (t *task) inspect(found []matched) {
	for i := range found {
		m := &found[i]
		if m.same || m.doc != nil {
			continue
		}
		if int64(len(m.row)) == m.want.Size && begins(m.row, &m.want) {
			m.same = true
			continue
		}
		if doc, err := t.reader.Read(t.rules, m.row); err == nil { // else serialize says what is wrong with it
			m.doc = &doc
		}
	}
}

// observe records the members that rows have, of each row once. Rows that are
// what is stored, byte for byte, need to be read only where there are others beside
// them that nothing is stored of.
func (t *task) observe(found []matched) {
	t.inspect(found)
	news := slices.ContainsFunc(found, isNew)
	for i := range found {
		m := &found[i]
		if m.observed || m.doc == nil && (!m.same || !news) {
			continue
		}
		m.observed = true
		doc := m.doc
		if doc == nil {
			read, err := t.reader.Read(t.rules, m.row)
			if err != nil {
				continue
			}
			doc = &read
		}
		t.noteShape(doc.Shape, func() map[string]canon.Part { return canon.Parts(t.rules, m.row) })
		if isNew(*m) {
			t.noteLengths(doc.Lengths)
			t.noteDoubles(m)
			t.Ledger.NoteBacks(t.kind, m.want.ID, m.row)
		}
	}
}

// isNew reports whether nothing is stored of the document of a row.
func isNew(m matched) bool { return m.doc != nil && m.want.Fingerprint.IsZero() }

// suspects returns the rows that are to be compared with their documents. A document
// that is stored is held against its stored version, another one against its neighbours.
func (t *task) suspects(ctx context.Context, found []matched) (suspects []matched, err error) {
	for _, m := range found {
		if m.same || m.doc == nil || m.doc.Fingerprint == m.want.Fingerprint {
			continue
		}
		var lacks []string
		stored := []byte(nil)
		// What a lesser key does not see of documents is no loss of their rows.
		if !m.want.Fingerprint.IsZero() && (t.Admin || !t.kind.Narrowed) {
			if stored, err = t.Store.Body(ctx, record.Ref{Kind: t.ask.Kind, ID: m.want.ID}); err != nil {
				return nil, fmt.Errorf("read what is stored of %s/%s: %w", t.ask.Kind, m.want.ID, err)
			}
		}
		if stored != nil {
			lacks = canon.Lost(t.rules, m.row, stored)
		} else {
			lacks = t.poorerThanOthers(m.want.ID, m.doc.Shape)
		}
		if len(lacks) > 0 {
			t.Log.Debug("a row lacks what others have, comparing it with its document", "kind", t.kind.Name, "id", m.want.ID, "members", strings.Join(lacks, ","))
			m.lacks = lacks
			suspects = append(suspects, m)
		}
	}
	return suspects, nil
}
