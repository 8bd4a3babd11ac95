package vault

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
)

// The writer keeps the search index behind its commits: a document is durable first,
// and found by the index later. What no block is about is a gap between the blocks,
// which readers look into themselves, and which the end of the next run fills. So
// neither a crash nor a failure of the index costs anything but time.

// begunVersion is a version that a transaction began.
type begunVersion struct {
	id    int64
	kind  record.Kind
	hash  record.Digest
	terms []byte // nil when nobody told
}

// catchUpAtOnce is how many versions of earlier runs the end of a run indexes at most:
// some seconds' work.
const catchUpAtOnce = 100_000

// indexed adds committed versions to the index. Nothing of what may go wrong is worth a
// run: then the index stays behind, and somebody is warned.
func (w *Writer) indexed(ctx context.Context, begun []begunVersion) {
	if w.start.TermRules == 0 || w.unindexed {
		return
	}
	for _, v := range begun {
		if err := w.addToIndex(ctx, v); err != nil {
			w.leaveIndex(err)
			return
		}
	}
}

// leaveIndex leaves the index as it is for the rest of the run.
func (w *Writer) leaveIndex(err error) {
	w.pending, w.unindexed = nil, true
	w.options.Warn(fmt.Sprintf("the search index of %s stays behind, and find takes longer: %v", w.path, err))
}

func (w *Writer) addToIndex(ctx context.Context, v begunVersion) error {
	if v.terms == nil {
		var err error
		if v.terms, err = w.termsOf(v); err != nil {
			return err
		}
	}
	if w.pending != nil && (v.terms == nil || w.pending.last+1 != v.id || len(w.pending.ids) == blockVersions) {
		if err := w.putPending(ctx); err != nil {
			return err
		}
	}
	if v.terms == nil {
		return nil
	}
	if w.pending == nil {
		w.pending = newBlock(v.id)
	}
	w.pending.add(v.id, v.terms)
	return nil
}

// termsOf reads the terms of a version from its stored body; nil of one that cannot be
// read, so that whoever searches meets the damage.
func (w *Writer) termsOf(v begunVersion) ([]byte, error) {
	body, err := w.bodyOf(v.hash, w.dictionaries)
	if errors.Is(err, ErrCorrupt) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	terms, err := w.start.Terms(v.kind, body)
	if err != nil {
		return nil, nil //nolint:nilerr // a body that is not understood is looked into by who searches
	}
	return terms, nil
}

// putPending writes the block of what was indexed since the last one.
func (w *Writer) putPending(ctx context.Context) error {
	b := w.pending
	if w.pending = nil; b == nil || b.last < b.first {
		return nil
	}
	encoder, err := codec.NewEncoder(record.Zstd, nil)
	if err != nil {
		return err
	}
	if err := w.conn.begin(ctx, w.options.Busy); err != nil {
		return err
	}
	if b, err = w.withSmaller(b); err == nil {
		err = w.putBlock(b.pack(encoder))
	}
	if err == nil {
		err = w.unreplaced()
	}
	if err == nil {
		err = w.conn.exec("COMMIT")
	}
	if err != nil {
		return errors.Join(err, w.conn.rollback())
	}
	return nil
}

// withSmaller puts the blocks before b into it that are not much larger, and removes
// their rows: a thousand runs that change little leave a few blocks, and each version is
// written about once for every doubling of its block.
func (w *Writer) withSmaller(b *block) (*block, error) {
	decoder, err := w.decoding()
	if err != nil {
		return nil, err
	}
	for {
		row, err := w.blockBefore(b.first)
		if err != nil || row == nil {
			return b, err
		}
		count := int64(len(b.ids))
		if row.last != b.first-1 || row.count > 2*count || row.count+count > blockVersions {
			return b, nil
		}
		larger, err := row.unpack(decoder)
		if err != nil {
			return b, nil //nolint:nilerr // verify names it, and a full run makes it anew
		}
		if err := larger.append(b); err != nil {
			return nil, err
		}
		if err := w.conn.run(`DELETE FROM search_blocks WHERE first = ?`, row.first); err != nil {
			return nil, err
		}
		b = larger
	}
}

