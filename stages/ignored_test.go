package stages_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
)

// TestRoutesThatIgnoreTheirParameters: where the first answer shows that the server ignores
// what fetch asks for, the run does not use that route again, and keeps that as a lesson.
func TestRoutesThatIgnoreTheirParameters(t *testing.T) {
	idsAsk := func(ids ...string) record.Ask {
		return record.Ask{Kind: "dashboards", How: record.IDs, State: record.Present, Want: want(ids...)}
	}
	tests := []struct {
		name    string
		set     func(*fakeLooker)
		asks    []record.Ask
		calls   []string
		lessons []record.Lesson
	}{
		{
			name: "a list of ids", set: func(f *fakeLooker) { f.noIDs = true },
			asks: []record.Ask{idsAsk("4", "5"), idsAsk("6", "7")},
			calls: []string{
				"/dashboards/search?id=4,5&limit=2", "/dashboards/4", "/dashboards/5", "/dashboards/6", "/dashboards/7",
			},
			lessons: []record.Lesson{record.IDsOff},
		},
		{
			name: "limit", set: func(f *fakeLooker) { f.noLimit = true },
			asks: []record.Ask{pageAsk(0, "1", "2"), pageAsk(2, "3", "4")},
			calls: []string{
				"/dashboards/search?limit=2&offset=0", "/dashboards/1", "/dashboards/search?id=3,4&limit=2",
			},
			lessons: []record.Lesson{record.PageOff, record.RowsStored},
		},
		{
			name: "offset", set: func(f *fakeLooker) { f.noOffset = true },
			asks: []record.Ask{pageAsk(4, "5", "6"), pageAsk(6, "7", "8")},
			calls: []string{
				"/dashboards/search?limit=2&offset=4", "/dashboards/search?id=5,6&limit=2", "/dashboards/5", "/dashboards/search?id=7,8&limit=2",
			},
			lessons: []record.Lesson{record.PageOff, record.RowsStored},
		},
		{
			name: "none", set: func(*fakeLooker) {},
			asks: []record.Ask{idsAsk("4", "5"), pageAsk(5, "6", "7")},
			calls: []string{
				"/dashboards/search?id=4,5&limit=2", "/dashboards/4", "/dashboards/search?limit=2&offset=5",
			},
			lessons: []record.Lesson{record.RowsStored},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			looker := &fakeLooker{things: things(9)}
			tt.set(looker)
			r := newRig(looker, kindOf(t, "dashboards"))
			r.fetch(t, tt.asks...)
			if diff := cmp.Diff(tt.calls, short(looker.calls)); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			var lessons []record.Lesson
			for _, code := range []record.Lesson{record.IDsOff, record.PageOff, record.RowsStored} {
				if r.ledger.Knows("dashboards", code) {
					lessons = append(lessons, code)
				}
			}
			if diff := cmp.Diff(tt.lessons, lessons); diff != "" {
				t.Errorf("lessons (-want +got):\n%s", diff)
			}
		})
	}
}
