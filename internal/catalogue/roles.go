package catalogue

import "github.com/lookervault/lookervault/internal/record"

// The kinds that other documents name as where they lie, whose they are, and what they
// show.
const (
	Folders record.Kind = "folders" // of [Fields].Folder
	Users   record.Kind = "users"   // of [Fields].Owner
	Groups  record.Kind = "groups"  // of those who may do or see something
	Looks   record.Kind = "looks"
	Models  record.Kind = "lookml_models"
)
