package catalogue_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// writeRow is a write row with a name for messages.
type writeRow struct {
	where string
	*catalogue.Write
	part *catalogue.Part
}

// writeRows returns all write rows, those of parts included.
func writeRows() (rows []writeRow) {
	var parts func(where string, w *catalogue.Write)
	parts = func(where string, w *catalogue.Write) {
		for i := range w.Parts {
			p := &w.Parts[i]
			rows = append(rows, writeRow{where + " " + string(p.Name), p.Write, p})
			parts(where+" "+string(p.Name), p.Write)
		}
	}
	for _, kind := range catalogue.All() {
		if kind.Write != nil {
			rows = append(rows, writeRow{string(kind.Name), kind.Write, nil})
			parts(string(kind.Name), kind.Write)
		}
		for _, v := range kind.Variants {
			if v.Write != nil {
				where := string(kind.Name) + " " + v.ID + v.Member.Name
				rows = append(rows, writeRow{where, v.Write, nil})
				parts(where, v.Write)
			}
		}
	}
	return rows
}

// TestEveryKindIsWrittenOrSaysWhyNot: a restore has one line for whatever it is asked for.
func TestEveryKindIsWrittenOrSaysWhyNot(t *testing.T) {
	for _, kind := range catalogue.All() {
		if (kind.Write == nil) == (kind.NotWritten == "") {
			t.Errorf("%s has a write row (%v) and a reason not to be written (%q), or neither", kind.Name, kind.Write != nil, kind.NotWritten)
		}
		for _, v := range kind.Variants {
			if (v.Write == nil) == (v.NotWritten == "") {
				t.Errorf("%s %s%s has a write row and a reason not to be written, or neither", kind.Name, v.ID, v.Member.Name)
			}
		}
		for _, route := range kind.Listing.Fixed {
			id := strings.TrimPrefix(route.Path, "/")
			if !slices.ContainsFunc(kind.Variants, func(v catalogue.Variant) bool { return v.ID == id }) {
				t.Errorf("%s/%s has no write row of its own, and no reason", kind.Name, id)
			}
		}
	}
}

// TestMembersThatAreTreatedSpeciallyAreSent: a rule about a member that is not sent is a
// rule about nothing.
func TestMembersThatAreTreatedSpeciallyAreSent(t *testing.T) {
	for _, row := range writeRows() {
		has := func(path string) bool {
			first, _, _ := strings.Cut(path, ".")
			return slices.ContainsFunc(row.Fields, func(f string) bool {
				return f == path || strings.HasPrefix(f, path+".") || strings.HasPrefix(path, f+".") && first != ""
			})
		}
		rules := map[string][]string{
			"Bare": row.Bare, "Falses": row.Falses, "Blank": row.Blank, "OneOf": row.OneOf, "Texts": row.Texts, "Late": row.Late,
			"Once": row.Once, "Lasting": row.Lasting, "Stale": row.Stale, "Unordered": row.Unordered,
		}
		rules["Required"] = slices.Concat(row.Required...)
		for _, o := range row.Omit {
			rules["Omit"] = append(rules["Omit"], o.Fields...)
		}
		for _, f := range row.From {
			rules["From"] = append(rules["From"], f.Member)
		}
		for _, n := range row.Nested {
			rules["Nested"] = append(rules["Nested"], n.Member)
		}
		for member, path := range row.Void {
			rules["Void"] = append(rules["Void"], member, path)
		}
		for _, m := range []catalogue.Member{row.Asleep, row.Trash} {
			if !m.IsZero() {
				rules["Asleep or Trash"] = append(rules["Asleep or Trash"], m.Name)
			}
		}
		for rule, paths := range rules {
			for _, path := range paths {
				if !has(path) {
					t.Errorf("%s: %s is in %s and not in Fields", row.where, path, rule)
				}
			}
		}
		for _, r := range row.Refs {
			inKey := slices.ContainsFunc(row.Keys, func(k catalogue.Key) bool { return slices.Contains(k.Members, r.Path) })
			if !has(r.Path) && !inKey {
				t.Errorf("%s: %s is a reference, and neither sent nor a key", row.where, r.Path)
			}
		}
	}
}

