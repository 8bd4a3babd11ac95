package catalogue

import (
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/lookervault/lookervault/internal/record"
)

// Spec is the row of a kind. A kind itself, a [record.Kind], is only a name.
//
// Rows are handed out by pointer and never modified: any number of goroutines may
// read them. [Spec.With] makes a row that differs.
type Spec struct {
	Name  record.Kind
	Title string // what it is, for people; plural, lower case

	Listing Listing
	Many    []Many // ways to ask for many documents at once, the cheapest first
	Detail  Route  // brings one document by id
	ByAlias Route  // brings one document by its alias, where there is such a route

	// Kin are members by which rows of lists are recognised as rows of the kind: one row
	// at least of each list has one of them, whatever the key sees, and rows of other
	// kinds have none. An enumeration asks for them too. Empty: nothing tells.
	Kin []string

	Fields    Fields
	Volatile  []string // members without meaning for a change; see [Everywhere] for the syntax
	Meant     []string // members that mean something here, though [Everywhere] calls them volatile
	Derived   []Derived
	Unordered []string // arrays that are sets; "." is the document itself
	Secrets   []string // members that open doors: one-time tokens and links, redacted before anything is stored

	// Relations are the members that name other documents, all of them.
	Relations []Relation
	// Copies are members that hold copies of other documents, whole or in part. What
	// is named in them is named by the document that was copied.
	Copies []string
	// Echoes are members that the server works out from documents which this one shows.
	Echoes []Derived

	// Agreements are paths that name the same things of a document: a row in which they do not
	// has lost some of them.
	Agreements []Agreement

	// IDFrom are members whose values, joined by "::", are the id of a document that
	// does not hold it as one.
	IDFrom []string

	Size int64 // bytes of a typical document, the first guess before any was seen

	// Place says how a scope of folders applies to the kind.
	Place Place
	// Nightly kinds are what a backup is made for: content, people and schedules. How old
	// what is known of them may grow is proposed to nobody.
	Nightly bool
	// Calm says which documents seldom change, nil for none: what is known of them may
	// grow old although nobody has said so.
	Calm *Calm
	// Immutable documents never change: they are fetched once in a vault's life.
	Immutable bool
	// Optional kinds are not on every instance: other editions, versions and
	// hostings refuse them, or do not know them. That is an answer, no failure.
	Optional bool
	// Admins alone may list it; for any other key a refusal is expected.
	Admins bool
	// WithoutAdmin says what a key without the Admin role sees of the kind, "" for all
	// of it (OpenAPI: the descriptions of search_users, all_looks, all_scheduled_plans,
	// search_alerts, all_color_collections, session and folder operations).
	WithoutAdmin string
	// Narrowed kinds show less of each document to a key without the Admin role: members
	// are missing, null or empty.
	Narrowed bool
	// OptIn kinds are left out unless they are named.
	OptIn bool
	// Reference kinds are kept to be looked at: the API cannot put them back.
	Reference bool
	Remark    string // what an administrator should know besides, "" for nothing

	// Write says how a document is put back, nil for kinds that cannot be written.
	Write *Write
	// NotWritten says why a kind cannot be written, in words for people; "" if it can.
	NotWritten string
	// Variants are documents of the kind that are written in another way, or not at all.
	Variants []Variant
}

// Calm are documents of a kind that seldom change: those to which one of the members Where
// of the document at the end of Through is true.
type Calm struct {
	Age     time.Duration // that an observation may reach
	Through []Step        // documents, each found by the one before
	Where   []string
}

// Step leads to a document of a kind: to that whose id the member of the document before
// holds, or without a member to the one with the same id.
type Step struct {
	Kind   record.Kind
	Member string
}

// Place says where documents of a kind lie.
type Place uint8

// The places. What lies nowhere is in every scope.
const (
	Nowhere  Place = iota
	InFolder       // the listing's rows name the folder
	IsFolder
)

