package history

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"slices"
	"time"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/delta"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// What can become of a document.
const (
	Added    = "added"
	Removed  = "removed"
	Trashed  = "trashed"
	Restored = "restored" // taken out of the trash
	Changed  = "changed"
	Moved    = "moved"
)

// Change is what became of a document between two moments.
type Change struct {
	record.Ref
	Run        int64     // that saw it; 0 between two moments
	At         time.Time // when that run began; zero without a run
	Name       string
	Whole      string   // name of what a document without a name is a part of, see [Names.Whole]
	Change     []string // what became of it, the most telling first: Added, ...
	Folder     string   // id of the folder, or of what the kind has for one
	FolderPath string   // "" where the vault does not know it
	Owner      string
	OwnerName  string
	Who        string // who changed it last, as the document tells
	Bytes      int64
	Edits      []delta.Edit
	// NotSeen are the paths of members that one of the two versions does not show, since the key
	// of the run that stored it sees less than an administrator's: nobody knows of a change there.
	NotSeen []string
	What    string // what became of it in a few words
}

// Title is what a document is called, by what it is a part of where it has no name.
func (c Change) Title() string { return cmp.Or(c.Name, c.Whole) }

// Changer makes changes of passages. It is for one goroutine.
type Changer struct {
	names    *Names
	body     func(vault.Entry) ([]byte, error)
	volatile bool // members that only count views and the like matter as well
	keys     Keys
	reader   *canon.Reader
	rules    map[record.Kind]*canon.Rules
}

// Changes calls fn with a changer that reads the bodies of a vault. With volatile, members
// that only count views and the like matter as well. Where fn had no error, that of a name
// or a time which it needed and which is damaged is returned.
func Changes(ctx context.Context, m Moment, names *Names, volatile bool, fn func(*Changer) error) error {
	err := m.Reader.Bodies(ctx, func(body func(vault.Entry) ([]byte, error)) error {
		return fn(&Changer{names: names, body: body, volatile: volatile, keys: Keys{vault.KeysOf(names.runs)}, reader: canon.NewReader(), rules: make(map[record.Kind]*canon.Rules)})
	})
	return cmp.Or(err, names.Damage())
}

// All yields the changes that passages make, of those that pass the filter, by the ids of
// each kind as people count them.
func (c *Changer) All(passages iter.Seq2[vault.Passage, error], filter *Filter) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		for p, err := range passagesByNumber(passages) {
			var made Change
			matters := false
			if err == nil {
				if !filter.Matches(p.Entry()) {
					continue
				}
				made, matters, err = c.change(p)
			}
			if err != nil {
				yield(made, err)
				return
			}
			if matters && !yield(made, nil) {
				return
			}
		}
	}
}

// Between yields what changed from the run of a span after which it begins to the one
// at its end, which may be the older one.
func Between(ctx context.Context, reader vault.Reader, span vault.Span) iter.Seq2[vault.Passage, error] {
	if span.Until == 0 || span.After <= span.Until {
		return reader.Between(ctx, span)
	}
	span.After, span.Until = span.Until, span.After
	return func(yield func(vault.Passage, error) bool) {
		for p, err := range reader.Between(ctx, span) {
			p.Before, p.After = p.After, p.Before
			if !yield(p, err) {
				return
			}
		}
	}
}

// change makes a change of a passage. It reports false where nothing changed that matters.
func (c *Changer) change(p vault.Passage) (Change, bool, error) {
	e := p.Entry()
	made := Change{
		Ref: p.Ref, Run: p.Run, At: c.names.RunTime(p.Run), Name: e.Name, Bytes: e.Size, Folder: e.Folder, FolderPath: c.names.Folder(FolderOf(e)),
		Owner: e.Owner, OwnerName: c.names.User(e.Owner),
	}
	if e.Name == "" {
		made.Whole = c.names.Whole(p.Ref)
	}
	if p.After != nil {
		body, err := c.body(*p.After)
		if err != nil {
			return made, false, err
		}
		made.Who = c.who(body, p)
	}
	switch {
	case p.After == nil:
		made.Change, made.What = []string{Removed}, "gone"
	case p.Pruned:
		made.Change, made.What = []string{Changed}, "changed; what it was before is pruned"
	case p.Before == nil:
		made.Change, made.What = []string{Added}, "new"
		if p.After.State == record.Trashed {
			made.Change, made.What = append(made.Change, Trashed), "new, in the trash"
		}
	default:
		if err := c.compare(&made, *p.Before, *p.After); err != nil {
			return made, false, err
		}
	}
	return made, len(made.Change) > 0, nil
}

