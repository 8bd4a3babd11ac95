package catalogue_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
)

// TestLookupsCopyNothing: stages look rows up while documents flow, and a row is
// hundreds of bytes large.
func TestLookupsCopyNothing(t *testing.T) {
	for _, kind := range catalogue.All() {
		got, ok := catalogue.Find(kind.Name)
		if !ok || got != kind {
			t.Errorf("Find(%s) is another row than that of All", kind.Name)
		}
	}
	allocations := testing.AllocsPerRun(100, func() {
		catalogue.Find("explores")
		catalogue.Wave("content_access")
	})
	if allocations != 0 {
		t.Errorf("%v allocations a lookup, want none", allocations)
	}
	if _, ok := catalogue.Find("no_kind"); ok {
		t.Error("no_kind was found")
	}
}

// TestARowIsChangedInACopy: rows are shared by everybody.
func TestARowIsChangedInACopy(t *testing.T) {
	kind, _ := catalogue.Find("looks")
	page := kind.Listing.Page
	changed := kind.With(func(k *catalogue.Spec) { k.Listing.Page = page + 1 })
	if changed.Listing.Page != page+1 || kind.Listing.Page != page {
		t.Errorf("page is %d in the copy and %d in the row, want %d and %d", changed.Listing.Page, kind.Listing.Page, page+1, page)
	}
}
