package report_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/report"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

var update = flag.Bool("update", false, "write the golden files anew")

var began = time.Date(2026, 3, 1, 4, 30, 0, 0, time.UTC)

// data is a run that has something of everything, titles that want to be markup
// and names without a place to break included.
func data() report.Data {
	no := false
	d := report.Data{Made: began.Add(time.Hour), Tool: "1.2.3", Counts: map[string]int64{"new": 40, "changed": 2, "gone": 1, "trashed": 1}}
	kinds := []record.Counts{
		{Kind: "dashboards", Listing: record.Complete, Listed: 2000, New: 40, Changed: 2, Same: 1950, Gone: 1, Failed: 8, Bytes: 40 << 20, Stored: 9 << 20},
		{Kind: "looks", Listing: record.Incomplete, Listed: 500, Same: 500, Bytes: 3 << 20, Reason: "the list broke off: GET /looks/search: 500"},
		{Kind: "user_attribute_group_values", Listing: record.Complete, Listed: 12, Same: 12, Bytes: 4096},
		{Kind: "boards", Listing: record.Denied},
	}
	session := longSession()
	for i := range int64(60) {
		r := record.Run{
			ID: 12 - i, Instance: "https://a-rather-long-name-of-an-instance.eu.looker.example.com:19999", Origin: "api", Started: began.AddDate(0, 0, -int(i)),
			Finished: began.AddDate(0, 0, -int(i)).Add(time.Minute), Outcome: record.RunPartial, Looker: "26.2.11", Tool: "1.2.3",
			BaseURL: "https://acme.looker.com:19999", Config: []byte(`{"looker":{"quota":{"administrative":1000}}}`),
			Scope: record.Scope{Kinds: []record.Kind{"dashboards", "looks", "user_attribute_group_values", "boards"}},
			Month: []record.Calls{{Class: "administrative", N: 1240}, {Class: "query", N: 12}},
			Kinds: kinds, Calls: []record.Calls{{Route: "GET /dashboards/search", Class: "query", N: 610}}, Notes: []string{"dashboards: fetching one by one"},
		}
		r.Outcome = []record.Outcome{record.RunPartial, record.RunComplete, record.RunFailed, record.RunInterrupted}[i%4]
		if i == 0 {
			r.Sessions, r.Caller.Admin = []record.Session{session, {Began: began, Seconds: 0.1, Advice: "The run was too short to tell what limits it."}}, &no
		}
		d.Runs = append(d.Runs, r)
	}
	d.Run, d.Since, d.DeletedAll = d.Runs[0], began.AddDate(0, 0, -59), 1200
	d.Checked = report.Checked{At: began.Add(time.Hour), Share: 0.4}
	addDocuments(&d)
	return d
}

// longSession is a session of a minute with a sample every half second.
func longSession() record.Session {
	session := record.Session{
		Began: began, Seconds: 60, Items: 2500, Bytes: 43 << 20, Calls: 610, Retries: 9, Refused: 12, Paused: 6.5, Memory: 90 << 20,
		Advice: "Server latency is the limit: an answer took 80 ms, and fetch was busy with calls 95% of its time.",
		Stages: []record.StageUse{
			{Name: "list", Workers: 4, Busy: 30, Blocked: 100, Starved: 110}, {Name: "fetch", Workers: 8, Busy: 456, Blocked: 20, Starved: 4},
			{Name: "serialize", Workers: 2, Busy: 12, Starved: 108}, {Name: "batch", Workers: 1, Starved: 60}, {Name: "write", Workers: 1, Busy: 9, Starved: 51},
		},
	}
	for i := range 121 {
		at := float64(i) / 2
		session.Samples = append(session.Samples, record.Sample{
			At: at, Items: int64(at*41) + int64(i%9)*8, Bytes: int64(at*700_000) + int64(i%11)*90_000, Calls: int64(at*10) + int64(i%5), Refused: int64(i / 10), Paused: at / 10, Rate: 10 + float64(i%7),
		})
	}
	return session
}

