package stages_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// planned writes asks as short lines.
func planned(asks []record.Ask) []string {
	var lines []string
	for _, a := range asks {
		var want []string
		for _, w := range a.Want {
			want = append(want, w.ID)
		}
		line := fmt.Sprintf("%s %s %s", a.How, a.State, strings.Join(want, ","))
		if a.How == record.Page {
			line += fmt.Sprintf(" @%d", a.Offset)
		}
		if a.Fault != nil {
			line += " fault " + a.Fault.Class
		}
		lines = append(lines, line)
	}
	return lines
}

func TestListPlans(t *testing.T) {
	looks := stagestest.KindOf(t, "looks")
	stamp := func(t *testing.T, id string) record.Digest {
		r := stagestest.NewRig(&stagestest.Looker{Things: stagestest.Things(9)}, looks)
		for _, ask := range r.List(t, looks) {
			for _, w := range ask.Want {
				if w.ID == id {
					return w.Stamp
				}
			}
		}
		t.Fatalf("no stamp for %s", id)
		return record.Digest{}
	}
	tests := []struct {
		name string
		kind record.Kind
		set  func(*stagestest.Rig)
		want []string
	}{
		{
			name: "whole pages when everything is wanted", kind: "dashboards",
			want: []string{"page present 1,2,3,4 @0", "page present 5,6,7,8 @4", "page present 9 @8"},
		},
		{
			name: "id lists around what this run has settled", kind: "dashboards",
			set: func(r *stagestest.Rig) {
				r.Store.Stored = map[string]record.Known{"2": {Settled: true}, "9": {Settled: true}}
			},
			want: []string{"ids present 1,3,4,5", "ids present 6,7,8"},
		},
		{
			name: "excluded documents are not asked for", kind: "dashboards",
			set:  func(r *stagestest.Rig) { r.Out = []record.Ref{{Kind: "dashboards", ID: "1"}, {Kind: "looks", ID: "2"}} },
			want: []string{"ids present 2,3,4,5", "ids present 6,7,8,9"},
		},
		{
			name: "trash is a second pass", kind: "dashboards",
			set:  func(r *stagestest.Rig) { r.Looker.Things[3].Trashed = true },
			want: []string{"page present 1,2,3,5 @0", "page present 6,7,8,9 @4", "page trashed 4 @0"},
		},
		{
			name: "folders, and single looks where a folder is not worth it", kind: "looks",
			set: func(r *stagestest.Rig) {
				r.Store.Stored = map[string]record.Known{"6": {Settled: true}, "7": {Settled: true}, "8": {Settled: true}}
			},
			want: []string{"folder present 1,2,3,4,5", "single present 9"},
		},
		{
			name: "an unchanged stamp needs no call", kind: "looks",
			set: func(r *stagestest.Rig) {
				r.Store.Stored = map[string]record.Known{"9": {Stamp: stamp(t, "9"), State: record.Present}}
			},
			want: []string{"folder present 1,2,3,4,5", "folder present 6,7,8", "stored present 9"},
		},
		{
			name: "stamps count for nothing in a full run", kind: "looks",
			set: func(r *stagestest.Rig) {
				r.Full = true
				r.Store.Stored = map[string]record.Known{"9": {Stamp: stamp(t, "9"), State: record.Present}}
			},
			want: []string{"folder present 1,2,3,4,5", "folder present 6,7,8,9"},
		},
		{
			name: "what was gone is fetched although its stamp is the same", kind: "looks",
			set: func(r *stagestest.Rig) {
				r.Store.Stored = map[string]record.Known{"9": {Stamp: stamp(t, "9"), State: record.Gone}}
			},
			want: []string{"folder present 1,2,3,4,5", "folder present 6,7,8,9"},
		},
		{
			name: "trashed looks are not in their folders", kind: "looks",
			set: func(r *stagestest.Rig) {
				for i := range r.Looker.Things {
					r.Looker.Things[i].Trashed = true
				}
			},
			want: []string{
				"single trashed 1", "single trashed 2", "single trashed 3", "single trashed 4", "single trashed 5",
				"single trashed 6", "single trashed 7", "single trashed 8", "single trashed 9",
			},
		},
		{
			name: "a list in one answer is fetch's work", kind: "folders",
			want: []string{"whole present "},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kind := stagestest.KindOf(t, tt.kind)
			r := stagestest.NewRig(&stagestest.Looker{Things: stagestest.Things(9)}, kind)
			if tt.set != nil {
				tt.set(r)
			}
			if diff := cmp.Diff(tt.want, planned(r.List(t, kind))); diff != "" {
				t.Errorf("asks (-want +got):\n%s", diff)
			}
		})
	}
}
