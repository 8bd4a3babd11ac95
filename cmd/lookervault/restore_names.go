package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// planNames are what users, folders and groups are called that a plan names by their ids, as the
// vault knew them last. The nil one knows none. It is for one goroutine.
type planNames struct {
	ctx      context.Context
	reader   vault.Reader
	instance string
	known    map[record.Ref]string
	err      error // the first one that was not about something the vault does not hold
}

func newPlanNames(ctx context.Context, reader vault.Reader, instance string) *planNames {
	return &planNames{ctx: ctx, reader: reader, instance: instance, known: make(map[record.Ref]string)}
}

// failed is what went wrong with reading names.
func (n *planNames) failed() error {
	if n == nil || n.err == nil {
		return nil
	}
	return fmt.Errorf("read what users, folders and groups are called: %w", n.err)
}

// of is what a document is called: a folder by its path, a user by name and mail address; "" for
// queries, which nobody has named, and for what the vault does not hold.
func (n *planNames) of(ref record.Ref) string {
	if n == nil || n.err != nil || ref.ID == "" {
		return ""
	}
	if spec, ok := catalogue.Find(ref.Kind); !ok || spec.Immutable {
		return ""
	}
	name, ok := n.known[ref]
	if !ok {
		name = n.read(ref)
		n.known[ref] = name
	}
	return name
}

// deepestFolder is where a path ends whose folders lie in each other.
const deepestFolder = 50

func (n *planNames) read(ref record.Ref) string {
	d, err := n.reader.Document(n.ctx, n.instance, ref, vault.Point{})
	switch {
	case errors.Is(err, vault.ErrNotFound):
		return ""
	case err != nil:
		n.err = err
		return ""
	}
	switch ref.Kind {
	case catalogue.Users:
		words := []string{d.Name, canon.Text(canon.Member(d.Body, "email"))}
		return strings.Join(slices.DeleteFunc(words, func(word string) bool { return word == "" }), ", ")
	case catalogue.Folders:
		path := []string{d.Name}
		for d.Folder != "" && len(path) < deepestFolder {
			if d, err = n.reader.Document(n.ctx, n.instance, record.Ref{Kind: catalogue.Folders, ID: d.Folder}, vault.Point{}); err != nil {
				if !errors.Is(err, vault.ErrNotFound) {
					n.err = err
				}
				break // the rest of the path is not known
			}
			path = append(path, d.Name)
		}
		slices.Reverse(path)
		return strings.Join(path, "/")
	}
	return d.Name
}

// owner says what a document without a name belongs to that is kept apart from its owner under the
// owner's id: the role of a list of users, with its name. It is "" for others.
func (n *planNames) owner(ref record.Ref) string {
	for _, k := range catalogue.All() {
		for i := range k.Relations {
			r := &k.Relations[i]
			if n == nil || r.Role != catalogue.Owns || r.Kind != ref.Kind || r.Path != k.Fields.ID {
				continue
			}
			owner := record.Ref{Kind: k.Name, ID: ref.ID}
			if name := n.of(owner); name != "" {
				return fmt.Sprintf("of %s %q", owner, name)
			}
		}
	}
	return ""
}

// bareRef is a document that a text names by its id. It may go on with its name, or be a part of
// the path of a route.
var bareRef = sync.OnceValue(func() *regexp.Regexp {
	kinds := strings.Join([]string{string(catalogue.Users), string(catalogue.Folders), string(catalogue.Groups)}, "|")
	return regexp.MustCompile(`(^|[^\w/])(` + kinds + `)/([A-Za-z0-9_-]+)( "|/)?`)
})

// in is a text with the names of what it names by ids.
func (n *planNames) in(text string) string {
	if n == nil {
		return text
	}
	return bareRef().ReplaceAllStringFunc(text, func(found string) string {
		parts := bareRef().FindStringSubmatch(found)
		name := n.of(record.Ref{Kind: record.Kind(parts[2]), ID: parts[3]})
		if name == "" || parts[4] != "" {
			return found
		}
		return fmt.Sprintf("%s (%s)", found, name)
	})
}

// idsNamed is how many ids of a set are called by their names.
const idsNamed = 5

// beside is what the ids in a value are called, in brackets and with a space before it, "" where
// that is not known.
func (n *planNames) beside(kind record.Kind, value json.RawMessage) string {
	var ids []string
	if n == nil || kind == "" || json.Unmarshal(value, &ids) != nil {
		ids = []string{canon.Text(value)}
	}
	var names []string
	for _, id := range ids {
		ref := record.Ref{Kind: kind, ID: id}
		if made := bareRef().FindStringSubmatch(id); made != nil { // it will have another id
			ref = record.Ref{Kind: record.Kind(made[2]), ID: made[3]}
		}
		if name := n.of(ref); name != "" {
			names = append(names, name)
		}
	}
	if len(names) > idsNamed {
		names = append(names[:idsNamed], "…")
	}
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, "; ") + ")"
}

// kindNamed is the kind of the documents that a member names whose path a change has, "" where it
// names none.
func kindNamed(kind record.Kind, path string) record.Kind {
	w := catalogue.Lookup(kind).Write
	for w != nil {
		list, rest, inside := strings.Cut(path, "/")
		if !inside {
			break
		}
		i := slices.IndexFunc(w.Parts, func(p catalogue.Part) bool { return p.At == list || string(p.Name) == list })
		if i < 0 {
			return ""
		}
		at := strings.IndexAny(rest, "./")
		if at < 0 {
			return ""
		}
		w, path = w.Parts[i].Write, rest[at+1:]
	}
	if w == nil {
		return ""
	}
	for _, set := range w.Sets {
		if set.At == path {
			return set.Kind
		}
	}
	for _, ref := range w.Refs {
		if ref.Path == path && ref.Join == "" {
			return ref.Kind
		}
	}
	return ""
}

// wholePart is the part of a document that a change adds, or takes away, and the key in its path; nil
// where the path is that of a member.
func wholePart(kind record.Kind, path string) (part *catalogue.Part, key string) {
	w := catalogue.Lookup(kind).Write
	for w != nil {
		i := slices.IndexFunc(w.Parts, func(p catalogue.Part) bool {
			return strings.HasPrefix(path, p.At+"/") || strings.HasPrefix(path, string(p.Name)+"/")
		})
		if i < 0 {
			return nil, ""
		}
		part, key = &w.Parts[i], path[strings.IndexByte(path, '/')+1:]
		if len(part.By) > 1 || !strings.ContainsAny(key, "./") {
			return part, key
		}
		at := strings.IndexAny(key, "./")
		w, path = part.Write, key[at+1:]
	}
	return nil, ""
}

// changePath is where a change is, for people: what has no id of its own is told by what it is about.
func changePath(kind record.Kind, path string) string {
	part, key := wholePart(kind, path)
	if part == nil || len(part.By) < 2 {
		return strings.ReplaceAll(path, "/", ".")
	}
	var about []string
	for i, value := range strings.SplitN(key, "::", len(part.By)) {
		if value != "" {
			about = append(about, part.By[i]+" "+value)
		}
	}
	return string(part.Name) + " of " + strings.Join(about, ", ")
}

// besidePart is what a part names that is added, or taken away, as beside says it.
func (n *planNames) besidePart(part *catalogue.Part, value json.RawMessage) string {
	var said strings.Builder
	for _, ref := range part.Write.Refs {
		if id := canon.Member(value, ref.Path); ref.Join == "" && len(id) > 0 {
			said.WriteString(n.beside(ref.Kind, json.RawMessage(id)))
		}
	}
	return said.String()
}
