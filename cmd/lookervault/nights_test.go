package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestProposedRefresh: where a month of nights is more than the licence includes, a dry run
// proposes ages that make it fit. With them it fits, and the nights cost what was said.
func TestProposedRefresh(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "looker-demo.db")
	at := "2026-04-01T02:00:00Z"
	var settings []string
	demo := func(args ...string) (event map[string]any) {
		t.Helper()
		var out, errs strings.Builder
		args = slices.Concat([]string{"run", "--demo", "--db", db, "--json", "--progress", "none", "--set", "looker.quota.administrative=1000",
			"--set", "rate_limit.per_second=0", "--over-quota"}, args, settings)
		if code := run(args, strings.NewReader(""), &out, &errs, []string{testNow + "=" + at}); code != 0 {
			t.Fatalf("exit code %d: %s", code, errs.String())
		}
		text := strings.TrimSpace(out.String())
		if err := json.Unmarshal([]byte(text[strings.LastIndex(text, "\n")+1:]), &event); err != nil {
			t.Fatal(err)
		}
		return event
	}
	if nights := demo("--dry-run")["nightly_month"]; nights != nil {
		t.Errorf("an empty vault tells of nights: %v", nights)
	}
	demo()
	at = "2026-04-02T02:00:00Z"
	nights := demo("--dry-run")["nightly_month"].(map[string]any)
	if nights["fits"] != false || nights["proposed_fits"] != true {
		t.Fatalf("fits %v, proposed %v: %v", nights["fits"], nights["proposed_fits"], nights)
	}
	proposed := nights["proposed_refresh"].(map[string]any)
	if proposed["trash"] == nil {
		t.Errorf("no age for what lies in the trash: %v", proposed)
	}
	for _, kind := range []string{"dashboards", "looks", "users", "scheduled_plans", "folders", "group_groups", "role_groups"} {
		if proposed[kind] != nil {
			t.Errorf("%s are to rest", kind)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(proposed)) {
		settings = append(settings, "--set", fmt.Sprintf("refresh.%s=%s", kind, proposed[kind]))
	}
	told := nights["proposed_calls"].(map[string]any)["administrative"].(float64)
	if again := demo("--dry-run")["nightly_month"].(map[string]any); again["fits"] != true || again["calls"].(map[string]any)["administrative"] != told {
		t.Errorf("with what was proposed: %v, want %v calls", again["calls"], told)
	}
	var made float64
	for night := range 31 {
		at = fmt.Sprintf("2026-%02d-%02dT02:00:00Z", 4+(night+1)/30, 1+(night+1)%30)
		made += demo()["calls_by_class"].(map[string]any)["administrative"].(float64)
	}
	if made > told*1.05 || made < told*0.95 {
		t.Errorf("the nights made %v administrative calls, %v were forecast", made, told)
	}
}
