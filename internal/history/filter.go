package history

import (
	"fmt"
	"iter"
	"path"
	"strings"

	"github.com/lookervault/lookervault/internal/vault"
)

// Filter chooses documents. The zero value chooses all of them.
type Filter struct {
	Folders map[string]bool        // ids that they lie in; nil for any
	Owners  map[string]bool        // ids of their owners; nil for any
	Since   func(vault.Entry) bool // reports whether one changed late enough; nil for any

	name string // pattern, "" for any; see Named
}

// Matches reports whether the filter chooses a document.
func (f *Filter) Matches(e vault.Entry) bool {
	switch {
	case f.Folders != nil && !f.Folders[FolderOf(e)]:
		return false
	case f.Owners != nil && !f.Owners[e.Owner]:
		return false
	case f.Since != nil && !f.Since(e):
		return false
	case f.name != "":
		matched, err := path.Match(f.name, strings.ReplaceAll(strings.ToLower(e.Name), "/", "\x00"))
		return err == nil && matched
	}
	return true
}

// Only yields the entries that the filter chooses.
func (f *Filter) Only(entries iter.Seq2[vault.Entry, error]) iter.Seq2[vault.Entry, error] {
	return func(yield func(vault.Entry, error) bool) {
		for e, err := range entries {
			if (err != nil || f.Matches(e)) && !yield(e, err) {
				return
			}
		}
	}
}

// Named sets the pattern that names have to match, whatever their case, as in "*sales*". What is
// not to be stands behind "[!", as shells have it, or "[^".
func (f *Filter) Named(pattern string) error {
	pattern = noClasses(strings.ReplaceAll(strings.ToLower(pattern), "/", "\x00"))
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Errorf("%q is not a pattern: %w", pattern, err)
	}
	f.name = pattern
	return nil
}

// noClasses writes "[!" at the beginning of a class as "[^".
func noClasses(pattern string) string {
	written := []byte(pattern)
	inClass := false
	for i := 0; i < len(written); i++ {
		switch {
		case written[i] == '\\':
			i++ // what follows is itself
		case inClass:
			inClass = written[i] != ']'
		case written[i] == '[':
			inClass = true
			if i+1 < len(written) && written[i+1] == '!' {
				written[i+1] = '^'
			}
		}
	}
	return string(written)
}
