package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/report"
)

// chromium finds a browser, or skips the test.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("LOOKERVAULT_TEST_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "chrome-headless-shell"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	t.Skip("no Chromium found; task report installs one, or name it in LOOKERVAULT_TEST_CHROMIUM")
	return ""
}

// browse opens a page, in a frame so wide unless that is 0, and returns what it became
// and what the browser said.
func browse(t *testing.T, browser, page string, width int, flags ...string) (dom, said string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "page.html")
	if width > 0 {
		if err := os.WriteFile(filepath.Join(dir, "inner.html"), []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
		page = fmt.Sprintf(frame, width)
	}
	if err := os.WriteFile(path, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	flags = append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
		"--user-data-dir=" + filepath.Join(dir, "profile"), "--enable-logging=stderr", "--log-level=0", "--virtual-time-budget=2000", "--dump-dom",
	}, flags...)
	cmd := exec.CommandContext(t.Context(), browser, append(flags, "file://"+path)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &errs, 5*time.Second
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	return out.String(), errs.String()
}

// inspect is what a page is asked once it is drawn: which marks its charts have,
// and which text does not fit where it stands.
const inspect = `<script>
addEventListener("load", () => {
  const clipped = [], over = [], texts = [], parted = [];
  document.querySelectorAll("details").forEach(d => { d.open = true });
  for (const e of document.querySelectorAll("body *")) {
    if (e.closest("svg")) continue;
    const box = e.getBoundingClientRect();
    if (box.width === 0 || getComputedStyle(e).display === "inline") continue;
    if (e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 || box.right > innerWidth + 1 || box.left < -1)
      clipped.push(e.tagName + "." + e.className + ": " + e.textContent.trim().slice(0, 60));
  }
  // Every line of every text, against every other.
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; n = walk.nextNode();) {
    if (!n.textContent.trim() || n.parentElement.closest("svg, script")) continue;
    const range = document.createRange();
    range.selectNodeContents(n);
    for (const b of range.getClientRects()) if (b.width > 1) texts.push({l: b.left, r: b.right, t: b.top + b.height * .2, b: b.bottom - b.height * .2, say: n.textContent.trim().slice(0, 40)});
  }
  // Words that are parted although a line has room for them.
  for (const e of document.querySelectorAll("td, th, p, li, dt, dd, .name")) {
    const words = document.createTreeWalker(e, NodeFilter.SHOW_TEXT);
    for (let n; n = words.nextNode();) for (const m of n.textContent.matchAll(/(?<![^\s(])[a-zA-Z]{2,14}(?=[,;:.)]*(\s|$))/g)) {
      const range = document.createRange();
      range.setStart(n, m.index); range.setEnd(n, m.index + m[0].length);
      if (new Set([...range.getClientRects()].map(b => Math.round(b.top))).size > 1) parted.push(m[0] + " in " + n.textContent.trim().slice(0, 60));
    }
  }
  texts.sort((a, b) => a.t - b.t);
  for (let i = 0; i < texts.length; i++)
    for (let j = i + 1; j < texts.length && texts[j].t < texts[i].b; j++)
      if (texts[i].l < texts[j].r - 1 && texts[j].l < texts[i].r - 1) over.push(texts[i].say + " / " + texts[j].say);
  const drawn = s => [...document.querySelectorAll(s)].filter(e => { const b = e.getBoundingClientRect(); return b.width > 0.5 && b.height > 0.5 }).length;
  parent.postMessage(JSON.stringify({
    clipped, over, parted, wide: document.documentElement.scrollWidth > innerWidth, width: innerWidth, charts: drawn("svg.plot"),
    curves: drawn("svg.plot path"), bars: drawn("svg.strip rect"), marks: document.querySelectorAll("line.mark").length,
    paper: getComputedStyle(document.body).backgroundColor, hover: document.querySelectorAll("svg.plot rect > title").length,
    openers: document.querySelectorAll("details > summary").length, links: document.querySelectorAll("a[href^='https://acme.looker.com/']").length,
  }), "*");
});
</script>`

// frame holds a page in a window that is narrower than browsers make their own, and
// leaves what the page found out of itself.
const frame = `<!DOCTYPE html><meta name="color-scheme" content="light dark"><body style="margin:0">
<script>addEventListener("message", e => { const out = document.createElement("pre"); out.id = "found"; out.textContent = e.data; document.body.append(out); });</script>
<iframe src="inner.html" style="border:0;width:%dpx;height:900px"></iframe>`

var found = regexp.MustCompile(`(?s)<pre id="found">(.*?)</pre>`)

func TestInBrowser(t *testing.T) {
	browser := chromium(t)
	full := string(page(t, data()))
	empty := string(page(t, report.Data{Run: record.Run{ID: 1, Instance: "demo", Outcome: record.RunFailed}}))

	if _, said := browse(t, browser, full, 0); strings.Contains(said, "CONSOLE") {
		t.Errorf("the console says:\n%s", said)
	}
	if _, said := browse(t, browser, strings.Replace(full, "</body>", `<script>console.error("seen")</script></body>`, 1), 0); !strings.Contains(said, "CONSOLE") {
		t.Errorf("an error on the console would not be seen:\n%s", said)
	}
	for _, test := range []struct {
		name, page string
		width      int
		dark       bool
	}{
		{"desktop", full, 1280, false}, {"desktop, dark", full, 1280, true}, {"phone", full, 400, false}, {"phone, dark", full, 400, true},
		{"nothing to show", empty, 400, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			flags := []string{"--window-size=1400,900"}
			if test.dark {
				flags = append(flags, "--blink-settings=preferredColorScheme=0")
			}
			// The page forbids scripts, so this one takes the place of the ban.
			asked := regexp.MustCompile(`<meta http-equiv[^>]*>`).ReplaceAllLiteralString(test.page, inspect)
			dom, said := browse(t, browser, asked, test.width, flags...)
			match := found.FindStringSubmatch(dom)
			if match == nil {
				t.Fatal("the page could not be asked")
			}
			var got struct {
				Clipped, Over, Parted       []string
				Wide                        bool
				Width                       int
				Charts, Curves, Bars, Marks int
				Hover, Openers, Links       int
				Paper                       string
			}
			if err := json.Unmarshal([]byte(html.UnescapeString(match[1])), &got); err != nil {
				t.Fatal(err)
			}
			if len(got.Clipped) > 0 || got.Wide {
				t.Errorf("at a width of %d does not fit: %s", got.Width, strings.Join(got.Clipped, "\n"))
			}
			if len(got.Parted) > 0 {
				t.Errorf("at a width of %d words are parted: %s", got.Width, strings.Join(got.Parted, "\n"))
			}
			if len(got.Over) > 0 {
				t.Errorf("at a width of %d texts lie over each other: %s", got.Width, strings.Join(got.Over, "\n"))
			}
			if got.Width != test.width || strings.Contains(said, "CONSOLE") {
				t.Errorf("a width of %d, the console says %s", got.Width, said)
			}
			if test.page == full && (got.Charts != 6 || got.Curves < 7 || got.Bars < 30 || got.Marks != 12 || got.Hover < 3*60+3*20 || got.Openers < 5 || got.Links < 20) {
				t.Errorf("charts %d, curves %d, bars %d, marks %d, values on hover %d, to be opened %d, links %d", got.Charts, got.Curves, got.Bars, got.Marks, got.Hover, got.Openers, got.Links)
			}
			if light := strings.Contains(got.Paper, "251"); light == test.dark {
				t.Errorf("paper is %s, dark: %v", got.Paper, test.dark)
			}
		})
	}
}
