package extract_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/vault"
)

// tamper puts a proxy before the simulated Looker that changes bodies.
func (r *rig) tamper(change func(path string, query url.Values, body []byte) []byte) {
	r.t.Helper()
	to, err := url.Parse(r.url)
	if err != nil {
		r.t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(to)
			p.Out.Header.Del("Accept-Encoding")
		},
		ModifyResponse: func(response *http.Response) error {
			body, err := io.ReadAll(response.Body)
			if err != nil {
				return err
			}
			path := strings.TrimPrefix(response.Request.URL.Path, "/api/4.0")
			if response.StatusCode == http.StatusOK {
				body = change(path, response.Request.URL.Query(), body)
			}
			response.Body = io.NopCloser(bytes.NewReader(body))
			response.ContentLength = int64(len(body))
			response.Header.Set("Content-Length", strconv.Itoa(len(body)))
			return nil
		},
	}
	front := httptest.NewServer(proxy)
	simtest.Cleanup(r.t, front.Close)
	r.url = front.URL
}

// rowsOf are the rows of a list, nil for anything else.
func rowsOf(body []byte) (rows []json.RawMessage) {
	if json.Unmarshal(body, &rows) != nil {
		return nil
	}
	return rows
}

// listOf makes a list of rows, whatever is in them.
func listOf(rows []json.RawMessage) []byte {
	texts := make([][]byte, len(rows))
	for i, row := range rows {
		texts[i] = row
	}
	return slices.Concat([]byte("["), bytes.Join(texts, []byte(",")), []byte("]"))
}

// tampered are kinds whose lists are read in each of the ways that there are: in slim
// pages and pages of documents, by folder, in one answer.
var tampered = []record.Kind{"dashboards", "users", "looks", "roles", "boards", "folders", "scheduled_plans"}

// TestOneIDWithTwoBodies: in each sort of list the second row is there once more, at the
// end or right behind itself, with another title. What a single fetch says is stored.
func TestOneIDWithTwoBodies(t *testing.T) {
	for _, kind := range tampered {
		for _, end := range []bool{false, true} {
			t.Run(string(kind)+" at the end "+strconv.FormatBool(end), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, lookersim.Options{Seed: 3, Sizes: few})
				r.tamper(func(_ string, _ url.Values, body []byte) []byte {
					rows := rowsOf(body)
					if len(rows) < 3 {
						return body
					}
					var again map[string]any
					if json.Unmarshal(rows[1], &again) != nil {
						return body
					}
					again["title"], again["name"], again["display_name"] = "Another", "Another", "Another"
					text, err := json.Marshal(again)
					if err != nil {
						return body
					}
					at := 2
					if end {
						at = len(rows)
					}
					return listOf(slices.Insert(rows, at, json.RawMessage(text)))
				})
				for range 2 {
					if result, err := r.try(start(kind)); err != nil {
						t.Fatal(err)
					} else if result.Run.Outcome != record.RunComplete {
						t.Errorf("outcome %s: %q %q", result.Run.Outcome, r.faulty(), result.Run.Notes)
					}
				}
				if kind != "folders" { // one that is fetched alone has its content beside what matters
					compare(t, r, kind)
				} else if stored, served := len(r.stored()), len(r.served(kind)); stored != served {
					t.Errorf("%d folders are stored of %d", stored, served)
				}
			})
		}
	}
}

// TestDocumentOfAnotherKind: a single document is answered with one of another kind that
// has the same id, once or always. It is never stored.
func TestDocumentOfAnotherKind(t *testing.T) {
	for _, kind := range []record.Kind{"looks", "dashboards", "users", "groups", "alerts", "agents", "queries", "merge_queries", "content_metadata"} {
		for _, once := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, once: %v", kind, once), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, lookersim.Options{Seed: 3, Sizes: few})
				r.row = func(k *catalogue.Spec) { k.Many = nil } // each document is asked for alone
				spec, _ := catalogue.Find(kind)
				var asked sync.Map
				r.tamper(func(path string, _ url.Values, body []byte) []byte {
					var document struct{ ID string }
					if rowsOf(body) != nil || json.Unmarshal(body, &document) != nil {
						return body
					}
					if _, single := spec.Single(document.ID); document.ID == "" || path != single {
						return body
					}
					if _, again := asked.LoadOrStore(path, true); again && once {
						return body
					}
					return []byte(`{"can":{},"id":"` + document.ID + `","name":"Another","title":"Another"}`)
				})
				result, err := r.try(start())
				if err != nil {
					t.Fatal(err)
				}
				if want := map[bool]record.Outcome{true: record.RunComplete, false: record.RunPartial}[once]; result.Run.Outcome != want {
					t.Errorf("outcome %s, want %s", result.Run.Outcome, want)
				}
				for ref, document := range r.stored() {
					if ref.Kind == kind && strings.Contains(string(document.Body), `"Another"`) {
						t.Errorf("%s is stored as %s", ref, document.Body)
					}
				}
			})
		}
	}
}