// addDocuments adds the changes, deletions, faults and ranks of documents.
func addDocuments(d *report.Data) {
	evil := `</title><script>alert("x")</script>` + strings.Repeat("long", 40)
	for what, n := range map[string]int{"new": 15, "changed": 2, "gone": 1, "trashed": 1} {
		for range n {
			d.Changes = append(d.Changes, vault.Change{Ref: record.Ref{Kind: "dashboards", ID: "17"}, Name: evil, What: what, Size: 5000, Was: 4000})
		}
	}
	for i := range 14 {
		gone := vault.Deletion{Ref: record.Ref{Kind: "dashboards", ID: "17"}, Name: evil, What: []string{"gone", "trashed"}[i%2], Back: i == 3}
		d.Deleted = append(d.Deleted, report.Deleted{
			Deletion: gone, Owner: "Ann Lee", By: []string{"Bob", ""}[i%2], At: []string{"2026-03-01T03:00:00Z", ""}[i%2],
			Found: began.AddDate(0, 0, -i), Before: began.AddDate(0, 0, -i-1),
		})
	}
	for i := range 8 {
		f := vault.Fault{Ref: record.Ref{Kind: "dashboards", ID: strings.Repeat("9", i+1)}, Run: 12, Fault: record.Fault{Class: "server", Status: 500, Message: "GET /dashboards/9: 500 <b>oops</b>"}}
		if i > 5 {
			f.Class, f.Status, f.Resolved = "denied", 403, 13
		}
		d.Faults = append(d.Faults, f)
	}
	d.Open = append(d.Open, d.Faults...)
	for i := range 20 {
		d.Open = append(d.Open, vault.Fault{Ref: record.Ref{Kind: "looks", ID: strings.Repeat("8", i+1)}, Fault: record.Fault{Class: "server", Status: 500}})
	}
	d.Faults = append(d.Faults, vault.Fault{Ref: record.Ref{Kind: "looks"}, Fault: record.Fault{Class: "server", Status: 500, Message: "GET /looks/search: 500"}})
	for i := range int64(10) {
		d.Largest = append(d.Largest, vault.Ranked{Ref: record.Ref{Kind: "dashboards", ID: "42"}, Name: evil, N: (10 - i) * 50_000})
		d.MostChanged = append(d.MostChanged, vault.Ranked{Ref: record.Ref{Kind: "looks", ID: "model_with_underscores::7"}, Name: "Umsatz 日本語 العربية", N: 11 - i})
	}
}

