package view

import "github.com/lookervault/lookervault/internal/record"

// Tree is what tree shows, as one object.
type Tree struct {
	Folders []*Folder `json:"folders"`
}

// Folder is a folder with what lies in it, as tree shows it.
type Folder struct {
	ID        string           `json:"id"`
	Name      string           `json:"name"`
	Path      string           `json:"path"`
	Count     int64            `json:"documents"` // in it and below it, without the folders
	Bytes     int64            `json:"bytes"`     // of them
	Folders   []*Folder        `json:"folders"`
	Documents []FolderDocument `json:"content"`
}

// FolderDocument is a document that lies in a folder.
type FolderDocument struct {
	Kind  record.Kind  `json:"kind"`
	ID    string       `json:"id"`
	Name  string       `json:"name"`
	State record.State `json:"state"`
	Bytes int64        `json:"bytes"`
}

// TreeLine is a folder or a document as a row of a table.
type TreeLine struct {
	Path  string       `json:"path"`
	Kind  record.Kind  `json:"kind"`
	ID    string       `json:"id"`
	Name  string       `json:"name"`
	Count int64        `json:"documents"`
	Bytes int64        `json:"bytes"`
	State record.State `json:"state"`
}
