package history

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// namedEach is how many references of one sort that lead nowhere are named. The others
// are counted.
const namedEach = 10

// Nowhere is a reference between documents that leads nowhere, or so many of one sort.
type Nowhere struct {
	Instance string     // where the vault holds several, else ""
	From, To record.Ref // of several, kinds alone
	Path     string     // of the member that names the other document
	Since    string     // since when that is not there, in words; "" of several
	More     int        // how many there are besides those that are named; 0 of one
}

// References follows the references between the documents of a vault while that is
// verified, so that no body is read twice.
type References struct {
	reader    vault.Reader
	instances []*follower
	several   bool // the vault holds several instances
}

// FollowReferences prepares to follow the references between the documents of one
// instance, or of all where none is named. Of a damaged vault it follows none: what is
// damaged is for the verification to say.
func FollowReferences(ctx context.Context, reader vault.Reader, instance string) (*References, error) {
	r := &References{reader: reader}
	all, err := reader.Instances(ctx)
	for _, i := range all {
		if r.several = len(all) > 1; instance != "" && i.Name != instance {
			continue
		}
		f := &follower{instance: i.Name, found: make(map[sortOfReference]*referencesFound)}
		if err = f.prepare(ctx, reader); err != nil {
			break
		}
		r.instances = append(r.instances, f)
	}
	if errors.Is(err, vault.ErrCorrupt) {
		return &References{reader: reader}, nil
	}
	return r, err
}

// Body follows the references in a body.
func (r *References) Body(hash record.Digest, body []byte) {
	for _, f := range r.instances {
		for _, ref := range f.waiting[hash] {
			f.inBody(ref, body)
		}
	}
}

// Nowhere are the references that were found to lead nowhere, and how many there are: the
// first of each sort, and how many others of it.
func (r *References) Nowhere(ctx context.Context) (list []Nowhere, all int, err error) {
	for _, f := range r.instances {
		instance := ""
		if r.several {
			instance = f.instance
		}
		sorts := slices.SortedFunc(maps.Keys(f.found), func(x, y sortOfReference) int {
			return cmp.Or(cmp.Compare(x.kind, y.kind), cmp.Compare(x.path, y.path))
		})
		for _, sort := range sorts {
			found := f.found[sort]
			all += found.count
			for _, leads := range found.first() {
				since, err := sinceWhen(ctx, r.reader, f.instance, leads.to)
				if err != nil {
					return nil, 0, err
				}
				list = append(list, Nowhere{Instance: instance, From: leads.from, To: leads.to, Path: sort.path, Since: since})
			}
			if more := found.count - namedEach; more > 0 {
				list = append(list, Nowhere{
					Instance: instance, From: record.Ref{Kind: sort.kind}, To: record.Ref{Kind: sort.named}, Path: sort.path, More: more,
				})
			}
		}
	}
	return list, all, nil
}

// sinceWhen says since when a document is not there.
func sinceWhen(ctx context.Context, reader vault.Reader, instance string, ref record.Ref) (string, error) {
	versions, err := reader.Versions(ctx, instance, ref)
	if errors.Is(err, vault.ErrNotFound) {
		return "of which the vault holds nothing", nil
	}
	if err != nil {
		return "", err
	}
	if gone := versions[len(versions)-1].GoneRun; gone != 0 {
		return fmt.Sprintf("which is gone since run %d", gone), nil
	}
	return "which the vault does not hold", nil
}

// sortOfReference is a member of the documents of a kind that names others.
type sortOfReference struct {
	kind, named record.Kind
	path        string
}

// referencesFound are references of one sort that lead nowhere.
type referencesFound struct {
	count int
	some  []reference // the first ones by their documents are among them
}

type reference struct{ from, to record.Ref }

func (f *referencesFound) add(r reference) {
	f.count++
	if f.some = append(f.some, r); len(f.some) > 8*namedEach {
		f.some = f.first()
	}
}

func (f *referencesFound) first() []reference {
	slices.SortStableFunc(f.some, func(x, y reference) int { return cmp.Compare(x.from.ID, y.from.ID) })
	return f.some[:min(len(f.some), namedEach)]
}

// follower follows the references between the documents of an instance.
type follower struct {
	instance string
	held     map[record.Kind]map[string]bool // the ids of each kind of which the vault holds all
	waiting  map[record.Digest][]record.Ref  // documents whose bodies are to be looked into
	found    map[sortOfReference]*referencesFound
}

