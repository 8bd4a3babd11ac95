package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/simtest"
)

// TestOneListOfRoles: where calls are counted, the list of roles that reports whether the caller is
// an administrator is the one that the run stores. A forecast knows that.
func TestOneListOfRoles(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		args []string
		want int // calls for the list of roles
	}{
		{"a quota", []string{"--set", "looker.quota.administrative=100000"}, 1},
		{"no quota", nil, 2},
		{"a quota, and roles are no part of the run", []string{"dashboards", "--set", "looker.quota.administrative=100000"}, 1},
		{"a quota, and roles alone", []string{"roles", "--set", "looker.quota.administrative=100000"}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(t, lookersim.Options{Sizes: lookersim.Sizes{Dashboards: 5, Looks: 3, Folders: 3, Users: 3, Roles: 4}})
			args := append([]string{"run", "--json", "--progress", "none"}, tt.args...)
			ended := func(args ...string) (event map[string]any) {
				code, stdout, stderr := tr.do(args...)
				stdout = strings.TrimSpace(stdout)
				if err := json.Unmarshal([]byte(stdout[strings.LastIndex(stdout, "\n")+1:]), &event); code != 0 || err != nil {
					t.Fatalf("exit code %d, %v: %s", code, err, stderr)
				}
				return event
			}
			for n := range 2 { // the second run finds nothing changed
				told := ended(append(args, "--dry-run")...)["calls"].(map[string]any)["likely"]
				tr.sim.ResetCounts()
				made := ended(args...)["calls"]
				if n == 0 {
					continue // lists of a first run without rows are held against that of roles
				}
				if got := tr.sim.Counts().Routes["GET /roles"]; got != tt.want {
					t.Errorf("%d calls for the list of roles, want %d", got, tt.want)
				}
				if made != told {
					t.Errorf("%v calls were forecast, %v made", told, made)
				}
			}
			if len(tt.args) != 3 { // else some kinds alone are stored
				tr.must("verify", "--remote")
			}
		})
	}
}

// TestAnEmptyListHidesTheCaller: a list holds nothing in a first run, and the document of the
// caller names something of its kind.
func TestAnEmptyListHidesTheCaller(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"users", "groups", "folders"} {
		tr := newTrial(t, lookersim.Options{Seed: 2, Sizes: lookersim.Sizes{Dashboards: 5, Looks: 3, Folders: 6, Users: 5, Groups: 30, Roles: 4}})
		simtest.SetRules(t, tr.sim, "route=GET /"+kind+" do=none")
		code, stdout, stderr := tr.do("run", kind)
		if code != codeIncomplete || !strings.Contains(stdout+stderr, "GET /"+kind+" leaves out ") {
			t.Errorf("%s: exit code %d: %s", kind, code, stdout+stderr)
		}
	}
}

// TestALesserKeyThatSeesNoRole: the key of a run after an administrator's sees no role at all. It is
// that of somebody whose roles the vault holds, and none of them is an administrator's: so it is a
// lesser key, and the server is not in trouble. A server that answers an administrator's key so is.
func TestALesserKeyThatSeesNoRole(t *testing.T) {
	t.Parallel()
	for _, lesser := range []bool{true, false} {
		o := lookersim.Options{Seed: 2, Sizes: lookersim.Sizes{Dashboards: 5, Looks: 3, Folders: 6, Users: 5, Groups: 30, Roles: 4}}
		tr := newTrial(t, o)
		tr.must("run", "--set", "looker.name=acme")
		o.SmallTiles, o.Restricted = true, lesser
		sim, url := simtest.New(t, o)
		tr.sim = sim
		tr.point(url)
		simtest.SetRules(t, sim, "route=GET /roles do=none")
		code, stdout, stderr := tr.do("run", "--set", "looker.name=acme", "--set", "retry.max_wait=100ms")
		isLesser := strings.Contains(stdout+stderr, "the API key is not an administrator's")
		unknown := strings.Contains(stdout+stderr, "Looker does not say whether the API key is an administrator's")
		if code != codeIncomplete || isLesser != lesser || unknown == lesser {
			t.Errorf("lesser %v: exit code %d: %s", lesser, code, stdout+stderr)
		}
		code, stdout, _ = tr.do("check", "--set", "looker.name=acme", "--set", "retry.max_wait=100ms")
		if trouble := strings.Contains(stdout, "it is in trouble"); trouble == lesser || (code == codeConnect) == lesser {
			t.Errorf("lesser %v: check: exit code %d: %s", lesser, code, stdout)
		}
	}
}
