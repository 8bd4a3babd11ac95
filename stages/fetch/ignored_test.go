package fetch_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// TestRoutesThatIgnoreTheirParameters: where the first answer shows that the server ignores
// what fetch asks for, the run does not use that route again, and keeps that as a lesson.
func TestRoutesThatIgnoreTheirParameters(t *testing.T) {
	idsAsk := func(ids ...string) record.Ask {
		return record.Ask{Kind: "dashboards", How: record.IDs, State: record.Present, Want: stagestest.Want(ids...)}
	}
	tests := []struct {
		name    string
		set     func(*stagestest.Looker)
		asks    []record.Ask
		calls   []string
		lessons []record.Lesson
	}{
		{
			name: "a list of ids", set: func(f *stagestest.Looker) { f.NoIDs = true },
			asks: []record.Ask{idsAsk("4", "5"), idsAsk("6", "7")},
			calls: []string{
				"/dashboards/search?id=4,5&limit=3", "/dashboards/4", "/dashboards/5", "/dashboards/6", "/dashboards/7",
			},
			lessons: []record.Lesson{record.IDsOff},
		},
		{
			name: "limit", set: func(f *stagestest.Looker) { f.NoLimit = true },
			asks: []record.Ask{stagestest.PageAsk(0, "1", "2"), stagestest.PageAsk(2, "3", "4")},
			calls: []string{
				"/dashboards/search?limit=2&offset=0", "/dashboards/1", "/dashboards/search?id=3,4&limit=3",
			},
			lessons: []record.Lesson{record.PageOff, record.RowsStored},
		},
		{
			name: "offset", set: func(f *stagestest.Looker) { f.NoOffset = true },
			asks: []record.Ask{stagestest.PageAsk(4, "5", "6"), stagestest.PageAsk(6, "7", "8")},
			calls: []string{
				"/dashboards/search?limit=2&offset=4", "/dashboards/search?id=5,6&limit=3", "/dashboards/5", "/dashboards/search?id=7,8&limit=3",
			},
			lessons: []record.Lesson{record.PageOff, record.RowsStored},
		},
		{
			name: "limit, of a list with a row more", set: func(f *stagestest.Looker) { f.NoLimit, f.Things = true, f.Things[:3] },
			asks:    []record.Ask{stagestest.PageAsk(0, "1", "2"), stagestest.PageAsk(2, "3")},
			calls:   []string{"/dashboards/search?limit=2&offset=0", "/dashboards/1", "/dashboards/search?id=3&limit=2"},
			lessons: []record.Lesson{record.PageOff, record.RowsStored},
		},
		// Others may have moved rows meanwhile: that says nothing of the server.
		{
			name: "none, and the first page has moved", set: func(*stagestest.Looker) {},
			asks: []record.Ask{stagestest.PageAsk(0, "8", "9"), stagestest.PageAsk(0, "1", "2")},
			calls: []string{
				"/dashboards/search?limit=2&offset=0", "/dashboards/search?id=8,9&limit=3", "/dashboards/8", "/dashboards/search?limit=2&offset=0",
			},
			lessons: []record.Lesson{record.RowsStored},
		},
		{
			name: "none, and the only row of a page has moved", set: func(*stagestest.Looker) {},
			asks: []record.Ask{stagestest.PageAsk(4, "9"), stagestest.PageAsk(0, "1", "2")},
			calls: []string{
				"/dashboards/search?limit=1&offset=4", "/dashboards/search?id=9&limit=2", "/dashboards/9", "/dashboards/search?limit=2&offset=0",
			},
			lessons: []record.Lesson{record.RowsStored},
		},
		{
			name: "none, and a row of two has moved", set: func(*stagestest.Looker) {},
			asks: []record.Ask{stagestest.PageAsk(4, "5", "9"), stagestest.PageAsk(0, "1", "2")},
			calls: []string{
				"/dashboards/search?limit=2&offset=4", "/dashboards/5", "/dashboards/search?id=9&limit=2", "/dashboards/search?limit=2&offset=0",
			},
			lessons: []record.Lesson{record.RowsStored},
		},
		{
			name: "none", set: func(*stagestest.Looker) {},
			asks: []record.Ask{idsAsk("4", "5"), stagestest.PageAsk(5, "6", "7")},
			calls: []string{
				"/dashboards/search?id=4,5&limit=3", "/dashboards/4", "/dashboards/search?limit=2&offset=5",
			},
			lessons: []record.Lesson{record.RowsStored},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			looker := &stagestest.Looker{Things: stagestest.Things(9)}
			tt.set(looker)
			r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
			r.Fetch(t, tt.asks...)
			if diff := cmp.Diff(tt.calls, stagestest.Short(looker.Calls)); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			var lessons []record.Lesson
			for _, code := range []record.Lesson{record.IDsOff, record.PageOff, record.RowsStored} {
				if r.Ledger.Knows("dashboards", code) {
					lessons = append(lessons, code)
				}
			}
			if diff := cmp.Diff(tt.lessons, lessons); diff != "" {
				t.Errorf("lessons (-want +got):\n%s", diff)
			}
		})
	}
}
