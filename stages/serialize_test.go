package stages_test

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lookervault/lookervault/internal/budget"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// through sends values through one stage.
func through[In, Out any](t *testing.T, stage pipeline.Stage[In, Out], in ...In) []Out {
	t.Helper()
	run := pipeline.NewRun(t.Context(), pipeline.Options{})
	out := stagestest.Collect(run, pipeline.Then(run, stage, pipeline.From(run, in)))
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}
	return *out
}

func bodyItem(kind record.Kind, id, body string) record.Item {
	return record.Item{
		Ref: record.Ref{Kind: kind, ID: id}, State: record.Present, Body: []byte(body),
		Route: "GET /x", At: time.Unix(1, 0),
	}
}

// trashed is an item whose list says that it is in the trash.
func trashed(item record.Item) record.Item {
	item.State = record.Trashed
	return item
}

func TestSerialize(t *testing.T) {
	long := `{"id":"7","title":"Sales","folder_id":"5","user_id":"3","updated_at":"then","deleted":false,` +
		`"dashboard_elements":[{"merge_result_id":"m1"}],"description":"` + strings.Repeat("again and ", 100) + `"}`
	tests := []struct {
		name  string
		item  record.Item
		want  record.Record
		fault string
	}{
		{
			name: "a dashboard", item: bodyItem("dashboards", "7", long),
			want: record.Record{
				State: record.Present, Name: "Sales", Folder: "5", Owner: "3", Updated: "then", Stamp: record.DateOf("then"),
				Refs: []record.Ref{{Kind: "merge_queries", ID: "m1"}}, Codec: record.Zstd,
			},
		},
		{
			name: "the body knows best whether it is in the trash", item: bodyItem("dashboards", "7", strings.Replace(long, "false", "true", 1)),
			want: record.Record{
				State: record.Trashed, Name: "Sales", Folder: "5", Owner: "3", Updated: "then", Stamp: record.DateOf("then"),
				Refs: []record.Ref{{Kind: "merge_queries", ID: "m1"}}, Codec: record.Zstd,
			},
		},
		{
			name: "and whether it is out of it", item: trashed(bodyItem("dashboards", "7", long)),
			want: record.Record{
				State: record.Present, Name: "Sales", Folder: "5", Owner: "3", Updated: "then", Stamp: record.DateOf("then"),
				Refs: []record.Ref{{Kind: "merge_queries", ID: "m1"}}, Codec: record.Zstd,
			},
		},
		{
			name: "what does not shrink stays plain", item: bodyItem("groups", "7", `{"id":7}`),
			want: record.Record{State: record.Present, Codec: record.Plain, Refs: []record.Ref{{Kind: "group_groups", ID: "7"}}},
		},
		{name: "truncated", item: bodyItem("groups", "7", `{"id":"7"`), fault: record.FaultInvalid},
		{name: "a page", item: bodyItem("groups", "7", `<html>`), fault: record.FaultInvalid},
		{name: "another document", item: bodyItem("groups", "7", `{"id":"8"}`), fault: record.FaultMismatch},
		{name: "no id", item: bodyItem("groups", "7", `{}`), fault: record.FaultMismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			limits := budget.New(budget.Load{Bytes: 1 << 20, Items: 10})
			body := string(tt.item.Body)
			got := through(t, stages.Serialize(stages.SerializeOptions{Workers: 1, Codec: record.Zstd, Policies: policies(4)}), stagestest.Reserve(limits, tt.item)...)[0]
			now, _ := limits.Used()
			if tt.fault != "" {
				if got.Fault == nil || got.Fault.Class != tt.fault || got.Body != nil || got.Lease != nil {
					t.Fatalf("record = %+v, want fault %s and no body", got, tt.fault)
				}
				if now != (budget.Load{}) {
					t.Errorf("a fault still holds %+v", now)
				}
				return
			}
			ignore := cmpopts.IgnoreFields(record.Record{}, "Ref", "Policy", "Fingerprint", "Hash", "Body", "Size", "Lease", "Route", "At")
			if diff := cmp.Diff(tt.want, got, ignore); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
			if got.Hash != sha256.Sum256([]byte(body)) || got.Size != int64(len(body)) || got.Policy != 4 || got.Fingerprint.IsZero() {
				t.Errorf("hash, size, policy or fingerprint are wrong: %+v", got)
			}
			decoder, err := codec.NewDecoder()
			if err != nil {
				t.Fatal(err)
			}
			defer decoder.Close()
			plain, err := decoder.Decode(got.Codec, got.Dictionary, got.Body, nil, got.Size)
			if diff := cmp.Diff(body, string(plain)); err != nil || diff != "" {
				t.Errorf("decoded body (-want +got): %v\n%s", err, diff)
			}
			if want := (budget.Load{Bytes: int64(len(got.Body)), Items: 1}); now != want {
				t.Errorf("in flight %+v, want what is kept: %+v", now, want)
			}
		})
	}
}

