package fetch

import (
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// own is the length of an array at one place of a document itself.
func own(elements int) record.Length { return record.Length{Place: 1, Elements: elements, Own: true} }

// knownOf are the lengths of rows that have one array each.
func knownOf(elements ...int) lengths {
	known := make(lengths)
	for _, n := range elements {
		known.add([]record.Length{own(n)})
	}
	return known
}

// TestLengthsThatLookLikeALimit: the longest arrays look cut off where they come to a round number, or to
// another one more often than documents with one element less.
func TestLengthsThatLookLikeALimit(t *testing.T) {
	tests := []struct {
		name     string
		rows     []int
		compared int
		of       int
		want     bool
	}{
		{name: "one of fifty", rows: []int{3, 50}, of: 50, want: true},
		{name: "one of ten", rows: []int{3, 10}, of: 10},
		{name: "two of ten", rows: []int{3, 10, 10}, of: 10, want: true},
		{name: "two of 33", rows: []int{3, 33, 33}, of: 33},
		{name: "three of 33", rows: []int{3, 33, 33, 33}, of: 33, want: true},
		{name: "three of 33 and two of 32", rows: []int{32, 32, 33, 33, 33}, of: 33, want: true},
		{name: "three of 33 and three of 32", rows: []int{32, 32, 32, 33, 33, 33}, of: 33},
		{name: "not the longest", rows: []int{3, 10, 10, 11}, of: 10},
		{name: "one that was compared", rows: []int{3, 10, 10}, compared: 10, of: 10},
		{name: "longer than what was compared", rows: []int{3, 10, 10}, compared: 9, of: 10, want: true},
		{name: "short ones", rows: []int{1, 4, 4, 4}, of: 4},
		{name: "empty ones", rows: []int{0, 0, 0}, of: 0},
		{name: "the shortest that are told of everywhere", rows: []int{1, 5, 5, 5}, of: 5, want: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			known := knownOf(tt.rows...)
			if tt.compared > 0 {
				known.proven([]record.Length{own(tt.compared)})
			}
			if got := len(known.cut([]record.Length{own(tt.of)})) > 0; got != tt.want {
				t.Errorf("cut off: %t, want %t", got, tt.want)
			}
		})
	}
}

// TestTheShortestLengths: a row is the shortest at a place where others are longer, and none so short was
// found to be its document.
func TestTheShortestLengths(t *testing.T) {
	tests := []struct {
		name     string
		rows     []int
		compared int
		of       record.Length
		want     bool
	}{
		{name: "the shortest", rows: []int{2, 3}, of: own(2), want: true},
		{name: "another one", rows: []int{2, 3}, of: own(3)},
		{name: "all alike", rows: []int{2, 2}, of: own(2)},
		{name: "one so short was compared", rows: []int{2, 3}, compared: 2, of: own(2)},
		{name: "a longer one was compared", rows: []int{2, 3}, compared: 3, of: own(2), want: true},
		{name: "deeper inside", rows: []int{2, 3}, of: record.Length{Place: 1, Elements: 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			known := knownOf(tt.rows...)
			if tt.compared > 0 {
				known.proven([]record.Length{own(tt.compared)})
			}
			if got := len(known.short([]record.Length{tt.of})) > 0; got != tt.want {
				t.Errorf("short: %t, want %t", got, tt.want)
			}
		})
	}
}

// TestManyPlaces: of places beyond what is told apart nothing is known, and the others are counted on.
func TestManyPlaces(t *testing.T) {
	known := make(lengths)
	var places, all []uint64
	for range 2 {
		for place := range uint64(maxPlaces + 1) {
			known.add([]record.Length{{Place: place, Elements: 50, Own: true}})
		}
	}
	known.add([]record.Length{{Place: 0, Elements: 49, Own: true}})
	for place := range uint64(maxPlaces + 1) {
		if at := known[place]; at != nil && at.rows[50] == 2 {
			all = append(all, place)
		}
		known.proven([]record.Length{{Place: place, Elements: 1}})
		row := []record.Length{{Place: place, Elements: 50, Own: true}}
		places = append(places, known.cut(row)...)
		if short := known.short(row); len(short) > 0 {
			t.Errorf("place %d is short", place)
		}
	}
	if len(all) != maxPlaces || len(places) != maxPlaces {
		t.Errorf("%d places are counted, %d seem cut off, want %d", len(all), len(places), maxPlaces)
	}
}

// TestShortRowsOfFew: where rows of another kind hold the same documents, a row is picked for its short
// arrays only where an answer has few rows.
func TestShortRowsOfFew(t *testing.T) {
	for _, tt := range []struct {
		kind record.Kind
		rows int
		want []string
	}{
		{"dashboards", mostRowsOfFew + 1, []string{"0"}},
		{"roles", mostRowsOfFew, []string{"0"}},
		{"roles", mostRowsOfFew + 1, nil},
	} {
		h := newHabits(catalogue.Lookup(tt.kind), stages.NewLedger([]record.Kind{tt.kind}))
		var found []matched
		for i := range tt.rows {
			elements := []record.Length{own(min(i+1, 2))}
			h.noteLengths(elements)
			found = append(found, matched{want: record.Listed{ID: strconv.Itoa(i)}, doc: &record.Document{Lengths: elements}})
		}
		var got []string
		for _, m := range h.likelyShort(found) {
			got = append(got, m.want.ID)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%d rows of %s (-want +got):\n%s", tt.rows, tt.kind, diff)
		}
	}
}

// TestAlikeRows: two rows of a document are alike by their bytes or, where both were read, by what they mean.
func TestAlikeRows(t *testing.T) {
	read := func(row string, fingerprint byte) matched {
		return matched{row: []byte(row), doc: &record.Document{Fingerprint: record.Digest{fingerprint}}}
	}
	unread := func(row string) matched { return matched{row: []byte(row)} }
	rows := []matched{read("a", 1), read("b", 1), read("b", 2), unread("a"), unread("c")}
	var got [][2]int
	for i := range rows {
		for j := range rows {
			if i < j && alike(rows[i], rows[j]) != alike(rows[j], rows[i]) {
				t.Errorf("rows %d and %d are alike one way round", i, j)
			}
			if i < j && alike(rows[i], rows[j]) {
				got = append(got, [2]int{i, j})
			}
		}
	}
	if want := [][2]int{{0, 1}, {0, 3}, {1, 2}}; !slices.Equal(want, got) {
		t.Errorf("alike are %v, want %v", got, want)
	}
}
