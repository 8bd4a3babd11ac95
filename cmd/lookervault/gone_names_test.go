package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
)

// runsThatLose are runs after which a user, a folder in a folder, and what was theirs are
// gone. A new user has the gone one's name, a new folder the gone one's path.
func runsThatLose() []pastRun {
	dashboard := func(id, title, folder, owner string) string {
		return `{"id":"` + id + `","title":"` + title + `","folder_id":"` + folder + `","user_id":"` + owner + `","deleted":false}`
	}
	first := map[string]string{
		"folders/1": `{"id":"1","name":"Shared","parent_id":null}`, "folders/2": `{"id":"2","name":"Finance","parent_id":"1"}`,
		"folders/3": `{"id":"3","name":"Old","parent_id":"2"}`, "folders/4": `{"id":"4","name":"Twice","parent_id":"1"}`,
		"users/1": `{"id":"1","display_name":"Ann","email":"ann@example.com"}`, "users/2": `{"id":"2","display_name":"Bob","email":"bob@example.com"}`,
		"users/3":       `{"id":"3","display_name":"Cid","email":"cid@example.com"}`,
		"dashboards/10": dashboard("10", "Of Bob", "2", "2"), "dashboards/11": dashboard("11", "Deep", "3", "1"),
		"dashboards/12": dashboard("12", "Of Cid", "4", "3"), "dashboards/13": dashboard("13", "Stays", "2", "2"),
	}
	second := map[string]string{
		"folders/1": first["folders/1"], "folders/5": `{"id":"5","name":"Twice","parent_id":"1"}`,
		"users/1": first["users/1"], "users/4": `{"id":"4","display_name":"Cid","email":"cid@example.com"}`,
		"dashboards/13": first["dashboards/13"], "dashboards/14": dashboard("14", "Of the new Cid", "5", "4"),
	}
	all := record.Scope{All: true}
	return []pastRun{{scope: all, bodies: first}, {scope: all, bodies: second}}
}

