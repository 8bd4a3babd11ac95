package catalogue

import "github.com/lookervault/lookervault/internal/record"

// accessWrites are the write rows of who may do what.
var accessWrites = map[record.Kind]written{}
