package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// answerToWhoCalls is how a server answers the question who is calling.
type answerToWhoCalls struct {
	name, rule string
	numbers    bool
	says       string // on standard error
}

// TestWhoCalls: who calls is nice to know. A server that cannot say it ends no run,
// and one that writes ids as numbers has said it.
func TestWhoCalls(t *testing.T) {
	t.Parallel()
	tests := []answerToWhoCalls{
		{"an admin", "", false, ""}, // the name is part of the path of the vault
		{"ids are numbers", "", true, ""},
		{"/user fails", "route=GET /user status=500", false, "Looker does not say whether"},
		{"/roles fails", "route=GET /roles status=502", false, "Looker does not say whether"},
		{"/user is not served", "route=GET /user status=404", false, "Looker does not say whether"},
		{"/roles is refused", "route=GET /roles status=403", false, "not an administrator's"},
	}
	// What is no answer to the question says nothing, and is asked again.
	for _, route := range []string{"/user", "/roles"} {
		for _, answer := range []string{"null", "value", "other", "html", "empty"} {
			rule := "route=GET " + route + " do=" + answer
			tests = append(tests,
				answerToWhoCalls{route + ": " + answer, rule, false, "Looker does not say whether"},
				answerToWhoCalls{route + ": " + answer + " once", rule + " times=1", false, ""},
			)
		}
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(t, lookersim.Options{Dialect: lookersim.Dialect{NumericIDs: tt.numbers}})
			attempts := "1"
			if strings.Contains(tt.rule, "times=1") {
				attempts = "2"
			}
			tr.environ = append(tr.environ, "LOOKERVAULT_RETRY__ATTEMPTS="+attempts, "LOOKERVAULT_RETRY__MAX_WAIT=10ms")
			if tt.rule != "" {
				simtest.SetRules(t, tr.sim, tt.rule)
			}
			code, _, stderr := tr.do("run", "boards", "folders", "--folder-ids", "1", "--progress", "none")
			if want := map[bool]int{true: 4}[strings.HasPrefix(tt.says, "not an")]; code != want || !strings.Contains(stderr, tt.says) {
				t.Errorf("exit code %d, want %d, and %q in:\n%s", code, want, tt.says, stderr)
			}
			if diff := cmp.Diff(tt.says != "", strings.Contains(stderr, "administrator")); diff != "" {
				t.Errorf("%s:\n%s", diff, stderr)
			}
		})
	}
}

// TestBadRolesAmongThoseOfTheCaller: rows of /roles that are no role say nothing of the
// others.
func TestBadRolesAmongThoseOfTheCaller(t *testing.T) {
	t.Parallel()
	rows := []lookersim.BadRow{
		{Kind: "roles", At: 1, Form: lookersim.RowNull}, {Kind: "roles", At: 2, Form: lookersim.RowNumber}, {Kind: "roles", At: 3, Form: lookersim.RowNoID},
	}
	tr := newTrial(t, lookersim.Options{BadRows: rows})
	if code, _, stderr := tr.do("run", "boards", "--progress", "none"); code != 0 || strings.Contains(stderr, "administrator") {
		t.Errorf("exit code %d, want 0 and an administrator:\n%s", code, stderr)
	}
}

// TestTheServerEndsAfterTheLogin: the login was a good answer.
func TestTheServerEndsAfterTheLogin(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{"after=1 status=503", "after=1 do=empty"} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(t, lookersim.Options{})
			tr.environ = append(tr.environ, "LOOKERVAULT_RETRY__ATTEMPTS=2", "LOOKERVAULT_RETRY__MAX_WAIT=20ms")
			simtest.SetRules(t, tr.sim, rule)
			if code, _, stderr := tr.do("run", "boards", "--progress", "none"); code != 4 {
				t.Errorf("exit code %d, want 4:\n%s", code, stderr)
			}
		})
	}
}

// TestRolesWereSeen: one run of the instance is enough, however many came after it.
func TestRolesWereSeen(t *testing.T) {
	t.Chdir(t.TempDir())
	for i := range 12 {
		w, err := sqlite.Open(t.Context(), "looker.db", sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		at, admin := time.Date(2026, 3, 1+i, 4, 30, 0, 0, time.UTC), i == 0
		start := record.Start{Instance: "acme", BaseURL: "https://acme", Origin: "api", At: at, Scope: record.Scope{Kinds: []record.Kind{"looks"}}, Caller: record.Caller{ID: "1", Admin: &admin}}
		if i == 11 {
			start.Instance = "other"
		}
		_, err = w.Begin(t.Context(), start)
		if err == nil {
			_, err = w.Finish(t.Context(), record.Finish{At: at})
		}
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]bool{}
	for _, instance := range []string{"acme", "other", "none"} {
		got[instance] = knownRoles(t.Context(), "looker.db", instance).Seen
	}
	if diff := cmp.Diff(map[string]bool{"acme": true, "other": false, "none": false}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