// TestFiltersKnowWhatIsGone: users and folders that are gone are found by what the vault
// last held of them.
func TestFiltersKnowWhatIsGone(t *testing.T) {
	vaultOf(t, runsThatLose())
	tests := []struct {
		args string
		want string // ids of dashboards
	}{
		{"list dashboards --deleted --owner Bob", "10"},
		{"list dashboards --deleted --owner bob@example.com", "10"},
		{"list dashboards --deleted --owner 2", "10"},
		{"list dashboards --owner Bob", "13"},
		{"list dashboards --deleted --folder 2", "10 11"},
		{"list dashboards --deleted --folder Shared/Finance", "10 11"},
		{"list dashboards --deleted --folder Old", "11"},
		{"list dashboards --deleted --folder Shared", "10 11 12"},
		{"list dashboards --deleted --folder Shared/Twice", "12"}, // both of that path
		{"list dashboards --folder Shared/Twice", "14"},
		{"list dashboards --deleted --owner Cid", "12"}, // both of that name
		{"list dashboards --owner Cid", "14"},
		{"list dashboards --run 1 --owner Bob", "10 13"},
		{"list dashboards --run 1 --name [!D]*", "10 12 13"},
		{"list dashboards --run 1 --name [^DS]*", "10 12"},
		{"list dashboards --run 1 --name *[!d!]", "10 11 13"},
		{"list dashboards --run 1 --name \\[!D]*", ""},
		{"list dashboards --run 2 --deleted --folder Finance", "10 11"},
		{"log --kind dashboards --owner Bob --sort id", "10 10 13"},
		{"log --kind dashboards --folder Old", "11 11"},
		{"diff 1 2 dashboards --owner bob@example.com", "10"},
		{"diff 1 2 dashboards --lost --folder Finance", "10 11"},
		{"find of --kind dashboards --history --owner Cid --sort id", "12 14"},
		{"find --user Bob --kind dashboards --history --sort id", "10 13"},
		{"find --user Cid --kind dashboards --history", "14"}, // the one who is there
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			out, _ := piped(t, 0, append(strings.Fields(tt.args), "--columns", "id")...)
			if diff := cmp.Diff(tt.want, strings.Join(strings.Fields(out), " ")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	_, said := piped(t, 1, "list", "--deleted", "--owner", "Nobody")
	if !strings.Contains(said, `user "Nobody": not found`) {
		t.Error(said)
	}
	if !strings.Contains(said, "lookervault list users shows what there is") {
		t.Error(said)
	}
	out, _ := piped(t, 0, "list", "dashboards", "--deleted", "--json", "--columns", "id,folder_path,owner_name")
	want := `[
  {"id":"10","folder_path":"Shared / Finance","owner_name":"Bob"},
  {"id":"11","folder_path":"Shared / Finance / Old","owner_name":"Ann"},
  {"id":"12","folder_path":"Shared / Twice","owner_name":"Cid"}
]
`
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestKindThatNobodyLookedAt: nothing is known then, which is not the same as nothing there.
func TestKindThatNobodyLookedAt(t *testing.T) {
	first, second := runsThatLose()[0], runsThatLose()[1]
	first.scope = record.Scope{Kinds: []record.Kind{"dashboards", "folders", "users"}}
	vaultOf(t, []pastRun{first, second})
	for _, command := range []string{"list looks --run 1", "dump looks --run 1"} {
		out, said := piped(t, 1, strings.Fields(command)...)
		want := "lookervault: run 1 did not look at looks, nor did one before it: run 2 is the first that did; lookervault runs shows what each looked at\n"
		if diff := cmp.Diff(want, said); diff != "" || out != "" {
			t.Errorf("%s prints %q (-want +got)\n%s", command, out, diff)
		}
	}
	for _, command := range []string{"list looks --run 2", "list explores", "list dashboards --run 1"} {
		piped(t, 0, strings.Fields(command)...)
	}
}

// TestTreeTellsWhatLiesInNoFolder: a document whose folder is gone is in no tree, and that is
// said where all of it is asked for.
func TestTreeTellsWhatLiesInNoFolder(t *testing.T) {
	vaultOf(t, runsThatLose())
	const left = "1 document lies in a folder that is not there, so not in a tree: lookervault list shows all.\n"
	for args, want := range map[string]string{"tree": left, "tree --json": left, "tree --run 1": "", "tree Shared": ""} {
		out, said := piped(t, 0, strings.Fields(args)...)
		if diff := cmp.Diff(want, said); diff != "" {
			t.Errorf("%s (-want +got)\n%s", args, diff)
		}
		if strings.Contains(out, "Stays") != (args == "tree --run 1") {
			t.Errorf("%s prints\n%s", args, out)
		}
	}
}

// TestTreeOfFoldersInEachOther: folders that lie in each other, as a run sees them while somebody
// moves both, and one that lies in itself are in the tree once each, whatever is named of them.
func TestTreeOfFoldersInEachOther(t *testing.T) {
	bodies := map[string]string{}
	for _, folder := range []string{"2 4 Two", "4 3 Four", "3 2 Three", "5 3 Below", "6 6 Self", "7 - Top"} {
		of := strings.Fields(folder)
		bodies["folders/"+of[0]] = `{"id":"` + of[0] + `","name":"` + of[2] + `","parent_id":"` + of[1] + `"}`
		bodies["dashboards/"+of[0]] = `{"id":"` + of[0] + `","title":"In","folder_id":"` + of[0] + `","deleted":false}`
	}
	vaultOf(t, []pastRun{{scope: record.Scope{All: true}, bodies: bodies}})
	for args, want := range map[string][]string{
		"tree":           {"Self", "Top", "Two", "Two / Three", "Two / Three / Below", "Two / Three / Four"},
		"tree 3":         {"Two / Three", "Two / Three / Below", "Two / Three / Four", "Two"},
		"tree 4":         {"Two / Three / Four", "Two", "Two / Three", "Two / Three / Below"},
		"tree Two/Three": {"Two / Three", "Two / Three / Below", "Two / Three / Four", "Two"},
		"tree 6":         {"Self"},
	} {
		out, said := piped(t, 0, strings.Fields(args)...)
		got := map[string][]string{}
		for line := range strings.Lines(out) {
			columns := strings.Split(line, "\t")
			got[columns[1]] = append(got[columns[1]], columns[0])
		}
		if diff := cmp.Diff(map[string][]string{"folders": want, "dashboards": want}, got); diff != "" || said != "" {
			t.Errorf("%s says %q (-want +got)\n%s", args, said, diff)
		}
	}
	out, _ := piped(t, 0, "list", "dashboards", "--columns", "folder_path", "--sort", "id")
	if want := "Two\nTwo / Three\nTwo / Three / Four\nTwo / Three / Below\nSelf\nTop\n"; out != want {
		t.Errorf("list has the paths\n%s, want\n%s", out, want)
	}
}
