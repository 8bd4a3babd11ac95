package check

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/restore"
)

// scratchFolder is where something can be tried: the personal folder of the key's user,
// else the shared root, "" where neither is known. Ids are numbers on old servers.
func (c *Checkup) scratchFolder() (string, error) {
	var user struct {
		Folder jsontext.Value `json:"personal_folder_id"`
	}
	if _, err := get(c.ctx, c.options.Client, "/user", url.Values{"fields": {"personal_folder_id"}}, &user, nil); err != nil {
		return "", err
	}
	if folder := canon.Text(user.Folder); folder != "" {
		return folder, nil
	}
	var folders []struct {
		ID     jsontext.Value `json:"id"`
		Shared bool           `json:"is_shared_root"`
	}
	_, err := get(c.ctx, c.options.Client, "/folders", url.Values{"fields": {"id,is_shared_root"}}, &folders, nil)
	for _, f := range folders {
		if f.Shared {
			return canon.Text(f.ID), err
		}
	}
	return "", err
}

// trialName is what the names of the folder and the dashboard of a trial begin with.
const trialName = "lookervault check "

// restores tries what restores rest on.
func (c *Checkup) restores() error {
	const check = "restore"
	folder, err := c.scratchFolder()
	switch {
	case err != nil:
		c.add(check, NotChecked, "", "no folder was found to try it in: %v", err)
		return nil
	case folder == "":
		c.add(check, NotChecked, "give the key's user a personal folder", "there is no folder to try it in: the key's user has no personal one, and none is the shared root")
		return nil
	}
	for _, left := range restore.LeftBefore(c.ctx, c.options.Client, folder, trialName) {
		c.Warn(check, "delete it in Looker", "an earlier trial has left %s %q", left.Ref, left.Name)
	}
	name := trialName + c.options.Now().Format("2006-01-02 15:04:05.000")
	yes, err := c.options.Agree(fmt.Sprintf("A folder %q with a dashboard is made in folder %s, thrown away, taken back, and deleted for good: about 25 calls.", name, folder))
	if err != nil {
		return err
	}
	if !yes {
		c.add(check, NotChecked, "", "not agreed to")
		return nil
	}
	found, left, err := restore.Probe(c.ctx, c.options.Client, folder, name)
	for _, a := range found {
		if a.Holds {
			c.add(check, OK, "", "%s", a.Says)
			continue
		}
		verdict := "not so"
		if a.Unknown {
			verdict = "not known"
		}
		c.add(check, Warn, "restores may leave this to be done by hand; docs/RESTORE.md", "%s: %s: %s", verdict, a.Says, a.Found)
	}
	if c.ctx.Err() != nil && len(left) > 0 { // nobody sees what was found
		return fmt.Errorf("%w: %s", context.Cause(c.ctx), strings.Join(left, "; "))
	}
	for _, what := range left {
		c.Fail(Other, check, "delete it in Looker", "of the trial %s", what)
	}
	if err != nil {
		c.Fail(Other, check, "", "the trial could not go on: %v", err)
	}
	return nil
}
