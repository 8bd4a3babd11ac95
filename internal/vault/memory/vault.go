package memory

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// A Vault keeps everything in maps: for rehearsals that must
// leave no file, and for tests, which can read what it holds. It means what a
// vault in a file means. One Vault serves run after run, each from Begin to Close, like
// one file that is opened anew; [Vault.Reader] reads it back.
//
// Its methods may be called from any number of goroutines.
type Vault struct {
	mu     sync.Mutex
	now    func() time.Time
	docs   map[instanceRef]*document
	bodies map[record.Digest]bool // that were ever stored
	runs   []*storedRun
	// versions is how many there ever were: their numbers are given once.
	versions int64
	run      *storedRun // nil outside of a run
	start    record.Start
	// troubled are documents with an open fault when the run began.
	troubled map[record.Ref]bool
	// kept are documents that the run keeps without settling them, and whether it deferred them.
	kept map[record.Ref]bool
	// removed are versions that records of the batch under way have replaced.
	removed []*version
}

type instanceRef struct {
	instance string
	record.Ref
}

// A document has at least one version, the oldest first.
type document struct {
	versions    []*version
	state       record.State // of the head
	stamp       record.Digest
	stampPolicy int
	settled     int64
	seen        int64 // run that saw it first, where the version of that was pruned
}

// A version is what a document was from one run to another. Its record's state is
// present or trashed.
type version struct {
	record record.Record
	number int64
	first  int64
	last   int64 // 0 while it is the newest one and the document is not gone
	gone   int64 // run that found the document gone after it, or 0
}

func (d *document) newest() *version { return d.versions[len(d.versions)-1] }

type storedRun struct {
	record.Run
	kinds  map[record.Kind]*record.Counts
	calls  map[record.Calls]int64 // keys have no N
	months map[monthClass]int64
	// lessons are what the run has learnt.
	lessons map[record.Learnt]bool
	faults  map[record.Ref]*Fault
	// observed are the documents that the run settled.
	observed map[record.Ref]bool
}

type monthClass struct{ month, class string }

// Fault is a fault as a [Vault] holds it.
type Fault struct {
	record.Ref
	record.Fault
	Instance string
	At       time.Time
	Run      int64
	Resolved int64 // run that settled it, 0 while it is open
}

// Item is a document as a [Vault] holds it.
type Item struct {
	Instance string
	record.Ref
	State   record.State
	Body    []byte // decoded, the receiver's own
	Record  record.Record
	Settled int64 // run that settled it last
}

// New makes an empty store.
func New() *Vault {
	return &Vault{now: time.Now, docs: map[instanceRef]*document{}, bodies: map[record.Digest]bool{}}
}

// Begin begins or continues a run.
func (m *Vault) Begin(_ context.Context, start record.Start) (record.Begun, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run != nil {
		return record.Begun{}, errors.New("memory: a run was begun already")
	}
	newest := m.newest(start.Instance)
	open := newest != nil && newest.words().Resumable()
	if start.Resume && !open {
		return record.Begun{}, vault.ErrNothingOpen
	}
	for _, r := range m.runs {
		if r.Outcome == record.RunRunning {
			r.Outcome = record.RunInterrupted
		}
	}
	begun := record.Begun{Resumed: start.Resume, First: true}
	m.start, m.kept = start, make(map[record.Ref]bool)
	if start.Resume {
		m.run = newest
		m.run.Outcome, m.run.Finished, m.run.Digest = record.RunRunning, time.Time{}, record.Digest{}
		m.run.Caller = m.run.Caller.With(start.Caller)
	} else {
		m.run = newStoredRun(int64(len(m.runs)+1), start)
		m.runs = append(m.runs, m.run)
		if open {
			begun.Open = newest.ID
		}
	}
	for _, r := range m.runs {
		if r.Instance == start.Instance && r != m.run && r.finished() {
			begun.First = false
		}
	}
	for _, c := range m.run.kinds {
		c.Listing, c.Reason, c.Deferred, c.Trusted, c.TrashRested, c.TrashDeferred = record.Open, "", 0, 0, false, 0
	}
	m.recall(&begun)
	m.recallObservations(&begun)
	m.takeCalls()
	begun.Run, begun.Scope, begun.Full, begun.Started = m.run.ID, m.run.Scope, m.run.Full, m.run.Started
	if start.Resume {
		begun.Kinds = m.run.words().Kinds
	}
	return begun, nil
}

func (m *Vault) newest(instance string) (newest *storedRun) {
	for _, r := range m.runs {
		if r.Instance == instance && r.Scope.Refs == nil && !r.Refused() { // nobody continues those
			newest = r
		}
	}
	return newest
}