func TestSerializePassesOnWhatHasNoBody(t *testing.T) {
	fault := &record.Fault{Class: "server", Status: 500}
	items := []record.Item{
		{Ref: record.Ref{Kind: "looks", ID: "1"}, Same: true, State: record.Present, Stamp: record.Digest{1}},
		{Ref: record.Ref{Kind: "looks", ID: "2"}, State: record.Gone},
		{Ref: record.Ref{Kind: "looks", ID: "3"}, Fault: fault},
		{Ref: record.Ref{Kind: "looks"}, Fault: fault},
	}
	got := through(t, stages.Serialize(stages.SerializeOptions{Workers: 1, Codec: record.Zstd, Policies: policies(4)}), items...)
	want := []record.Record{
		{Ref: items[0].Ref, Same: true, State: record.Present, Stamp: record.Digest{1}, Policy: 4},
		{Ref: items[1].Ref, State: record.Gone, Policy: 4},
		{Ref: items[2].Ref, Fault: fault, Policy: 4},
		{Ref: items[3].Ref, Fault: fault, Policy: 4},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestSerializeLeavesAloneWhatIsStoredAlready(t *testing.T) {
	known := bodyItem("groups", "7", `{"id":"7"}`)
	known.Known, known.Stamp = sha256.Sum256(known.Body), record.Digest{1}
	other := bodyItem("groups", "8", `{"id":"8"}`)
	other.Known = known.Known
	limits := budget.New(budget.Load{Bytes: 100, Items: 10})
	got := through(t, stages.Serialize(stages.SerializeOptions{Workers: 1, Codec: record.Zstd}), stagestest.Reserve(limits, known, other)...)
	if !got[0].Same || got[0].Body != nil || got[0].Size != 10 || got[0].Stamp != known.Stamp || got[0].State != record.Present {
		t.Errorf("the same bytes: %+v, want the same without a body", got[0])
	}
	if got[1].Same || got[1].Body == nil {
		t.Errorf("other bytes: %+v, want a body", got[1])
	}
	if now, _ := limits.Used(); now != (budget.Load{Bytes: int64(len(got[1].Body)), Items: 1}) {
		t.Errorf("in flight %+v, want what the second one holds", now)
	}
}

// TestSerializeTakesWhatComesFromElsewhere: an item of a kind that this version does not
// know, and without a lease, as an import of another vault brings it.
func TestSerializeTakesWhatComesFromElsewhere(t *testing.T) {
	serialize := stages.Serialize(stages.SerializeOptions{Workers: 1, Codec: record.Plain})
	for _, kind := range []record.Kind{"looks", "holograms"} {
		got := through(t, serialize, bodyItem(kind, "7", `{"id":"7","title":"a"}`))[0]
		if got.Fault != nil || string(got.Body) != `{"id":"7","title":"a"}` || got.Hash.IsZero() || got.Fingerprint.IsZero() || got.Lease != nil {
			t.Errorf("%s: %+v, want it with its body, hash and fingerprint", kind, got)
		}
		sink := &stagestest.Store{}
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		batches := pipeline.Then(run, stages.Batch(stages.BatchOptions{Records: 2, Bytes: 100, Every: time.Second, Budget: budget.New(budget.Load{Bytes: 1, Items: 1})}),
			pipeline.From(run, []record.Record{got}))
		pipeline.Into(run, stages.Write(stages.WriteOptions{Store: sink}), batches)
		if err := run.Wait(); err != nil || len(sink.Batches) != 1 {
			t.Errorf("%s: %d batches, %v; want it stored", kind, len(sink.Batches), err)
		}
	}
}

func TestSerializeRefusesAnUnknownCodec(t *testing.T) {
	run := pipeline.NewRun(t.Context(), pipeline.Options{})
	stage := stages.Serialize(stages.SerializeOptions{Workers: 1, Codec: "lzw"})
	stagestest.Collect(run, pipeline.Then(run, stage, pipeline.From(run, []record.Item{{}})))
	if err := run.Wait(); err == nil || !strings.Contains(err.Error(), "codec") {
		t.Errorf("Wait = %v, want an error about the codec", err)
	}
}

// TestSerializeKnowsADocumentByItsOtherNames asks for queries by number and slug, of
// servers that answer with either as id.
func TestSerializeKnowsADocumentByItsOtherNames(t *testing.T) {
	tests := []struct {
		name, kind, id, alias, body string
		want                        string // class of the fault, "" for none
	}{
		{"asked by number", "queries", "17", "", `{"id":"17","slug":"aB3xYz1"}`, ""},
		{"ids are numbers", "queries", "17", "", `{"id":17,"slug":"aB3xYz1"}`, ""},
		{"asked by slug, answered by number", "queries", "aB3xYz1", "", `{"id":"17","slug":"aB3xYz1"}`, ""},
		{"asked by number, answered by slug", "queries", "17", "", `{"id":"aB3xYz1","slug":"aB3xYz1"}`, ""},
		{"and the slug is known", "queries", "17", "aB3xYz1", `{"id":"aB3xYz1","slug":"aB3xYz1"}`, ""},
		{"and the slug is another's", "queries", "17", "aB3xYz1", `{"id":"zzzzzzz","slug":"zzzzzzz"}`, record.FaultMismatch},
		{"another number", "queries", "17", "", `{"id":"18","slug":"aB3xYz1"}`, record.FaultMismatch},
		{"another number, although a slug is known", "queries", "17", "aB3xYz1", `{"id":"18","slug":"zzzzzzz"}`, record.FaultMismatch},
		{"another slug", "queries", "aB3xYz1", "", `{"id":"zzzzzzz","slug":"zzzzzzz"}`, record.FaultMismatch},
		{"no slug", "queries", "17", "", `{"id":"18","slug":null}`, record.FaultMismatch},
		{"no id", "queries", "17", "", `{"slug":""}`, record.FaultMismatch},
		{"a kind without other names", "dashboards", "17", "", `{"id":"aB3xYz1","slug":"aB3xYz1"}`, record.FaultMismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			item := bodyItem(record.Kind(tt.kind), tt.id, tt.body)
			item.Alias = tt.alias
			limits := budget.New(budget.Load{Bytes: 1 << 20, Items: 10})
			records := through(t, stages.Serialize(stages.SerializeOptions{Workers: 1, Codec: record.Plain}), stagestest.Reserve(limits, item)...)
			class := ""
			if records[0].Fault != nil {
				class = records[0].Fault.Class
			}
			if class != tt.want || records[0].ID != tt.id {
				t.Errorf("%s: fault %q, want %s: %q", records[0].Ref, class, tt.id, tt.want)
			}
		})
	}
}

// policies gives all kinds the same policy.
func policies(policy int) map[record.Kind]int {
	all := make(map[record.Kind]int)
	for _, kind := range catalogue.All() {
		all[kind.Name] = policy
	}
	return all
}
