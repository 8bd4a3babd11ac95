package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// The search index is made at the end of a run, from what is stored: a document is
// durable long before, and nothing of the run waits for it. What no block is about is a
// gap between the blocks, which readers look into themselves, and which the end of a
// later run fills. So neither a crash nor a failure of the index costs anything but time,
// and no run takes longer for it than a small share of its own time.

// indexedVersion is a version that is to be indexed.
type indexedVersion struct {
	id   int64
	hash record.Digest
}

// catchUp brings the index up to date at the end of a run, as far as the share of the
// run's time goes: with what the run has begun and earlier ones left out. Nothing of what
// may go wrong is worth a run: then the index stays behind, and somebody is warned.
func (w *Writer) catchUp(ctx context.Context, cutShort bool) {
	if w.start.TermRules == 0 || cutShort {
		return
	}
	spent := time.Since(w.begunAt)
	ctx, cancel := context.WithTimeout(ctx, time.Duration(w.options.IndexShare*float64(spent)))
	defer cancel()
	if err := w.fillGaps(ctx); err != nil && ctx.Err() == nil {
		w.options.Warn(fmt.Sprintf("the search index of %s stays behind, and find takes longer: %v", w.path, err))
	}
}

// termsOf reads the terms of a version from its stored body; nil of one that cannot be
// read, so that whoever searches meets the damage.
func (w *Writer) termsOf(v indexedVersion) ([]byte, error) {
	body, err := w.bodyOf(v.hash, w.dictionaries)
	if errors.Is(err, vault.ErrCorrupt) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	terms, err := w.start.Terms(body)
	if err != nil {
		return nil, nil //nolint:nilerr // a body that is not understood is looked into by who searches
	}
	return terms, nil
}

// addBlock writes a block, if it is about anything.
func (w *Writer) addBlock(ctx context.Context, b *block) error {
	if b.last < b.first {
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
		if larger.size+b.size > blockSize {
			return b, nil
		}
		if err := larger.append(b); err != nil {
			return nil, err
		}
		if err := w.conn.run(`DELETE FROM search_blocks WHERE first = +?`, row.first); err != nil {
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

// Reindex makes the search index anew, with the terms that a function tells of a body,
// and the version of its rules. It returns how many versions the index knows. It is for
// a writer that begins no run.
func (w *Writer) Reindex(ctx context.Context, rules int, terms func(body []byte) ([]byte, error)) (int64, error) {
	w.start.TermRules, w.start.Terms = rules, terms
	var err error
	if w.dictionaries, err = w.loadDictionaries(); err == nil {
		err = w.conn.exec(`DELETE FROM search_blocks`)
	}
	if err == nil {
		err = w.fillGaps(ctx)
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
	err := w.conn.each(selectBlocks+` WHERE first = +?`, func(row []driver.Value) error {
		found = slices.Clone(row)
		return nil
	}, first)
	if err != nil || found == nil {
		return err
	}
	if err := w.conn.run(`DELETE FROM search_blocks WHERE first = +?`, first); err != nil {
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

// fillGaps makes blocks of what none is about, until ctx ends.
func (w *Writer) fillGaps(ctx context.Context) error {
	if err := w.conn.run(`DELETE FROM search_blocks WHERE rules <> ?`, int64(w.start.TermRules)); err != nil {
		return err
	}
	gaps, err := w.gaps()
	if err != nil {
		return err
	}
	for _, g := range gaps {
		for g.first <= g.last {
			if err := ctx.Err(); err != nil {
				return err
			}
			if g.first, err = w.fill(ctx, g); err != nil {
				return err
			}
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

// fill makes blocks of the first versions of a gap, fewer where ctx ends meanwhile. It
// returns where the rest of the gap begins.
func (w *Writer) fill(ctx context.Context, g gap) (next int64, err error) {
	var some []indexedVersion
	err = w.conn.each(`SELECT id, hash FROM versions WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?`, func(row []driver.Value) error {
		some = append(some, indexedVersion{integer(row[0]), digest(row[1])})
		return nil
	}, g.first, g.last, int64(blockVersions))
	if err != nil {
		return 0, err
	}
	next = g.last + 1
	if len(some) == blockVersions {
		next = some[len(some)-1].id + 1
	}
	b := newBlock(g.first)
	for _, v := range some {
		if ctx.Err() != nil {
			next = v.id
			break
		}
		if b.size >= blockSize {
			b.last = v.id - 1
			if err := w.addBlock(ctx, b); err != nil {
				return 0, err
			}
			b = newBlock(v.id)
		}
		terms, err := w.termsOf(v)
		if err != nil {
			return 0, err
		}
		if terms != nil {
			b.add(v.id, terms)
			continue
		}
		// It stays in a gap of its own.
		b.last = v.id - 1
		if err := w.addBlock(ctx, b); err != nil {
			return 0, err
		}
		b = newBlock(v.id + 1)
	}
	b.last = next - 1
	// What was read is kept, whether or not there is time for more.
	return next, w.addBlock(context.WithoutCancel(ctx), b)
}