func newStoredRun(id int64, start record.Start) *storedRun {
	r := &storedRun{
		Run: record.Run{
			ID: id, Instance: start.Instance, BaseURL: start.BaseURL, Origin: start.Origin, Started: start.At,
			Outcome: record.RunRunning, Full: start.Full, Scope: start.Scope, Caller: start.Caller,
			Looker: start.Looker, Tool: start.Tool, Config: start.Config,
		},
		kinds: map[record.Kind]*record.Counts{}, calls: map[record.Calls]int64{},
		months: map[monthClass]int64{}, lessons: map[record.Learnt]bool{}, faults: map[record.Ref]*Fault{}, observed: map[record.Ref]bool{},
	}
	for _, kind := range start.Scope.Kinds {
		r.count(kind)
	}
	return r
}

func (r *storedRun) finished() bool {
	return r.Outcome == record.RunComplete || r.Outcome == record.RunPartial
}

func (r *storedRun) count(kind record.Kind) *record.Counts {
	c := r.kinds[kind]
	if c == nil {
		c = &record.Counts{Kind: kind, Listing: record.Open}
		r.kinds[kind] = c
	}
	return c
}

// dispel ends the doubt about documents of a kind, all of which this run has seen.
func (m *Vault) dispel(kind record.Kind) {
	for _, r := range m.runs {
		if r.Instance == m.run.Instance {
			delete(r.lessons, record.Learnt{Kind: kind, Code: record.RowsDoubted})
		}
	}
}

func (m *Vault) takeCalls() {
	if m.start.Lessons != nil {
		for _, lesson := range m.start.Lessons() {
			m.run.lessons[lesson] = true
		}
	}
	if m.start.Calls == nil {
		return
	}
	month := m.now().UTC().Format("2006-01")
	for _, c := range m.start.Calls() {
		m.run.calls[record.Calls{Route: c.Route, Class: c.Class}] += c.N
		m.run.months[monthClass{month, c.Class}] += c.N
	}
}

// Known answers for the ids that are held.
func (m *Vault) Known(_ context.Context, kind record.Kind, ids []string) (map[string]record.Known, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil {
		return nil, errNoRun
	}
	known, policy := map[string]record.Known{}, m.start.PolicyOf(kind)
	for _, id := range ids {
		d := m.docs[m.key(record.Ref{Kind: kind, ID: id})]
		if d == nil {
			continue
		}
		k := record.Known{
			State: d.state, Folder: d.newest().record.Folder, Settled: m.judge().HasSettled(d.settled, d.state), Fingerprint: d.newest().record.Fingerprint,
		}
		if d.settled < m.run.ID && m.runs[d.settled-1].Caller.SeesAsMuchAs(m.start.Caller) {
			k.Observed = m.runs[d.settled-1].Started
		}
		k.Troubled = m.troubled[record.Ref{Kind: kind, ID: id}]
		if d.stampPolicy == policy {
			k.Stamp = d.stamp
		}
		if d.newest().record.Policy == policy {
			k.Hash, k.Size = d.newest().record.Hash, d.newest().record.Size
		}
		known[id] = k
	}
	return known, nil
}

var errNoRun = errors.New("memory: no run is under way")

func (m *Vault) key(ref record.Ref) instanceRef { return instanceRef{m.run.Instance, ref} }

// Close ends the use of the store for this run. What it holds stays.
func (m *Vault) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.run = nil
	return nil
}

// Items lists what is held, the gone included, sorted by instance, kind and id.
func (m *Vault) Items() []Item {
	m.mu.Lock()
	defer m.mu.Unlock()
	var items []Item
	for _, key := range m.keys() {
		d := m.docs[key]
		item := Item{Instance: key.instance, Ref: key.Ref, State: d.state, Record: d.newest().record, Settled: d.settled}
		item.Record.State = d.state
		// A body that does not decode stays nil, for the test to see.
		item.Body, _ = decodeRecord(&d.newest().record)
		items = append(items, item)
	}
	return items
}

// Faults lists every fault, resolved or not, sorted by run, kind and id.
func (m *Vault) Faults() []Fault {
	m.mu.Lock()
	defer m.mu.Unlock()
	var faults []Fault
	for _, r := range m.runs {
		refs := slices.SortedFunc(maps.Keys(r.faults), func(a, b record.Ref) int { return compareRefs("", "", a, b) })
		for _, ref := range refs {
			faults = append(faults, *r.faults[ref])
		}
	}
	return faults
}

// Runs lists every run, oldest first.
func (m *Vault) Runs() []record.Run {
	m.mu.Lock()
	defer m.mu.Unlock()
	var runs []record.Run
	for _, r := range m.runs {
		runs = append(runs, m.described(r))
	}
	return runs
}
