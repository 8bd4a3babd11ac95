package stages

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// habits is what a run has learnt about how a server serves one kind. It is
// shared by all workers of fetch.
type habits struct {
	kind  catalogue.Kind
	rules *canon.Rules

	proof sync.Mutex // held while a row is compared with a single fetch

	mu     sync.Mutex
	shutBy map[record.How]bool // routes that are not used any more in this run
	size   int64               // bytes of a document, a moving average
	chunk  int                 // the most documents that one call may ask for
	proven bool
	poor   bool // rows of lists are poorer than documents
}

func newHabits(kind catalogue.Kind) *habits {
	return &habits{
		kind: kind, rules: canon.Compile(kind),
		shutBy: make(map[record.How]bool), size: max(kind.Size, 1), chunk: 1 << 30,
	}
}

// open returns the kind's route of a sort, if it has one that is in use.
func (h *habits) open(how record.How, state record.State) (catalogue.Many, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.poor || h.shutBy[how] {
		return catalogue.Many{}, false
	}
	for _, m := range h.kind.Many {
		if m.How == how && (m.Trash || state != record.Trashed) {
			return m, true
		}
	}
	return catalogue.Many{}, false
}

// next is the route below another.
func (h *habits) next(how record.How) record.How {
	if how == record.Page {
		return record.IDs
	}
	return record.Single
}

// guess is how many bytes n documents will have.
func (h *habits) guess(n int) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.size * int64(n)
}

// learn takes note of how large documents are.
func (h *habits) learn(bytes int64, n int) {
	if n == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.size = max(1, (3*h.size+bytes/int64(n))/4)
}

func (h *habits) most() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.chunk
}

// shrink makes later asks smaller.
func (h *habits) shrink(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.chunk = min(h.chunk, max(1, n))
}

// shut stops the use of a route for the rest of the run and says so once.
func (t *task) shut(how record.How, why string) {
	t.mu.Lock()
	was := t.shutBy[how]
	t.shutBy[how] = true
	t.mu.Unlock()
	if !was {
		t.Log.Warn("falling back", "kind", t.kind.Name, "reason", why)
		t.Ledger.Note(t.kind.Name, why)
	}
}

// prove tells whether rows of lists of this kind are as rich as the documents
// themselves. The first call of a run decides it, by fetching the largest row's
// document alone; others wait for it. A difference must show twice, or the
// document has only changed in between.
func (t *task) prove(ctx context.Context, found []matched) (rich bool, err error) {
	if len(found) == 0 || t.kind.Detail.IsZero() {
		return true, nil
	}
	t.proof.Lock()
	defer t.proof.Unlock()
	t.mu.Lock()
	proven, poor := t.proven, t.poor
	t.mu.Unlock()
	if proven {
		return !poor, nil
	}
	sample := found[0]
	for _, m := range found {
		if len(m.row) > len(sample.row) {
			sample = m
		}
	}
	poor, err = t.poorer(ctx, sample)
	if err != nil {
		return false, err
	}
	t.mu.Lock()
	t.proven, t.poor = true, poor
	t.mu.Unlock()
	return !poor, nil
}

// poorer compares a row with its document.
func (t *task) poorer(ctx context.Context, sample matched) (bool, error) {
	reader := canon.NewReader()
	row, err := reader.Read(t.rules, sample.row)
	if err != nil {
		return false, nil // serialize will say what is wrong with it
	}
	var before record.Digest
	for range 2 {
		answer, err := t.Looker.Get(ctx, t.detailCall(sample.want.ID))
		var failed *Failed
		if errors.As(err, &failed) || errors.Is(err, ErrBudget) {
			// What was paid for is not thrown away.
			t.note("could not compare a list row with %s alone, trusting the list: %s", sample.want.ID, err)
			return false, nil
		}
		if err != nil {
			return false, err
		}
		alone, err := reader.Read(t.rules, answer.Body)
		if err != nil {
			t.note("could not compare a list row with %s alone, trusting the list: %s", sample.want.ID, err)
			return false, nil
		}
		if alone.Fingerprint == row.Fingerprint {
			return false, nil
		}
		if missing := canon.Missing(t.rules, sample.row, answer.Body); len(missing) > 0 {
			t.note("rows of the list are poorer than single documents (%s is missing in %s), fetching one by one", missing[0], sample.want.ID)
			return true, nil
		}
		if alone.Fingerprint == before {
			t.note("rows of the list differ from single documents (%s), fetching one by one", sample.want.ID)
			return true, nil
		}
		before = alone.Fingerprint
	}
	return false, nil
}

func (t *task) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	t.Log.Warn("proof of the list", "kind", t.kind.Name, "result", text)
	t.Ledger.Note(t.kind.Name, text)
}
