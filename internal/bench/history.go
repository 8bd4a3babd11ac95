package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/find"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/pipeline"
	"github.com/lookervault/lookervault/stages"
)

// history makes a vault of many documents and runs: the records come from the
// serializer and go through the writer of vaults, as in a run, but no server is asked
// and the bodies are small.
type history struct {
	random *rand.Rand
	worker pipeline.Worker[record.Item, record.Record]
	writer *sqlite.Writer
	size   historySize
	now    time.Time
	runs   int
	held   []record.Ref
	counts map[record.Kind]int
}

// shares are how many documents of a kind there are in a hundred.
var shares = []struct {
	kind  record.Kind
	share int
}{{"dashboards", 60}, {"looks", 30}, {"scheduled_plans", 5}, {"queries", 2}, {"folders", 2}, {"users", 1}}

const (
	// changedPerRun is how many documents change from one run to the next, and
	// addedPerRun how many come.
	changedPerRun, addedPerRun = 60, 10
	// One run in completeEvery is complete: its digest reads all heads, which would make
	// the generator as slow as its documents times its runs.
	completeEvery = 50
	perCommit     = 500
)

// historySize is what vault is made.
type historySize struct {
	db              string // its path
	documents, runs int
	tiles           int // of each dashboard; 0 for 2 to 4
}

// makeHistory makes a vault.
func makeHistory(ctx context.Context, size historySize) error {
	h := &history{
		random: rand.New(rand.NewPCG(1, 2)), size: size, now: time.Date(2023, 1, 1, 4, 0, 0, 0, time.UTC), counts: map[record.Kind]int{},
		worker: stages.Serialize(stages.SerializeOptions{
			Workers: 1, Codec: record.Zstd, Dictionaries: codec.NewDictionaries(nil),
		}).New(),
	}
	first := size.documents - addedPerRun*(size.runs-1)
	if first <= 0 {
		return fmt.Errorf("%d documents are too few for %d runs", size.documents, size.runs)
	}
	for h.runs < size.runs {
		added := addedPerRun
		if h.runs == 0 {
			added = first
		}
		if err := h.run(ctx, added, h.runs == 0 || h.runs >= size.runs-2 || h.runs%completeEvery == 0); err != nil {
			return err
		}
	}
	return nil
}

// run makes one run, which changes some documents and adds others.
func (h *history) run(ctx context.Context, added int, complete bool) (err error) {
	h.now = h.now.Add(24 * time.Hour)
	h.runs++
	if h.writer, err = sqlite.Open(ctx, h.size.db, sqlite.Options{IndexShare: 1e6}); err != nil {
		return err
	}
	defer func() {
		if failed := h.writer.Close(); err == nil {
			err = failed
		}
	}()
	admin := true
	scope := record.Scope{All: true, Kinds: catalogue.Kinds(catalogue.All())}
	_, err = h.writer.Begin(ctx, record.Start{
		Instance: "bench", BaseURL: "https://looker.example", Origin: "api", Scope: scope, Caller: record.Caller{ID: "1", Admin: &admin},
		Looker: "26.4.0", Tool: "bench", At: h.now, Config: []byte(`{}`), Policy: 1, TermRules: find.TermRules, Terms: canon.Terms(),
		Calls: func() []record.Calls {
			return []record.Calls{{Route: "GET /dashboards/search", Class: "query", N: 10}, {Route: "GET /looks", Class: "query", N: 2}}
		},
	})
	if err != nil {
		return err
	}
	var batch record.Batch
	put := func(ref record.Ref) error {
		err := h.worker.Do(ctx, h.item(ref), func(rec record.Record) error {
			batch = append(batch, rec)
			return nil
		})
		if err == nil && len(batch) == perCommit {
			err, batch = h.writer.Commit(ctx, batch), batch[:0]
		}
		return err
	}
	for range min(changedPerRun, len(h.held)) {
		if err := put(h.held[h.random.IntN(len(h.held))]); err != nil {
			return err
		}
	}
	for range added {
		if err := put(h.next()); err != nil {
			return err
		}
	}
	if err := h.writer.Commit(ctx, batch); err != nil {
		return err
	}
	_, err = h.writer.Finish(ctx, h.finish(complete))
	return err
}

// finish ends a run. Its listings are denied, as what a run did not see again would be
// gone otherwise.
func (h *history) finish(complete bool) record.Finish {
	finish := record.Finish{At: h.now.Add(time.Hour), Session: &record.Session{Began: h.now, Seconds: 3600, Items: 100, Calls: 1000}}
	if !complete {
		finish.Outcome = record.RunInterrupted
	}
	for _, kind := range catalogue.All() {
		finish.Kinds = append(finish.Kinds, record.End{Kind: kind.Name, Listing: record.Denied, Reason: "not asked"})
		finish.Session.Kinds = append(finish.Session.Kinds, record.KindUse{Kind: kind.Name, Calls: 10, Answering: 1.5, Longest: 0.25, Bytes: 1000})
	}
	for at := range 60 {
		finish.Session.Samples = append(finish.Session.Samples, record.Sample{At: float64(at * 60), Items: int64(at), Calls: int64(at * 16)})
	}
	return finish
}