// compare finds out what changed between two versions.
func (c *Changer) compare(made *Change, before, after vault.Entry) (err error) {
	if made.Edits, err = c.edits(before, after); err != nil {
		return err
	}
	made.Edits, made.NotSeen = c.notSeen(before, after, made.Edits)
	spec := catalogue.Lookup(before.Kind)
	switch {
	case before.State != after.State && after.State == record.Trashed:
		made.Change = append(made.Change, Trashed)
	case before.State != after.State:
		made.Change = append(made.Change, Restored)
	}
	edited := slices.ContainsFunc(made.Edits, func(e delta.Edit) bool {
		return !e.Silent() && !e.Moved(spec.Fields.Folder) && e.Path != "/"+spec.Fields.Trashed
	})
	// What only follows from something else is a change where nothing else is.
	if edited || len(made.Change) == 0 && before.Folder == after.Folder && len(made.Edits) > 0 {
		made.Change = append(made.Change, Changed)
	}
	if before.Folder != after.Folder {
		made.Change = append(made.Change, Moved)
	}
	made.What = cmp.Or(delta.Words(made.Edits, func(id string) string { return cmp.Or(c.names.Folder(id), "folder "+id) }), stateWords(before, after), "changed")
	lesser := after
	if c.keys.StoredInPart(before) {
		lesser = before
	}
	if words := notSeenWords(lesser.FirstRun, len(made.NotSeen)); words != "" {
		made.What += "; " + words
	}
	return nil
}

// stateWords says what became of a document whose body does not tell it.
func stateWords(before, after vault.Entry) string {
	switch {
	case before.State == after.State:
		return ""
	case after.State == record.Trashed:
		return "moved to the trash"
	}
	return "taken out of the trash"
}

func (c *Changer) edits(before, after vault.Entry) ([]delta.Edit, error) {
	var forms [2][]byte
	for i, e := range []vault.Entry{before, after} {
		body, err := c.body(e)
		if err != nil {
			return nil, err
		}
		if forms[i] = body; !c.volatile {
			if forms[i], err = c.reader.Canonical(c.rulesOf(e.Kind), body); err != nil {
				return nil, err
			}
		}
	}
	if bytes.Equal(forms[0], forms[1]) {
		return nil, nil
	}
	return delta.Compare(forms[0], forms[1])
}

func (c *Changer) rulesOf(kind record.Kind) *canon.Rules {
	rules, ok := c.rules[kind]
	if !ok {
		rules = canon.Compile(catalogue.Lookup(kind))
		c.rules[kind] = rules
	}
	return rules
}

// who is who changed a document last, as far as it tells: by name where the vault knows
// it.
func (c *Changer) who(body []byte, p vault.Passage) string {
	var tells struct {
		Updater     any    `json:"last_updater_id"`
		UpdaterName string `json:"last_updater_name"`
		Deleter     any    `json:"deleter_id"`
		UpdatedBy   string `json:"updated_by"`
	}
	if json.Unmarshal(body, &tells) != nil {
		return "" // not an object, or another kind of value: it tells nothing
	}
	if p.After.State == record.Trashed && (p.Before == nil || p.Before.State != record.Trashed) {
		if id := idText(tells.Deleter); id != "" {
			return cmp.Or(c.names.User(id), id)
		}
	}
	id := idText(tells.Updater)
	return cmp.Or(tells.UpdaterName, c.names.User(id), id, tells.UpdatedBy)
}

// idText is an id that is a string or a number.
func idText(id any) string {
	switch id := id.(type) {
	case string:
		return id
	case float64:
		text, _ := json.Marshal(id)
		return string(text)
	}
	return ""
}
