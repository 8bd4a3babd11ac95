package memory

import (
	"cmp"

	"github.com/lookervault/lookervault/internal/record"
)

func compareRefs(instanceA, instanceB string, a, b record.Ref) int {
	return cmp.Or(cmp.Compare(instanceA, instanceB), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
}

func compareCalls(a, b record.Calls) int {
	return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Route, b.Route))
}