const selectBlocks = `SELECT first, last, count, rules, versions, terms, postings, checksum FROM search_blocks`

// blockBefore is the block with the greatest ids below first, nil for none and for one
// that is damaged or of other rules.
func (w *Writer) blockBefore(first int64) (found *packed, err error) {
	err = w.conn.each(selectBlocks+` WHERE first < ? ORDER BY first DESC LIMIT 1`, func(row []driver.Value) error {
		if p, ok := scanBlock(row, &w.sum, w.start.TermRules); ok {
			found = &p
		}
		return nil
	}, first)
	return found, err
}

// scanBlock reads a row of search_blocks. It reports false of one that is damaged or
// holds terms of other rules.
func scanBlock(row []driver.Value, sum *summer, rules int) (packed, bool) {
	last := len(row) - 1
	sum.begin("search_blocks", row[:last]...)
	return packed{
		first: integer(row[0]), last: integer(row[1]), count: integer(row[2]),
		versions: blob(row[4]), terms: blob(row[5]), postings: blob(row[6]),
	}, sum.is(row[last]) && integer(row[3]) == int64(rules)
}

func (w *Writer) putBlock(p packed) error {
	columns := []driver.Value{p.first, p.last, p.count, int64(w.start.TermRules), p.versions, p.terms, p.postings}
	return w.conn.run(`INSERT OR REPLACE INTO search_blocks VALUES (?,?,?,?,?,?,?,?)`, append(columns, w.sum.row("search_blocks", columns...))...)
}

// catchUp brings the index up to date at the end of a run: with what the run has begun
// and, unless it was cut short, what earlier ones left out.
func (w *Writer) catchUp(ctx context.Context, cutShort bool) {
	if w.start.TermRules == 0 || w.unindexed {
		return
	}
	err := w.putPending(ctx)
	if err == nil && !cutShort {
		err = w.fillGaps(ctx, catchUpAtOnce)
	}
	if err != nil && ctx.Err() == nil {
		w.leaveIndex(err)
	}
}

// Reindex makes the search index anew, with the terms that a function tells of a body
// and the version of its rules. It returns how many versions the index knows. It is for
// a writer that begins no run.
func (w *Writer) Reindex(ctx context.Context, rules int, terms func(record.Kind, []byte) ([]byte, error)) (int64, error) {
	w.start.TermRules, w.start.Terms = rules, terms
	var err error
	if w.dictionaries, err = w.loadDictionaries(); err == nil {
		err = w.conn.exec(`DELETE FROM search_blocks`)
	}
	if err == nil {
		err = w.fillGaps(ctx, always)
	}
	if err != nil {
		return 0, doing("make the search index", classify(w.path, err))
	}
	return w.conn.number(`SELECT sum(count) FROM search_blocks`)
}

// forgetRemoved takes out of the search index what versions held that are not there any
// more.
func (w *Writer) forgetRemoved(ctx context.Context) error {
	var blocks []int64
	err := w.conn.each(`SELECT first FROM search_blocks b WHERE count <> (SELECT count(*) FROM versions WHERE id BETWEEN b.first AND b.last)`,
		func(row []driver.Value) error {
			blocks = append(blocks, integer(row[0]))
			return nil
		})
	for _, first := range blocks {
		if err == nil {
			err = w.transact(ctx, func(*transaction) error { return w.shrinkBlock(first) })
		}
	}
	return err
}

