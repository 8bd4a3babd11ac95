package fetch

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// partsOf are members by their names: "a" is a value, "a{" an object, "a[" an array with an element, "a]" an
// empty one, and "~a[" a volatile one.
func partsOf(names string) map[string]canon.Part {
	parts := make(map[string]canon.Part)
	for name := range strings.FieldsSeq(names) {
		member := strings.Trim(name, "~{[]")
		parts[member] = canon.Part{
			Container: strings.ContainsAny(name, "{[]"), Object: strings.Contains(name, "{"),
			Elements: strings.Count(name, "["), Volatile: strings.HasPrefix(name, "~"),
		}
	}
	return parts
}

// shapesOf are rows, each with the members of its shape; the number of a shape is its place.
func shapesOf(rows ...string) *shapes {
	s, numbers := newShapes(), make(map[string]uint64)
	for _, row := range rows {
		if _, known := numbers[row]; !known {
			numbers[row] = uint64(len(numbers))
		}
		s.add(numbers[row], func() map[string]canon.Part { return partsOf(row) })
	}
	return &s
}

// TestSuspicion: what speaks against rows of the first shape, given all rows.
func TestSuspicion(t *testing.T) {
	tests := []struct {
		name string
		rows []string
		want suspicion
	}{
		{"all alike", []string{"a b", "a b"}, innocent},
		{"a neighbour has more", []string{"a", "a b"}, strong},
		{"null instead of an object", []string{"a b", "a b{"}, strong},
		{"an object, and others have a value", []string{"a b{", "a b"}, innocent},
		{"the neighbours are fewer", []string{"a", "a", "a b"}, possible},
		{"most rows lack it", []string{"a", "c", "c", "c", "a b"}, possible},
		{"another thing in its place", []string{"a c", "a b", "a b"}, usual},
		{"an array with elements that its neighbour has not", []string{"a c[", "a c] b", "a c] b"}, usual},
		{"an empty array that its neighbour has not filled", []string{"a c]", "a c] b", "a c] b"}, strong},
		{"a volatile array that its neighbour has not filled", []string{"a ~c[", "a ~c] b", "a ~c] b"}, strong},
		{"an object that its neighbour has as null", []string{"a c{", "a c b", "a c b"}, usual},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := shapesOf(tt.rows...)
			got, lacks := s.suspicion(s.known[0])
			if got != tt.want || (got == innocent) != lacks.empty() {
				t.Errorf("suspicion %d, want %d; it lacks %v", got, tt.want, s.names(lacks))
			}
			weak := s.weakGroup(matched{doc: &record.Document{Shape: 0}})
			if isWeak := got == usual || got == possible; isWeak == weak.empty() {
				t.Errorf("suspicion %d, and as weak counts %v", got, s.names(weak))
			}
		})
	}
	s := shapesOf("a", "a b")
	if diff := cmp.Diff([]string{"b"}, s.names(s.lacks(s.known[0].has))); diff != "" {
		t.Errorf("lacked (-want +got):\n%s", diff)
	}
	if !s.weakGroup(matched{doc: &record.Document{Shape: 9}}).empty() {
		t.Error("a shape that was not seen lacks something")
	}
}

// TestComparisonsBecomeRarer: of rows that lack the same the first is compared, unless one was that spoke for
// all, and then fewer and fewer; a row that is poorer than its neighbours always.
func TestComparisonsBecomeRarer(t *testing.T) {
	tests := []struct {
		name   string
		rows   []string
		spoken bool // for the first shape
		want   []int
	}{
		{"innocent", []string{"a b", "a b"}, false, nil},
		{"usual", []string{"a c", "a b", "a b"}, false, []int{1, 64}},
		{"usual, and one spoke", []string{"a c", "a b", "a b"}, true, []int{64}},
		{"possible", []string{"a", "a", "a b"}, false, []int{1, 4, 16, 64}},
		{"possible, and one spoke", []string{"a", "a", "a b"}, true, []int{4, 16, 64}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := shapesOf(tt.rows...)
			if tt.spoken {
				s.spokenFor("1", 0)
			}
			var due []int
			for n := 1; n <= 70; n++ {
				if is, _ := s.comparisonDue(s.known[0]); is {
					due = append(due, n)
				}
			}
			if diff := cmp.Diff(tt.want, due); diff != "" {
				t.Errorf("due (-want +got):\n%s", diff)
			}
		})
	}
	s := shapesOf("a", "a b")
	s.spokenFor("of no shape", 9)
	s.spokenFor("1", 0)
	for n := range 3 {
		if due, _ := s.comparisonDue(s.known[0]); !due {
			t.Errorf("row %d that is poorer than its neighbours is not compared", n)
		}
	}
}

