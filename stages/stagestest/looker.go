package stagestest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// Thing is a document of the fake server.
type Thing struct {
	ID, Folder string
	Trashed    bool
	Version    int
	Filler     int    // bytes more
	Raw        string // what stands in lists in its place
	Text       string // the document itself, "" for one that is made up of the rest
}

// Body is the document as its own route and lists of whole documents give it.
func (d Thing) Body() string {
	if d.Text != "" {
		return d.Text
	}
	// Folders, roles and schedules are among the kinds that it stands for.
	return fmt.Sprintf(`{"id":%q,"show_title":true,"public_slug":null,"is_personal":false,"permission_set":null,"run_once":false,"title":"thing %s","folder_id":%q,"deleted":%v,"version":%d,"query":{"id":"q%s"}%s}`,
		d.ID, d.ID, d.Folder, d.Trashed, d.Version, d.ID, d.fill())
}

func (d Thing) fill() string {
	if d.Filler == 0 {
		return ""
	}
	return `,"filler":"` + strings.Repeat("x", d.Filler) + `"`
}

// row is what searches show of a document.
func (d Thing) row(fields string) string {
	if d.Raw != "" {
		return d.Raw
	}
	if fields == "" {
		return d.Body()
	}
	return fmt.Sprintf(`{"id":%q,"show_title":true,"public_slug":null,"folder_id":%q,"version":%d}`, d.ID, d.Folder, d.Version)
}

// Paged is a kind that is listed by ids and fetched by pages and id lists.
var Paged = &catalogue.Spec{
	Name: "dashboards",
	Listing: catalogue.Listing{
		Route: catalogue.Route{Path: "/dashboards/search"}, Page: 10, Rows: []string{"id"}, IDs: "id", Trash: true,
	},
	Many: []catalogue.Many{
		{How: record.Page, Route: catalogue.Route{Path: "/dashboards/search"}, Trash: true},
		{How: record.IDs, IDs: "id", Route: catalogue.Route{Path: "/dashboards/search"}, Trash: true},
	},
	Detail: catalogue.Route{Path: "/dashboards/{dashboard_id}"},
	Fields: catalogue.Fields{ID: "id", Name: "title", Folder: "folder_id", Trashed: "deleted"},
	Size:   100,
}

// Looker serves Things on the routes of the real catalogue's dashboards,
// looks and folders. Its hooks stand for servers that do not play along.
type Looker struct {
	mu     sync.Mutex
	Things []Thing  // documents, in the order of lists
	Calls  []string // "GET /path?query" without fields

	NoTotals          bool                                // lists do not say how long they are
	NoIDs             bool                                // id lists mean nothing
	Poor              bool                                // rows of whole documents have their ids only
	Cap               int                                 // rows a page holds at most
	Before            func(n int, call stages.Call) error // n counts calls from 1
	Shuffle           bool                                // each answer has its rows in another order
	Spoil             int                                 // the call whose answer is no JSON
	Total             func(all, rows int) int             // what is said of a list of so many, of which so many rows come; nil: all
	NoLimit, NoOffset bool                                // they mean nothing
	Most              int                                 // rows that a list in one answer holds; 0: all, whatever offset says
	Hold              func(call stages.Call)              // called without the lock before a call is answered
	Among             []string                            // rows that stand before the documents of lists of whole documents
}

// Get answers a call as the API client does: it asks up to three times for what the call refuses,
// and refuses answers above its limit.
func (f *Looker) Get(ctx context.Context, call stages.Call) (stages.Answer, error) {
	answer, err := f.get(ctx, call)
	for range 2 {
		if err != nil || call.Check == nil || call.Check(answer.Body) == nil {
			break
		}
		answer, err = f.get(ctx, call)
	}
	if err == nil && call.Check != nil {
		if unfit := call.Check(answer.Body); unfit != nil {
			return stages.Answer{}, unfit
		}
	}
	if size := int64(len(answer.Body)); err == nil && call.Most > 0 && size > call.Most {
		tooLarge := Failed("too_large", 0)
		tooLarge.Size = size
		return stages.Answer{}, tooLarge
	}
	// Whoever reads what was given back must be found out.
	answer.Free = sync.OnceFunc(func() {
		for i := range answer.Body {
			answer.Body[i] = '#'
		}
	})
	return answer, err
}

