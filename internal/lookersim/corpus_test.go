package lookersim_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/testenv"
)

// prettyDashboard is written as exporters write: lines, spaces, a final newline,
// numbers and escapes that a decoder would change.
const prettyDashboard = `{
  "title": "Caf\u00e9 \u0026 caf` + "é" + `",
  "id": "17",
  "ratio": 1.0,
  "big": 12345678901234567890,
  "twice": 1, "twice": 2,
  "dashboard_elements": [

  ],
  "folder_id": "5"
}
`

func writeCorpus(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, body := range map[string]string{
		"dashboards_17_cafe.json":       prettyDashboard,
		"dashboards_100000_far.json":    `{"id":"100000","title":"far","deleted":true}`,
		"lookml_models_my_model.json":   `{ "name" : "my_model" }`,
		"permission_sets_3_some.json":   "\n{\"id\":\"3\",\"name\":\"some\"}\n",
		"looks_2_with_query_here.json":  `{"id":"2","title":"l","query":{"id":"1"},"url":"/x","extra":[ 1 ]}`,
		"explores_shop__orders_x.json":  `{"id":"shop::orders","name":"orders"}`,
		"queries_1887.json":             `{ "id" : 1887 }`,
		"README.md":                     "not a document",
		"users_5.json":                  `{"id":"5","email":"a@b.c","x":1e21}`,
		"scheduled_plans_1_plan_x.json": `{"id":"1","user_id":"9","name":"p"}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestCorpus(t *testing.T) {
	dir := writeCorpus(t)
	s, c := start(t, lookersim.Options{Corpus: dir})
	plain := newSim(t, lookersim.Options{})
	for _, kind := range s.Kinds() {
		if got, want := len(s.IDs(kind)), len(plain.IDs(kind)); got != want && kind != "explores" {
			t.Errorf("%s: %d items, %d without a corpus", kind, got, want)
		}
	}
	if got := c.body("/dashboards/17"); string(got) != prettyDashboard {
		t.Errorf("alone: %q", got)
	}
	row := rows(t, c.body("/dashboards/search?id=3,17,18&sorts=id"))[1]
	if string(row) != prettyDashboard {
		t.Errorf("between two others: %q", row)
	}
	if got := ids(t, c.body("/dashboards/search?deleted=true&id=100000")); len(got) != 1 {
		t.Error("the dashboard that says it is deleted is not in the trash")
	}
	if got := rows(t, c.body("/looks/search?id=2")); strings.Contains(string(got[0]), "query") {
		t.Errorf("a look's row holds its query: %s", got[0])
	}
	if got := string(c.body("/lookml_models/shop/explores/orders")); got != `{"id":"shop::orders","name":"orders"}` {
		t.Errorf("explore: %q", got)
	}
	if got := string(c.body("/queries/1887")); got != `{ "id" : 1887 }` {
		t.Errorf("query: %q", got)
	}
	if got := string(c.body("/lookml_models/my_model")); got != `{ "name" : "my_model" }` {
		t.Errorf("model: %q", got)
	}
}

func TestBadCorpus(t *testing.T) {
	for name, body := range map[string]string{
		"dashboards_5_x.json": "{", "dashboards_5.json": `{"id":"6"}`, "nothing_5.json": `{"id":"5"}`, "users_x.json": `{}`, "dashboards.json": `{"id":"1"}`,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := lookersim.New(lookersim.Options{Corpus: dir}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestRealCorpus serves a folder of documents from real servers.
func TestRealCorpus(t *testing.T) {
	dir := testenv.Corpus(t)
	files, err := filepath.Glob(filepath.Join(dir, "dashboards_*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no dashboards in %s: %v", dir, err)
	}
	s, _ := start(t, lookersim.Options{Corpus: dir, Sizes: lookersim.Sizes{Dashboards: 100, Looks: 20}})
	for _, file := range files {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		id := strings.SplitN(filepath.Base(file), "_", 3)[1]
		for _, path := range []string{"/dashboards/" + id, fmt.Sprintf("/dashboards/search?id=%s", id)} {
			_, got := s.Peek(path)
			if got = bytes.TrimSuffix(bytes.TrimPrefix(got, []byte("[")), []byte("]")); !bytes.Equal(got, want) {
				t.Errorf("%s: not the file's bytes", path)
			}
		}
	}
}
