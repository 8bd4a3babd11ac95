package sqlite

import (
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
)

// versions checks versions together with their refs, which both come in the
// order of the version's id.
func (v *verifier) versions() error {
	var row []driver.Value // the version whose refs are coming
	var columns []driver.Value
	check := func() {
		if row == nil {
			return
		}
		last := len(row) - 1
		if v.sum.begin("versions", columns...); !v.sum.is(row[last]) {
			if v.noted != nil {
				v.noted.versions[integer(row[0])] = true
			}
			v.found("versions", fmt.Sprintf("%v (%v/%v)", row[0], row[2], row[3]), "does not match its checksum")
		}
	}
	err := v.scan(func(next []driver.Value) error {
		refs := len(next) - 2
		if row == nil || row[0] != next[0] {
			check()
			if v.passed != nil && !v.passed.passVersion(next) {
				v.loose = true
			}
			row = append(row[:0], next[:refs]...)
			columns = append(columns[:0], next[:refs-1]...)
		}
		if next[refs] != nil {
			columns = append(columns, next[refs], next[refs+1])
		}
		return nil
	}, `SELECT v.*, r.kind, r.item FROM versions v LEFT JOIN refs r ON r.version = v.id ORDER BY v.id, r.kind, r.item`)
	if err == nil {
		check()
	}
	return err
}

func (v *verifier) readDictionaries() error {
	decoder, err := codec.NewDecoder()
	if err != nil {
		return err
	}
	defer decoder.Close()
	v.dictionaries = make(dictionaries)
	return v.each(func(row []driver.Value) error {
		d, err := scanDictionary(decoder, row)
		if err != nil {
			v.found("dictionaries", fmt.Sprint(row[0]), "%v", err)
			return nil
		}
		v.dictionaries[integer(row[0])] = d
		return nil
	}, selectDictionaries)
}

func (v *verifier) bodies() error {
	decoder, err := codec.NewDecoder()
	if err != nil {
		return err
	}
	defer decoder.Close()
	v.guard("dictionaries", v.readDictionaries)
	watch, err := v.watchBodies()
	if err != nil {
		return err
	}
	var body []byte
	return v.scan(func(row []driver.Value) error {
		if v.passed != nil {
			v.passed.held.add(row[0], row[3])
		}
		hash := digest(row[0])
		if !watch.next(hash, row) {
			return nil
		}
		s, err := scanStored(row[1:], v.dictionaries.find)
		if err == nil {
			var decoded []byte
			if decoded, err = decode(decoder, s, body, hash); err == nil {
				body = decoded
				if v.options.Body != nil {
					v.options.Body(hash, body)
				}
				return nil
			}
		}
		return v.badBody(hash, "%v", err)
	}, `SELECT b.hash, `+storedColumns+` FROM bodies b`)
}

// badBody is a finding about a body that names the first document that has it.
func (v *verifier) badBody(hash record.Digest, format string, args ...any) error {
	if v.noted != nil {
		v.noted.bodies[hash] = true
	}
	key := hash.String()
	err := v.each(func(row []driver.Value) error {
		key = text(row[0]) + "/" + text(row[1]) + " " + key
		return nil
	}, `SELECT kind, item FROM versions WHERE hash = +? ORDER BY first_run, id LIMIT 1`, hash[:])
	v.found("bodies", key, format, args...)
	return err
}

// missingBodies finds versions whose body is not there.
func (v *verifier) missingBodies() error {
	var missing []record.Digest
	err := v.each(func(row []driver.Value) error {
		missing = append(missing, digest(row[0]))
		return nil
	}, `SELECT DISTINCT v.hash FROM versions v WHERE NOT EXISTS (SELECT 1 FROM bodies b WHERE b.hash = v.hash)`)
	for _, hash := range missing {
		err = errors.Join(err, v.badBody(hash, "is missing"))
	}
	return err
}
