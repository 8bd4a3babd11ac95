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

// compile finds the folder and the owner that the flags name.
func (f *filterFlags) compile(ctx context.Context, m moment, names *nameBook) (*entryFilter, error) {
	filter := &entryFilter{}
	if f.folder != "" {
		id, err := names.findFolder(f.folder)
		if err != nil {
			return nil, err
		}
		filter.folders = names.below(id)
	}
	if f.owner != "" {
		owners, err := names.findUsers(ctx, m, f.owner)
		if err != nil {
			return nil, err
		}
		filter.owners = owners
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

// findFolder finds a folder by its id, or by its path or the end of it.
func (b *nameBook) findFolder(text string) (string, error) {
	if _, ok := b.folders[text]; ok {
		return text, nil
	}
	wanted := pathParts(text)
	var found, near []string
	for id := range b.folders {
		parts := pathParts(b.folder(id))
		switch {
		case slices.Equal(parts, wanted):
			return id, nil
		case len(parts) > len(wanted) && slices.Equal(parts[len(parts)-len(wanted):], wanted):
			found, near = append(found, id), append(near, fmt.Sprintf("%s (%s)", id, b.folder(id)))
		}
	}
	slices.Sort(near)
	switch len(found) {
	case 0:
		return "", fmt.Errorf("folder %q: %w", text, vault.ErrNotFound)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("folder %q is the name of several: name one by its id: %s", text, strings.Join(near, ", "))
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

// below are a folder and all folders in it, at any depth.
func (b *nameBook) below(id string) map[string]bool {
	in := map[string]bool{id: true}
	for grown := true; grown; {
		grown = false
		for child, f := range b.folders {
			if !in[child] && in[f.Folder] {
				in[child], grown = true, true
			}
		}
	}
	return in
}

// findUsers finds a user by id, name or mail address. Several of one name are all meant.
func (b *nameBook) findUsers(ctx context.Context, m moment, text string) (map[string]bool, error) {
	if _, ok := b.users[text]; ok {
		return map[string]bool{text: true}, nil
	}
	found := make(map[string]bool)
	for id, user := range b.users {
		if strings.EqualFold(user, text) {
			found[id] = true
		}
	}
	if strings.Contains(text, "@") {
		for d, err := range m.reader.Documents(ctx, vault.Query{Instance: m.instance, Kind: catalogue.Users, At: m.at}) {
			if err != nil {
				return nil, err
			}
			var user struct {
				Email string `json:"email"`
			}
			if json.Unmarshal(d.Body, &user) == nil && strings.EqualFold(user.Email, text) {
				found[d.ID] = true
			}
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("user %q: %w", text, vault.ErrNotFound)
	}
	return found, nil
}
