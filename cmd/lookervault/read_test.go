package main

import (
	"strings"
	"testing"
)

func TestDBFlag(t *testing.T) {
	for _, test := range []struct{ name, path, want string }{
		{"the usual one", "looker.db", ""},
		{"plain", "../vaults/looker_2-a.db", " --db ../vaults/looker_2-a.db"},
		{"letters", "größe.db", " --db größe.db"},
		{"space", "my looker.db", " --db 'my looker.db'"},
		{"variable", "$HOME.db", " --db '$HOME.db'"},
		{"quote", "it's.db", ` --db 'it'\''s.db'`},
		{"home", "~.db", " --db '~.db'"},
		{"in the middle", "a;b.db", " --db 'a;b.db'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := dbFlag(test.path); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestKindComesBeforeItsID: who names no id is asked for one of a kind that there is.
func TestKindComesBeforeItsID(t *testing.T) {
	for args, want := range map[string]string{
		"log dasboards": `unknown kind "dasboards", did you mean dashboards?`, "cat dasboards/": `unknown kind "dasboards", did you mean dashboards?`,
		"log dashboards": "which of the dashboards?", "cat looks/": "which of the looks/?",
	} {
		if _, said := piped(t, 2, strings.Fields(args)...); !strings.Contains(said, want) {
			t.Errorf("%s: %s", args, said)
		}
	}
}
