package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// salvagedAtOnce bounds a transaction of a salvage, in rows.
const salvagedAtOnce = 2000

// Salvage copies everything that verifies in the vault at from into a new vault at to,
// which must not be there, and says what it leaves out. The new vault verifies. Runs
// from which something is missing are partial in it, and have a note.
//
// An error means that there is no new vault. Progress, when not nil, is told how many
// bytes of bodies of how many were read.
func Salvage(ctx context.Context, from, to string, progress func(done, total int64)) (s vault.Salvaged, err error) {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	files := FilesOf(to)
	if !files.Missing || files.LogBytes > 0 {
		return s, &vault.Error{Path: to, Detail: "there is a file already", Hint: "name one that is not there yet"}
	}
	lost := func(f vault.Finding) {
		s.LeftOut = append(s.LeftOut, vault.Finding{Table: f.Table, Key: vault.Printable(f.Key), Problem: vault.Printable(f.Problem)})
	}
	old, err := findWreck(ctx, from, to, lost)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, old.close()) }()
	made, err := OpenFile(ctx, to, Options{})
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, made.Close()) }()
	job := &salvage{old: old, file: made, made: made.opened, progress: progress, salvaged: &s, lost: lost}
	if err := job.do(ctx); err != nil {
		return s, doing("salvage "+from, err)
	}
	findings, err := made.reader.Verify(ctx)
	if err == nil && len(findings) > 0 {
		err = fmt.Errorf("salvage %s: what was copied does not verify: %w", from, vault.DamageOf("", findings))
	}
	if err != nil {
		return s, err
	}
	made.used = true
	_, err = made.emptyLog(ctx)
	return s, err
}

// findWreck opens a damaged vault. Where its first page or its schema is damaged it opens a
// copy with those of a new vault, if more can be read in that.
func findWreck(ctx context.Context, from, to string, lost func(vault.Finding)) (*wreck, error) {
	old, err := openWreck(from, lost)
	if err == nil && old.wholeSchema() {
		return old, nil
	}
	if err != nil && !errors.Is(err, vault.ErrNotVault) && !errors.Is(err, vault.ErrCorrupt) {
		return nil, err
	}
	other, found, failed := withOtherFirstPage(ctx, from, to, lost)
	switch {
	case failed == nil && !found:
		return old, err
	case old != nil:
		err = old.close()
	default:
		err = nil
	}
	return other, errors.Join(failed, err)
}

// salvage is one salvage under way.
type salvage struct {
	old      *wreck
	file     *File
	made     *opened // of that file
	sum      summer
	progress func(done, total int64)
	salvaged *vault.Salvaged
	lost     func(vault.Finding)

	pending      int // rows of the open transaction
	decoder      *codec.Decoder
	dictionaries dictionaries
	lastRun      int64
	missing      []runRange // what runs have seen and the new vault does not hold
}

// runRange is what is missing from some runs, as first and last run.
type runRange struct{ from, until int64 }

func (s *salvage) do(ctx context.Context) (err error) {
	if s.decoder, err = codec.NewDecoder(); err != nil {
		return err
	}
	defer s.decoder.Close()
	for _, step := range []func(context.Context) error{
		s.rows("instances", "id", 0), s.rows("runs", "id", 0), s.copyDictionaries, s.copyBodies, s.copyVersions,
		s.copyKinds, s.rows("run_calls", "run", 4), s.rows("run_sessions", "run", 2), s.rows("run_lessons", "run", 3),
		s.rows("faults", "id", 1), s.rows("pruned_versions", "instance", 3), s.others, s.mend,
	} {
		if err := s.begin(ctx); err != nil {
			return err
		}
		if err := errors.Join(step(ctx), ctx.Err()); err != nil {
			return err
		}
		if err := s.commit(); err != nil {
			return err
		}
	}
	s.salvaged.Runs, err = s.made.conn.number(`SELECT count(*) FROM runs WHERE pruned = 0`)
	return err
}

func (s *salvage) begin(ctx context.Context) error {
	return s.made.conn.begin(ctx, s.made.options.Busy)
}

func (s *salvage) commit() error {
	s.pending = 0
	return errors.Join(s.made.unreplaced(), s.made.conn.exec("COMMIT"))
}

