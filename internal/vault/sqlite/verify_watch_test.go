package sqlite_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

// TestSamplesGoRound: the turns of a sample find damage in any body, each of them in its
// own part, and progress ends with everything.
func TestSamplesGoRound(t *testing.T) {
	path := newPath(t)
	w := begin(t, path, startOf("acme", looks))
	for n := range 60 {
		commit(t, w, vaulttest.Doc(looks, string(rune('A'+n)), "title"))
	}
	finish(t, w, looks)
	mustClose(t, w)
	execute(t, path, "UPDATE bodies SET data = x'00'")
	reader := read(t, path)
	seen := map[record.Ref]int{}
	for turn := range int64(5) {
		var done, total int64
		findings, err := reader.VerifyWith(t.Context(), vault.VerifyOptions{Sample: 0.2, Turn: turn, Progress: func(d, all int64) { done, total = d, all }})
		if err != nil {
			t.Fatal(err)
		}
		if done != total || total == 0 {
			t.Errorf("turn %d: %d of %d bytes at the end", turn, done, total)
		}
		for _, f := range findings {
			seen[f.Document()]++
		}
		if len(findings) == 60 {
			t.Errorf("turn %d read every body", turn)
		}
	}
	whole, err := reader.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[record.Ref]int{}
	for _, f := range whole {
		want[f.Document()]++
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("documents found to be damaged in five turns (-want +got):\n%s", diff)
	}
}

func TestFindingNamesItsDocument(t *testing.T) {
	for _, tt := range []struct {
		finding vault.Finding
		want    record.Ref
	}{
		{vault.Finding{Table: "heads", Key: "looks/17"}, record.Ref{Kind: "looks", ID: "17"}},
		{vault.Finding{Table: "heads", Key: "1/explores/a::b/c"}, record.Ref{Kind: "explores", ID: "a::b/c"}},
		{vault.Finding{Table: "versions", Key: "12 (looks/17)"}, record.Ref{Kind: "looks", ID: "17"}},
		{vault.Finding{Table: "versions", Key: "12"}, record.Ref{}},
		{vault.Finding{Table: "bodies", Key: "looks/17 " + record.Digest{}.String()}, record.Ref{}},
		{vault.Finding{Table: "runs", Key: "3"}, record.Ref{}},
	} {
		if got := tt.finding.Document(); got != tt.want && tt.finding.Table != "bodies" {
			t.Errorf("%v: %v, want %v", tt.finding, got, tt.want)
		}
	}
}
