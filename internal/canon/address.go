package canon

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// Addresses rewrites the addresses of documents that stand in texts: "/dashboards/42",
// alone or behind a host of the source. They are found as JSON, URLs and HTML spell them:
// a slash may be "\/", "%2F" or "\u002f". All other bytes stay as they are.
type Addresses struct {
	// Hosts are those of the source, "looker.example" or "looker.example:9999". An address
	// with another host leads elsewhere.
	Hosts []string
	// Host takes the place of the source's; "" leaves it.
	Host string
	// Resolve says what stands for a document. Addresses of what nothing stands for stay
	// as they are, and are told. It is asked for ids, for LookML dashboards by "model::name"
	// and for models by their names.
	Resolve Resolver
	// Slug says what stands for the slug of a dashboard, false for one that stays. Nil
	// leaves all.
	Slug func(slug string) (string, bool)
	// Renamed, when not nil, gives the id by which [Addresses.Document] names a document from
	// then on that lies in another one, whole, and in whose texts it has rewritten something:
	// a query never changes, so that one with another text is another query.
	Renamed func(body []byte) string
}

// Document rewrites the addresses in a stored document and in its parts, at any depth: in
// the members that the row says may hold some, and in all texts below them. It returns what
// its addresses lead to and nothing stands for, each once.
func (a Addresses) Document(w *catalogue.Write, body []byte) (rewritten []byte, left []record.Ref, err error) {
	if !mayLead(body) {
		return body, nil, nil
	}
	if a.Renamed != nil {
		if body, err = a.rename(w, body, ""); err != nil {
			return nil, nil, err
		}
	}
	return a.in(body, textPaths(w, ""))
}

// textPaths are the paths of members that may hold addresses, of a document, its parts, and
// what lies in these, whole.
func textPaths(w *catalogue.Write, prefix string) []string {
	var paths []string
	for _, path := range w.Texts {
		paths = append(paths, prefix+path)
	}
	for _, nested := range w.Nested {
		if kind, ok := catalogue.Find(nested.Kind); ok && kind.Write != nil {
			for _, at := range nested.At {
				paths = append(paths, textPaths(kind.Write, prefix+at+".")...)
			}
		}
	}
	for i := range w.Parts {
		paths = append(paths, textPaths(w.Parts[i].Write, belowPart(prefix, &w.Parts[i]))...)
	}
	return paths
}

// belowPart is the path of the members of parts, given that of the members beside them.
func belowPart(prefix string, part *catalogue.Part) string {
	if part.At == "." {
		return prefix
	}
	return prefix + part.At + "."
}

// mayLead reports whether a body may hold the address of a document: the last word of one
// with something behind it that may be a slash.
func mayLead(body []byte) bool {
	for _, word := range lastWords() {
		for rest := body; ; {
			i := bytes.Index(rest, word)
			if i < 0 {
				break
			}
			rest = rest[i+len(word):]
			if len(rest) > 0 && strings.IndexByte(`/\%`, rest[0]) >= 0 {
				return true
			}
		}
	}
	return false
}

// lastWords are the words that stand before what addresses name, each once.
var lastWords = sync.OnceValue(func() (words [][]byte) {
	for _, pattern := range catalogue.Addresses() {
		word := []byte(pattern.Words[len(pattern.Words)-1])
		if !slices.ContainsFunc(words, func(have []byte) bool { return bytes.Equal(have, word) }) {
			words = append(words, word)
		}
	}
	return words
})

// in rewrites the addresses in the texts at paths of a body, and below these.
func (a Addresses) in(body []byte, paths []string) (rewritten []byte, left []record.Ref, err error) {
	rewritten = body
	visit := func(raw, _ []byte) []byte {
		if raw[0] != '"' {
			return raw
		}
		text, unresolved := a.Rewrite(raw)
		for _, ref := range unresolved {
			if !slices.Contains(left, ref) {
				left = append(left, ref)
			}
		}
		return text
	}
	for _, path := range paths {
		for _, at := range []string{path, path + "." + anyDepth} {
			if rewritten, err = splice(rewritten, at, visit); err != nil {
				return nil, nil, err
			}
		}
	}
	return rewritten, left, nil
}

// Rewrite rewrites the addresses in one text, which may be JSON. It returns text itself
// where it changes nothing.
func (a Addresses) Rewrite(text []byte) (rewritten []byte, left []record.Ref) {
	f := finding{Addresses: a, text: text, patterns: catalogue.Addresses()}
	for f.at < len(text) {
		end := f.withHost()
		if end == 0 && f.begins() {
			end = f.rewriteAt(f.at)
		}
		f.at = max(end, f.at+1)
	}
	if f.copied == 0 {
		return text, f.left
	}
	return append(f.out, text[f.copied:]...), f.left
}

// finding is one walk over a text.
type finding struct {
	Addresses
	text     []byte
	at       int
	out      []byte
	copied   int
	left     []record.Ref
	patterns []catalogue.Address
}

func (f *finding) replace(start, end int, by string) {
	f.out = append(append(f.out, f.text[f.copied:start]...), by...)
	f.copied = end
}

