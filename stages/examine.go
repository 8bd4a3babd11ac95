package stages

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
)

// believedAfter is after how many documents that lack a member as their row does the
// lack of that member is believed, but for a sample: it is a member that not every
// document of the kind has. With 2 the users of the standard instance, half of whom
// have no mail address or no API key, cost a dozen calls in a first run.
const believedAfter = 2

// shapes is what a run knows of the members that documents of a kind have. It is
// guarded by the lock of the kind's habits.
type shapes struct {
	lacks   map[uint64][]string   // what documents of a shape lack of all; forgotten when all grows
	all     map[string]canon.Part // the members that any row had
	lacking map[string]int        // how many documents lack a member as their rows do
	passed  int                   // rows whose lacks were all believed
}

// examine holds every row of an answer against what is known of the kind: the members
// that its neighbours have, and those that the stored version of the same document
// has. A row that lacks one, or has null where they have an array or object, is
// compared with its document alone. It returns the rows that may be stored and those
// whose documents have to be fetched; the verdict is poor when a row was found to be
// poorer than its document.
//
// Rows of one list can differ, so one good comparison does not speak for all of them.
// No call is made where rows are alike.
func (t *task) examine(ctx context.Context, found []matched) (good []matched, doubtful []record.Listed, v verdict, err error) {
	if t.kind.Detail.IsZero() {
		return found, nil, rich, nil
	}
	t.inspect(found)
	good = make([]matched, 0, len(found))
	for _, m := range found {
		v, err := t.hold(ctx, m)
		switch {
		case errors.Is(err, ErrBudget):
			doubtful = append(doubtful, m.want) // to be asked for, which says that the budget is used up
		case err != nil:
			return nil, nil, unknown, err
		case v == rich:
			good = append(good, m)
		case v == poor:
			t.judge(m.want.ID, poor)
			return nil, nil, poor, nil
		default:
			doubtful = append(doubtful, m.want)
		}
	}
	return good, doubtful, rich, nil
}

// hold holds a row against what is known, and compares it with its document where
// there is a reason to. One worker does so at a time: what the first one learns of a
// member spares the others their calls.
func (t *task) hold(ctx context.Context, m matched) (verdict, error) {
	if lacks, err := t.suspicious(ctx, m, false); err != nil || len(lacks) == 0 {
		return rich, err
	}
	select {
	case t.proof <- struct{}{}:
		defer func() { <-t.proof }()
	case <-ctx.Done():
		return unknown, context.Cause(ctx)
	}
	lacks, err := t.suspicious(ctx, m, true)
	if err != nil || len(lacks) == 0 {
		return rich, err
	}
	v, err := t.compare(ctx, m)
	if err == nil && v == rich {
		t.believe(lacks)
	}
	return v, err
}

// inspect reads the rows that were not read, and takes over the members that rows of
// new shapes have.
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
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range found {
		if m.doc == nil {
			continue
		}
		if _, known := t.shapes.lacks[m.doc.Shape]; !known {
			t.shapes.add(m.doc.Shape, canon.Members(t.rules, m.row))
		}
	}
}

// add takes over the members of a document, and notes what its shape lacks.
func (s *shapes) add(shape uint64, has map[string]canon.Part) {
	for name, part := range has {
		if known, ok := s.all[name]; !ok || part.Container && !known.Container {
			s.all[name] = part
			clear(s.lacks)
		}
	}
	s.lacks[shape] = lacking(s.all, has)
}

// lacking returns the members that are missing, or null where others have an object or
// array.
func lacking(all, has map[string]canon.Part) []string {
	var lacks []string
	for name, part := range all {
		if got, ok := has[name]; !ok || part.Container && !got.Container {
			lacks = append(lacks, name)
		}
	}
	slices.Sort(lacks)
	return lacks
}

// suspicious returns what a row lacks that it might have, and nothing when there is
// no reason to compare it. A document that is stored is held against its stored
// version, another one against its neighbours. A row that is only looked at counts for
// no sample.
func (t *task) suspicious(ctx context.Context, m matched, counts bool) ([]string, error) {
	switch {
	case m.same || m.doc == nil || m.doc.Fingerprint == m.want.Fingerprint:
		return nil, nil
	case m.want.Fingerprint.IsZero():
		return t.fewerThanOthers(m, counts), nil
	}
	stored, err := t.Store.Body(ctx, record.Ref{Kind: t.ask.Kind, ID: m.want.ID})
	if err != nil {
		return nil, fmt.Errorf("read what is stored of %s/%s: %w", t.ask.Kind, m.want.ID, err)
	}
	if stored == nil {
		return t.fewerThanOthers(m, counts), nil
	}
	return canon.Lost(t.rules, m.row, stored), nil
}

// fewerThanOthers returns the members that other rows have and this one lacks, unless
// all of them are such as documents may lack. Of such rows the 8th, 64th, 512th and so
// on are compared all the same.
func (t *task) fewerThanOthers(m matched, counts bool) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lacks, known := t.shapes.lacks[m.doc.Shape]
	if !known { // another answer has shown more members since
		t.shapes.add(m.doc.Shape, canon.Members(t.rules, m.row))
		lacks = t.shapes.lacks[m.doc.Shape]
	}
	if len(lacks) == 0 {
		return nil
	}
	if slices.ContainsFunc(lacks, func(name string) bool { return t.shapes.lacking[name] < believedAfter }) {
		return lacks
	}
	if !counts {
		return lacks
	}
	t.shapes.passed++
	if n := uint(t.shapes.passed); n >= 8 && bits.OnesCount(n) == 1 && bits.TrailingZeros(n)%3 == 0 {
		return lacks
	}
	return nil
}

// believe notes that a document lacks what its row lacks.
func (t *task) believe(lacks []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, name := range lacks {
		t.shapes.lacking[name]++
	}
	t.Log.Debug("a row lacks what others have, and so does its document", "kind", t.kind.Name, "members", strings.Join(lacks, ","))
}