// naming members that are sent and are no references.
var notNamed = map[string]string{
	"lookml_link_id":               "names LookML",
	"extension_id":                 "names an extension, which is LookML",
	"client_id":                    "the id of an application elsewhere",
	"tenant_id":                    "the id of a tenant elsewhere",
	"bq_storage_project_id":        "a project of Google Cloud",
	"user_attribute_map_ldap_id":   "the name of an attribute of LDAP",
	"impersonated_service_account": "an account of Google Cloud",
	"id":                           "of a setting that names another document by it",
}

// TestEveryIDThatIsSentIsAReference: an id that reaches another instance as it is leads to
// whatever has it there.
func TestEveryIDThatIsSentIsAReference(t *testing.T) {
	ids := regexp.MustCompile(`(^|_)(id|ids)$`)
	kinds := make(map[record.Kind]bool)
	for _, kind := range catalogue.All() {
		kinds[kind.Name] = true
	}
	for _, row := range writeRows() {
		if row.part != nil {
			kinds[row.part.Name] = true
		}
		for _, inner := range row.Inner {
			kinds[inner.Name] = true
		}
	}
	for _, row := range writeRows() {
		for _, path := range row.Fields {
			name := path[strings.LastIndexByte(path, '.')+1:]
			reference := slices.ContainsFunc(row.Refs, func(r catalogue.Reference) bool { return r.Path == path })
			if ids.MatchString(name) && !reference && notNamed[name] == "" {
				t.Errorf("%s: %s is sent and no reference", row.where, path)
			}
		}
		for _, r := range row.Refs {
			if !kinds[r.Kind] {
				t.Errorf("%s: %s names %s, which is neither a kind nor a part", row.where, r.Path, r.Kind)
			}
		}
	}
}

// TestEveryCreationHasAWayToBeSettled: an answer that was lost must not make a double.
func TestEveryCreationHasAWayToBeSettled(t *testing.T) {
	for _, row := range writeRows() {
		made := row.Create.Method == "POST"
		if made != (row.Find != catalogue.NoFind) {
			t.Errorf("%s: created by %s, found by %s", row.where, row.Create, row.Find)
		}
		switch {
		case row.Find == catalogue.Same && !row.Create.Repeats():
			t.Errorf("%s: the same request gives the same, and may not be sent again", row.where)
		case row.Find == catalogue.BySet && row.part == nil:
			t.Errorf("%s: found in a document that it is no part of", row.where)
		case row.Find == catalogue.ByKey && !slices.ContainsFunc(row.Keys, func(k catalogue.Key) bool { return k.Unique }):
			t.Errorf("%s: found by a key, and has none that is unique", row.where)
		}
		if row.part == nil && made && len(row.Lost) == 0 {
			t.Errorf("%s: nothing says what is lost of it", row.where)
		}
	}
}

// TestWhatARestoreLeansOn: a set is replaced as a whole, or by adding and removing one by one; parts whose ids
// somebody chooses are named by nothing, since they come back with these; what hangs on documents of its own kind
// comes with them; and what a switch brings has the id of its document.
func TestWhatARestoreLeansOn(t *testing.T) {
	chosen := make(map[record.Kind]string)
	for _, row := range writeRows() {
		if row.part != nil && row.part.Chosen {
			chosen[row.part.Name] = row.where
		}
		for _, set := range row.Sets {
			whole, single := !set.Replace.IsZero(), !set.Add.IsZero() && !set.Remove.IsZero() && set.Body != ""
			if whole == single {
				t.Errorf("%s: %s: replaced %t, one by one %t", row.where, set.Name, whole, single)
			}
		}
	}
	for _, row := range writeRows() {
		for r := range row.AllRefs() {
			if where := chosen[r.Kind]; where != "" {
				t.Errorf("%s names %s", row.where, where)
			}
		}
	}
	for _, kind := range catalogue.All() {
		for _, r := range kind.Relations {
			hangsOnItsKind := r.Role == catalogue.Parent && r.Same
			comesWithASwitch := r.Role == catalogue.Owns && r.Unless != ""
			if hangsOnItsKind && !kind.Listing.Followed || comesWithASwitch && r.Path != kind.Fields.ID {
				t.Errorf("%s: %s", kind.Name, r.Path)
			}
		}
	}
}

