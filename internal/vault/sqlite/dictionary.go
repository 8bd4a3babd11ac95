package sqlite

import (
	"cmp"
	"context"
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
)

// selectDictionaries is in the order in which dictionaries were made.
const selectDictionaries = `SELECT id, hash, kind, codec, size, data FROM dictionaries ORDER BY id`

// dictionaries are those of a vault, by the id that bodies have. They take 32 KB
// each, and a kind has one or a few.
type dictionaries map[int64]*record.Dictionary

// scanDictionary decodes a row and checks it against its hash.
func scanDictionary(d *codec.Decoder, row []driver.Value) (*record.Dictionary, error) {
	hash := digest(row[1])
	body, err := decode(d, stored{record.Codec(text(row[3])), nil, integer(row[4]), blob(row[5])}, nil, hash)
	if err != nil {
		return nil, err
	}
	return &record.Dictionary{Kind: record.Kind(text(row[2])), Hash: hash, Text: body}, nil
}

// A dictionaryFinder returns the dictionary that bodies name by an id, nil where there is none
// or a damaged one.
type dictionaryFinder func(id int64) *record.Dictionary

func (d dictionaries) find(id int64) *record.Dictionary { return d[id] }

// readDictionaries reads all dictionaries, and decodes each when a body first needs it: a
// reader of one document needs one of a dozen, and to decode and hash them all took more than
// half of its processor time (0.9 ms, now 0.45). One that is damaged is not found: the bodies
// that need it are damaged, and Verify names both. The finder serves one goroutine, the decoder's.
func readDictionaries(ctx context.Context, q querier, d *codec.Decoder) (dictionaryFinder, error) {
	packed := make(map[int64][]driver.Value)
	for row, err := range rows(ctx, q, selectDictionaries) {
		if err != nil {
			return nil, err
		}
		packed[integer(row[0])] = slices.Clone(row)
	}
	decoded := make(dictionaries)
	return func(id int64) *record.Dictionary {
		if row, ok := packed[id]; ok {
			delete(packed, id)
			if made, err := scanDictionary(d, row); err == nil {
				decoded[id] = made
			}
		}
		return decoded[id]
	}, nil
}

// loadDictionaries reads the dictionaries that the vault holds before a run.
func (w *Writer) loadDictionaries() (dictionaries, error) {
	d, err := w.decoding()
	if err != nil {
		return nil, err
	}
	all := make(dictionaries)
	err = w.conn.each(selectDictionaries, func(row []driver.Value) error {
		if made, err := scanDictionary(d, row); err == nil {
			all[integer(row[0])] = made
		}
		return nil
	})
	return all, err
}

// newest is the dictionary that was made last of each kind.
func (d dictionaries) newest() []*record.Dictionary {
	of := make(map[record.Kind]*record.Dictionary)
	for _, id := range slices.Sorted(maps.Keys(d)) {
		of[d[id].Kind] = d[id]
	}
	return slices.SortedFunc(maps.Values(of), func(a, b *record.Dictionary) int { return cmp.Compare(a.Kind, b.Kind) })
}

// dictionary returns the id of a dictionary, which is stored when it is new. One
// that was damaged and is made again is whole again, and so are its bodies.
func (tx *transaction) dictionary(d *record.Dictionary) (driver.Value, error) {
	if d == nil {
		return nil, nil
	}
	for id, have := range tx.dictionaries {
		if have.Hash == d.Hash {
			return id, nil
		}
	}
	encoder, err := codec.NewEncoder(record.Zstd, nil)
	if err != nil {
		return nil, err
	}
	data, used, _ := encoder.Encode(d.Kind, d.Text, nil)
	id, err := tx.w.conn.number(`SELECT coalesce((SELECT id FROM dictionaries WHERE hash = +?),
		(SELECT coalesce(max(id), 0) + 1 FROM dictionaries))`, d.Hash[:])
	if err != nil {
		return nil, err
	}
	columns := []driver.Value{id, d.Hash[:], string(d.Kind), string(used), int64(len(d.Text)), data}
	err = tx.w.conn.run(`INSERT OR REPLACE INTO dictionaries VALUES (?,?,?,?,?,?,?)`, append(columns, tx.w.sum.row("dictionaries", columns...))...)
	if err != nil {
		return nil, fmt.Errorf("store a dictionary: %w", err)
	}
	tx.dictionaries[id] = d
	return id, nil
}