// insert adds a row to the new vault.
func (s *salvage) insert(ctx context.Context, table string, values []driver.Value) error {
	marks := slices.Repeat([]byte("?,"), len(values))
	if err := s.made.conn.run(`INSERT OR IGNORE INTO `+table+` VALUES (`+string(marks[:len(marks)-1])+`)`, values...); err != nil {
		return fmt.Errorf("%s: %w", table, err)
	}
	if s.pending++; s.pending < salvagedAtOnce {
		return nil
	}
	if err := s.commit(); err != nil {
		return err
	}
	return s.begin(ctx)
}

// rows copies a table whose last column is the checksum of the others; keys are the
// columns that name a row, 0 for the first one.
func (s *salvage) rows(table, key string, keys int) func(context.Context) error {
	return func(ctx context.Context) error {
		if !s.old.readable[table] && slices.Contains(addedLater, table) {
			return nil
		}
		return s.old.walk(ctx, table, key, "*", func(row []driver.Value) error {
			last := len(row) - 1
			if s.sum.begin(table, row[:last]...); !s.sum.is(row[last]) {
				s.lost(vault.Finding{Table: table, Key: keyOf(row[:max(keys, 1)]), Problem: "does not match its checksum"})
				return nil
			}
			return s.insert(ctx, table, row)
		})
	}
}

// addedLater are tables that older vaults do not have.
var addedLater = []string{"dictionaries", "run_lessons", "pruned_versions", "count_corrections"}

// others copies the tables that nothing else knows here, such as those of restores.
func (s *salvage) others(ctx context.Context) error {
	known := []string{"instances", "runs", "dictionaries", "bodies", "versions", "refs", "heads", "run_kinds", "run_calls", "run_sessions",
		"run_lessons", "faults", "pruned_versions", "count_corrections", "sqlite_sequence"}
	type table struct{ name, columns string }
	var tables []table
	err := s.made.conn.each(`SELECT name, (SELECT group_concat(name, ' ') FROM pragma_table_info(s.name)) FROM sqlite_schema s
		WHERE type = 'table'`, func(row []driver.Value) error {
		if name := text(row[0]); !slices.Contains(known, name) && s.old.readable[name] {
			tables = append(tables, table{name, text(row[1])})
		}
		return nil
	})
	for _, t := range tables {
		columns := s.old.columnsOf(t.name)
		if err != nil || len(columns) == 0 || columns[len(columns)-1] != "checksum" || fmt.Sprint(columns) != "["+t.columns+"]" {
			continue
		}
		err = s.rows(t.name, columns[0], 1)(ctx)
	}
	return err
}

// copyDictionaries copies dictionaries whose text has the hash that it should have.
func (s *salvage) copyDictionaries(ctx context.Context) error {
	s.dictionaries = dictionaries{}
	if !s.old.readable["dictionaries"] {
		return nil
	}
	return s.old.walk(ctx, "dictionaries", "id", "*", func(row []driver.Value) error {
		d, err := scanDictionary(s.decoder, row)
		last := len(row) - 1
		if s.sum.begin("dictionaries", row[:last]...); err == nil && !s.sum.is(row[last]) {
			err = errors.New("does not match its checksum")
		}
		if err != nil {
			s.lost(vault.Finding{Table: "dictionaries", Key: fmt.Sprint(row[0]), Problem: err.Error()})
			return nil //nolint:nilerr // what is damaged is left out
		}
		s.dictionaries[integer(row[0])] = d
		return s.insert(ctx, "dictionaries", row)
	})
}

// copyBodies copies bodies whose bytes have their hash. What is missing of them shows
// in their versions.
func (s *salvage) copyBodies(ctx context.Context) error {
	dictionary := "dictionary"
	if !s.old.has("bodies", dictionary) {
		dictionary = "NULL"
	}
	total, err := s.old.conn.number(`SELECT coalesce(sum(size), 0) FROM bodies`)
	if err != nil {
		total = 0 // it is only for those who watch
	}
	var done int64
	var body []byte
	quiet := *s.old
	quiet.lost = func(vault.Finding) {}
	return quiet.walk(ctx, "bodies", "rowid", "hash, codec, size, data, "+dictionary, func(row []driver.Value) error {
		hash := digest(row[0])
		stored, err := scanStored([]driver.Value{row[1], row[4], row[2], row[3]}, s.dictionaries.find)
		if err == nil {
			var decoded []byte
			if decoded, err = decode(s.decoder, stored, body, hash); err == nil {
				body = decoded
				done += int64(len(decoded))
				s.progress(done, max(done, total))
				return s.insert(ctx, "bodies", row)
			}
		}
		// The versions that have it are left out, with their documents named.
		return nil
	})
}

