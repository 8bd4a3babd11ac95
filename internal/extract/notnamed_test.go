package extract_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lookervault/lookervault/internal/job"
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

// TestRowsOfAnEarlierPart: a run is stopped before it asks for the users of roles, and every third row
// of the users that it has stored lacks a role. The resume finds that out.
func TestRowsOfAnEarlierPart(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 4, SmallTiles: true, Sizes: simtest.Small(), Quirks: lookersim.Quirks{
		PoorRows: []string{"users.role_ids"}, PoorEvery: 3, PoorForms: []lookersim.PoorForm{lookersim.PoorOne},
	}})
	r.config.Stages.List.PageSize = 100
	stop, now := context.WithCancel(t.Context())
	defer now()
	r.stop = stop
	r.tamper(func(path string, _ url.Values, body []byte) []byte {
		if strings.HasSuffix(path, "/users") && strings.HasPrefix(path, "/roles/") {
			now()
		}
		return body
	})
	kinds := start("users", "roles", "role_users")
	if result, err := r.try(kinds); !errors.Is(err, job.ErrInterrupted) {
		t.Fatalf("run: %v %+v", err, result.Run)
	}
	if len(r.stored()) == 0 {
		t.Fatal("nothing is stored")
	}
	r.stop = nil
	kinds.Resume = true
	r.run(record.RunComplete, kinds)
	compare(t, r, "users", "role_users")
}

// joinRows makes a list of rows.
func joinRows(rows []json.RawMessage) []byte {
	texts := make([][]byte, len(rows))
	for i, row := range rows {
		texts[i] = row
	}
	return slices.Concat([]byte("["), bytes.Join(texts, []byte(",")), []byte("]"))
}