// TestKeysAreSearchedByParameters compares the searches with the OpenAPI document.
func TestKeysAreSearchedByParameters(t *testing.T) {
	a := readAPI(t)
	takes := func(path, parameter string) bool {
		return slices.ContainsFunc(a.Paths[path]["get"].Parameters, func(p struct{ Name, In string }) bool { return p.Name == parameter })
	}
	for _, row := range writeRows() {
		for _, key := range row.Keys {
			for parameter, member := range key.Params {
				if !takes(key.Search.Path, parameter) || !slices.Contains(key.Members, member) {
					t.Errorf("%s: %s takes no %s, or %s is no member of the key", row.where, key.Search, parameter, member)
				}
			}
		}
		if s := row.Standard; !s.Route.IsZero() && (a.Paths[s.Route.Path]["get"].Activity == "" || !takes(s.Route.Path, "fields")) {
			t.Errorf("%s: %s is no route", row.where, s.Route)
		}
		for _, v := range row.Words {
			if a.Paths[v.Route.Path]["get"].Activity == "" || !slices.Contains(row.Fields, v.Path) {
				t.Errorf("%s: %s is no route, or %s is not sent", row.where, v.Route, v.Path)
			}
		}
		for _, b := range row.Stays.Belongings {
			for _, parameter := range append(slices.Collect(maps.Keys(b.Route.Query)), b.Param) {
				if parameter != "" && !takes(b.Route.Path, parameter) {
					t.Errorf("%s: %s takes no %s", row.where, b.Route, parameter)
				}
			}
		}
		for _, route := range row.Where {
			open := strings.IndexByte(route.Path, '{')
			member := strings.Trim(route.Path[open:], "{}")
			if a.Paths[route.Path]["get"].Activity == "" || !slices.Contains(row.Fields, member) {
				t.Errorf("%s: %s is not in the document, or is not filled by a member", row.where, route)
			}
			for parameter := range route.Query {
				if !takes(route.Path, parameter) {
					t.Errorf("%s: %s takes no %s", row.where, route, parameter)
				}
			}
		}
	}
}

// TestWritePolicyCountsTheChangesOfTheRows: a plan that was made by other rows must not be
// applied. Whoever changes a row raises the number and writes the new sum here.
func TestWritePolicyCountsTheChangesOfTheRows(t *testing.T) {
	const policy, want = 1, "928d1790214af586"
	sum := sha256.New()
	for _, row := range writeRows() {
		rules := *row.Write               // words for people and rows of parts aside
		rules.Sends = catalogue.Sending{} // says what wakes, not what is compared or sent
		rules.Lost, rules.Left, rules.Parts, rules.Guard = nil, nil, nil, slices.Clone(rules.Guard)
		for i := range rules.Guard {
			rules.Guard[i].Why = ""
		}
		var part catalogue.Part
		if row.part != nil {
			part = *row.part
			part.Write = nil
		}
		text, err := json.Marshal([]any{row.where, rules, part})
		if err != nil {
			t.Fatal(err)
		}
		sum.Write(text)
	}
	if got := hex.EncodeToString(sum.Sum(nil))[:16]; got != want || catalogue.WritePolicy != policy {
		t.Errorf("the write rows are %s and their policy %d, this test knows %s and %d: raise WritePolicy if it was released, and note both here",
			got, catalogue.WritePolicy, want, policy)
	}
}

// TestWhatIsWrittenIsNotVolatile: a member that a restore can set back, and whose change no run
// sees, is lost without a word.
func TestWhatIsWrittenIsNotVolatile(t *testing.T) {
	var check func(kind *catalogue.Spec, at string, w *catalogue.Write)
	check = func(kind *catalogue.Spec, at string, w *catalogue.Write) {
		for _, field := range w.Fields {
			full := strings.TrimPrefix(at+"."+field, ".")
			if volatile(kind, full) && !slices.Contains(kind.Meant, full) {
				t.Errorf("%s: %s is written, and volatile", kind.Name, full)
			}
		}
		for i := range w.Parts {
			check(kind, strings.Trim(at+"."+w.Parts[i].At, "."), w.Parts[i].Write)
		}
	}
	for _, kind := range catalogue.All() {
		if kind.Write != nil {
			check(kind, "", kind.Write)
		}
		for _, v := range kind.Variants {
			if v.Write != nil {
				check(kind, "", v.Write)
			}
		}
		for _, member := range kind.Meant {
			if !volatile(kind, member) {
				t.Errorf("%s: nothing makes %s volatile", kind.Name, member)
			}
		}
	}
}
