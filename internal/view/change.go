package view

import (
	"encoding/json"

	"github.com/lookervault/lookervault/internal/delta"
	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/record"
)

// Change is what became of a document, as diff and log show it.
type Change struct {
	Run        int64       `json:"run,omitempty"` // that saw it
	Time       string      `json:"time,omitempty"`
	Kind       record.Kind `json:"kind"`
	ID         string      `json:"id"`
	Name       string      `json:"name"`
	Change     []string    `json:"change"`
	Folder     string      `json:"folder"`
	FolderPath string      `json:"folder_path,omitempty"`
	Owner      string      `json:"owner"`
	OwnerName  string      `json:"owner_name,omitempty"`
	Who        string      `json:"who,omitempty"` // who changed it last, as the document tells
	Bytes      int64       `json:"bytes"`
	Changes    []Edit      `json:"changes,omitempty"`
	NotSeen    []string    `json:"not_seen,omitempty"` // paths of what one of the two keys does not see
}

// Edit is one member that differs.
type Edit struct {
	Path   string          `json:"path"`
	Before json.RawMessage `json:"before"` // null where there was none
	After  json.RawMessage `json:"after"`
	Within string          `json:"within,omitempty"` // title of the element that it is of
}

// ChangeOf makes it of a change.
func ChangeOf(c history.Change) Change {
	return Change{
		c.Run, stamp(c.At), c.Kind, c.ID, c.Name, list(c.Change), c.Folder, c.FolderPath, c.Owner, c.OwnerName, c.Who, c.Bytes, editsOf(c.Edits), c.NotSeen,
	}
}

func editsOf(edits []delta.Edit) []Edit {
	var made []Edit
	for _, e := range edits {
		made = append(made, Edit(e))
	}
	return made
}

// Loss is a document that went, as diff --lost shows it.
type Loss struct {
	Change
	Because    []Dependent `json:"because"`
	Dependents []Dependent `json:"dependents"`
}

// Dependent is a document that a lost one named, or that named it.
type Dependent struct {
	Kind record.Kind `json:"kind"`
	ID   string      `json:"id"`
	Name string      `json:"name"`
	How  string      `json:"how"` // folder, owner, part, or what is named: query
	Lost bool        `json:"lost"`
}

// LossOf makes it of a loss.
func LossOf(l history.Loss) Loss {
	return Loss{ChangeOf(l.Change), dependentsOf(l.Because), dependentsOf(l.Dependents)}
}

func dependentsOf(dependents []history.Dependent) []Dependent {
	made := []Dependent{}
	for _, d := range dependents {
		made = append(made, Dependent{d.Kind, d.ID, d.Name, d.How, d.Lost})
	}
	return made
}

// KindChanges are the changes of a kind, as diff --stat counts them.
type KindChanges struct {
	Kind     record.Kind `json:"kind"`
	Added    int         `json:"added"`
	Removed  int         `json:"removed"`
	Trashed  int         `json:"trashed"`
	Restored int         `json:"restored"`
	Changed  int         `json:"changed"`
	Moved    int         `json:"moved"`
}

// Count counts a change of a document of the kind.
func (k *KindChanges) Count(c history.Change) {
	for _, what := range c.Change {
		*map[string]*int{
			history.Added: &k.Added, history.Removed: &k.Removed, history.Trashed: &k.Trashed,
			history.Restored: &k.Restored, history.Changed: &k.Changed, history.Moved: &k.Moved,
		}[what]++
	}
}
