package canon

import (
	"bytes"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// Creation returns the body of the request that makes a document or part: the members
// that the row sends, asleep where it says so and outside the trash, references replaced.
// Members that are set late are left out. What is missing are references that the document cannot be without
// and for which nothing stands: what was made must not be sent then. The member that
// names the document which a part lies in is the caller's to add; see [With].
func Creation(w *catalogue.Write, body []byte, resolve Resolver) (sent []byte, missing []record.Ref, err error) {
	f := formOf(w)
	if lists(body) {
		return f.requestRows(body, resolve)
	}
	text, err := f.sending(body)
	if err != nil {
		return nil, nil, err
	}
	all, err := readMembers(text)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range w.Late {
		all = all.without(name)
	}
	if !w.Asleep.IsZero() {
		all = all.with(w.Asleep.Name, []byte(w.Asleep.Value))
	}
	if InTrash(w, body) {
		all = all.without(w.Trash.Name)
	}
	text, unmapped, err := f.replace(all.bytes(), resolve)
	if err != nil {
		return nil, nil, err
	}
	for _, n := range unmapped {
		if !slices.Contains(missing, n.ref) {
			missing = append(missing, n.ref)
		}
	}
	if all, err = readMembers(text); err != nil {
		return nil, nil, err
	}
	return f.withoutBare(all).bytes(), missing, nil
}

// InTrash reports whether a body says that its document lies in the trash.
func InTrash(w *catalogue.Write, body []byte) bool {
	return !w.Trash.IsZero() && Text(Member(body, w.Trash.Name)) == w.Trash.Value
}

// requestRows is the body of a request that writes a document which is an array. A row is left
// out when it names what it can be without, and nothing stands for that.
func (f *form) requestRows(body []byte, resolve Resolver) (sent []byte, missing []record.Ref, err error) {
	elements, err := Rows(body)
	if err != nil {
		return nil, nil, err
	}
	sent = []byte{'['}
	for _, element := range elements {
		all, err := f.written(element, false)
		if err != nil {
			return nil, nil, err
		}
		left := false
		text, err := f.eachReference(all.bytes(), func(n naming) []byte {
			to, ok := n.resolved(resolve)
			switch {
			case ok && to != n.text:
				return quote(to, n.raw)
			case ok || n.by.Loose:
			case n.by.Optional:
				left = true
			case !slices.Contains(missing, n.ref):
				missing = append(missing, n.ref)
			}
			return n.raw
		})
		if err != nil {
			return nil, nil, err
		}
		if left {
			continue
		}
		if len(sent) > 1 {
			sent = append(sent, ',')
		}
		sent = append(sent, text...)
	}
	return append(sent, ']'), missing, nil
}

// withoutBare takes out members that are only sent with a value.
func (f *form) withoutBare(all members) members {
	return slices.DeleteFunc(all, func(m member) bool {
		return !hasValue(m.value) && (slices.Contains(f.Bare, m.name) || slices.Contains(f.OneOf, m.name))
	})
}

// Patch returns the body of the request that makes a document or part of the target,
// current, what another one is, wanted, whose references resolve leads to the target: the
// members that differ, null where a value must be cleared, and all members where the
// row's update takes the whole document. It reports whether anything differs. A member
// that wanted does not hold at all is left as it is: the server that wanted came from did
// not know it; so are members that can only be given at creation, and what cannot be taken away. References for which nothing stands are an [UnmappedError], unless the row
// sends the member late; that one is left out.
func Patch(w *catalogue.Write, current, wanted []byte, resolve Resolver) (sent []byte, changed bool, err error) {
	f := formOf(w)
	names, err := f.differing(current, wanted, resolve)
	if err != nil || len(names) == 0 {
		return []byte("{}"), false, err
	}
	text, err := f.sending(wanted)
	if err != nil {
		return nil, false, err
	}
	text, unmapped, err := f.replace(text, resolve)
	if err != nil {
		return nil, false, err
	}
	missing := make(map[string][]record.Ref)
	for _, n := range unmapped {
		first, _, _ := strings.Cut(n.by.Path, ".")
		missing[first] = append(missing[first], n.ref)
	}
	all, err := readMembers(text)
	if err != nil {
		return nil, false, err
	}
	var lacking []record.Ref
	var send members
	for _, m := range all {
		differs := slices.Contains(names, m.name)
		if !differs && !w.Update.Whole {
			continue
		}
		if refs := missing[m.name]; len(refs) > 0 {
			if !slices.Contains(w.Late, m.name) {
				lacking = append(lacking, refs...)
			}
			continue
		}
		send = append(send, m)
	}
	if len(lacking) > 0 {
		return nil, true, &UnmappedError{lacking}
	}
	if w.Update.Whole {
		send = f.withoutBare(send)
	}
	return send.bytes(), len(send) > 0, nil
}

// differing returns the members of wanted that differ from current's, by their normal
// forms.
func (f *form) differing(current, wanted []byte, resolve Resolver) ([]string, error) {
	is, err := f.ownMembers(current, Itself)
	if err != nil {
		return nil, err
	}
	want, err := f.ownMembers(wanted, resolve)
	if err != nil {
		return nil, err
	}
	raw, err := f.written(wanted, false)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, m := range raw {
		same := bytes.Equal(is.get(m.name), want.get(m.name))
		if slices.ContainsFunc(f.Nested, func(n catalogue.Nested) bool { return n.Member == m.name }) {
			if same, err = f.sameNested(m.name, current, wanted, is, want, resolve); err != nil {
				return nil, err
			}
		}
		stays := slices.Contains(f.Lasting, m.name) && want.get(m.name) == nil
		if !same && !stays && !slices.Contains(f.Once, m.name) {
			names = append(names, m.name)
		}
	}
	return names, nil
}

// sameNested reports whether a member names the same document in both bodies: by what
// they nest where both do, else by its id.
func (f *form) sameNested(name string, current, wanted []byte, is, want members, resolve Resolver) (bool, error) {
	whole := nestedName(name)
	if is.get(whole) != nil && want.get(whole) != nil {
		return bytes.Equal(is.get(whole), want.get(whole)), nil
	}
	id := func(body []byte, resolve Resolver) (string, error) {
		text, err := f.sending(body)
		if err != nil {
			return "", err
		}
		if text, _, err = f.replace(text, resolve); err != nil {
			return "", err
		}
		return Text(Member(text, name)), nil
	}
	has, err := id(current, Itself)
	if err != nil {
		return false, err
	}
	wants, err := id(wanted, resolve)
	return has == wants, err
}

// ownMembers are the members of a document's normal form, without parts and sets.
func (f *form) ownMembers(body []byte, resolve Resolver) (members, error) {
	source, err := readMembers(body)
	if err != nil {
		return nil, err
	}
	here, _, err := f.around(source, nil)
	if err != nil {
		return nil, err
	}
	text, err := normalizer{NewReader(), resolve, nil}.ownMembers(f, source, here)
	if err != nil {
		return nil, err
	}
	return readMembers(text)
}

// Holds reports whether a document of the target, or a part, has all that was sent to
// make it. It is asked when the answer was lost.
func Holds(w *catalogue.Write, sent, candidate []byte) bool {
	f := formOf(w)
	want, err := f.ownMembers(sent, Itself)
	if err != nil {
		return false
	}
	is, err := f.ownMembers(candidate, Itself)
	if err != nil {
		return false
	}
	all, err := readMembers(sent)
	if err != nil {
		return false
	}
	// What is nested was not sent.
	raw, err := f.written(candidate, true)
	if err != nil {
		return false
	}
	for _, m := range want {
		if all.index(m.name) < 0 {
			continue
		}
		value := is.get(m.name)
		if value == nil {
			value = quoted(raw.get(m.name))
		}
		if !bytes.Equal(value, m.value) {
			return false
		}
	}
	for _, m := range all {
		// A member of the document which the part lies in, and others that are no fields.
		if _, field := f.tree.below[m.name]; !field && hasValue(m.value) && Text(Member(candidate, m.name)) != Text(m.value) {
			return false
		}
	}
	return true
}

// quoted is an id as references in a normal form are written.
func quoted(value []byte) []byte {
	if len(value) == 0 || container(value[0]) {
		return value
	}
	return quote(Text(value), nil)
}

// With returns an object with members set, in the place of those that it has or behind
// them. All other bytes stay as they are.
func With(body []byte, set ...catalogue.Member) ([]byte, error) {
	all, err := readMembers(body)
	if err != nil {
		return nil, err
	}
	for _, m := range set {
		all = all.with(m.Name, []byte(m.Value))
	}
	return all.bytes(), nil
}

// Without returns an object without members. All other bytes stay as they are.
func Without(body []byte, names ...string) ([]byte, error) {
	all, err := readMembers(body)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		all = all.without(name)
	}
	return all.bytes(), nil
}
