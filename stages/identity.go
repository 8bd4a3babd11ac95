package stages

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// StrangerAlone is [Stranger] for the answer to a call for one document: other kinds have
// documents with the same id.
func StrangerAlone(kind *catalogue.Spec, want record.Listed, doc record.Document, body []byte) *Failed {
	if failed := Stranger(kind, want, doc, body); failed != nil {
		return failed
	}
	if members := telling(kind); kind.Fields.ID != "" && !HasOneOf(body, members) {
		return anotherObject(members)
	}
	return nil
}

// telling are the members that tell whole documents of a kind from those of others.
func telling(kind *catalogue.Spec) []string { return slices.Concat(kind.Detail.Members, kind.Kin) }

// Stranger returns why a valid body is not the document that was wanted, and nil
// when nothing speaks against it. A document that holds its own id must hold that
// one; of others the catalogue says what shape they have and what tells them apart.
func Stranger(kind *catalogue.Spec, want record.Listed, doc record.Document, body []byte) *Failed {
	object, empty := isObject(body)
	if kind.Fields.ID != "" {
		if !object { // an array of the document has its id as well
			return Broken(errors.New("not an object"))
		}
		if !answersTo(kind, want, doc) {
			return Mismatch(fmt.Errorf("the answer holds another document: %q", doc.ID))
		}
		return nil
	}
	route, _ := kind.Single(want.ID)
	if route.Array {
		return strangers(kind, route, want, body)
	}
	switch {
	case !object:
		return Broken(errors.New("not an object"))
	case empty && want.Hash.IsZero() && len(kind.Listing.Fixed) > 0:
		return nil // an instance on which nothing of it was ever set
	case !HasOneOf(body, route.Members):
		return anotherObject(route.Members)
	}
	if name, told := joined(kind.IDFrom, body); told && name != want.ID {
		return Mismatch(fmt.Errorf("the answer holds another document: %q", name))
	}
	return nil
}

// strangers is Stranger for a document that is an array.
func strangers(kind *catalogue.Spec, route catalogue.Route, want record.Listed, body []byte) *Failed {
	rows, err := canon.Rows(body)
	if err != nil {
		return Broken(err)
	}
	for _, row := range rows {
		if object, _ := isObject(row); !object {
			return Broken(errors.New("a row is not an object"))
		}
		if !HasOneOf(row, route.Members) {
			return Mismatch(fmt.Errorf("the answer holds other rows: one has none of %s", strings.Join(route.Members, ", ")))
		}
		if owner := ownerOf(kind, row); owner != "" && owner != want.ID {
			return Mismatch(fmt.Errorf("the answer holds a row of another document: %s is %q", kind.Belongs(), owner))
		}
	}
	return nil
}

// ownerOf is the id of the document that a row says it belongs to, "" when it does
// not say.
func ownerOf(kind *catalogue.Spec, row []byte) string {
	member := kind.Belongs()
	if member == "" {
		return ""
	}
	return canon.Text(canon.Member(row, member))
}

// isObject reports whether a valid JSON text is an object, and whether that is empty.
func isObject(text []byte) (object, empty bool) {
	const space = " \t\r\n"
	rest := strings.TrimLeft(string(text[:min(len(text), 64)]), space)
	inside, object := strings.CutPrefix(rest, "{")
	return object, strings.HasPrefix(strings.TrimLeft(inside, space), "}")
}

// joined is the id that members of an object make together. It reports false when
// there are none, or one is missing.
func joined(members []string, object []byte) (id string, told bool) {
	values := make([]string, len(members))
	for i, member := range members {
		if values[i] = canon.Text(canon.Member(object, member)); values[i] == "" {
			return "", false
		}
	}
	return strings.Join(values, "::"), len(members) > 0
}

// anotherObject is the failure of an answer that has none of the members that tell the
// documents of a kind.
func anotherObject(members []string) *Failed {
	return Mismatch(fmt.Errorf("the answer holds another object: it has none of %s", strings.Join(members, ", ")))
}

// OfKind is a [Call.Check] for a list: it must be an array, and one whose rows are all of
// other kinds is the answer to another call.
func OfKind(kind *catalogue.Spec) func(body []byte) *Failed {
	return func(body []byte) *Failed {
		if failed := IsArray(body); failed != nil || len(kind.Kin) == 0 {
			return failed
		}
		return rowsTold(kind, kind.Kin, body)
	}
}

// Documents reports whether a row of a list is a whole document of the kind, as far as members
// tell. The rows of a server that cuts them are none, nor are those of another list.
func Documents(kind *catalogue.Spec, list []byte) bool {
	return rowsTold(kind, telling(kind), list) == nil
}

// IsDocument reports whether a row is a whole document of the kind, as far as members tell.
func IsDocument(kind *catalogue.Spec, row []byte) bool { return HasOneOf(row, telling(kind)) }

// rowsTold returns why a list is not of the kind: it has rows with ids, and none of them has
// one of the members that tell the kind.
func rowsTold(kind *catalogue.Spec, members []string, body []byte) *Failed {
	rows, err := canon.Rows(body)
	if err != nil {
		return nil //nolint:nilerr // what reads it says what is wrong with it
	}
	documents := 0
	for _, row := range rows {
		if _, wrong := RowID(kind, row); wrong != "" {
			continue
		}
		if HasOneOf(row, members) {
			return nil
		}
		documents++
	}
	if documents == 0 {
		return nil
	}
	return otherRows(members)
}

// NotOfKind is the failure of a list of another kind.
func NotOfKind(kind *catalogue.Spec) *Failed { return otherRows(kind.Kin) }

func otherRows(members []string) *Failed {
	return Mismatch(fmt.Errorf("the answer holds other rows: none has one of %s", strings.Join(members, ", ")))
}

// HasOneOf reports whether an object has one of some members. Without members it
// has.
func HasOneOf(object []byte, members []string) bool {
	for _, member := range members {
		if canon.Member(object, member) != nil {
			return true
		}
	}
	return len(members) == 0
}

// Mismatch is the failure of an answer that holds another document.
func Mismatch(err error) *Failed {
	return &Failed{Fault: record.Fault{Class: record.FaultMismatch, Status: 200, Attempts: 1, Message: err.Error()}, Err: err}
}

// IsArray is a [Call.Check] for a list: null and an object are none, whatever is in
// them.
func IsArray(body []byte) *Failed {
	if text := bytes.TrimLeft(body, " \t\r\n"); len(text) == 0 || text[0] != '[' {
		return Broken(errors.New("not an array of documents"))
	}
	return nil
}
