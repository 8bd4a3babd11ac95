package lookersim_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
)

// writers are tests that write, to be run again.
var writers = map[string]func(*testing.T){"folders": TestFoldersAreWritten, "looks": TestLooksAreWritten, "dashboards": TestDashboardsAreWritten, "a dashboard": TestADashboardIsBuilt,
	"parts": TestPartsOfADashboardAreEdited, "queries": TestQueriesAreMadeOnce, "merge queries": TestMergeQueriesAreMadeOnce, "schedules": TestSchedulesAreWritten,
	"alerts": TestAlertsAreWritten, "boards": TestBoardsAreWritten, "people": TestPeopleAreWritten, "somebody": TestDeletingSomebodyTrashesWhatWasHers,
	"attributes": TestAttributeValuesAreWritten, "access": TestAccessIsWritten, "set-up": TestSetupIsWritten, "settings": TestSettingsAreWritten, "the rest": TestTheRestIsWritten,
	"golden queries": TestGoldenQueriesAreWritten, "tunnels": TestTunnelsAreWritten, "client applications": TestClientApplicationsAreWritten}

// everythingOf is all that a server holds, by kind and id.
func everythingOf(s *lookersim.Server) map[string]string {
	all := map[string]string{}
	for _, kind := range s.Kinds() {
		if kind == "explores" {
			continue // large, and never written
		}
		for item := range s.Items(kind) {
			all[kind+"/"+item.ID] = item.State + " " + string(item.Body)
		}
	}
	return all
}

// TestAStateFileKeepsEveryWrite has the other tests write to servers with a state
// file, and compares each with a server that begins with the file.
func TestAStateFileKeepsEveryWrite(t *testing.T) {
	for name, write := range writers {
		t.Run(name, func(t *testing.T) {
			var opts lookersim.Options
			startsWith = func(o lookersim.Options) lookersim.Options {
				o.State = filepath.Join(t.TempDir(), "state.jsonl")
				opts = o
				return o
			}
			defer func() { startsWith = nil }()
			write(t)
			next := newSim(t, opts)
			if diff := cmp.Diff(everythingOf(lastStarted), everythingOf(next)); diff != "" {
				t.Errorf("the next server holds something else (-before +after):\n%.2000s", diff)
			}
		})
	}
}

func TestServersShareAStateFile(t *testing.T) {
	opts := small()
	opts.State = filepath.Join(t.TempDir(), "state.jsonl")
	_, a := start(t, opts)
	_, b := start(t, opts)
	if _, err := os.Stat(opts.State); err == nil {
		t.Error("there is a file before anything was written")
	}
	var ids []string
	for i, c := range []*client{a, b, a, b} {
		ids = append(ids, c.write("POST", "/folders", fmt.Sprintf(`{"name":"f%d","parent_id":"1"}`, i)).text("id"))
	}
	for _, c := range []*client{a, b} {
		if got := c.read("/folders/search?name=f%25&parent_id=1&sorts=id").column("rows", "id"); !cmp.Equal(got, ids) {
			t.Errorf("folders %v, want %v", got, ids)
		}
	}
	if err := os.Remove(opts.State); err != nil {
		t.Fatal(err)
	}
	if status, answer := a.send("PATCH", "/folders/"+ids[0], `{"name":"g"}`); status != 500 || !strings.Contains(string(answer), "start the server again") {
		t.Errorf("after a reset: status %d: %s", status, answer)
	}
}

func TestStateFilesThatDoNotFit(t *testing.T) {
	opts := small()
	opts.State = filepath.Join(t.TempDir(), "state.jsonl")
	s, c := start(t, opts)
	id := c.write("POST", "/folders", `{"name":"kept","parent_id":"1"}`).text("id")
	if _, err := s.Mutate(lookersim.Change{Op: lookersim.OpTitle, Kind: "dashboards", ID: "1", Value: "T"}); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(opts.State)
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(opts.State, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(string(whole) + `{"method":"POST","pa`) // a server that was cut off
	_, c = start(t, opts)
	if got := c.read("/folders/" + id).text("name"); got != "kept" {
		t.Errorf("the folder is called %q", got)
	}
	if got := c.read("/dashboards/1").text("title"); got != "T" {
		t.Errorf("the dashboard is called %q", got)
	}
	c.write("PATCH", "/folders/"+id, `{"name":"later"}`)
	_, c = start(t, opts)
	if got := c.read("/folders/" + id).text("name"); got != "later" {
		t.Errorf("the folder is called %q", got)
	}
	other := opts
	other.Seed++
	if _, err := lookersim.New(other); err == nil || !strings.Contains(err.Error(), "another instance") {
		t.Errorf("another instance: %v", err)
	}
	write(string(whole) + `{"method":"DELETE","path":"/folders/77777"}` + "\n")
	if _, err := lookersim.New(opts); err == nil || !strings.Contains(err.Error(), "line 4: DELETE /folders/77777: status 404") {
		t.Errorf("a change that cannot be made again: %v", err)
	}
}

// Changes through the API take along what the API takes along.
func TestChangesAsPeopleMakeThem(t *testing.T) {
	s, c := start(t, small())
	folder := c.read("/dashboards/1").text("folder_id")
	change := func(text string) error {
		ch, err := lookersim.ParseChange(text)
		if err != nil {
			return err
		}
		_, err = s.Mutate(ch)
		return err
	}
	tile := c.read("/dashboards/1").text("dashboard_elements.0.id")
	if err := change("op=edit kind=dashboard_elements id=" + tile + ` value={"title":"Edited"}`); err != nil {
		t.Fatal(err)
	}
	if got := c.read("/dashboards/1").text("dashboard_elements.0.title"); got != "Edited" {
		t.Errorf("the tile is called %q", got)
	}
	if err := change("op=remove kind=folders id=" + folder); err != nil {
		t.Fatal(err)
	}
	if got := c.read("/dashboards/1").text("deleted"); got != "true" {
		t.Errorf("deleted is %s", got)
	}
	if err := change("op=remove kind=folders id=" + folder); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a folder that is gone: %v", err)
	}
	if n := len(s.Writes()); n != 0 {
		t.Errorf("%d writes are seen", n)
	}
}