func page(t *testing.T, d report.Data) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPage(t *testing.T) {
	got := page(t, data())
	path := filepath.Join("testdata", "page.html")
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A page loads nothing, runs nothing, and lets no title be markup.
func TestPageIsSelfContained(t *testing.T) {
	for name, d := range map[string]report.Data{"full": data(), "empty": {Run: record.Run{ID: 1, Instance: "demo", Outcome: record.RunFailed}}} {
		html := string(page(t, d))
		if found := regexp.MustCompile(`(?i)<script|<link|<img|<iframe|\bsrc=|\bhref="[^h]|\bhref="https?://[^a]|url\(|@import|<b>o`).FindString(html); found != "" {
			t.Errorf("%s: the page holds %q", name, found)
		}
		if !strings.Contains(html, `content="default-src 'none'; style-src 'unsafe-inline'"`) {
			t.Errorf("%s: the page does not forbid the network", name)
		}
		if strings.Contains(html, "NaN") || strings.Contains(html, "Inf") || strings.Contains(html, "ZgotmplZ") {
			t.Errorf("%s: the page holds a number that is none, or something that was not safe to write", name)
		}
		balanced(t, html)
	}
}

// balanced checks that the page is well-formed, which finds a tag that was not
// closed.
func balanced(t *testing.T, html string) {
	t.Helper()
	html = regexp.MustCompile(`<(meta|wbr|br)\b([^>]*)>`).ReplaceAllString(html, "<$1$2/>")
	html = regexp.MustCompile(`(?s)<style>.*</style>`).ReplaceAllString(html, "")
	decoder := xml.NewDecoder(strings.NewReader(html))
	decoder.Entity = xml.HTMLEntity
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestChecked says what is known of the vault's integrity, and above all where it is damaged.
func TestChecked(t *testing.T) {
	run := record.Run{ID: 1, Instance: "acme", Outcome: record.RunComplete, Started: began}
	for _, tt := range []struct {
		checked       report.Checked
		verdict, want string
	}{
		{report.Checked{}, "All is well", "Never checked."},
		{report.Checked{At: began, Share: 1}, "All is well", "Sound, as checked at 1 March 2026, 04:30 UTC: every byte is as it was written."},
		{report.Checked{At: began, Share: 0.25}, "All is well", "every row and 25 % of the documents"},
		{report.Checked{At: began, Share: 1, Findings: 2, First: "bodies 7: not as it was"}, "The vault is damaged", "2 things are wrong, the first: bodies 7: not as it was."},
	} {
		html := string(page(t, report.Data{Run: run, Runs: []record.Run{run}, Checked: tt.checked}))
		if !strings.Contains(html, "<h1>"+tt.verdict+"</h1>") || !strings.Contains(html, tt.want) {
			t.Errorf("%+v: the page does not say %q and %q", tt.checked, tt.verdict, tt.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	no := false
	done := record.Counts{Kind: "looks", Listing: record.Complete, Same: 1500}
	for _, test := range []struct {
		name string
		run  record.Run
		runs int
		want string
	}{
		{
			"the first", record.Run{Outcome: record.RunComplete, Kinds: []record.Counts{{Kind: "looks", Listing: record.Complete, New: 1500}}}, 1,
			"All is well|The backup of acme of 1 March 2026 is complete: 1,500 documents; it is the first one.",
		},
		{"nothing changed", record.Run{Outcome: record.RunComplete, Kinds: []record.Counts{done}}, 2, "All is well|The backup of acme of 1 March 2026 is complete: 1,500 documents; nothing has changed since the one before."},
		{
			"something did", record.Run{Outcome: record.RunComplete, Kinds: []record.Counts{{Kind: "looks", Listing: record.Complete, New: 1, Same: 9, Gone: 2}}}, 2,
			"All is well|The backup of acme of 1 March 2026 is complete: 10 documents; 1 new, 2 gone since the one before.",
		},
		{
			"failures", record.Run{Outcome: record.RunPartial, Kinds: []record.Counts{done, {Kind: "boards", Listing: record.Incomplete, Failed: 1, FailedListings: 1}, {Kind: "users", Listing: record.Complete, Failed: 2}}}, 2,
			"Something is missing|The backup of acme of 1 March 2026 is not complete: 2 documents could not be fetched, 1 kind is not complete. 1,500 documents are stored.",
		},
		{
			"the key", record.Run{Outcome: record.RunPartial, Caller: record.Caller{Admin: &no}, Kinds: []record.Counts{done}}, 2,
			"Something is missing|The backup of acme of 1 March 2026 is not complete: its key sees less than an administrator's. 1,500 documents are stored.",
		},
		{"stopped", record.Run{Outcome: record.RunInterrupted, Kinds: []record.Counts{done}}, 1, "Not finished|The backup of acme of 1 March 2026 is not finished: 1,500 documents are stored. It can be resumed."},
		{"refused", record.Run{Outcome: record.RunFailed}, 2, "Failed|The backup of acme of 1 March 2026 was refused before it asked for anything; its notes say why. What earlier ones stored is there."},
		{"failed", record.Run{Outcome: record.RunFailed, Scope: record.Scope{All: true}}, 1, "Failed|The backup of acme of 1 March 2026 has failed: 0 documents are stored. It can be resumed."},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run.Instance, test.run.Started = "acme", began
			d := report.Data{Run: test.run, Runs: make([]record.Run, test.runs)}
			d.Runs[0] = test.run
			html := string(page(t, d))
			word, text, _ := strings.Cut(test.want, "|")
			if !strings.Contains(html, "<h1>"+word+"</h1>") || !strings.Contains(html, "<p>"+strings.ReplaceAll(text, "'", "&#39;")+"</p>") {
				t.Errorf("the page does not say %q", test.want)
			}
		})
	}
}

// What a body tells of its deletion is on the page, with names for ids.
func TestDeleted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v.db")
	run := func(batch ...record.Record) {
		t.Helper()
		w, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		kinds := []record.Kind{"looks", "users"}
		if _, err := w.Begin(t.Context(), record.Start{Instance: "acme", BaseURL: "https://acme", Origin: "api", Scope: record.Scope{Kinds: kinds}, At: began}); err != nil {
			t.Fatal(err)
		}
		if err := w.Commit(context.Background(), batch); err != nil {
			t.Fatal(err)
		}
		end := record.Finish{Kinds: []record.End{{Kind: "looks", Listing: record.Complete}, {Kind: "users", Listing: record.Complete}}, At: began.Add(time.Minute)}
		if _, err := w.Finish(t.Context(), end); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	document := func(kind record.Kind, id, name, owner string, state record.State, body string) record.Record {
		hash := record.Digest(sha256.Sum256([]byte(body)))
		return record.Record{
			Ref: record.Ref{Kind: kind, ID: id}, State: state, Fingerprint: hash, Hash: hash, Codec: record.Plain,
			Body: []byte(body), Size: int64(len(body)), Name: name, Owner: owner, At: began,
		}
	}
	ann, bob := document("users", "7", "Ann", "", record.Present, `{"id":"7"}`), document("users", "8", "Bob", "", record.Present, `{"id":"8"}`)
	run(ann, bob, document("looks", "1", "Churn", "7", record.Present, `{"id":"1"}`), document("looks", "2", "ARR", "9", record.Present, `{"id":"2"}`))
	trashed := document("looks", "1", "Churn", "7", record.Trashed, `{"id":"1","deleted_at":"2026-02-28T10:00:00Z","deleter_id":8}`)
	run(ann, bob, trashed, document("looks", "3", "Old trash", "7", record.Trashed, `{"id":"3"}`))
	run(ann, bob, trashed, document("looks", "2", "ARR", "9", record.Present, `{"id":"2"}`), document("looks", "3", "Old trash", "7", record.Trashed, `{"id":"3"}`))
	run(ann, bob, document("looks", "2", "ARR", "9", record.Present, `{"id":"2"}`))
	reader, err := sqlite.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	d, err := report.Read(t.Context(), reader, "acme", 0)
	if err != nil {
		t.Fatal(err)
	}
	type went struct {
		Name, What      string
		Run             int64
		Back            bool
		Owner, By, When string
	}
	deleted := func(d report.Data) (got []went) {
		for _, g := range d.Deleted {
			if g.Found.IsZero() || g.Before.IsZero() {
				t.Errorf("%s: found by a run of %v, the one before of %v", g.Name, g.Found, g.Before)
			}
			got = append(got, went{g.Name, g.What, g.Run, g.Back, g.Owner, g.By, g.At})
		}
		return got
	}
	// Of each document its newest deletion; what lay in the trash before the vault saw it was not
	// deleted in its time, until it is gone for good.
	want := []went{
		{"Churn", "gone", 4, false, "Ann", "Bob", "2026-02-28T10:00:00Z"}, {"Old trash", "gone", 4, false, "Ann", "", ""},
		{"ARR", "gone", 2, true, "user 9", "", ""},
	}
	if diff := cmp.Diff(want, deleted(d)); diff != "" || d.DeletedAll != 3 {
		t.Errorf("%d (-want +got):\n%s", d.DeletedAll, diff)
	}
	if d, err = report.Read(t.Context(), reader, "acme", 2); err != nil {
		t.Fatal(err)
	}
	want = []went{{"Churn", "trashed", 2, false, "Ann", "Bob", "2026-02-28T10:00:00Z"}, {"ARR", "gone", 2, false, "user 9", "", ""}}
	if diff := cmp.Diff(want, deleted(d)); diff != "" {
		t.Errorf("as of run 2 (-want +got):\n%s", diff)
	}
	checked, findings, err := report.Check(t.Context(), reader, began)
	if diff := cmp.Diff(report.Checked{At: began, Share: 1}, checked); diff != "" || len(findings) > 0 || err != nil {
		t.Errorf("%v, %v (-want +got):\n%s", findings, err, diff)
	}
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v.db")
	run := func(resume bool, titles ...string) {
		t.Helper()
		w, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		start := record.Start{Instance: "acme", BaseURL: "https://acme", Origin: "api", Scope: record.Scope{Kinds: []record.Kind{"looks"}}, At: began, Resume: resume}
		if _, err := w.Begin(t.Context(), start); err != nil {
			t.Fatal(err)
		}
		var batch record.Batch
		for i, title := range titles {
			hash := record.Digest{byte(i + 1)}
			copy(hash[1:], title)
			batch = append(batch, record.Record{
				Ref: record.Ref{Kind: "looks", ID: string(rune('1' + i))}, State: record.Present, Fingerprint: hash, Hash: hash, Codec: record.Plain,
				Body: []byte(title), Size: int64(len(title)), Name: title, At: began,
			})
		}
		batch = append(batch, record.Record{Ref: record.Ref{Kind: "looks", ID: "9"}, Fault: &record.Fault{Class: "server", Status: 500}, At: began})
		if err := w.Commit(context.Background(), batch); err != nil {
			t.Fatal(err)
		}
		end := record.Finish{Kinds: []record.End{{Kind: "looks", Listing: record.Complete, Listed: 3}}, At: began.Add(time.Minute), Session: &record.Session{Seconds: 60}}
		if _, err := w.Finish(t.Context(), end); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	run(false, "One", "Two")
	run(false, "One", "Two, but longer")
	run(false, "One", "Three")
	reader, err := sqlite.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for _, test := range []struct{ run, id, history, changed int64 }{{0, 3, 3, 1}, {3, 3, 3, 1}, {2, 2, 2, 1}, {1, 1, 1, 0}} {
		d, err := report.Read(t.Context(), reader, "acme", test.run)
		if err != nil {
			t.Fatal(err)
		}
		if d.Run.ID != test.id || int64(len(d.Runs)) != test.history || d.Counts["changed"] != test.changed || len(d.Faults) != 1 || len(d.Run.Sessions) != 1 {
			t.Errorf("run %d: run %d with %d runs, changes %v, %d faults, %d sessions", test.run, d.Run.ID, len(d.Runs), d.Counts, len(d.Faults), len(d.Run.Sessions))
		}
		if len(d.Largest) != 2 || d.MostChanged[0].N != 3 {
			t.Errorf("run %d: largest %v, most changed %v", test.run, d.Largest, d.MostChanged)
		}
		page(t, d)
	}
	if _, err := report.Read(t.Context(), reader, "acme", 7); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("a run that is not there: %v", err)
	}
}