// copyVersions copies versions that match their checksum and whose body was copied.
func (s *salvage) copyVersions(ctx context.Context) error {
	err := s.old.walk(ctx, "versions", "id", "*", func(row []driver.Value) error {
		v := scanVersion(row)
		if problem := s.soundVersion(row, &v); problem != "" {
			s.leaveOut(&v, problem)
			return nil
		}
		size, err := s.made.conn.value(`SELECT size FROM bodies WHERE hash = +?`, v.hash[:])
		if err != nil {
			return err
		}
		if size == nil {
			s.leaveOut(&v, "its body is missing or damaged")
			return nil
		}
		s.salvaged.Versions++
		s.salvaged.Bytes += v.size
		for _, ref := range v.refs {
			if err := s.made.conn.run(`INSERT OR IGNORE INTO refs VALUES (?,?,?)`, v.id, string(ref.Kind), ref.ID); err != nil {
				return err
			}
		}
		return s.insert(ctx, "versions", row)
	})
	if err != nil {
		return err
	}
	if err := s.missedVersions(); err != nil {
		return err
	}
	leftOut := 0
	for _, f := range s.salvaged.LeftOut {
		if f.Table == "versions" {
			leftOut++
		}
	}
	if leftOut > len(s.missing) {
		s.missing = append(s.missing, runRange{0, always}) // nobody knows which runs saw what cannot be read
	}
	return s.made.conn.exec(`DELETE FROM bodies WHERE hash NOT IN (SELECT hash FROM versions)`)
}

// missedVersions names versions that an index has and that no row was read of: a page
// that is damaged in the right place leads past rows without an error.
func (s *salvage) missedVersions() error {
	named := map[int64]bool{}
	for _, f := range s.salvaged.LeftOut {
		var id int64
		if _, err := fmt.Sscanf(f.Key, "%d ", &id); err == nil && f.Table == "versions" {
			named[id] = true
		}
	}
	there, err := s.made.conn.prepare(`SELECT 1 FROM versions WHERE id = +?`)
	if err != nil {
		return err
	}
	var failed error
	err = s.old.conn.each(`SELECT rowid, kind, item FROM versions INDEXED BY versions_item`, func(row []driver.Value) error {
		var found []driver.Value
		if found, failed = there.row(integer(row[0])); failed == nil && found == nil && !named[integer(row[0])] {
			s.lost(vault.Finding{Table: "versions", Key: fmt.Sprintf("%v (%v/%v)", row[0], text(row[1]), text(row[2])), Problem: "its row cannot be found"})
		}
		return failed
	})
	if err != nil && failed == nil {
		s.lost(vault.Finding{Table: "versions", Key: "", Problem: "the index cannot be read, so what is missing of it cannot be named: " + err.Error()})
	}
	return errors.Join(failed, there.close())
}

// soundVersion reads the refs of a version, and says what is wrong with it.
func (s *salvage) soundVersion(row []driver.Value, v *versionRow) (problem string) {
	last := len(row) - 1
	for _, again := range []bool{false, true} {
		refs, err := s.old.refsOf(v.id, again)
		if err != nil {
			problem = "its references cannot be read: " + err.Error()
			continue
		}
		s.sum.begin("versions", row[:last]...)
		for _, ref := range refs {
			s.sum.add(string(ref.Kind))
			s.sum.add(ref.ID)
		}
		if s.sum.is(row[last]) {
			v.refs = refs
			return ""
		}
		problem = "does not match its checksum"
	}
	return problem
}

// leaveOut notes a version that is not copied, and which runs saw it.
func (s *salvage) leaveOut(v *versionRow, problem string) {
	s.lost(vault.Finding{Table: "versions", Key: fmt.Sprintf("%d (%s/%s)", v.id, v.kind, v.item), Problem: problem})
	g := runRange{v.firstRun, v.lastRun}
	if g.until == 0 || problem != "its body is missing or damaged" {
		g.until = always
	}
	if problem != "its body is missing or damaged" {
		g.from = 0 // the row itself cannot be trusted
	}
	s.missing = append(s.missing, g)
}

// affects reports whether a run saw something that is missing now.
func (s *salvage) affects(run int64) bool {
	return slices.ContainsFunc(s.missing, func(g runRange) bool { return g.from <= run && run <= g.until })
}

// ref names a document in findings.
func refKey(instance int64, ref record.Ref) string {
	return fmt.Sprintf("%d/%s/%s", instance, ref.Kind, ref.ID)
}
