package catalogue

import "github.com/lookervault/lookervault/internal/record"

// The kinds that other documents name as where they lie and whose they are.
const (
	Folders record.Kind = "folders" // of [Fields].Folder
	Users   record.Kind = "users"   // of [Fields].Owner
)
