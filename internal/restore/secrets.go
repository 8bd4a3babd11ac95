package restore

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// Secrets are members that no backup holds and somebody gives: the password of a connection. They
// are sent with what is made or changed, and stand nowhere else: the journal's digest of what is
// sent is made without them.
type Secrets struct {
	values map[record.Ref]map[string]string
}

// Put adds the value of a member of a document, a text.
func (s *Secrets) Put(ref record.Ref, member, value string) {
	if s.values == nil {
		s.values = make(map[record.Ref]map[string]string)
	}
	if s.values[ref] == nil {
		s.values[ref] = make(map[string]string)
	}
	s.values[ref][member] = value
}

// Format shows nothing of the values, whatever the verb.
func (s Secrets) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "secrets of %d documents", len(s.values))
}

// members are the paths of the members of a document that have a value.
func (s Secrets) members(ref record.Ref) []string { return slices.Sorted(maps.Keys(s.values[ref])) }

// lacking are the members that a plan was made with and that have no value here.
func (s Secrets) lacking(request *Request) (keys []string) {
	for _, key := range request.Secrets {
		kind, rest, _ := strings.Cut(key, "/")
		held := slices.ContainsFunc(slices.Collect(maps.Keys(s.values)), func(ref record.Ref) bool {
			member, ok := strings.CutPrefix(rest, ref.ID+".")
			_, held := s.values[ref][member]
			return ok && held && string(ref.Kind) == kind
		})
		if !held {
			keys = append(keys, key)
		}
	}
	return keys
}

// LackingSecrets are the keys of what a plan says that it sends and that nobody gives any more.
func LackingSecrets(plan record.Restore, secrets Secrets) ([]string, error) {
	request, err := RequestOf(plan)
	return secrets.lacking(&request), err
}

// with adds the members of a document to a request about it. A member of an object that the
// request does not hold is left out: what else is in there would be lost.
func (s Secrets) with(ref record.Ref, body []byte) ([]byte, error) {
	for _, path := range s.members(ref) {
		value := quote(s.values[ref][path])
		object, name, inside := strings.Cut(path, ".")
		if !inside {
			object, name = "", path
		}
		whole := body
		if inside {
			whole = canon.Member(body, object)
			if len(whole) == 0 || whole[0] != '{' {
				continue
			}
		}
		with, err := canon.With(whole, catalogue.Member{Name: name, Value: value})
		if err == nil && inside {
			with, err = canon.With(body, catalogue.Member{Name: object, Value: string(with)})
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s: put the secret into the request", ref, path) // the error may quote it
		}
		body = with
	}
	return body, nil
}

// fromConfiguration stands in a plan for a secret.
const fromConfiguration = `"from restore.secrets"`

// lackingSecrets adds to the changes of a document the secrets that it had, that the instance says it
// does not have any more, and that somebody gives; what nobody gives it notes.
func (d *draft) lackingSecrets(n *node, current []byte) {
	if d.request.Undo != 0 {
		return
	}
	for _, path := range n.spec.Write.Secrets {
		object, name, inside := cutLast(path, ".")
		was, is := n.body, current
		if inside {
			was, is = canon.Member(was, object), canon.Member(is, object)
		} else {
			name = path
		}
		says := "has_" + name
		if canon.Text(canon.Member(was, says)) != "true" || canon.Text(canon.Member(is, says)) != "false" {
			continue
		}
		if slices.Contains(d.Secrets.members(n.Ref), path) && !inside {
			n.action.Changes = append(n.action.Changes, record.Change{Path: path, After: []byte(fromConfiguration)})
			continue
		}
		d.note("%s has no %s on the instance, and had one, which is in no backup: type it in", n.Ref, path)
	}
}

// givesSecret reports whether the action is to give its document a secret that it lacks, whatever else
// is to be changed of it.
func (t *task) givesSecret(w *catalogue.Write) bool {
	return w == t.spec.Write && t.request.sendsSecrets(t.action) && slices.ContainsFunc(t.action.Changes, func(c record.Change) bool {
		return slices.Contains(w.Secrets, c.Path) && slices.Contains(t.Secrets.members(t.action.Ref), c.Path)
	})
}

// tellAllSecrets tells of the secrets of each document of the plan.
func (d *draft) tellAllSecrets() {
	for _, ref := range sortedRefs(d.nodes) {
		d.tellSecrets(d.nodes[ref])
	}
}

// tellSecrets notes, without the values, what is sent of a document that no backup holds. An undo
// changes nothing back into what nobody knows.
func (d *draft) tellSecrets(n *node) {
	members := d.Secrets.members(n.Ref)
	if !d.request.sendsSecrets(n.action) || len(members) == 0 {
		return
	}
	for _, member := range members {
		d.request.Secrets = append(d.request.Secrets, n.Ref.String()+"."+member)
	}
	d.note("%s: %s comes from restore.secrets; no plan, vault or log has it", n.Ref, strings.Join(members, ", "))
}

// sendsSecrets reports whether an action sends the secrets of its document.
func (r *Request) sendsSecrets(a record.Action) bool {
	switch a.Deed {
	case record.DeedCreate:
		return true
	case record.DeedUpdate, record.DeedUndelete, record.DeedMove:
		return r.Undo == 0
	default:
		return false
	}
}

// withSecrets is the body of a request about the document of the action, or about a part of it.
func (t *task) withSecrets(w *catalogue.Write, body []byte) ([]byte, error) {
	if w != t.spec.Write || !t.request.sendsSecrets(t.action) {
		return body, nil
	}
	return t.Secrets.with(t.action.Ref, body)
}
