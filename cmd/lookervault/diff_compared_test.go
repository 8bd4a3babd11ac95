package main

import (
	"strings"
	"testing"
)

// A diff that names no runs says which ones it compares, and which it passes over and why:
// to people alone.
func TestDiffSaysWhatItCompares(t *testing.T) {
	goldenVault(t)
	const said = "Comparing run 2 with run 6, the last two complete runs of everything; not 5 (pruned), 4 (partial), 3 (folders 2: kinds dashboards).\n"
	for _, tt := range []struct{ args, want string }{
		{"diff", said},
		{"diff looks", said},
		{"diff --lost", said},
		{"diff --stat --format csv", said},
		{"diff -q", ""},
		{"diff --json", ""},
		{"diff --format yaml", ""},
		{"diff 2 6", ""},
		{"diff 2", ""},
	} {
		if _, told := piped(t, 0, strings.Fields(tt.args)...); told != tt.want {
			t.Errorf("%s says %q, want %q", tt.args, told, tt.want)
		}
	}
	vaultOf(t, goldenRuns()[:2])
	if _, told := piped(t, 0, "diff"); told != "Comparing run 1 with run 2.\n" {
		t.Errorf("two complete runs: %q", told)
	}
}

// A diff that compares nothing says why, in one line.
func TestDiffOfNothingSaysOneLine(t *testing.T) {
	goldenVault(t)
	for _, args := range []string{"diff --folder Nowhere", "diff --owner Nobody", "diff --lost --folder Nowhere", "diff dashboards 4711", "diff latest-90"} {
		out, told := piped(t, 1, strings.Fields(args)...)
		if out != "" || strings.Count(told, "\n") != 1 || !strings.HasPrefix(told, "lookervault: ") {
			t.Errorf("%s prints %q and says %q, want one line on stderr", args, out, told)
		}
	}
}
