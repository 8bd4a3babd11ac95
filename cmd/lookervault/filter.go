package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/history"
)

// filterFlags are the flags that choose documents by where they lie and whose they are.
type filterFlags struct {
	folder, owner string
}

func (f *filterFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.folder, "folder", "", "only what lies in this folder or below it: its id, or its path as in \"Shared / Finance\"")
	cmd.Flags().StringVar(&f.owner, "owner", "", "only what this user owns: id, name or mail address")
}

// compile finds the folders and the users that the flags name, also those that are gone:
// what was theirs may be asked for, too.
func (f *filterFlags) compile(ctx context.Context, m history.Moment, names *history.Names) (*history.Filter, error) {
	filter := &history.Filter{}
	if f.folder != "" || f.owner != "" {
		if err := names.ReadGone(ctx, m); err != nil {
			return nil, err
		}
	}
	if f.folder != "" {
		ids, err := names.FindFolders(f.folder)
		if err != nil {
			return nil, absent(err, m.Reader, "list folders")
		}
		filter.Folders = names.Below(ids)
	}
	if f.owner != "" {
		there, gone, err := names.FindUsers(ctx, m, f.owner)
		if err != nil {
			return nil, absent(err, m.Reader, "list users")
		}
		filter.Owners = make(map[string]bool)
		for _, id := range append(there, gone...) {
			filter.Owners[id] = true
		}
	}
	return filter, nil
}
