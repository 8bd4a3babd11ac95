package main

import (
	"runtime/debug"
	"testing"
)

func TestCommit(t *testing.T) {
	const id = "0123456789abcdef0123456789abcdef01234567"
	tests := []struct {
		name string
		info debug.BuildInfo
		want string
	}{
		{"nothing is known", debug.BuildInfo{}, ""},
		{"built in a repository", debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: id}, {Key: "vcs.modified", Value: "false"}}}, id},
		{"with changes", debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: id}, {Key: "vcs.modified", Value: "true"}}}, id + "+dirty"},
		{"go install of a release", debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, ""},
		{"go install before the first release", debug.BuildInfo{Main: debug.Module{Version: "v0.0.0-20260301180000-0123456789ab"}}, "0123456789ab"},
		{"go install after a release", debug.BuildInfo{Main: debug.Module{Version: "v1.2.4-0.20260301180000-0123456789ab"}}, "0123456789ab"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := commit(&test.info); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
