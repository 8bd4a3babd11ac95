package canon_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLengths(t *testing.T) {
	array := func(n int) string { return "[" + strings.Repeat("1,", n-1) + "1]" }
	tests := []struct {
		name, body string
		want       []int // sorted
	}{
		{"short ones", `{"id":"1","tiles":` + array(4) + `,"none":[]}`, []int{0, 4}},
		{"short ones that are no members of the document", `{"id":"1","folder":{"tiles":` + array(4) + `}}`, nil},
		{"two places", `{"tiles":` + array(5) + `,"folder":{"tiles":` + array(6) + `}}`, []int{5, 6}},
		{"names that are alike", `{"dashboard_filters":` + array(5) + `,"dashboard_layouts":` + array(6) + `}`, []int{5, 6}},
		{"the longest of many at one place", `{"sections":[{"items":` + array(7) + `},{"items":` + array(9) + `},{"items":` + array(8) + `}]}`, []int{3, 9}},
		{"deeper than it matters", `{"tiles":[{"query":{"fields":` + array(9) + `}}]}`, []int{1}},
		{"what is volatile", `{"views":` + array(9) + `}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []int
			for _, l := range read(t, tt.body).Lengths {
				got = append(got, l.Elements)
			}
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("lengths (-want +got):\n%s", diff)
			}
		})
	}
	one, other := read(t, `{"tiles":`+array(5)+`}`).Lengths, read(t, `{"x":1,"tiles": `+array(8)+`}`).Lengths
	if one[0].Place != other[0].Place {
		t.Error("one place of two documents is not the same")
	}
}
