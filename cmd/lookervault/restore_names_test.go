package main

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

func TestKindNamed(t *testing.T) {
	tests := []struct {
		kind, path string
		want       record.Kind
	}{
		{"dashboards", "folder_id", "folders"},
		{"dashboards", "user_id", "users"},
		{"dashboards", "title", ""},
		{"dashboards", "dashboard_elements/311.look_id", "looks"},
		{"dashboards", "dashboard_elements/311.title", ""},
		{"dashboards", "dashboard_elements/311", ""},
		{"dashboards", "nothing/311.look_id", ""},
		{"folders", "parent_id", "folders"},
		{"users", "group_ids", "groups"},
		{"users", "home_folder_id", "folders"},
		{"boards", "board_sections/3/board_items/4.dashboard_id", "dashboards"},
		{"datagroups", "anything", ""},
	}
	for _, tt := range tests {
		if got := kindNamed(record.Kind(tt.kind), tt.path); got != tt.want {
			t.Errorf("%s %s names %q, want %q", tt.kind, tt.path, got, tt.want)
		}
	}
}

func TestNamesBesideIDs(t *testing.T) {
	n := &planNames{known: map[record.Ref]string{
		{Kind: "users", ID: "2"}: "Ann, ann@example.com", {Kind: "folders", ID: "7"}: "Shared/Sales", {Kind: "groups", ID: "1"}: "Ops", {Kind: "users", ID: "3"}: "",
	}}
	for text, want := range map[string]string{
		"users/2 has no personal folder":  "users/2 (Ann, ann@example.com) has no personal folder",
		`users/2 "Ann" is back`:           `users/2 "Ann" is back`,
		"it lay in folders/7, not here":   "it lay in folders/7 (Shared/Sales), not here",
		"users/3 is not known":            "users/3 is not known",
		"the route /users/2/credentials":  "the route /users/2/credentials",
		"new id of folders/7":             "new id of folders/7 (Shared/Sales)",
		"POST /folders/7: another answer": "POST /folders/7: another answer",
	} {
		if got := n.in(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	for value, want := range map[string]string{
		`"1"`: " (Ops)", `["1","4"]`: " (Ops)", `null`: "", `"new id of folders/7"`: " (Shared/Sales)", `[]`: "",
	} {
		n.known[record.Ref{Kind: "groups", ID: "4"}] = ""
		if got := n.beside("groups", json.RawMessage(value)); got != want {
			t.Errorf("%s is%q, want %q", value, got, want)
		}
	}
}

// lostFolders holds folder 7 in folder 5, which cannot be read.
type lostFolders struct {
	vault.Reader
	err error
}

func (l lostFolders) Document(_ context.Context, _ string, ref record.Ref, _ vault.Point) (vault.Document, error) {
	if ref.ID != "7" {
		return vault.Document{}, l.err
	}
	return vault.Document{Entry: vault.Entry{Ref: ref, Name: "Sales", Folder: "5"}}, nil
}

// TestFolderBelowADamagedOne: a path that damage has cut short is told of, one of which the
// vault does not know the rest is not.
func TestFolderBelowADamagedOne(t *testing.T) {
	for _, tt := range []struct{ held, want error }{
		{vault.ErrNotFound, nil},
		{vault.Problem("v.db", vault.ErrCorrupt, "versions folders/5"), vault.ErrCorrupt},
	} {
		n := newPlanNames(t.Context(), lostFolders{err: tt.held}, "")
		if got := n.of(record.Ref{Kind: "folders", ID: "7"}); got != "Sales" {
			t.Errorf("%v: is called %q", tt.held, got)
		}
		if err := n.failed(); !errors.Is(err, tt.want) {
			t.Errorf("%v: failed with %v, want %v", tt.held, err, tt.want)
		}
	}
}

// TestOwnersOfWhatHasNoName: a list of the users of a role has no name, so a plan names the role.
func TestOwnersOfWhatHasNoName(t *testing.T) {
	names := newPlanNames(t.Context(), lostFolders{err: vault.ErrNotFound}, "test")
	for _, tt := range []struct {
		action record.Action
		want   string
	}{
		{record.Action{Ref: record.Ref{Kind: "role_users", ID: "7"}, Deed: record.DeedUpdate}, `of roles/7 "Sales"`},
		{record.Action{Ref: record.Ref{Kind: "content_access", ID: "3"}, Target: "7", Deed: record.DeedUpdate}, `of content_metadata/7 "Sales"`},
		{record.Action{Ref: record.Ref{Kind: "role_users", ID: "8"}, Deed: record.DeedUpdate}, ""},
		{record.Action{Ref: record.Ref{Kind: "looks", ID: "7"}, Deed: record.DeedUpdate}, ""},
		{record.Action{Ref: record.Ref{Kind: "content_access", ID: "7"}, Name: "Sales", Deed: record.DeedUpdate}, ""},
	} {
		p := &planPrinter{names: names}
		if got := p.said(tt.action); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.action.Ref, got, tt.want)
		}
	}
	if got := (&planPrinter{}).said(record.Action{Ref: record.Ref{Kind: "role_users", ID: "7"}, Deed: record.DeedUpdate}); got != "" {
		t.Errorf("without names: %q", got)
	}
}

// TestPathsOfWhatHasNoID: an access rule is told by whom it is about, with the name, and anything else by its path.
func TestPathsOfWhatHasNoID(t *testing.T) {
	n := &planNames{known: map[record.Ref]string{
		{Kind: "groups", ID: "11"}: "Ops", {Kind: "users", ID: "2"}: "Ann", {Kind: "dashboards", ID: "7"}: "Sales", {Kind: "looks", ID: ""}: "",
	}}
	for _, tt := range []struct{ kind, path, value, wantPath, wantNames string }{
		{"content_access", "content_access/11::", `{"group_id":"11","permission_type":"edit"}`, "content_access of group_id 11", " (Ops)"},
		{"content_access", "content_access/::2", `{"user_id":"2"}`, "content_access of user_id 2", " (Ann)"},
		{"content_access", "content_access/new id of groups/11::", `{"group_id":"new id of groups/11"}`, "content_access of group_id new id of groups/11", " (Ops)"},
		{"boards", "board_sections/3/board_items/4", `{"dashboard_id":"7"}`, "board_sections.3.board_items.4", " (Sales)"},
		{"dashboards", "dashboard_elements/311", `null`, "dashboard_elements.311", ""},
		{"dashboards", "dashboard_elements/311.title", `"7"`, "dashboard_elements.311.title", ""},
		{"dashboards", "title", `"7"`, "title", ""},
	} {
		if got := changePath(record.Kind(tt.kind), tt.path); got != tt.wantPath {
			t.Errorf("%s %s is called %q, want %q", tt.kind, tt.path, got, tt.wantPath)
		}
		names := ""
		if part, _ := wholePart(record.Kind(tt.kind), tt.path); part != nil {
			names = n.besidePart(part, json.RawMessage(tt.value))
		}
		if names != tt.wantNames {
			t.Errorf("%s names%q, want%q", tt.value, names, tt.wantNames)
		}
	}
}
