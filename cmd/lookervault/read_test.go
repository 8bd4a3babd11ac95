package main

import "testing"

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