// TestTextThatIsNoUTF8: a byte that is no text, in the document, in its row or in both,
// hides no document. A row whose id holds one is a fault: nothing could ask for it.
func TestTextThatIsNoUTF8(t *testing.T) {
	for _, kind := range tampered {
		for _, where := range []string{"body", "row", "both", "id"} {
			t.Run(string(kind)+", "+where, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, lookersim.Options{Seed: 3, Sizes: few})
				ids := r.sim.IDs(string(kind))
				spoilt := ids[len(ids)/2]
				spec, _ := catalogue.Find(kind)
				_, single := spec.Single(spoilt)
				mark, broken := []byte(`"id":"`+spoilt+`"`), []byte(`"id":"`+spoilt+`","x_note":"a`+"\xff"+`b"`)
				if where == "id" {
					broken = []byte(`"id":"` + spoilt + "\xff" + `"`)
				}
				r.tamper(func(path string, _ url.Values, body []byte) []byte {
					list := rowsOf(body)
					switch {
					case path == single && where != "row", where == "id" && list == nil && path == single:
						return bytes.Replace(body, mark, broken, 1)
					case list != nil && where != "body":
						for i, row := range list {
							var is struct{ ID string }
							if json.Unmarshal(row, &is) == nil && is.ID == spoilt {
								list[i] = bytes.Replace(row, mark, broken, 1)
							}
						}
						return listOf(list)
					}
					return body
				})
				result, err := r.try(start(kind))
				if err != nil {
					t.Fatal(err)
				}
				stored, faults := r.stored(), r.faulty()
				if where == "id" {
					if result.Run.Outcome != record.RunPartial || len(faults) == 0 || !strings.Contains(faults[0], "that is no UTF-8 text") {
						t.Errorf("outcome %s, faults %q", result.Run.Outcome, faults)
					}
					spoilt = ""
				}
				for ref, item := range r.served(kind) {
					document, ok := stored[ref]
					want := string(r.bodyOf(kind, item))
					switch {
					case !ok && where == "id" && ref.ID == ids[len(ids)/2]:
					case !ok:
						t.Errorf("%s is missing: %s, %q", ref, result.Run.Outcome, faults)
					case ok && ref.ID != spoilt && string(document.Body) != want && kind != "folders":
						t.Errorf("%s is not what the server holds", ref)
					}
				}
			})
		}
	}
}

// TestPersonalFoldersThatShift: personal folders are made and dropped while the list is
// read and between runs.
func TestPersonalFoldersThatShift(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 3})
	var asked atomic.Int64
	r.tamper(func(path string, _ url.Values, body []byte) []byte {
		rows := rowsOf(body)
		if path != "/folders" || len(rows) < 9 {
			return body
		}
		shift := int(asked.Add(1)) % len(rows)
		return listOf(slices.Concat(rows[shift:], rows[:shift]))
	})
	kinds := []record.Kind{"folders", "content_metadata", "content_access"}
	for night := range 3 {
		result := r.run(record.RunComplete, start(kinds...))
		compare(t, r, "folders")
		if c := countsOf(t, result, "folders"); night > 0 && c.Changed+c.New+c.Gone+c.Failed > 0 {
			t.Errorf("night %d: %+v, want all the same", night, c)
		}
	}
}

// TestReferencesThatNoIDCanBe: a schedule names a query by a text that is no id. The schedule
// is stored and can be read, and the reference is dangling.
func TestReferencesThatNoIDCanBe(t *testing.T) {
	for name, id := range map[string]string{
		"NUL": `a\u0000b`, "no UTF-8 text": "a\xffb", "half a surrogate pair": `\ud800`, "too long": strings.Repeat("x", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 3, Sizes: few})
			r.tamper(func(path string, _ url.Values, body []byte) []byte {
				name := func(plan []byte) []byte {
					return bytes.Replace(plan, []byte("{"), []byte(`{"query_id":"`+id+`",`), 1)
				}
				rows := rowsOf(body)
				switch {
				case !strings.HasPrefix(path, "/scheduled_plans"):
					return body
				case rows == nil:
					return name(body)
				}
				for i := range rows {
					rows[i] = name(rows[i])
				}
				return listOf(rows)
			})
			r.run(record.RunComplete, start("scheduled_plans", "queries"))
			if stored := r.stored(); len(stored) < few.ScheduledPlans {
				t.Errorf("%d documents are stored", len(stored))
			}
			faults := r.faults()
			if len(faults) != 1 || faults[0].Class != record.FaultDangling || len(faults[0].ID) > record.MaxID {
				t.Fatalf("%d faults: %.200q", len(faults), fmt.Sprint(faults))
			}
			reader := simtest.Reader(t, r.path)
			defer reader.Close()
			for _, parent := range r.sim.IDs("scheduled_plans") {
				if _, err := reader.Document(t.Context(), "test", record.Ref{Kind: "scheduled_plans", ID: parent}, vault.Point{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
