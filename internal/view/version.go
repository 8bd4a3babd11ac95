package view

// Version is what version tells of the program.
type Version struct {
	Arch    string `json:"arch"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	SQLite  string `json:"sqlite"`
	Version string `json:"version"`
}
