package extract_test

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
)

// repeatRows returns a list with all its rows twice.
func repeatRows(list []byte) []byte {
	inside := strings.TrimSuffix(strings.TrimPrefix(string(list), "["), "]")
	if inside == "" {
		return list
	}
	return fmt.Appendf(nil, "[%s,%s]", inside, inside)
}

// TestRepeatedRowsOfParts: a list that is a document of its own and has its rows twice is asked for
// again. Where it stays so, that is what the server says, and a note says it too.
func TestRepeatedRowsOfParts(t *testing.T) {
	parts := []struct {
		kind record.Kind
		path string // of its documents: what is before the id, and what is behind it
		end  string
		most [2]int // calls for one of them: in a first run, and in the next
	}{
		{"role_users", "/roles/", "/users", [2]int{2, 1}},
		{"role_groups", "/roles/", "/groups", [2]int{4, 4}},   // an overview tells of each row once
		{"group_groups", "/groups/", "/groups", [2]int{4, 4}}, // an overview tells of each row once
		{"user_attribute_group_values", "/user_attributes/", "/group_values", [2]int{2, 1}},
		{"content_access", "/content_metadata_access", "", [2]int{2, 1}},
	}
	for _, tt := range parts {
		t.Run(string(tt.kind), func(t *testing.T) {
			t.Parallel()
			sizes := simtest.Small()
			sizes.UserAttributes = 14
			r := newRig(t, lookersim.Options{Seed: 5, Sizes: sizes})
			var mu sync.Mutex
			repeats, asked := 1, make(map[string]int)
			r.tamper(func(path string, query url.Values, body []byte) []byte {
				if !strings.HasPrefix(path, tt.path) || !strings.HasSuffix(path, tt.end) {
					return body
				}
				mu.Lock()
				defer mu.Unlock()
				document := path + query.Get("content_metadata_id")
				if asked[document]++; asked[document] > repeats {
					return body
				}
				return repeatRows(body)
			})
			result := r.run(record.RunComplete, start())
			compare(t, r, tt.kind)
			if notes := strings.Join(result.Run.Notes, "\n"); strings.Contains(notes, "row twice") {
				t.Errorf("it passed, and the run has notes: %s", notes)
			}
			repeats = 1000
			r.path = filepath.Join(t.TempDir(), "another.db")
			for _, most := range tt.most { // what is stored so is no news, and is noted still
				clear(asked)
				again := start()
				again.Full = true
				result = r.run(record.RunComplete, again)
				if !slices.ContainsFunc(result.Run.Notes, func(note string) bool {
					return strings.HasPrefix(note, string(tt.kind)+": ") && strings.Contains(note, " have a row twice: ")
				}) {
					t.Errorf("notes: %q", result.Run.Notes)
				}
				for document, n := range asked {
					if n > most {
						t.Errorf("%s was asked for %d times, want %d at most", document, n, most)
					}
				}
			}
		})
	}
}
