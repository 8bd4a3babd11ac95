package view

import "github.com/lookervault/lookervault/internal/record"

// Stats are what is known of a vault's size, as stats shows it.
type Stats struct {
	Instance    string      `json:"instance"`
	FileBytes   int64       `json:"file_bytes"`
	FreeBytes   int64       `json:"free_bytes"` // of the file, that hold nothing
	Runs        int64       `json:"runs"`
	Versions    int64       `json:"versions"`
	Bodies      int64       `json:"bodies"`
	BodyBytes   int64       `json:"body_bytes"`   // as they came, each once
	StoredBytes int64       `json:"stored_bytes"` // as they are stored
	Compression float64     `json:"compression_ratio"`
	Shared      int64       `json:"shared_versions"` // that have their body in common with another one
	Kinds       []KindSize  `json:"kinds"`
	Months      []MonthSize `json:"months"`
	Largest     []Ranked    `json:"largest"`
	MostChanged []Ranked    `json:"most_changed"`
}

// KindSize is how much there is of a kind.
type KindSize struct {
	Kind    record.Kind `json:"kind"`
	Present int64       `json:"present"`
	Trashed int64       `json:"trashed"`
	Gone    int64       `json:"gone"`
	Bytes   int64       `json:"bytes"` // of the newest bodies, as they came
}

// MonthSize is what the runs of a month added.
type MonthSize struct {
	Month  string `json:"month"`
	Runs   int64  `json:"runs"`
	Calls  int64  `json:"calls"`
	Stored int64  `json:"stored_bytes"` // that the runs of the month added
}

// Ranked is a document of a ranking.
type Ranked struct {
	Kind record.Kind `json:"kind"`
	ID   string      `json:"id"`
	Name string      `json:"name"`
	N    int64       `json:"n"` // bytes, or bodies
}