// next is a document that the vault does not hold yet.
func (h *history) next() record.Ref {
	place := len(h.held) % 100
	for _, s := range shares {
		if place < s.share {
			h.counts[s.kind]++
			ref := record.Ref{Kind: s.kind, ID: fmt.Sprint(h.counts[s.kind])}
			h.held = append(h.held, ref)
			return ref
		}
		place -= s.share
	}
	panic("the shares are no hundred")
}

func (h *history) item(ref record.Ref) record.Item {
	return record.Item{Ref: ref, State: record.Present, Body: h.body(ref), Route: "GET /" + string(ref.Kind), At: h.now}
}

// folders is how many folders documents lie in: those of the first run of a small
// history.
const folders = 100

// parent is the parent of a folder: one of the first ten, of those the one before, and none of
// the first.
func (h *history) parent(id string) string {
	parent := h.random.IntN(10) + 1
	if own, _ := strconv.Atoi(id); own <= 10 {
		parent = own - 1
	}
	if parent == 0 {
		return "null"
	}
	return strconv.Quote(strconv.Itoa(parent))
}

func (h *history) body(ref record.Ref) []byte {
	title, folder, user := h.title(), h.random.IntN(folders)+1, h.random.IntN(folders/2)+1
	switch ref.Kind {
	case "folders":
		return fmt.Appendf(nil, `{"id":%q,"name":%q,"parent_id":%s,"creator_id":"%d"}`, ref.ID, title, h.parent(ref.ID), user)
	case "users":
		return fmt.Appendf(nil, `{"id":%q,"display_name":"User %s","email":"user%s@example.com"}`, ref.ID, ref.ID, ref.ID)
	case "queries":
		return fmt.Appendf(nil, `{"id":%q,%s}`, ref.ID, h.query())
	case "scheduled_plans":
		return fmt.Appendf(nil, `{"id":%q,"name":%q,"user_id":"%d","look_id":"%d","crontab":"0 6 * * *","scheduled_plan_destination":[{"id":"%s","type":"email","address":"user%d@example.com"}]}`,
			ref.ID, title, user, h.random.IntN(10_000)+1, ref.ID, user)
	case "looks":
		return fmt.Appendf(nil, `{"id":%q,"title":%q,"description":%q,"deleted":false,"folder_id":"%d","folder":{"id":"%d"},"user_id":"%d","updated_at":"2026-01-02T03:04:05.000+00:00","query":{%s}}`,
			ref.ID, title, h.title(), folder, folder, user, h.query())
	}
	var tiles []string
	n := h.size.tiles
	if n == 0 {
		n = 2 + h.random.IntN(3)
	}
	for tile := range n {
		tiles = append(tiles, fmt.Sprintf(`{"id":"%s%d","title":%q,"type":"vis","note_text":%q,"query":{%s}}`, ref.ID, tile, h.title(), h.title(), h.query()))
	}
	return fmt.Appendf(nil, `{"id":%q,"title":%q,"description":%q,"deleted":false,"folder_id":"%d","folder":{"id":"%d","name":"Folder"},"user_id":"%d","updated_at":"2026-01-02T03:04:05.000+00:00","dashboard_elements":[%s]}`,
		ref.ID, title, h.title(), folder, folder, user, strings.Join(tiles, ","))
}

// query are the members of a query: of 100 views with 30 fields each, of which some have
// a rare one.
func (h *history) query() string {
	view := benchWords[h.random.IntN(100)]
	field := func() string {
		if h.random.IntN(10_000) == 0 {
			return view + ".rare"
		}
		return view + "." + benchWords[h.random.IntN(30)]
	}
	return fmt.Sprintf(`"model":"shop","view":%q,"fields":[%q,%q,%q],"filters":{%q:"yes"},"sorts":["%s desc"],"limit":"500"`,
		view, field(), field(), field(), field(), field())
}

// title is four words and a number, which few documents share.
func (h *history) title() string {
	words := make([]string, 4)
	for i := range words {
		words[i] = benchWords[h.random.IntN(len(benchWords))]
	}
	return fmt.Sprintf("%s %d", strings.Join(words, " "), h.random.IntN(20_000))
}

// benchWords are two syllables each, 2,500 of them.
var benchWords = func() (words []string) {
	syllables := strings.Fields(`ba be bi bo bu da de di do du fa fe fi fo fu ga ge gi go gu ka ke ki ko ku la le li lo lu
		ma me mi mo mu na ne ni no nu ra re ri ro ru sa se si so su`)
	for _, a := range syllables {
		for _, b := range syllables {
			words = append(words, a+b)
		}
	}
	return words
}()
