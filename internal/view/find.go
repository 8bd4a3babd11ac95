package view

import (
	"github.com/lookervault/lookervault/internal/find"
	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Hit is a version of a document that holds what find looked for.
type Hit struct {
	Kind       record.Kind  `json:"kind"`
	ID         string       `json:"id"`
	Name       string       `json:"name"`
	State      record.State `json:"state"`
	Folder     string       `json:"folder"`
	FolderPath string       `json:"folder_path,omitempty"`
	Run        int64        `json:"run"` // the newest that saw this version
	Where      []string     `json:"where"`
	// Matches are the best of the places with the words that they hold.
	Matches []Match `json:"matches"`
}

// Match is a place in a document with what it says there.
type Match struct {
	Path    string   `json:"path"`
	Excerpt string   `json:"excerpt"`
	Words   []string `json:"words"`
}

// HitOf makes it of a version and what was found in it.
func HitOf(e vault.Entry, names *history.Names, m find.Match) Hit {
	h := Hit{
		Kind: e.Kind, ID: e.ID, Name: e.Name, State: e.State, Folder: e.Folder, FolderPath: names.Folder(history.FolderOf(e)),
		Run: e.LastRun, Where: list(m.Where), Matches: []Match{},
	}
	for _, p := range m.Passages {
		h.Matches = append(h.Matches, Match(p))
	}
	return h
}
