package lookersim_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
)

func (c *client) control(method, path, body string) (int, string) {
	c.t.Helper()
	req, err := http.NewRequest(method, c.base+"/sim/"+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return r.StatusCode, string(text)
}

func TestControls(t *testing.T) {
	s, c := start(t, lookersim.Options{SmallTiles: true})
	rule := "route=GET /users/{id} status=503"
	if status, text := c.control("POST", "rules", "# faults for a rehearsal\n"+rule+"\n\n"); status != 200 {
		t.Fatalf("adding a rule: %d %s", status, text)
	}
	if _, text := c.control("GET", "rules", ""); text != rule+"\n" {
		t.Errorf("rules: %q", text)
	}
	if r, _ := c.get("/users/1"); r.StatusCode != 503 {
		t.Errorf("the rule does not work: %d", r.StatusCode)
	}
	c.control("DELETE", "rules", "")
	if r, _ := c.get("/users/1"); r.StatusCode != 200 {
		t.Errorf("the rule is still there: %d", r.StatusCode)
	}
	if status, text := c.control("POST", "rules", "do=explode"); status != 400 || !strings.Contains(text, "explode") {
		t.Errorf("a bad rule: %d %s", status, text)
	}
	if status, text := c.control("POST", "mutate", "op=add kind=boards\nop=title kind=boards id=1 value=Hello"); status != 200 || text != "9\n1\n" {
		t.Errorf("changes: %d %q", status, text)
	}
	if status, _ := c.control("POST", "mutate", "op=delete kind=boards id=777"); status != 400 {
		t.Errorf("a change that cannot be: %d", status)
	}
	if status, _ := c.control("POST", "forget-tokens", ""); status != 200 {
		t.Errorf("forgetting tokens: %d", status)
	}
	if r, _ := c.get("/users/1"); r.StatusCode != 401 {
		t.Errorf("the token is still known: %d", r.StatusCode)
	}
	var counts lookersim.Counts
	if _, text := c.control("GET", "counts", ""); json.Unmarshal([]byte(text), &counts) != nil || counts.Requests != s.Counts().Requests || counts.Faults != 1 {
		t.Errorf("counts: %s", text)
	}
	c.control("DELETE", "counts", "")
	if got := s.Counts().Requests; got != 0 {
		t.Errorf("%d requests after the reset", got)
	}
	if status, _ := c.control("GET", "nothing", ""); status != 404 {
		t.Errorf("an unknown control: %d", status)
	}
}

func TestControlItems(t *testing.T) {
	s, c := start(t, lookersim.Options{SmallTiles: true})
	_, text := c.control("GET", "items?kind=looks&body=true", "")
	in := bufio.NewScanner(strings.NewReader(text))
	in.Buffer(nil, 1<<20)
	for item := range s.Items("looks") {
		var line struct {
			ID, State, SHA256 string
			Bytes             int
			Body              json.RawMessage
		}
		if !in.Scan() || json.Unmarshal(in.Bytes(), &line) != nil {
			t.Fatal("lines are missing or broken")
		}
		sum := sha256.Sum256(item.Body)
		if line.ID != item.ID || line.State != item.State || line.Bytes != len(item.Body) || line.SHA256 != hex.EncodeToString(sum[:]) || !bytes.Equal(line.Body, item.Body) {
			t.Errorf("look %s: line says %s %s", item.ID, line.ID, line.State)
		}
	}
}
