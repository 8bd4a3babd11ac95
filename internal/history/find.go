package history

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/scope"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/vault"
)

// FindFolder finds a folder that is there by its id, or by its path or the end of it.
func (b *Names) FindFolder(text string) (string, error) {
	held := &Names{folders: b.folders}
	ids, err := held.FindFolders(text)
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

// FindFolders finds a folder by its id, or by its path or the end of it. Several are of one
// path when one was made anew; the end of a path has to name one, and means one that is
// there before one that is gone. The error is [vault.ErrNotFound] where there is none.
func (b *Names) FindFolders(text string) ([]string, error) {
	if _, ok := b.entryOf(text); ok {
		return []string{text}, nil
	}
	wanted := pathParts(text)
	var exact, there, gone []string
	for id := range b.allFolders() {
		parts := pathParts(b.Folder(id))
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
		near = append(near, fmt.Sprintf("%s (%s)", id, b.Folder(id)))
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

// Below are folders and all folders in them, at any depth.
func (b *Names) Below(ids []string) map[string]bool {
	return scope.Below(ids, func(yield func(id, parent string) bool) {
		for id, folder := range b.allFolders() {
			if !yield(id, folder.Folder) {
				return
			}
		}
	})
}

// FindUsers finds users by id, name or mail address: those that are there, and those that
// are gone as the vault last held them. Several of one name are all meant. The error is
// [vault.ErrNotFound] where there is none.
func (b *Names) FindUsers(ctx context.Context, m Moment, text string) (there, gone []string, err error) {
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
func findAddress(ctx context.Context, m Moment, address string, deleted bool, found *[]string) error {
	for d, err := range m.Reader.Documents(ctx, vault.Query{Instance: m.Instance, Kind: catalogue.Users, At: m.At, Deleted: deleted}) {
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

// AddressOf is the mail address of a user as the vault last held it, "" where it tells none.
func AddressOf(ctx context.Context, m Moment, user string) (string, error) {
	d, err := m.Reader.Document(ctx, m.Instance, record.Ref{Kind: catalogue.Users, ID: user}, m.At)
	if err != nil {
		return "", err
	}
	var tells struct {
		Email string `json:"email"`
	}
	if json.Unmarshal(d.Body, &tells) != nil {
		return "", nil //nolint:nilerr // another kind of value: it tells none
	}
	return tells.Email, nil
}

// FindUser is the id of the one user that text names: one who is there before one who is
// gone. The error is [vault.ErrNotFound] where there is none.
func (b *Names) FindUser(ctx context.Context, m Moment, text string) (string, error) {
	if err := b.ReadGone(ctx, m); err != nil {
		return "", err
	}
	found, gone, err := b.FindUsers(ctx, m, text)
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		found = gone
	}
	if len(found) > 1 {
		slices.SortFunc(found, table.Compare)
		return "", fmt.Errorf("user %q is the name of several: name one by its id: %s", text, strings.Join(found, ", "))
	}
	return found[0], nil
}
