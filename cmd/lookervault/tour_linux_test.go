package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
)

// tourAddress is where the simulator of the tour seems to be.
const tourAddress = "127.0.0.1:19999"

// TestTour runs the commands of docs/TOUR.md, the lines of its blocks that begin with
// "$ ", on a terminal of 110 columns, and compares what they print with the page. Numbers
// and times may differ. LOOKERVAULT_UPDATE_TOUR=1 (task tour) writes the page anew: a
// new chapter needs nothing but its commands.
func TestTour(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "TOUR.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	guide := &tour{t: t, dir: t.TempDir(), env: tourEnvironment()}
	made := guide.page(string(page))
	if os.Getenv("LOOKERVAULT_UPDATE_TOUR") != "" {
		if err := os.WriteFile(path, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(vague(string(page)), vague(made)); diff != "" {
		t.Errorf("docs/TOUR.md is out of date, task tour writes it anew (-page +program):\n%s", diff)
	}
}

func tourEnvironment() (env []string) {
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "LOOKER") {
			env = append(env, entry)
		}
	}
	return append(env, "PAGER=cat", "TZ=UTC", "LC_ALL=C.UTF-8", "NO_COLOR=1", "GORACE=atexit_sleep_ms=0")
}

// tour runs commands one after the other.
type tour struct {
	t   *testing.T
	dir string
	env []string
	at  string // where the simulator really is
}

// page is a page whose commands print what they print now.
func (g *tour) page(old string) string {
	var out strings.Builder
	inside := false
	for line := range strings.Lines(old) {
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case strings.HasPrefix(line, "```"):
			inside = !inside
			out.WriteString(line)
		case inside && isCommand:
			out.WriteString(line)
			out.WriteString(g.run(strings.TrimSpace(command)))
		case !inside:
			out.WriteString(line)
		}
	}
	return out.String()
}

var (
	curlLine  = regexp.MustCompile(`^curl -d '([^']*)' http://` + regexp.QuoteMeta(tourAddress) + `(/\S+)$`)
	blankTail = regexp.MustCompile(`(?m)[ \t]+$`)
)

// run is what a command prints.
func (g *tour) run(command string) string {
	g.t.Helper()
	if assignments, ok := strings.CutPrefix(command, "export "); ok {
		for assignment := range strings.FieldsSeq(assignments) {
			g.env = append(g.env, strings.ReplaceAll(assignment, tourAddress, g.at))
		}
		return ""
	}
	if strings.HasPrefix(command, "lookervault sim ") && strings.HasSuffix(command, "&") {
		g.simulate(strings.Fields(strings.TrimSuffix(command, "&"))[2:])
		return ""
	}
	if request := curlLine.FindStringSubmatch(command); request != nil {
		return g.post(request[1], "http://"+g.at+request[2])
	}
	cmd := exec.Command("tty", append([]string{"110"}, strings.Fields(command)...)...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = g.dir, g.env, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		g.t.Fatalf("%s: %v\n%s%s", command, err, stdout.String(), stderr.String())
	}
	lines, err := shown(stdout.String())
	if err != nil {
		g.t.Fatalf("%s: %v", command, err)
	}
	text := strings.TrimRight(strings.Join(lines, "\n"), "\n")
	if g.at != "" {
		text = strings.ReplaceAll(text, g.at, tourAddress)
	}
	if text == "" {
		return ""
	}
	return blankTail.ReplaceAllString(text, "") + "\n"
}

// simulate starts the simulator with its flags.
func (g *tour) simulate(flags []string) {
	g.t.Helper()
	cmd := exec.Command("lookervault", append([]string{"sim", "--listen", "127.0.0.1:0"}, flags...)...)
	cmd.Dir, cmd.Env = g.dir, g.env
	out, err := cmd.StderrPipe()
	if err != nil {
		g.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if found := regexp.MustCompile(`http://(127\.0\.0\.1:\d+)`).FindStringSubmatch(lines.Text()); found != nil {
			g.at = found[1]
			return
		}
	}
	g.t.Fatal("the simulator does not say where it is")
}

// post changes the content of the simulator.
func (g *tour) post(change, url string) string {
	g.t.Helper()
	if _, err := lookersim.ParseChange(change); err != nil {
		g.t.Fatal(err)
	}
	answer, err := http.Post(url, "text/plain", strings.NewReader(change))
	if err != nil {
		g.t.Fatal(err)
	}
	defer answer.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		g.t.Fatalf("%s: %d %s %v", change, answer.StatusCode, body.String(), err)
	}
	if text := strings.TrimSpace(body.String()); text != "" {
		return text + "\n"
	}
	return ""
}

// vague leaves out of a page what may differ from one time to the other: numbers with
// their units, when something was, and the room that columns take.
func vague(page string) string {
	for _, r := range []struct{ pattern, with string }{
		{`\b(just now|now)\b`, "WHEN"},
		{`\d[\d,.]*(m\d[\d.]*s)?( ?(ms|s|min|h|d))? ago\b`, "WHEN"},
		{`\d[\d,.]* ?(B|KiB|MiB)\b`, "SIZE"},
		{`\b\d[\d,.]*(m\d[\d.]*s| ?(ms|s|min))\b`, "TOOK"},
		{`\d[\d,.]*\d|\d`, "N"},
		{`[ \t]+`, " "},
		{`(?m) $`, ""},
	} {
		page = regexp.MustCompile(r.pattern).ReplaceAllString(page, r.with)
	}
	return page
}

func TestVague(t *testing.T) {
	a := fmt.Sprintf("run  %d  %s  3 s ago  1.2 MiB in 850 ms\n", 1, "complete")
	b := fmt.Sprintf("run %d %s  just now  14 KiB in 1m2s\n", 12, "complete")
	if vague(a) != vague(b) {
		t.Errorf("%q and %q", vague(a), vague(b))
	}
	if vague("1 new") == vague("1 gone") {
		t.Error("words count")
	}
}