// TestManyMembers: what stands behind the first 256 members is not looked at.
func TestManyMembers(t *testing.T) {
	parts := make(map[string]canon.Part)
	for i := range 300 {
		parts[strconv.Itoa(i)] = canon.Part{}
	}
	s := newShapes()
	s.add(0, func() map[string]canon.Part { return nil })
	s.add(1, func() map[string]canon.Part { return parts })
	if lacks := s.names(s.lacks(s.known[0].has)); len(lacks) != 256 {
		t.Errorf("%d members are lacked, want 256", len(lacks))
	}
}

// TestUncomparedRowsAreKept: so many, of shapes that were seen, and told once when they turn out to be poorer.
func TestUncomparedRowsAreKept(t *testing.T) {
	s := shapesOf("a")
	s.take(9, record.Listed{ID: "of no shape"})
	for i := range mostUncompared + 1 {
		s.take(0, record.Listed{ID: strconv.Itoa(i)})
	}
	if late := s.late(); len(late) > 0 {
		t.Errorf("%d rows are late, and none has more", len(late))
	}
	for range mostUncompared {
		s.add(1, func() map[string]canon.Part { return partsOf("a b") })
	}
	if late := s.late(); len(late) != mostUncompared || late[0].ID != "0" {
		t.Errorf("%d rows are late, want %d", len(late), mostUncompared)
	}
	if late := s.late(); len(late) > 0 {
		t.Errorf("%d rows are late once more", len(late))
	}
}

// TestShortRowsStandForOthers: a row with short arrays stands for rows that lack the same members as it,
// and are not poorer than their neighbours, and is itself compared once.
func TestShortRowsStandForOthers(t *testing.T) {
	row := func(id string, shape uint64) matched {
		return matched{want: record.Listed{ID: id}, doc: &record.Document{Shape: shape}}
	}
	stored := row("stored", 0)
	stored.want.Fingerprint = record.Digest{1}
	rows := []string{"a c", "a b", "a b d", "a b d", "a b d"} // the second is poorer than its neighbours
	tests := []struct {
		name            string
		suspects, short []matched
		want            []string
	}{
		{"one that lacks the same", []matched{row("1", 0), row("2", 2)}, []matched{row("9", 0)}, []string{"2", "9"}},
		{"of four that lack the same three", []matched{row("1", 0), row("2", 0), row("3", 0), row("4", 0)}, []matched{row("9", 0)}, []string{"4", "9"}},
		{"one behind three others", []matched{row("1", 1), row("2", 1), row("3", 1), row("4", 0)}, []matched{row("9", 0)}, []string{"1", "2", "3", "9"}},
		{"one that is stored", []matched{stored, row("1", 0)}, []matched{row("9", 0)}, []string{"stored", "9"}},
		{"one that is compared anyway", []matched{row("1", 0), row("2", 0)}, []matched{row("1", 0)}, []string{"1", "2"}},
		{"poorer than its neighbours", []matched{row("1", 1)}, []matched{row("9", 1)}, []string{"1", "9"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHabits(catalogue.Lookup("dashboards"), stages.NewLedger([]record.Kind{"dashboards"}))
			h.shapes = *shapesOf(rows...)
			var got []string
			for _, m := range h.withShort(tt.suspects, tt.short) {
				got = append(got, m.want.ID)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("compared (-want +got):\n%s", diff)
			}
		})
	}
}