// Route is one operation of the API.
type Route struct {
	Path     string     // template below /api/4.0, "/dashboards/{dashboard_id}"
	Query    url.Values // parameters that every call carries; never modified
	Activity Activity
	Slow     bool // known to take minutes on large instances
	// Param is the query parameter that takes the id, where the path does not.
	Param string
	// Array means that one document of this route is an array of objects. Without it
	// a document is an object.
	Array bool
	// Members are members of the OpenAPI schema that tell the document, or each row
	// of an array, from others: it has one of them at least. For documents that do
	// not hold an id of their own, and for those of kinds without Kin; empty: none
	// is asked for.
	Members []string
}

// Activity is the quota that a call is drawn from (x-looker-activity-type in
// the OpenAPI document, which calls them non_query and db_query).
type Activity string

// The two quotas of Looker's editions.
const (
	Administrative Activity = "administrative"
	Query          Activity = "query"
)

// Listing is how the documents of a kind are enumerated.
type Listing struct {
	Route Route
	// Whole means that the route takes no paging: one answer holds every
	// document, and its rows are the documents themselves.
	Whole bool
	// Paged is of whole lists: it gives the same documents in pages, sorted unless
	// Unsorted, where one answer that holds all of them cannot be had. Zero where there
	// is no such route. Folders and boards have none: rows of search_folders nest what
	// lies in the folder, and search_boards gives what the caller may be shown. Of the
	// other kinds the API has no search.
	Paged Route
	// Followed means that nothing lists it: its ids are those that stored
	// documents point to.
	Followed bool
	// Filled is of documents that are arrays: but for rare ones they have rows.
	Filled bool
	// Unserved is of followed kinds: the server names documents that it never serves,
	// so one that is not there is no loss. Models name explores that only exist for
	// others to extend.
	Unserved bool
	// Overview is of followed kinds: a list of other documents that tells what each
	// document of the kind holds, so that an unchanged one needs no call. Nil for none.
	Overview *Overview
	// Fixed are single documents, each on a route of its own; a document's id is
	// its path without the slash. There is nothing to enumerate.
	Fixed []Route
	// Page is how many rows one call of an enumeration asks for. Rows are cut to
	// Rows, so that pages may be large: each call is drawn from a quota.
	Page int
	// Rows are the fields that an enumeration asks for, the id among them.
	Rows []string
	// Stamped means that a row, volatile fields left out, tells of every change
	// of the document: then an unchanged row needs no fetch.
	Stamped bool
	// IDs is the parameter that narrows the listing to a comma list of ids; ""
	// when there is none.
	IDs string
	// Unsorted means that the route takes no sorts parameter.
	Unsorted bool
	// Trash means that deleted documents are left out unless deleted=true asks
	// for them, and for nothing else.
	Trash bool
}

// Overview is a list of which each row is part of some documents of a kind: of those whose
// ids it names. A document of the kind is an array of such parts, so it is unchanged where
// the same rows name it, and they are unchanged.
type Overview struct {
	Route  Route       // takes pages
	Of     record.Kind // its rows are documents of that kind, all of them
	Member string      // the ids of the documents that a row is part of
	Beside []string    // other members that tell nothing of the part
}

// Many is a route that brings several documents with one call.
type Many struct {
	How   record.How // Page, IDs or Folder
	Route Route
	IDs   string // the parameter that takes a comma list of ids, for IDs
	Trash bool   // whether it can bring documents in the trash
}

// Fields names the members that become columns. Empty: the kind has none.
type Fields struct {
	ID, Name, Updated, Folder, Owner string
	// Alias names the document as its id does: servers take either, and answer with
	// what they take for the id. It is what the document is called that has no name.
	Alias string
	// Names are what a document is called that has no Name, the best first.
	Names   []string
	Trashed string // a boolean: the document is in the trash
}

// Agreement is of two paths in a document which hold the same ids, in whatever order and
// however often: the tiles of a dashboard, and the components of its layouts that place
// them.
type Agreement struct{ One, Other string }

// Derived is a member that the server works out where another member of the same
// object is true: the list of all models, where all of them are allowed. There it
// is volatile, since it moves with every model that is added.
type Derived struct {
	Path string // in the syntax of [Everywhere], without stars
	When string // the name of the other member
	Set  bool   // the other member need not be true: any value but null, false and "" will do
}