// prepare looks at what the newest complete run of everything left, if that saw all that
// there is: only then is a document that the vault does not hold one that is nowhere. What
// came later may name what came later. What lies in the trash may have outlived its folder.
func (f *follower) prepare(ctx context.Context, reader vault.Reader) error {
	complete, err := reader.LastComplete(ctx, f.instance, 1)
	if err != nil || len(complete) == 0 {
		return err
	}
	run, err := reader.Run(ctx, complete[0].ID)
	if err != nil || run.Caller.Admin == nil || !*run.Caller.Admin {
		return err
	}
	if err := f.readHeld(ctx, reader, run); err != nil {
		return err
	}
	f.waiting = make(map[record.Digest][]record.Ref)
	var following []record.Kind
	for _, spec := range catalogue.All() {
		if f.follows(spec) {
			following = append(following, spec.Name)
		}
	}
	for e, err := range reader.Current(ctx, f.instance, following...) {
		if err != nil {
			return err
		}
		if e.State == record.Present && e.FirstRun <= run.ID && f.inColumns(e, catalogue.Lookup(e.Kind)) {
			f.waiting[e.Hash] = append(f.waiting[e.Hash], e.Ref)
		}
	}
	return nil
}

// readHeld reads the ids of the kinds that strict relations name and a run saw whole.
func (f *follower) readHeld(ctx context.Context, reader vault.Reader, run record.Run) error {
	f.held = make(map[record.Kind]map[string]bool)
	wanted := make(map[record.Kind]bool)
	for _, spec := range catalogue.All() {
		for relation := range spec.Strict() {
			wanted[relation.Kind] = true
		}
	}
	var complete []record.Kind
	for _, kind := range run.Kinds {
		if wanted[kind.Kind] && kind.Listing == record.Complete && kind.Failed == 0 {
			complete = append(complete, kind.Kind)
			f.held[kind.Kind] = make(map[string]bool)
		}
	}
	for e, err := range reader.Current(ctx, f.instance, complete...) {
		if err != nil {
			return err
		}
		f.held[e.Kind][e.ID] = true
	}
	for ref := range excludedBy(run) {
		if ids := f.held[ref.Kind]; ids != nil {
			ids[ref.ID] = true
		}
	}
	return nil
}

// excludedBy are the documents that the configuration of a run told it to leave out.
func excludedBy(run record.Run) map[record.Ref]bool {
	var config struct {
		Exclude []string `json:"exclude"`
	}
	excluded := make(map[record.Ref]bool)
	if json.Unmarshal(run.Config, &config) != nil {
		return excluded
	}
	for _, entry := range config.Exclude {
		name, id, _ := strings.Cut(entry, "/")
		if full, ok := catalogue.Aliases()[name]; ok {
			name = full
		}
		excluded[record.Ref{Kind: record.Kind(name), ID: id}] = true
	}
	return excluded
}

// follows reports whether documents of a kind name others of which it is known whether they
// are there.
func (f *follower) follows(spec *catalogue.Spec) bool {
	for relation := range spec.Strict() {
		if f.held[relation.Kind] != nil {
			return true
		}
	}
	return false
}

// inColumns follows the references that the vault has in columns, and reports whether the
// body holds others.
func (f *follower) inColumns(e vault.Entry, spec *catalogue.Spec) (others bool) {
	for relation := range spec.Strict() {
		switch relation.Path {
		case spec.Fields.Folder:
			f.follow(e.Ref, relation, e.Folder)
		case spec.Fields.Owner:
			f.follow(e.Ref, relation, e.Owner)
		default:
			others = others || f.held[relation.Kind] != nil
		}
	}
	return others
}

// inBody follows the references that stand in a body alone.
func (f *follower) inBody(ref record.Ref, body []byte) {
	spec := catalogue.Lookup(ref.Kind)
	for relation := range spec.Strict() {
		if relation.Path == spec.Fields.Folder || relation.Path == spec.Fields.Owner || f.held[relation.Kind] == nil || !mayName(body, relation) {
			continue
		}
		for _, id := range canon.Named(body, relation) {
			f.follow(ref, relation, id)
		}
	}
}

// mayName reports whether the member of a relation is anything but null in a body. It
// rules most bodies out at a twentieth of the cost of reading them.
func mayName(body []byte, relation *catalogue.Relation) bool {
	member := []byte(`"` + relation.Path[strings.LastIndexByte(relation.Path, '.')+1:] + `"`)
	for at := bytes.Index(body, member); at >= 0; at = bytes.Index(body, member) {
		body = body[at+len(member):]
		if value := bytes.TrimLeft(body, " \t\r\n:"); !bytes.HasPrefix(value, []byte("null")) {
			return true
		}
	}
	return false
}

// follow records a reference that leads nowhere. The id of a LookML dashboard may
// stand where those of others do.
func (f *follower) follow(from record.Ref, relation *catalogue.Relation, id string) {
	held := f.held[relation.Kind]
	if held == nil || id == "" || held[id] || strings.Contains(id, "::") {
		return
	}
	sort := sortOfReference{from.Kind, relation.Kind, relation.Path}
	if f.found[sort] == nil {
		f.found[sort] = &referencesFound{}
	}
	f.found[sort].add(reference{from, record.Ref{Kind: relation.Kind, ID: id}})
}