// shrinkBlock writes a block anew without the versions that are not there any more. One
// that is damaged goes: a run makes it anew.
func (w *Writer) shrinkBlock(first int64) error {
	var found []driver.Value
	err := w.conn.each(selectBlocks+` WHERE first = ?`, func(row []driver.Value) error {
		found = slices.Clone(row)
		return nil
	}, first)
	if err != nil || found == nil {
		return err
	}
	if err := w.conn.run(`DELETE FROM search_blocks WHERE first = ?`, first); err != nil {
		return err
	}
	w.start.TermRules = int(integer(found[3]))
	p, sound := scanBlock(found, &w.sum, w.start.TermRules)
	if !sound {
		return nil
	}
	there := make(map[int64]bool)
	err = w.conn.each(`SELECT id FROM versions WHERE id BETWEEN ? AND ?`, func(row []driver.Value) error {
		there[integer(row[0])] = true
		return nil
	}, p.first, p.last)
	if err != nil || len(there) == 0 {
		return err
	}
	encoder, err := codec.NewEncoder(record.Zstd, nil)
	if err != nil {
		return err
	}
	decoder, err := w.decoding()
	if err != nil {
		return err
	}
	b, err := p.unpack(decoder)
	if err == nil {
		b, err = b.only(there)
	}
	if err != nil {
		return nil //nolint:nilerr // the block is damaged, and gone
	}
	return w.putBlock(b.pack(encoder))
}

// gap is a range of ids of versions that no block is about.
type gap struct{ first, last int64 }

// fillGaps makes blocks of what none is about, of so many versions at most.
func (w *Writer) fillGaps(ctx context.Context, versions int64) error {
	if err := w.conn.run(`DELETE FROM search_blocks WHERE rules <> ?`, int64(w.start.TermRules)); err != nil {
		return err
	}
	gaps, err := w.gaps()
	if err != nil {
		return err
	}
	for _, g := range gaps {
		for g.first <= g.last && versions > 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			n, next, err := w.fill(ctx, g)
			if err != nil {
				return err
			}
			versions -= n
			g.first = next
		}
	}
	return nil
}

// gaps are the ranges of ids up to the newest version that no block is about.
func (w *Writer) gaps() (gaps []gap, err error) {
	newest, err := w.conn.number(`SELECT max(id) FROM versions`)
	if err != nil {
		return nil, err
	}
	next := int64(1)
	err = w.conn.each(`SELECT first, last FROM search_blocks ORDER BY first`, func(row []driver.Value) error {
		if first := integer(row[0]); first > next {
			gaps = append(gaps, gap{next, first - 1})
		}
		next = max(next, integer(row[1])+1)
		return nil
	})
	if newest >= next {
		gaps = append(gaps, gap{next, newest})
	}
	return gaps, err
}

// fill makes blocks of the first versions of a gap. It returns how many those are, and
// where the rest of the gap begins.
func (w *Writer) fill(ctx context.Context, g gap) (n, next int64, err error) {
	var some []begunVersion
	err = w.conn.each(`SELECT id, kind, hash FROM versions WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?`, func(row []driver.Value) error {
		some = append(some, begunVersion{id: integer(row[0]), kind: record.Kind(text(row[1])), hash: digest(row[2])})
		return nil
	}, g.first, g.last, int64(blockVersions))
	if err != nil {
		return 0, 0, err
	}
	if len(some) == 0 {
		return 0, g.last + 1, nil
	}
	next = some[len(some)-1].id + 1
	if len(some) < blockVersions {
		next = g.last + 1
	}
	w.pending = newBlock(g.first)
	for _, v := range some {
		if v.terms, err = w.termsOf(v); err != nil {
			return 0, 0, err
		}
		if v.terms != nil {
			w.pending.add(v.id, v.terms)
			continue
		}
		// It stays in a gap of its own.
		w.pending.last = v.id - 1
		if err := w.putPending(ctx); err != nil {
			return 0, 0, err
		}
		w.pending = newBlock(v.id + 1)
	}
	w.pending.last = next - 1
	return int64(len(some)), next, w.putPending(ctx)
}
