package restore

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/scope"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/vault"
)

// filter chooses documents by where they lie, whose they are and what they are called.
type filter struct {
	folders, owners map[string]bool // nil for any
	homes           map[string]bool // personal folders of the owners, and folders in them, that went with these
	name            string          // pattern, "" for any
}

func (f *filter) matches(e vault.Entry) bool {
	if f.folders != nil {
		folder := e.Folder
		spec, ok := catalogue.Find(e.Kind)
		switch {
		case !ok || spec.Place == catalogue.Nowhere:
			return false
		case spec.Place == catalogue.IsFolder && f.folders[e.ID]:
			folder = e.ID
		}
		if !f.folders[folder] {
			return false
		}
	}
	if f.owners != nil && !f.owners[e.Owner] && (e.Folder == "" || !f.homes[e.Folder]) {
		return false
	}
	if f.name == "" {
		return true
	}
	matched, err := path.Match(f.name, patternText(e.Name))
	return err == nil && matched
}

// patternText makes a name fit for a pattern whatever its case, and of which a star
// also stands for a slash.
func patternText(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), "/", "\x00")
}

// UnknownError means that nothing is called what a request names. It matches
// [vault.ErrNotFound].
type UnknownError struct {
	Kind record.Kind // that was looked through
	Name string      // as it was asked for
	what string      // one of Kind, for people
}

// Error is one line.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("%s %q: %s", e.what, e.Name, vault.ErrNotFound)
}

// Is makes it a [vault.ErrNotFound].
func (e *UnknownError) Is(target error) bool { return target == vault.ErrNotFound }

// usersCalled finds users by id, name or mail address in what the vault knew, those
// that are gone included.
func (p *planner) usersCalled(ctx context.Context, text string) ([]string, error) {
	users, err := p.past.all(ctx, catalogue.Users)
	if err != nil {
		return nil, err
	}
	if _, ok := users[text]; ok {
		return []string{text}, nil
	}
	var ids []string
	for id, e := range users {
		called, err := p.isCalled(ctx, e, text)
		if err != nil {
			return nil, err
		}
		if called {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, &UnknownError{Kind: catalogue.Users, what: "user", Name: text}
	}
	slices.Sort(ids)
	return ids, nil
}

// isCalled reports whether a text is the name or the mail address of a user.
func (p *planner) isCalled(ctx context.Context, user vault.Entry, text string) (bool, error) {
	if strings.EqualFold(user.Name, text) || !strings.Contains(text, "@") {
		return strings.EqualFold(user.Name, text), nil
	}
	body, err := p.body(ctx, user)
	return err == nil && strings.EqualFold(emailOf(body), text), err
}

// findFolder finds a folder by its id, or by its path or the end of it.
func findFolder(folders map[string]vault.Entry, text string) (string, error) {
	if _, ok := folders[text]; ok {
		return text, nil
	}
	wanted := pathParts(text)
	var ends []string
	for id := range folders {
		parts := pathParts(folderPath(folders, id))
		switch {
		case slices.Equal(parts, wanted):
			return id, nil
		case len(parts) > len(wanted) && slices.Equal(parts[len(parts)-len(wanted):], wanted):
			ends = append(ends, id)
		}
	}
	slices.SortFunc(ends, table.Compare)
	switch len(ends) {
	case 0:
		return "", &UnknownError{Kind: catalogue.Folders, what: "folder", Name: text}
	case 1:
		return ends[0], nil
	}
	return "", fmt.Errorf("folder %q is the name of several: name one by its id: %s", text, strings.Join(ends, ", "))
}

// escapedSlash stands for a slash that is part of a name while a path is split.
const escapedSlash = "\x00"

func pathParts(text string) []string {
	var parts []string
	for part := range strings.SplitSeq(strings.ReplaceAll(text, `\/`, escapedSlash), "/") {
		if part = strings.ToLower(strings.TrimSpace(part)); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// deepest is how many folders a path names at most: parents that go round in a circle
// end there.
const deepest = 50

// folderPath is the path of a folder, like "Shared/Sales"; a slash in a name is written
// "\/". "" where the folder is not known.
func folderPath(folders map[string]vault.Entry, id string) string {
	var names []string
	for range deepest {
		f, ok := folders[id]
		if !ok {
			break
		}
		names = append(names, strings.ReplaceAll(f.Name, "/", `\/`))
		id = f.Folder
	}
	slices.Reverse(names)
	return strings.Join(names, "/")
}

// below returns folders and all folders in them, at any depth.
func below(folders map[string]vault.Entry, ids []string) map[string]bool {
	return scope.Below(ids, func(yield func(id, parent string) bool) {
		for id, folder := range folders {
			if !yield(id, folder.Folder) {
				return
			}
		}
	})
}
