package sqlite

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// Locked reports whether a writer has the vault.
func Locked(path string) bool {
	_, held, err := Holder(path)
	return held || err != nil
}

// HoldWrite keeps a write transaction open until release is closed, as another
// program would.
func HoldWrite(path string, begun chan<- error, release <-chan struct{}) error {
	c, err := connect(uri(path, "mode=rw"))
	if err != nil {
		begun <- err
		return err
	}
	begun <- c.exec("BEGIN IMMEDIATE; UPDATE instances SET base_url = base_url")
	<-release
	return errors.Join(c.rollback(), c.close())
}

// SQLiteHeld reports whether a connection has one of SQLite's locks on the file at
// path.
func SQLiteHeld(path string) (bool, error) {
	d, err := openDescriptor(path, false)
	if err != nil {
		return false, err
	}
	defer d.close()
	return d.sqliteHeld(), nil
}

// HoldRead begins to read, as another program would, until release is called.
func HoldRead(path string) (release func(), err error) {
	c, err := connect(uri(path, "mode=ro"))
	if err != nil {
		return nil, err
	}
	if err := c.exec("BEGIN"); err != nil {
		return nil, errors.Join(err, c.close())
	}
	if _, err := c.number("SELECT count(*) FROM heads"); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return sync.OnceFunc(func() { _ = c.close() }), nil
}

// Hold keeps everybody from writing until release is called.
func (f *File) Hold() (release func()) {
	f.mu.Lock()
	return f.mu.Unlock
}

// Exec runs a statement on the file's own connection.
func (f *File) Exec(sql string) error { return f.conn.exec(sql) }

// ReleaseRestores is releaseRestores in a transaction, as a prune calls it.
func (f *File) ReleaseRestores(before time.Time) (n int, err error) {
	if err := f.conn.exec("BEGIN IMMEDIATE"); err != nil {
		return 0, err
	}
	n, err = f.releaseRestores(millis(before))
	return n, errors.Join(err, f.conn.exec("COMMIT"))
}

// Joining is how many callers wait for the next transaction of the journal.
func (r *Restore) Joining() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.joining == nil {
		return 0
	}
	return len(r.joining.entries)
}

// AfterStatements calls fn, in the goroutine that writes, after each statement that
// changes what is stored of restores.
func (f *File) AfterStatements(fn func()) error {
	err := f.conn.raw.RegisterFunc("after_statement", func() int { fn(); return 0 }, false)
	for _, table := range []string{"restores", "restore_actions", "restore_steps", "restore_calls", "id_map"} {
		for _, change := range []string{"INSERT", "UPDATE"} {
			err = errors.Join(err, f.conn.exec(fmt.Sprintf(
				"CREATE TEMP TRIGGER after_%s_%s AFTER %s ON main.%s BEGIN SELECT after_statement(); END", change, table, change, table)))
		}
	}
	return err
}
