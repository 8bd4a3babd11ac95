package lookersim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
)

// stateFile makes an instance outlive its servers: what is changed stands in a
// file, one change a line, and a server begins by making those changes again. Several
// servers may share one, also at once: each reads what others have added.
type stateFile struct {
	path  string
	world string // names the world that the changes are made to

	mu   sync.Mutex
	read int64 // the bytes of the file whose changes this server has made
	line int   // how many lines those are
}

// stateLine is one line of the file: the world first, then changes.
type stateLine struct {
	World  string          `json:"world,omitempty"`
	Method string          `json:"method,omitempty"`
	Path   string          `json:"path,omitempty"`
	Body   json.RawMessage `json:"body,omitempty"`
	Change string          `json:"change,omitempty"` // as ParseChange reads it
}

// errReset says that the changes which a server has made are no longer there.
var errReset = errors.New("the state file was taken back to an earlier state: start the server again")

func newStateFile(opts Options) *stateFile {
	if opts.State == "" {
		return nil
	}
	return &stateFile{path: opts.State, world: fmt.Sprintf("1 seed=%d sizes=%x", opts.Seed, hashOf(fmt.Sprint(opts.Sizes, opts.Tiles, opts.SmallTiles,
		opts.DashboardBytes, opts.LargeFilters, opts.PersonalFolders, opts.TrashShare, opts.Corpus, opts.Dialect)))}
}

// catchUp makes the changes that are in the file and not yet made.
func (f *stateFile) catchUp(s *Server) error {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.follow(s)
}

func (f *stateFile) follow(s *Server) error {
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && f.read == 0:
		_, err = os.Stat(filepath.Dir(f.path)) // the first write makes the file, but not its folder
		return err
	case errors.Is(err, fs.ErrNotExist), err == nil && info.Size() < f.read:
		return errReset
	case err != nil || info.Size() == f.read:
		return err
	}
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer file.Close()
	added, err := io.ReadAll(io.NewSectionReader(file, f.read, info.Size()-f.read))
	if err != nil {
		return err
	}
	for {
		end := bytes.IndexByte(added, '\n')
		if end < 0 {
			return nil // somebody is still writing, or was cut off while writing
		}
		f.line++
		if err := s.again(f, added[:end]); err != nil {
			return fmt.Errorf("%s, line %d: %w; remove the file to begin anew", f.path, f.line, err)
		}
		f.read += int64(end) + 1
		added = added[end+1:]
	}
}

// again makes one change of the file.
func (s *Server) again(f *stateFile, text []byte) error {
	var line stateLine
	if err := json.Unmarshal(text, &line); err != nil {
		return err
	}
	switch {
	case f.line == 1:
		if line.World != f.world {
			return errors.New("the file belongs to another instance")
		}
		return nil
	case line.Change != "":
		ch, err := ParseChange(line.Change)
		if err != nil {
			return err
		}
		_, err = s.world.apply(ch)
		return err
	}
	c, err := s.inner(line.Method, line.Path, line.Body)
	if err != nil {
		return err
	}
	if c.route == nil || c.route.write == nil {
		return fmt.Errorf("nothing takes %s %s", line.Method, line.Path)
	}
	if a := c.perform(); a.status >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: status %d", line.Method, line.Path, a.status)
	}
	return nil
}

// while holds the file for a change: others wait, and what they added before is
// made first. It appends the line that change returns, unless that is empty.
func (f *stateFile) while(s *Server, change func() (stateLine, bool)) (err error) {
	if f == nil {
		change()
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := lockFile(file); err != nil {
		return fmt.Errorf("lock %s: %w", f.path, err)
	}
	if err := f.follow(s); err != nil {
		return err
	}
	line, ok := change()
	if !ok {
		return nil
	}
	var text []byte
	if f.line == 0 {
		text = appendLine(text, stateLine{World: f.world})
	}
	text = appendLine(text, line)
	// What follows the last whole line is of a server that was cut off.
	if err := file.Truncate(f.read); err != nil {
		return err
	}
	if _, err := file.WriteAt(text, f.read); err != nil {
		return err
	}
	f.read += int64(len(text))
	f.line += bytes.Count(text, []byte("\n"))
	return nil
}

func appendLine(b []byte, line stateLine) []byte {
	text, err := json.Marshal(line)
	if err != nil {
		panic("lookersim: " + err.Error()) // the body was valid JSON
	}
	return append(append(b, text...), '\n')
}
