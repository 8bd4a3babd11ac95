package sqlite

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/sourcegraph/conc"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Candidates yields the documents that meet the needs of a search with their bodies, and
// others that the search index knows nothing of: what is in them is for the caller to
// say. They come in the order of kind and id; with History in that of the runs that saw
// them first, the newest first. What the index is damaged in is looked into as well.
// The bytes of a body are good until the next document. An error ends it.
func (r *Reader) Candidates(ctx context.Context, s vault.Search) iter.Seq2[vault.Document, error] {
	return func(yield func(vault.Document, error) bool) {
		more := true
		err := r.eachCandidate(ctx, s, func(d vault.Document) bool {
			more = yield(d, nil)
			return more
		})
		if err != nil && more {
			yield(vault.Document{}, doing("search", classify(r.path, err)))
		}
	}
}

func (r *Reader) eachCandidate(ctx context.Context, s vault.Search, fn func(vault.Document) bool) error {
	found, err := r.Resolve(ctx, s.Instance)
	if err != nil {
		return err
	}
	decoder, err := codec.NewDecoder()
	if err != nil {
		return err
	}
	defer decoder.Close()
	scan := false
	err = r.snapshot(ctx, func(q querier) error {
		ids, unknown, err := r.candidates(ctx, q, decoder, s)
		if err != nil {
			return err
		}
		if unknown > scanFrom && !s.History {
			scan = true
			return nil
		}
		entries, missing, err := entriesOfVersions(ctx, q, found.ID, s, ids)
		if err == nil {
			err = nothingHiddenFrom(ctx, q, missing)
		}
		if err != nil {
			return err
		}
		return eachBody(ctx, q, decoder, entries, fn)
	})
	if err != nil || !scan {
		return err
	}
	query := vault.Query{Instance: found.Name, Kind: s.Kind}
	return r.eachDocument(ctx, horizon{instance: found.ID}, query, "", func(d vault.Document) bool {
		return s.Entry != nil && !s.Entry(d.Entry) || fn(d)
	})
}

// scanFrom is how many versions the index may know nothing of until all documents are
// read one after the other, in which memory does not grow.
const scanFrom = 20_000

// tellFrom is how many versions the index may know nothing of until whoever waits is
// told why: a second's reading.
const tellFrom = 5_000

// candidates are the ids of versions that may hold what is searched: those that a block
// of the index names, and those that no sound block is about, of which there are unknown.
func (r *Reader) candidates(ctx context.Context, q querier, decoder *codec.Decoder, s vault.Search) (ids []int64, unknown int, err error) {
	var sum summer
	blocks := blockReader{decoder: decoder}
	var gaps []gap
	next, damage := int64(1), 0
	for row, err := range rowsDirect(ctx, q, selectBlocks+` ORDER BY first`) {
		if err != nil {
			return nil, 0, err
		}
		p, sound := scanBlock(row, &sum, s.Rules)
		if !sound || len(s.Needs) == 0 {
			damage += damaging(row, s)
			continue
		}
		if ids, err = blocks.meeting(ids, p, s.Needs); err != nil {
			damage++
			continue
		}
		if p.first > next {
			gaps = append(gaps, gap{next, p.first - 1})
		}
		next = max(next, p.last+1)
	}
	for _, g := range append(gaps, gap{next, always}) {
		for row, err := range rowsDirect(ctx, q, `SELECT id FROM versions WHERE id BETWEEN ? AND ?`, g.first, g.last) {
			if err != nil {
				return nil, 0, err
			}
			unknown++
			ids = append(ids, integer(row[0]))
		}
	}
	if damage > 0 && r.warn != nil {
		r.warn(fmt.Sprintf("the search index of %s is damaged in %s: what it was about is searched without it; lookervault reindex makes it anew", r.path, places(damage)))
	}
	if unknown >= tellFrom && len(s.Needs) > 0 && r.warn != nil {
		r.warn(fmt.Sprintf("the search index of %s knows nothing yet of %d versions, which are read one by one; lookervault reindex takes them up", r.path, unknown))
	}
	slices.Sort(ids)
	return slices.Compact(ids), unknown, nil
}

// damaging is 1 for a block that is not as it was written.
func damaging(row []driver.Value, s vault.Search) int {
	if len(s.Needs) == 0 || integer(row[3]) != int64(s.Rules) {
		return 0
	}
	return 1
}

