package sqlite

import (
	"strings"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// packedVersions are the versions of a query, v, as one text, and packedRefs the refs of
// versions: a version in 18 columns takes 1.1 µs, with an allocation for most of them that the
// garbage collector takes its part of, and joined to the others 0.65 µs. What then cannot be told apart,
// as a text that holds a NUL, and what is damaged, is read as a documentRow.
//
// The digests come first, whose lengths are fixed; each text behind them ends with a NUL.
const (
	packedVersions = `group_concat(concat(v.hash, v.fingerprint, v.checksum, v.kind, x'00', v.state, x'00', v.route, x'00', v.folder, x'00',
	v.owner, x'00', v.item, x'00', v.name, x'00', v.updated_at, x'00', v.id, x'00', v.size, x'00', v.policy, x'00', v.first_run, x'00',
	v.gone_run, x'00', v.fetched_at, x'00', v.redacted, x'00'), '')`
	packedRefs = `group_concat(concat(r.version, x'00', r.kind, x'00', r.item, x'00'), '')`
)

// A packedRow is a version that no run has ended, taken out of packedVersions. Its texts
// share the memory of that text.
type packedRow struct {
	hash, fingerprint, checksum                                      string
	kind, state, route, folder, owner, item, name, updated, redacted string
	id, size, policy, firstRun, fetchedAt                            int64

	own string // item, name and updated, as they are joined
}

// cut takes a row from the front of packedVersions and returns what is behind it. It
// reports false where that cannot be done.
func (row *packedRow) cut(all string) (rest string, ok bool) {
	const digestSize = len(record.Digest{})
	if len(all) < 2*digestSize+checksumSize {
		return "", false
	}
	row.hash, rest = all[:digestSize], all[digestSize:]
	row.fingerprint, rest = rest[:digestSize], rest[digestSize:]
	row.checksum, rest = rest[:checksumSize], rest[checksumSize:]
	for _, to := range []*string{&row.kind, &row.state, &row.route, &row.folder, &row.owner} {
		if *to, rest, ok = strings.Cut(rest, "\x00"); !ok {
			return "", false
		}
	}
	own := rest
	for _, to := range []*string{&row.item, &row.name, &row.updated} {
		if *to, rest, ok = strings.Cut(rest, "\x00"); !ok {
			return "", false
		}
	}
	row.own = own[:len(own)-len(rest)]
	var gone string
	for _, to := range []*int64{&row.id, &row.size, &row.policy, &row.firstRun} {
		if *to, rest, ok = cutInteger(rest); !ok {
			return "", false
		}
	}
	if gone, rest, _ = strings.Cut(rest, "\x00"); gone != "" {
		return "", false // a run has ended it, or it is damaged
	}
	if row.fetchedAt, rest, ok = cutInteger(rest); !ok {
		return "", false
	}
	row.redacted, rest, ok = strings.Cut(rest, "\x00")
	return rest, ok
}

// cutInteger takes an integer from the front of a text in which a NUL ends it, as SQLite spells
// it: what is spelled in another way was a text.
func cutInteger(text string) (i int64, rest string, ok bool) {
	const most = 18 // digits of which every number is an int64
	at, negative := 0, false
	if negative = text != "" && text[0] == '-'; negative {
		at = 1
	}
	first := at
	for ; at < len(text) && text[at]-'0' <= 9; at++ {
		i = 10*i + int64(text[at]-'0')
	}
	digits := at - first
	if at == len(text) || text[at] != 0 || digits == 0 || digits > most || text[first] == '0' && at > 1 {
		return 0, "", false
	}
	if negative {
		i = -i
	}
	return i, text[at+1:], true
}

// match reports whether a version matches its checksum. Of refs it takes those of the
// version, and those of versions before it.
func (row *packedRow) match(refs *refList, sum *summer, instance int64) bool {
	sum.begin("versions")
	sum.addIntegers(row.id, instance)
	sum.addTexts(row.kind, row.item, row.state)
	sum.addBytes(row.hash)
	sum.addIntegers(row.size)
	sum.addBytes(row.fingerprint)
	sum.addIntegers(row.policy, row.firstRun)
	sum.add(nil)
	sum.add(nil)
	sum.addIntegers(row.fetchedAt)
	sum.addTexts(row.route)
	if row.redacted == "" {
		sum.add(nil)
	} else {
		sum.addTexts(row.redacted)
	}
	sum.addTexts(row.name, row.folder, row.owner, row.updated)
	for kind, item, ok := refs.next(row.id); ok; kind, item, ok = refs.next(row.id) {
		sum.addTexts(kind, item)
	}
	all := sum.sum()
	return string(all[:checksumSize]) == row.checksum
}

// entry is the entry of a version. What it has in common with others is held once.
func (row *packedRow) entry(known *words) vault.Entry {
	own := known.keep(row.own)
	item, rest := own[:len(row.item)], own[len(row.item)+1:]
	e := vault.Entry{
		Ref:   record.Ref{Kind: record.Kind(known.one(row.kind)), ID: item},
		State: record.State(known.one(row.state)), Name: rest[:len(row.name)], Folder: known.one(row.folder),
		Owner: known.one(row.owner), Updated: rest[len(row.name)+1 : len(rest)-1], Size: row.size,
		FirstRun: row.firstRun, FetchedAt: moment(row.fetchedAt), Route: known.one(row.route), Version: row.id,
	}
	copy(e.Hash[:], row.hash)
	if row.redacted != "" {
		e.Redacted = redacted(row.redacted)
	}
	return e
}

// A refList is what is left of packedRefs, in the order of their versions.
type refList struct{ rest string }

// next takes the next ref of a version, and those of versions before it.
func (l *refList) next(version int64) (kind, item string, ok bool) {
	for l.rest != "" {
		of, rest, _ := cutInteger(l.rest)
		if of > version {
			return "", "", false
		}
		kind, rest, _ = strings.Cut(rest, "\x00")
		item, l.rest, _ = strings.Cut(rest, "\x00")
		if of == version {
			return kind, item, true
		}
	}
	return "", "", false
}

// words are texts of entries: those that many have in common are held once, the others one
// behind the other.
type words struct {
	common map[string]string
	others strings.Builder
}

func newWords() *words { return &words{common: make(map[string]string)} }

func (w *words) one(text string) string {
	if held, ok := w.common[text]; ok {
		return held
	}
	text = strings.Clone(text)
	w.common[text] = text
	return text
}

// othersAtOnce is how much memory words take for texts of their own. One that is held
// holds as much.
const othersAtOnce = 4096

// keep returns a text in memory of the words.
func (w *words) keep(text string) string {
	if w.others.Cap()-w.others.Len() < len(text) {
		w.others.Reset()
		w.others.Grow(max(len(text), othersAtOnce))
	}
	before := w.others.Len()
	w.others.WriteString(text)
	return w.others.String()[before:]
}
