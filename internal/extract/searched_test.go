package extract_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// searched are kinds whose documents are found by lists of ids.
var searched = []record.Kind{"dashboards", "looks", "users", "groups", "agents"}

// TestASearchThatFindsNothingMakesNothingGone: a document that is listed answers 404 alone,
// and the search by ids finds nothing at all, whatever it is asked for. So it does not tell
// that the document is gone, in a first run as in later ones.
func TestASearchThatFindsNothingMakesNothingGone(t *testing.T) {
	for _, kind := range searched {
		t.Run(string(kind), func(t *testing.T) {
			row, _ := catalogue.Find(kind)
			for _, later := range []bool{false, true} {
				// Rows are poor, so that each document is asked for alone.
				r := newRig(t, lookersim.Options{Seed: 5, TrashShare: 0.2, Quirks: lookersim.Quirks{PoorRows: []string{string(kind)}}})
				id := r.lastPresent(kind)
				if later {
					r.run(record.RunComplete, start(kind))
				}
				r.rules(fmt.Sprintf("route=GET /%s/{id} id=%s status=404", kind, id))
				r.tamper(func(path string, query url.Values, body []byte) []byte {
					list := path == row.Listing.Route.Path
					switch {
					case list && query.Get(row.Listing.IDs) != "", strings.HasSuffix(path, "/looks"):
						return []byte("[]")
					case list:
						return bytes.ReplaceAll(body, []byte(`"golden_queries"`), []byte(`"others"`))
					}
					return body
				})
				s := start(kind)
				s.Full = later
				result := r.run(record.RunPartial, s)
				got := countsOf(t, result, kind)
				if got.Gone != 0 || got.Failed != 1 || r.faults()[0].ID != id {
					t.Errorf("later %v: %+v, faults %+v, want a fault of %s and nothing gone", later, got, r.faults(), id)
				}
			}
		})
	}
}

// lastPresent is the id of the last document of a kind on the server that lies in no trash.
func (r *rig) lastPresent(kind record.Kind) (id string) {
	r.t.Helper()
	for item := range r.sim.Items(string(kind)) {
		if item.State == string(record.Present) {
			id = item.ID
		}
	}
	return id
}

// TestADocumentThatItsTotalCounts: lists and searches leave a document out that the server
// still counts and serves alone. It is not gone, and its kind is not complete.
func TestADocumentThatItsTotalCounts(t *testing.T) {
	for _, kind := range searched {
		t.Run(string(kind), func(t *testing.T) {
			row, _ := catalogue.Find(kind)
			r := newRig(t, lookersim.Options{Seed: 5, TrashShare: 0.2})
			r.run(record.RunComplete, start(kind))
			left := fmt.Sprintf("%q", r.lastPresent(kind))
			r.tamper(func(path string, _ url.Values, body []byte) []byte {
				if path != row.Listing.Route.Path && !strings.HasSuffix(path, "/looks") {
					return body
				}
				return listOf(slices.DeleteFunc(rowsOf(body), func(row json.RawMessage) bool { return string(canon.Member(row, "id")) == left }))
			})
			got := countsOf(t, r.run(record.RunPartial, start(kind)), kind)
			if got.Gone != 0 || got.Listing != record.Incomplete || !strings.Contains(got.Reason, "leaves out 1 that are there") {
				t.Errorf("%+v, want nothing gone and an incomplete listing", got)
			}
		})
	}
}
