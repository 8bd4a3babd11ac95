package extract_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
)

// TestUsersThatARoleLeavesOut: of a first run the first answer for the users of each role without
// groups lacks one of them, or all, while the rows of the users name the role. It is asked for again.
func TestUsersThatARoleLeavesOut(t *testing.T) {
	for name, shorten := range map[string]func([]json.RawMessage) []json.RawMessage{
		"one":  func(rows []json.RawMessage) []json.RawMessage { return rows[1:] },
		"all":  func([]json.RawMessage) []json.RawMessage { return nil },
		"none": slices.Clone[[]json.RawMessage],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 5, Sizes: simtest.Small()})
			withGroups := make(map[string]bool)
			for ref, item := range r.served("role_groups") {
				withGroups["/roles/"+ref.ID+"/users"] = string(bytes.TrimSpace(item.Body)) != "[]"
			}
			var mu sync.Mutex
			calls, short := 0, make(map[string]int)
			r.tamper(func(path string, _ url.Values, body []byte) []byte {
				mu.Lock()
				defer mu.Unlock()
				calls++
				rows := rowsOf(body)
				if !strings.HasPrefix(path, "/roles/") || !strings.HasSuffix(path, "/users") || withGroups[path] || len(rows) == 0 {
					return body
				}
				if short[path]++; short[path] > 1 {
					return body
				}
				return joinRows(shorten(rows))
			})
			r.run(record.RunComplete, start("users", "roles", "role_users", "role_groups"))
			compare(t, r, "role_users", "users")
			if len(short) == 0 {
				t.Fatal("no role without groups has users")
			}
			for path, n := range short {
				if name == "none" && n > 1 {
					t.Errorf("%s was asked for %d times, though it agrees", path, n)
				}
			}
		})
	}
}

// joinRows makes a list of rows.
func joinRows(rows []json.RawMessage) []byte {
	texts := make([][]byte, len(rows))
	for i, row := range rows {
		texts[i] = row
	}
	return slices.Concat([]byte("["), bytes.Join(texts, []byte(",")), []byte("]"))
}