func (f *Looker) get(ctx context.Context, call stages.Call) (stages.Answer, error) {
	if f.Hold != nil {
		f.Hold(call)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil {
		return stages.Answer{}, ctx.Err()
	}
	query := make(url.Values)
	for k, v := range call.Query {
		if k != "fields" {
			query[k] = v
		}
	}
	f.Calls = append(f.Calls, strings.TrimSuffix("GET "+call.Path+"?"+query.Encode(), "?"))
	if f.Before != nil {
		if err := f.Before(len(f.Calls), call); err != nil {
			return stages.Answer{}, err
		}
	}
	switch {
	case len(f.Calls) == f.Spoil:
		return stages.Answer{Body: []byte(`[{"id":"1"},{"id":`)}, nil
	case strings.HasSuffix(call.Path, "/search"):
		return f.search(call.Query), nil
	case strings.HasPrefix(call.Path, "/folders/"):
		folder := strings.Split(call.Path, "/")[2]
		return f.list(func(d Thing) bool { return d.Folder == folder && !d.Trashed }), nil
	case call.Path == "/folders", call.Path == "/roles":
		return f.whole(call.Query), nil
	}
	id := call.Path[strings.LastIndexByte(call.Path, '/')+1:]
	for _, d := range f.Things {
		if d.ID == id {
			return stages.Answer{Body: []byte(d.Body())}, nil
		}
	}
	return stages.Answer{}, Failed(record.FaultMissing, 404)
}

func (f *Looker) list(match func(Thing) bool) stages.Answer {
	var rows []string
	for _, d := range f.Things {
		switch {
		case !match(d):
		case f.Poor:
			rows = append(rows, d.row("id"))
		default:
			rows = append(rows, d.row(""))
		}
	}
	rows = append(slices.Clone(f.Among), rows...)
	return stages.Answer{Body: []byte("[" + strings.Join(rows, ", ") + "]")}
}

// whole answers with a list that takes no pages, unless Most cuts it.
func (f *Looker) whole(query url.Values) stages.Answer {
	from, to := 0, len(f.Things)
	if f.Most > 0 {
		offset, _ := strconv.Atoi(query.Get("offset"))
		from = min(offset, to)
		to = min(from+f.Most, to)
	}
	answer := f.list(func(d Thing) bool { return slices.Contains(f.Things[from:to], d) })
	if f.Total != nil {
		answer.Total, answer.HasTotal = f.Total(len(f.Things), to-from), true
	}
	return answer
}

func (f *Looker) search(query url.Values) stages.Answer {
	ids := strings.Split(query.Get("id"), ",")
	var match []Thing
	for _, d := range f.Things {
		if d.Trashed != (query.Get("deleted") == "true") {
			continue
		}
		if query.Has("id") && !f.NoIDs && !slices.Contains(ids, d.ID) {
			continue
		}
		match = append(match, d)
	}
	if f.Shuffle {
		slices.Reverse(match)
		match = append(match[len(f.Calls)%max(1, len(match)):], match[:len(f.Calls)%max(1, len(match))]...)
	}
	total := len(match)
	offset, _ := strconv.Atoi(query.Get("offset"))
	limit, _ := strconv.Atoi(query.Get("limit"))
	if f.NoLimit {
		limit = total
	}
	if f.NoOffset {
		offset = 0
	}
	if f.Cap > 0 {
		limit = min(limit, f.Cap)
	}
	match = match[min(offset, total):min(offset+limit, total)]
	rows := make([]string, len(match))
	for i, d := range match {
		rows[i] = d.row(query.Get("fields"))
		if f.Poor {
			rows[i] = d.row("id")
		}
	}
	if query.Get("fields") == "" {
		rows = append(slices.Clone(f.Among), rows...)
	}
	if f.Total != nil {
		total = f.Total(total, len(rows))
	}
	return stages.Answer{Body: []byte("[" + strings.Join(rows, ",") + "]"), Total: total, HasTotal: !f.NoTotals}
}

// Failed is the error of a call that was answered with a status.
func Failed(class string, status int) *stages.Failed {
	return &stages.Failed{
		Fault: record.Fault{Class: class, Status: status, Attempts: 1, Message: class},
		Err:   errors.New(class),
	}
}

// Things makes n documents with the ids 1 to n, in folders of five.
func Things(n int) []Thing {
	all := make([]Thing, n)
	for i := range all {
		all[i] = Thing{ID: strconv.Itoa(i + 1), Folder: strconv.Itoa(i / 5)}
	}
	return all
}

// Raw puts rows in place of documents: the keys are positions from 1 on.
func Raw(rows map[int]string) func(*Looker) {
	return func(f *Looker) {
		for at, text := range rows {
			f.Things[at-1] = Thing{Raw: text}
		}
	}
}