// Everywhere lists volatile members of every kind.
//
// The syntax, here and in the rows: "view_count" is a member of the document
// itself; a dot steps into an object, arrays are walked ("board_sections.can");
// "**." means at any depth, but not inside [Opaque] members; "*" at the start or
// the end of a name stands for any characters.
var Everywhere = []string{
	"**.can", "**.url", "**.users_url", "**.user_url", "**.edit_uri",
	"**.*_as_html", "**.refresh_interval_to_i",
}

// Opaque lists members that hold free JSON of the user's making. Nothing inside
// them is volatile, whatever it is called, unless a row's path leads on through the
// member: then that one is not the user's.
var Opaque = []string{"vis_config", "filter_config", "ui_config", "filters", "dynamic_fields", "appearance"}

// With returns a copy of the row that change has been at. What the copy's slices and
// maps hold is still the row's.
func (k *Spec) With(change func(*Spec)) *Spec {
	changed := *k
	change(&changed)
	return &changed
}

// Single returns the route and the filled path that bring one document alone.
// The route is zero when none does.
func (k *Spec) Single(id string) (Route, string) {
	for _, r := range k.Listing.Fixed {
		if strings.TrimPrefix(r.Path, "/") == id {
			return r, r.Path
		}
	}
	if k.Detail.Param != "" {
		return k.Detail, k.Detail.Path
	}
	if strings.Count(k.Detail.Path, "{") > 1 {
		return k.Detail, k.Detail.Fill(strings.SplitN(id, "::", 2)...)
	}
	return k.Detail, k.Detail.Fill(id)
}

// InPages returns a row of the same kind that is listed in pages, and false for a kind
// whose whole list has no second way.
func (k *Spec) InPages() (*Spec, bool) {
	if !k.Listing.Whole || k.Listing.Paged.IsZero() {
		return nil, false
	}
	paged := *k
	paged.Listing = Listing{Route: k.Listing.Paged, Page: enumeration, Rows: []string{k.Fields.ID}, Unsorted: k.Listing.Unsorted}
	paged.Many = []Many{{How: record.Page, Route: k.Listing.Paged}}
	return &paged, true
}

// Kinds returns the kinds that rows are of.
func Kinds(rows []*Spec) []record.Kind {
	kinds := make([]record.Kind, len(rows))
	for i, row := range rows {
		kinds[i] = row.Name
	}
	return kinds
}

// Names returns the names of rows.
func Names(kinds []*Spec) []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k.Name)
	}
	return names
}

// Aliases maps the other names of kinds that people may write to the kinds: short ones,
// and the singular of each.
func Aliases() map[string]string {
	aliases := map[string]string{
		"models":      "lookml_models",
		"schedules":   "scheduled_plans",
		"permissions": "permission_sets",
	}
	for name, kind := range maps.Clone(aliases) {
		aliases[record.Kind(name).One()] = kind
	}
	for _, kind := range All() {
		if one := kind.Name.One(); one != string(kind.Name) {
			aliases[one] = string(kind.Name)
		}
	}
	return aliases
}

// String is the route's name in statistics and logs: "GET /dashboards/{dashboard_id}".
func (r Route) String() string { return "GET " + r.Path }

// IsZero reports whether there is no such route.
func (r Route) IsZero() bool { return r.Path == "" }

// Fill returns the path with its parameters replaced, in order, by escaped
// values. A value may hold any character, "/" and "::" included.
func (r Route) Fill(values ...string) string {
	var path strings.Builder
	rest := r.Path
	for _, v := range values {
		open := strings.IndexByte(rest, '{')
		closing := strings.IndexByte(rest, '}')
		if open < 0 || closing < open {
			break
		}
		path.WriteString(rest[:open])
		path.WriteString(url.PathEscape(v))
		rest = rest[closing+1:]
	}
	path.WriteString(rest)
	return path.String()
}

// Values returns the route's parameters with more added to a copy.
func (r Route) Values(more ...[2]string) url.Values {
	values := make(url.Values, len(r.Query)+len(more))
	maps.Copy(values, r.Query)
	for _, pair := range more {
		values.Set(pair[0], pair[1])
	}
	return values
}