// slash returns the end of a slash that stands at a place, however it is spelled, 0 for
// none.
func (f *finding) slash(at int) int {
	rest := f.text[min(at, len(f.text)):]
	escapes := len(rest) - len(bytes.TrimLeft(rest, `\`))
	switch after := rest[escapes:]; {
	case len(after) > 0 && after[0] == '/':
		return at + escapes + 1
	case escapes > 0 && hasFold(after, "u002f"):
		return at + escapes + 5
	case escapes == 0 && hasFold(after, "%2f"):
		return at + 3
	}
	return 0
}

func hasFold(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(string(text[:len(prefix)]), prefix)
}

// begins reports whether an address without a host may begin here: nothing stands before
// it that would make it the rest of another one.
func (f *finding) begins() bool {
	if c := f.text[f.at]; c != '/' && c != '\\' && c != '%' {
		return false
	}
	before := f.text[:f.at]
	if len(before) == 0 {
		return true
	}
	last := before[len(before)-1]
	switch {
	case last == '\\': // in the middle of a spelling
		return false
	case len(before) >= 3 && before[len(before)-3] == '%':
		if code, err := strconv.ParseUint(string(before[len(before)-2:]), 16, 8); err == nil {
			last = byte(code)
		}
	case len(before) >= 6 && string(before[len(before)-6:len(before)-4]) == `\u`:
		if code, err := strconv.ParseUint(string(before[len(before)-4:]), 16, 16); err == nil {
			last = byte(min(code, 0x80))
		}
	case len(before) >= 2 && before[len(before)-2] == '\\' && strings.IndexByte("nrtbf", last) >= 0:
		return true // a new line, or the like
	}
	return !letter(last) && strings.IndexByte("._/-", last) < 0
}

func letter(c byte) bool { return c-'0' <= 9 || c|0x20 >= 'a' && c|0x20 <= 'z' }

// withHost rewrites an address that begins with a host of the source, and returns its
// end, 0 where there is none.
func (f *finding) withHost() int {
	rest := f.text[f.at:]
	scheme := 0
	for _, name := range []string{"https:", "http:", "https%3a", "http%3a"} {
		if hasFold(rest, name) {
			scheme = len(name)
			break
		}
	}
	if scheme == 0 || f.at > 0 && letter(f.text[f.at-1]) && !f.escaped() {
		return 0
	}
	first := f.slash(f.at + scheme)
	if first == 0 {
		return 0
	}
	host := f.slash(first)
	if host == 0 {
		return 0
	}
	for _, name := range f.Hosts {
		if !hasFold(f.text[host:], name) {
			continue
		}
		copied, before := f.copied, len(f.out)
		if f.Host != "" && !strings.EqualFold(f.Host, name) {
			f.replace(host, host+len(name), f.Host)
		}
		if end := f.rewriteAt(host + len(name)); end > 0 {
			return end
		}
		f.copied, f.out = copied, f.out[:before] // leads to nothing that is known
	}
	return 0
}

// escaped reports whether the letter before this place is the end of an escape.
func (f *finding) escaped() bool {
	before := f.text[:f.at]
	return len(before) >= 2 && before[len(before)-2] == '\\' || len(before) >= 6 && string(before[len(before)-6:len(before)-4]) == `\u` ||
		len(before) >= 3 && before[len(before)-3] == '%'
}

// rewriteAt rewrites the id of an address whose first slash stands at a place, and returns its
// end. It returns 0 where there is no address, or nothing stands for what it leads to.
func (f *finding) rewriteAt(at int) int {
	for _, pattern := range f.patterns {
		next := at
		for _, word := range pattern.Words {
			if next = f.slash(next); next == 0 || !bytes.HasPrefix(f.text[next:], []byte(word)) {
				next = 0
				break
			}
			next += len(word)
		}
		if next == 0 {
			continue
		}
		if next = f.slash(next); next == 0 {
			continue
		}
		if end := f.nameEnd(next, pattern); end > 0 {
			return f.resolved(pattern, next, end)
		}
	}
	return 0
}

// nameEnd returns the end of what an address names, 0 where it is not of the form.
func (f *finding) nameEnd(at int, pattern catalogue.Address) int {
	run := func(at int, more string) int {
		for at < len(f.text) && (letter(f.text[at]) || strings.IndexByte(more, f.text[at]) >= 0) {
			at++
		}
		return at
	}
	end := run(at, "_-")
	text := string(f.text[at:end])
	lookml := bytes.HasPrefix(f.text[end:], []byte("::"))
	switch pattern.Form {
	case catalogue.ByID:
		if text == "" || strings.Trim(text, "0123456789") != "" || lookml {
			return 0
		}
	case catalogue.BySlug:
		if len(text) != 22 || strings.ContainsAny(text, "_-") || lookml {
			return 0
		}
	case catalogue.ByLookML:
		after := run(end+2, "_-")
		if text == "" || !lookml || after == end+2 {
			return 0
		}
		return after
	case catalogue.ByModel:
		if text == "" {
			return 0
		}
	}
	return end
}

// resolved writes what stands for the document that text[start:end] names.
func (f *finding) resolved(pattern catalogue.Address, start, end int) int {
	id := string(f.text[start:end])
	if pattern.Form == catalogue.BySlug {
		if f.Slug == nil {
			return end
		}
		if to, ok := f.Slug(id); ok && to != id {
			f.replace(start, end, to)
		}
		return end
	}
	to, ok := f.Resolve(pattern.Kind, id)
	if !ok {
		if ref := (record.Ref{Kind: pattern.Kind, ID: id}); !slices.Contains(f.left, ref) {
			f.left = append(f.left, ref)
		}
		return 0
	}
	if to != id {
		f.replace(start, end, to)
	}
	return end
}
