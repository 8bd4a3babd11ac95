package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/delta"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// What can become of a document.
const (
	changeAdded    = "added"
	changeRemoved  = "removed"
	changeTrashed  = "trashed"
	changeRestored = "restored" // taken out of the trash
	changeChanged  = "changed"
	changeMoved    = "moved"
)

// change is what became of a document between two moments, under stable names.
type change struct {
	Run        int64        `json:"run,omitempty"` // that saw it
	Time       string       `json:"time,omitempty"`
	Kind       record.Kind  `json:"kind"`
	ID         string       `json:"id"`
	Name       string       `json:"name"`
	Change     []string     `json:"change"`
	Folder     string       `json:"folder"`
	FolderPath string       `json:"folder_path,omitempty"`
	Owner      string       `json:"owner"`
	OwnerName  string       `json:"owner_name,omitempty"`
	Who        string       `json:"who,omitempty"` // who changed it last, as the document tells
	Bytes      int64        `json:"bytes"`
	Changes    []delta.Edit `json:"changes,omitempty"`

	at   time.Time
	what string // in a few words
}

// changer makes changes of passages. It is for one goroutine.
type changer struct {
	names    *nameBook
	body     func(vault.Entry) ([]byte, error)
	volatile bool // members that only count views and the like matter as well
	reader   *canon.Reader
	rules    map[record.Kind]*canon.Rules
}

// changes calls fn with a changer that reads the bodies of a vault.
func changes(ctx context.Context, m moment, names *nameBook, volatile bool, fn func(*changer) error) error {
	return m.reader.Bodies(ctx, func(body func(vault.Entry) ([]byte, error)) error {
		return fn(&changer{names: names, body: body, volatile: volatile, reader: canon.NewReader(), rules: make(map[record.Kind]*canon.Rules)})
	})
}

// of makes a change of a passage. It reports false where nothing changed that matters.
func (c *changer) of(p vault.Passage) (change, bool, error) {
	e := p.Entry()
	made := change{
		Run: p.Run, Kind: p.Kind, ID: p.ID, Name: e.Name, Bytes: e.Size, Folder: e.Folder, FolderPath: c.names.folder(folderOf(e)),
		Owner: e.Owner, OwnerName: c.names.user(e.Owner), at: c.names.runs[p.Run],
	}
	if !made.at.IsZero() {
		made.Time = made.at.UTC().Format(time.RFC3339)
	}
	if p.After != nil {
		body, err := c.body(*p.After)
		if err != nil {
			return made, false, err
		}
		made.Who = c.who(body, p)
	}
	switch {
	case p.After == nil:
		made.Change, made.what = []string{changeRemoved}, "gone"
	case p.Pruned:
		made.Change, made.what = []string{changeChanged}, "changed; what it was before is pruned"
	case p.Before == nil:
		made.Change, made.what = []string{changeAdded}, "new"
		if p.After.State == record.Trashed {
			made.Change, made.what = append(made.Change, changeTrashed), "new, in the trash"
		}
	default:
		if err := c.compare(&made, *p.Before, *p.After); err != nil {
			return made, false, err
		}
	}
	return made, len(made.Change) > 0, nil
}

// compare finds out what changed between two versions.
func (c *changer) compare(made *change, before, after vault.Entry) (err error) {
	if made.Changes, err = c.edits(before, after); err != nil {
		return err
	}
	spec := specOf(before.Kind)
	switch {
	case before.State != after.State && after.State == record.Trashed:
		made.Change = append(made.Change, changeTrashed)
	case before.State != after.State:
		made.Change = append(made.Change, changeRestored)
	}
	edited := slices.ContainsFunc(made.Changes, func(e delta.Edit) bool {
		return !e.Silent() && !e.Moved(spec.Fields.Folder) && e.Path != "/"+spec.Fields.Trashed
	})
	// What only follows from something else is a change where nothing else is.
	if edited || len(made.Change) == 0 && before.Folder == after.Folder && len(made.Changes) > 0 {
		made.Change = append(made.Change, changeChanged)
	}
	if before.Folder != after.Folder {
		made.Change = append(made.Change, changeMoved)
	}
	made.what = cmp.Or(delta.Words(made.Changes, func(id string) string { return cmp.Or(c.names.folder(id), "folder "+id) }), "changed")
	return nil
}

func (c *changer) edits(before, after vault.Entry) ([]delta.Edit, error) {
	var forms [2][]byte
	for i, e := range []vault.Entry{before, after} {
		body, err := c.body(e)
		if err != nil {
			return nil, err
		}
		if forms[i] = body; !c.volatile {
			if forms[i], err = c.reader.Canonical(c.rulesOf(e.Kind), body); err != nil {
				return nil, err
			}
		}
	}
	if bytes.Equal(forms[0], forms[1]) {
		return nil, nil
	}
	return delta.Compare(forms[0], forms[1])
}

func (c *changer) rulesOf(kind record.Kind) *canon.Rules {
	rules, ok := c.rules[kind]
	if !ok {
		rules = canon.Compile(specOf(kind))
		c.rules[kind] = rules
	}
	return rules
}

// specOf is the row of a kind; one without rules where this version does not know it.
func specOf(kind record.Kind) *catalogue.Spec {
	if spec, known := catalogue.Find(kind); known {
		return spec
	}
	return &catalogue.Spec{Name: kind}
}

// who is who changed a document last, as far as it tells: by name where the vault knows
// it.
func (c *changer) who(body []byte, p vault.Passage) string {
	var tells struct {
		Updater     any    `json:"last_updater_id"`
		UpdaterName string `json:"last_updater_name"`
		Deleter     any    `json:"deleter_id"`
		UpdatedBy   string `json:"updated_by"`
	}
	if json.Unmarshal(body, &tells) != nil {
		return "" // not an object, or another kind of value: it tells nothing
	}
	if p.After.State == record.Trashed && (p.Before == nil || p.Before.State != record.Trashed) {
		if id := idText(tells.Deleter); id != "" {
			return cmp.Or(c.names.user(id), id)
		}
	}
	id := idText(tells.Updater)
	return cmp.Or(tells.UpdaterName, c.names.user(id), id, tells.UpdatedBy)
}

// idText is an id that is a string or a number.
func idText(id any) string {
	switch id := id.(type) {
	case string:
		return id
	case float64:
		text, _ := json.Marshal(id)
		return string(text)
	}
	return ""
}
