package main

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/scope"
	"github.com/lookervault/lookervault/internal/vault"
)

// filterFlags are the flags that choose documents by where they lie and whose they are.
type filterFlags struct {
	folder, owner string
}

func (f *filterFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.folder, "folder", "", "only what lies in this folder or below it: its id, or its path as in \"Shared / Finance\"")
	cmd.Flags().StringVar(&f.owner, "owner", "", "only what this user owns: id, name or mail address")
}

// entryFilter chooses documents. nil chooses all of them.
type entryFilter struct {
	folders map[string]bool // nil for any
	owners  map[string]bool // nil for any
	name    string          // pattern, "" for any
	since   func(vault.Entry) bool
}

func (f *entryFilter) matches(e vault.Entry) bool {
	switch {
	case f.folders != nil && !f.folders[folderOf(e)]:
		return false
	case f.owners != nil && !f.owners[e.Owner]:
		return false
	case f.since != nil && !f.since(e):
		return false
	case f.name != "":
		matched, err := path.Match(f.name, strings.ReplaceAll(strings.ToLower(e.Name), "/", "\x00"))
		return err == nil && matched
	}
	return true
}

// only yields the entries that the filter chooses.
func (f *entryFilter) only(entries iter.Seq2[vault.Entry, error]) iter.Seq2[vault.Entry, error] {
	return func(yield func(vault.Entry, error) bool) {
		for e, err := range entries {
			if (err != nil || f.matches(e)) && !yield(e, err) {
				return
			}
		}
	}
}

// compile finds the folders and the users that the flags name, also those that are gone:
// what was theirs may be asked for, too.
func (f *filterFlags) compile(ctx context.Context, m moment, names *nameBook) (*entryFilter, error) {
	filter := &entryFilter{}
	if f.folder != "" || f.owner != "" {
		if err := names.readGone(ctx, m); err != nil {
			return nil, err
		}
	}
	if f.folder != "" {
		ids, err := names.findFolders(f.folder)
		if err != nil {
			return nil, absent(err, m.reader, "list folders")
		}
		filter.folders = names.below(ids)
	}
	if f.owner != "" {
		there, gone, err := names.findUsers(ctx, m, f.owner)
		if err != nil {
			return nil, absent(err, m.reader, "list users")
		}
		filter.owners = make(map[string]bool)
		for _, id := range append(there, gone...) {
			filter.owners[id] = true
		}
	}
	return filter, nil
}

// named sets the pattern that names have to match, whatever their case.
func (f *entryFilter) named(cmd *cobra.Command, pattern string) error {
	pattern = strings.ReplaceAll(strings.ToLower(pattern), "/", "\x00")
	if _, err := path.Match(pattern, ""); err != nil {
		return usage(cmd, fmt.Errorf("--name: %q is not a pattern: %w", pattern, err))
	}
	f.name = pattern
	return nil
}

// findFolder finds a folder that is there by its id, or by its path or the end of it.
func (b *nameBook) findFolder(text string) (string, error) {
	held := &nameBook{folders: b.folders}
	ids, err := held.findFolders(text)
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

// findFolders finds a folder by its id, or by its path or the end of it. Several are of one
// path when one was made anew; the end of a path has to name one, and means one that is
// there before one that is gone.
func (b *nameBook) findFolders(text string) ([]string, error) {
	if _, ok := b.entryOf(text); ok {
		return []string{text}, nil
	}
	wanted := pathParts(text)
	var exact, there, gone []string
	for id := range b.allFolders() {
		parts := pathParts(b.folder(id))
		_, held := b.folders[id]
		switch {
		case slices.Equal(parts, wanted):
			exact = append(exact, id)
		case len(parts) <= len(wanted) || !slices.Equal(parts[len(parts)-len(wanted):], wanted):
		case held:
			there = append(there, id)
		default:
			gone = append(gone, id)
		}
	}
	if len(exact) > 0 {
		slices.Sort(exact)
		return exact, nil
	}
	if len(there) == 0 {
		there = gone
	}
	switch len(there) {
	case 0:
		return nil, fmt.Errorf("folder %q: %w", text, vault.ErrNotFound)
	case 1:
		return there, nil
	}
	var near []string
	for _, id := range there {
		near = append(near, fmt.Sprintf("%s (%s)", id, b.folder(id)))
	}
	slices.Sort(near)
	return nil, fmt.Errorf("folder %q is the name of several: name one by its id: %s", text, strings.Join(near, ", "))
}

// pathParts are the names in a path, however it is spaced and whatever its case.
func pathParts(text string) []string {
	var parts []string
	for part := range strings.SplitSeq(text, "/") {
		if part = strings.ToLower(strings.TrimSpace(part)); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// below are folders and all folders in them, at any depth.
func (b *nameBook) below(ids []string) map[string]bool {
	return scope.Below(ids, func(yield func(id, parent string) bool) {
		for id, folder := range b.allFolders() {
			if !yield(id, folder.Folder) {
				return
			}
		}
	})
}

// findUsers finds users by id, name or mail address: those that are there, and those that
// are gone as the vault last held them. Several of one name are all meant.
func (b *nameBook) findUsers(ctx context.Context, m moment, text string) (there, gone []string, err error) {
	lists := []struct {
		users   map[string]string
		deleted bool
		found   *[]string
	}{{b.users, false, &there}, {nil, true, &gone}}
	if b.gone != nil {
		lists[1].users = b.gone.users
	}
	for _, list := range lists {
		if _, ok := list.users[text]; ok {
			*list.found = []string{text}
			return there, gone, nil
		}
	}
	for _, list := range lists {
		for id, user := range list.users {
			if strings.EqualFold(user, text) {
				*list.found = append(*list.found, id)
			}
		}
		if strings.Contains(text, "@") && len(list.users) > 0 {
			if err := findAddress(ctx, m, text, list.deleted, list.found); err != nil {
				return nil, nil, err
			}
		}
	}
	if len(there)+len(gone) == 0 {
		return nil, nil, fmt.Errorf("user %q: %w", text, vault.ErrNotFound)
	}
	return there, gone, nil
}

// findAddress adds the users who have a mail address to those that were found.
func findAddress(ctx context.Context, m moment, address string, deleted bool, found *[]string) error {
	for d, err := range m.reader.Documents(ctx, vault.Query{Instance: m.instance, Kind: catalogue.Users, At: m.at, Deleted: deleted}) {
		if err != nil {
			return err
		}
		var user struct {
			Email string `json:"email"`
		}
		if json.Unmarshal(d.Body, &user) == nil && strings.EqualFold(user.Email, address) && !slices.Contains(*found, d.ID) {
			*found = append(*found, d.ID)
		}
	}
	return nil
}