// entriesOfVersions reads the entries of versions of an instance that a search asks for,
// in its order, and which ids are of none. Ids of versions that are gone, or of other kinds
// and instances, are passed over.
func entriesOfVersions(ctx context.Context, q querier, instance int64, s vault.Search, ids []int64) (entries []vault.Entry, missing []int64, err error) {
	var sum summer
	h := horizon{instance: instance}
	if s.History {
		h.run = always
	}
	for some := range slices.Chunk(ids, entriesAtOnce) {
		var args []any
		for i := range entriesAtOnce {
			args = append(args, some[min(i, len(some)-1)])
		}
		read := make(map[int64]bool, len(some))
		for row, err := range rowsDirect(ctx, q, `SELECT v.kind, v.item, `+documentColumns+`, v.instance`+fromVersions+
			` WHERE v.id IN (?`+strings.Repeat(",?", entriesAtOnce-1)+`)`, args...) {
			// A damaged row may say that it is of another kind or instance.
			if err == nil {
				err = documentRow(row).check(&sum, integer(row[columnBody]))
			}
			if err != nil {
				return nil, nil, err
			}
			e := scanEntry(row, h)
			read[e.Version] = true
			switch {
			case integer(row[columnBody]) != instance, s.Kind != "" && e.Kind != s.Kind:
				continue
			case s.History:
				e.State = record.State(text(row[columnState]))
			case e.State == record.Gone || integer(row[columnHeadVersion]) != e.Version:
				continue
			}
			if s.Entry == nil || s.Entry(e) {
				entries = append(entries, e)
			}
		}
		for _, id := range some {
			if !read[id] {
				missing = append(missing, id)
			}
		}
	}
	slices.SortFunc(entries, func(a, b vault.Entry) int {
		if s.History && a.FirstRun != b.FirstRun {
			return cmp.Compare(b.FirstRun, a.FirstRun)
		}
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Version, b.Version))
	})
	return entries, missing, nil
}

// bodiesAhead is how many bodies are read before they are wanted, and one that is being read.
const bodiesAhead = 2

// eachBody calls fn with the documents of entries until it returns false. While fn looks into
// one, the next ones are read; the bytes of each are good until fn returns.
func eachBody(ctx context.Context, q querier, decoder *codec.Decoder, entries []vault.Entry, fn func(vault.Document) bool) (err error) {
	bodies, err := newEntryBodies(ctx, q, decoder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bodies.statement.close()) }()
	ctx, cancel := context.WithCancel(ctx)
	read, free := make(chan bodyRead, bodiesAhead), make(chan []byte, bodiesAhead+2)
	var beside conc.WaitGroup
	beside.Go(func() {
		defer close(read)
		for _, e := range entries {
			var memory []byte
			select {
			case memory = <-free:
			default:
			}
			body, err := bodies.body(e, memory)
			if !send(ctx, read, bodyRead{vault.Document{Entry: e, Body: body}, err}) || err != nil {
				return
			}
		}
	})
	// The reader ends before its connection does, also when fn panics.
	defer beside.Wait()
	defer cancel()
	for next := range read {
		if next.err != nil {
			return next.err
		}
		if !fn(next.document) {
			return nil
		}
		select {
		case free <- next.document.Body[:0]:
		default:
		}
	}
	return ctx.Err()
}

// A bodyRead is a document that was read, or why it was not.
type bodyRead struct {
	document vault.Document
	err      error
}

// entryBodies reads the bodies of entries by one statement. It is for one goroutine.
type entryBodies struct {
	bodyReader
	statement *stmt
}

func newEntryBodies(ctx context.Context, q querier, decoder *codec.Decoder) (*entryBodies, error) {
	dictionary, err := readDictionaries(ctx, q, decoder)
	if err != nil {
		return nil, doing("read dictionaries", err)
	}
	c, err := rawOf(q)
	if err != nil {
		return nil, err
	}
	statement, err := c.prepare(`SELECT ` + storedColumns + ` FROM bodies b WHERE b.hash = +?`)
	return &entryBodies{bodyReader{decoder, dictionary}, statement}, err
}

// body reads the body of an entry, into memory where that is large enough.
func (b *entryBodies) body(e vault.Entry, memory []byte) ([]byte, error) {
	row, err := b.statement.row(e.Hash[:])
	if err == nil && row == nil {
		err = vault.Damaged(nil, "bodies %s: is missing", e.Ref)
	}
	if err != nil {
		return nil, err
	}
	s, err := scanStored(row, b.dictionary)
	if err != nil {
		return nil, vault.Damaged(err, "bodies %s", e.Ref)
	}
	body, err := decode(b.decoder, s, memory, e.Hash)
	if err != nil {
		return nil, vault.Damaged(err, "bodies %s", e.Ref)
	}
	return body, nil
}
