package catalogue

import "github.com/lookervault/lookervault/internal/record"

// peopleWrites are the write rows of who there is.
var peopleWrites = map[record.Kind]written{}
