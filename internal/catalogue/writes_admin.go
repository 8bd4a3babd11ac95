package catalogue

import "github.com/lookervault/lookervault/internal/record"

// adminWrites are the write rows of models, looks and settings of the instance.
var adminWrites = map[record.Kind]written{}
