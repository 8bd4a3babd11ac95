package restore

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// quote is a text as JSON has it.
func quote(text string) string {
	quoted, err := jsontext.AppendQuote(nil, text)
	if err != nil {
		return `""` // an id that is no text names nothing
	}
	return string(quoted)
}

// partTarget is the id by which routes know a part of a document on the instance.
func partTarget(row canon.PartRow) string {
	if id := canon.Text(canon.Member(row.Body, "id")); id != "" {
		return id
	}
	return row.ID
}

// creationCalls is about how many calls it takes to make a document and what lies in it. Parts
// of parts are made, or moved to where they were, one by one; the document is read before that.
func creationCalls(spec *catalogue.Spec, body []byte) int {
	calls := 1
	reads := 0
	for _, list := range partLists(spec.Write.Parts) {
		if list.in != nil {
			reads = 1
			calls += countInner(list, body)
			continue
		}
		calls += countParts(list.part, body)
		switch {
		case list.part.Born:
			calls--
		case list.part.Before: // each is asked for first
			calls += countParts(list.part, body)
		}
	}
	if canon.InTrash(spec.Write, body) || awakeIn(spec.Write, body) != nil {
		calls++
	}
	return calls + reads + setCalls(spec.Write, body) + lateCalls(spec.Write, body)
}

// setCalls is about how many calls it takes to write the sets of a document: one each, or one for
// each member.
func setCalls(w *catalogue.Write, body []byte) (calls int) {
	for i := range w.Sets {
		ids, err := canon.SetIDs(&w.Sets[i], body)
		switch {
		case err == nil && !w.Sets[i].Replace.IsZero():
			calls++
		case err == nil:
			calls += len(ids)
		}
	}
	return calls
}

// lateCalls is 1 where members are written behind all else.
func lateCalls(w *catalogue.Write, body []byte) int {
	if slices.ContainsFunc(w.Late, func(name string) bool {
		text := canon.Text(canon.Member(body, name))
		return text != "" && text != "false"
	}) {
		return 1
	}
	return 0
}

// countInner counts the parts that lie in the parts of a document.
func countInner(list partList, body []byte) (n int) {
	holders, err := canon.PartRows(list.in, body)
	if err != nil {
		return 0
	}
	for _, h := range holders {
		n += countParts(list.part, h.Body)
	}
	return n
}

func countParts(part *catalogue.Part, body []byte) int {
	rows, err := canon.PartRows(part, body)
	if err != nil {
		return 0
	}
	return len(rows)
}

// updateCalls is about how many calls it takes to read a document, and to write what
// differs: one for itself, one for each part, of parts as well.
func updateCalls(spec *catalogue.Spec, changes []record.Change) int {
	written := make(map[string]bool)
	reads := 1
	for _, c := range changes {
		part := innermostPart(spec.Write.Parts, c.Path)
		if part == c.Path && part != "" && (c.Before == nil || c.After == nil) {
			reads = 2 // it is read once more when its parts are there
		}
		written[part] = true
	}
	if writesInner(spec, changes) {
		reads++ // what ids that has then
	}
	return reads + max(1, len(written)) + asideCalls(spec, changes)
}

// innermostPart is where the part that a change is about lies, "" where it is about the document itself:
// dashboard_layouts/5.dashboard_layout_components/311.
func innermostPart(parts []catalogue.Part, path string) (part string) {
	for _, list := range partLists(parts) {
		begin := strings.LastIndex("."+path, "."+string(list.part.Name)+"/")
		if begin < 0 {
			continue
		}
		end := begin + len(list.part.Name) + 1
		if id := strings.IndexByte(path[end:], '.'); id >= 0 {
			end += id
		} else {
			end = len(path)
		}
		part = path[:end]
	}
	return part
}
