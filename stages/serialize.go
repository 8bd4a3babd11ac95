package stages

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"

	"github.com/lookervault/lookervault/internal/budget"
	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// SerializeOptions are what serialize needs besides its workers.
type SerializeOptions struct {
	Workers, Buffer int
	Codec           record.Codec
	Dictionaries    *codec.Dictionaries // nil: bodies are encoded without
	Policies        map[record.Kind]int // of stamps and fingerprints
	// Stored returns the newest body of a document that is stored, nil for none. A nil
	// Stored: no change tells anything of dates.
	Stored func(context.Context, record.Ref) ([]byte, error)
	// SeenByAdmin returns the stored body of a document where an administrator's run has seen
	// that version, nil otherwise. A nil SeenByAdmin: the key of this run sees everything.
	SeenByAdmin func(context.Context, record.Ref) ([]byte, error)
	// Mentions says that documents which others name should be in the lists of their kinds: the
	// key of this run is not known to see less than an administrator's.
	Mentions bool
	Ledger   *Ledger // is told what a lesser key sees less of, and what documents mention; nil where neither is asked for
}

// Serialize makes items ready to be stored: it validates a body, checks that it
// is the document that was asked for, picks its columns, computes hash and
// fingerprint and encodes it. A body that cannot be used becomes a fault.
func Serialize(o SerializeOptions) pipeline.Stage[record.Item, record.Record] {
	rules := make(map[record.Kind]*canon.Rules)
	kinds := make(map[record.Kind]*catalogue.Spec)
	own := make(map[record.Kind]*canon.Rules)
	trash := make(map[record.Kind]string)
	var named map[record.Kind][]*catalogue.Relation
	if o.Mentions {
		named = make(map[record.Kind][]*catalogue.Relation)
	}
	for _, kind := range catalogue.All() {
		trash[kind.Name] = kind.Fields.Trashed
		rules[kind.Name] = canon.Compile(kind)
		kinds[kind.Name] = kind
		if o.Mentions {
			named[kind.Name] = mentions(kind)
		}
		if kind.Dated() {
			own[kind.Name] = canon.Compile(kind.Own())
		}
	}
	return pipeline.Stage[record.Item, record.Record]{
		Name: "serialize", Workers: o.Workers, Buffer: o.Buffer,
		New: func() pipeline.Worker[record.Item, record.Record] {
			encoder, err := codec.NewEncoder(o.Codec, o.Dictionaries)
			s := &serializer{
				policies: o.Policies, rules: rules, kinds: kinds, own: own, trash: trash, reader: canon.NewReader(), encoder: encoder,
				stored: o.Stored, byAdmin: o.SeenByAdmin, ledger: o.Ledger, mentions: named,
			}
			return pipeline.Func[record.Item, record.Record](func(ctx context.Context, item record.Item, emit pipeline.Emit[record.Record]) error {
				if err != nil {
					item.Drop()
					return err
				}
				rec, err := s.record(ctx, item)
				if err != nil {
					return err
				}
				return emit(rec)
			})
		},
	}
}

// serializer belongs to one worker.
type serializer struct {
	policies map[record.Kind]int
	rules    map[record.Kind]*canon.Rules
	kinds    map[record.Kind]*catalogue.Spec
	own      map[record.Kind]*canon.Rules // of kinds with dates: by which only own changes count
	stored   func(context.Context, record.Ref) ([]byte, error)
	byAdmin  func(context.Context, record.Ref) ([]byte, error) // nil where the key sees everything
	mentions map[record.Kind][]*catalogue.Relation             // nil where nothing is to be mentioned
	ledger   *Ledger
	trash    map[record.Kind]string // the member that says whether a document is in the trash
	reader   *canon.Reader
	encoder  *codec.Encoder
	scratch  []byte
}

// record makes an item ready. The error is one of the store; the item's room is given back
// then.
func (s *serializer) record(ctx context.Context, item record.Item) (record.Record, error) {
	rec := record.Record{
		Ref: item.Ref, State: item.State, Stamp: item.Stamp, Policy: s.policies[item.Kind],
		Same: item.Same, Size: item.Size, Fault: item.Fault, Route: item.Route, At: item.At, Redacted: item.Redacted,
		Replaces: item.Replaces,
	}
	if item.Body == nil {
		return rec, nil
	}
	stored := false
	defer func() {
		if !stored {
			item.Lease.Release()
		}
	}()
	rec.Hash, rec.Size = sha256.Sum256(item.Body), int64(len(item.Body))
	if rec.Hash == item.Known {
		// The same bytes as last time need no reading and no encoding.
		rec.Same = true
		return rec, nil
	}
	doc, err := s.read(&item)
	if err != nil {
		rec.Fault = &Broken(err).Fault
	} else if failed := s.stranger(&item, doc); failed != nil {
		rec.Fault = &failed.Fault
	}
	if rec.Fault != nil {
		if s.ledger != nil {
			s.ledger.AskedFor(rec.Ref)
		}
		rec.Hash, rec.Size = record.Digest{}, 0
		return rec, nil
	}
	switch { // The list is older than the body.
	case doc.Trashed:
		rec.State = record.Trashed
	case rec.State == record.Trashed && string(canon.Member(item.Body, s.trash[item.Kind])) == "false":
		rec.State = record.Present
	}
	rec.Name = cmp.Or(doc.Name, doc.Alias)
	rec.Folder, rec.Owner, rec.Updated, rec.Refs = doc.Folder, doc.Owner, doc.Updated, doc.Refs
	rec.Fingerprint = doc.Fingerprint
	s.mention(&rec, item.Body)
	if err := s.date(ctx, &rec, &item); err != nil {
		return record.Record{}, err
	}
	if narrowed, err := s.narrowed(ctx, &rec, &item); err != nil || narrowed {
		return rec, err
	}
	s.encode(&rec, item.Body)
	item.Lease.Resize(budget.Load{Bytes: int64(len(rec.Body)), Items: 1})
	rec.Lease, stored = item.Lease, true
	return rec, nil
}

// stranger is the failure of a body that is another document's. Of a kind that this
// version does not know, nobody can tell.
func (s *serializer) stranger(item *record.Item, doc record.Document) *Failed {
	kind, known := s.kinds[item.Kind]
	if !known {
		return nil
	}
	return Stranger(kind, record.Listed{ID: item.ID, Alias: item.Alias, Hash: item.Known}, doc, item.Body)
}

// read reads a body, unless fetch did already. One of a kind that this version does
// not know has no columns, and all of its members matter.
func (s *serializer) read(item *record.Item) (record.Document, error) {
	if item.Read != nil {
		return *item.Read, nil
	}
	rules, known := s.rules[item.Kind]
	if !known {
		rules = canon.Compile(&catalogue.Spec{Name: item.Kind})
	}
	return s.reader.Read(rules, item.Body)
}

// encode gives the record its body, in bytes that it may keep.
func (s *serializer) encode(rec *record.Record, body []byte) {
	encoded, used, dictionary := s.encoder.Encode(rec.Kind, body, s.scratch)
	if used != record.Plain {
		s.scratch = encoded[:0]
	}
	rec.Body, rec.Codec, rec.Dictionary = bytes.Clone(encoded), used, dictionary
}
