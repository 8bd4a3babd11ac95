package sqlite

import (
	"database/sql/driver"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// A packedRow is a version in half as many columns as in a documentRow: the driver takes
// 60 ns and two allocations for each text, so SQLite joins the texts to one. What then cannot
// be told apart, as a text that holds a NUL, and what is damaged, is read as a documentRow.
type packedRow []driver.Value

// The columns of a packedRow.
const (
	packedText = iota
	packedID
	packedSize
	packedPolicy
	packedFirstRun
	packedLastRun
	packedGoneRun
	packedFetchedAt
	packedRedacted
	packedRefs
)

// packedColumns are those of a packedRow. The digests come first, whose lengths are fixed.
const packedColumns = `v.hash || v.fingerprint || v.checksum || v.kind || x'00' || v.state || x'00' || v.route || x'00' || v.folder || x'00' ||
	v.owner || x'00' || v.item || x'00' || v.name || x'00' || v.updated_at,
	v.id, v.size, v.policy, v.first_run, v.last_run, v.gone_run, v.fetched_at, v.redacted, ` + refsColumn

// packedTexts are the texts of a packedRow. They share its memory.
type packedTexts struct {
	hash, fingerprint, checksum                            string
	kind, state, route, folder, owner, item, name, updated string
	own                                                    string // item, name and updated, as they are joined
}

// texts takes the texts apart. It reports false where that cannot be done.
func (row packedRow) texts() (t packedTexts, ok bool) {
	rest, _ := row[packedText].(string)
	const digestSize = len(record.Digest{})
	if len(rest) < 2*digestSize+checksumSize {
		return t, false
	}
	t.hash, rest = rest[:digestSize], rest[digestSize:]
	t.fingerprint, rest = rest[:digestSize], rest[digestSize:]
	t.checksum, rest = rest[:checksumSize], rest[checksumSize:]
	for _, to := range []*string{&t.kind, &t.state, &t.route, &t.folder, &t.owner} {
		if *to, rest, ok = strings.Cut(rest, "\x00"); !ok {
			return t, false
		}
	}
	t.own = rest
	for _, to := range []*string{&t.item, &t.name} {
		if *to, rest, ok = strings.Cut(rest, "\x00"); !ok {
			return t, false
		}
	}
	t.updated = rest
	return t, strings.IndexByte(rest, 0) < 0
}

// match reports whether the version of a row matches its checksum.
func (row packedRow) match(t *packedTexts, sum *summer, instance int64) bool {
	sum.begin("versions", row[packedID], instance)
	sum.addTexts(t.kind, t.item, t.state)
	sum.addBytes(t.hash)
	sum.add(row[packedSize])
	sum.addBytes(t.fingerprint)
	sum.addAll(row[packedPolicy : packedFetchedAt+1])
	sum.addTexts(t.route)
	sum.add(row[packedRedacted])
	sum.addTexts(t.name, t.folder, t.owner, t.updated)
	sum.addRefs(text(row[packedRefs]))
	all := sum.sum()
	return string(all[:checksumSize]) == t.checksum
}

// entry reads the entry of a version that no run has ended. What it has in common with
// others is held once, the rest in memory of its own. It reports false where the row does
// not match its checksum, or cannot be told.
func (row packedRow) entry(sum *summer, known words, instance int64) (e vault.Entry, ok bool) {
	t, ok := row.texts()
	if !ok || !row.match(&t, sum, instance) {
		return e, false
	}
	own := strings.Clone(t.own)
	item, rest := own[:len(t.item)], own[len(t.item)+1:]
	return vault.Entry{
		Ref:   record.Ref{Kind: record.Kind(known.one(t.kind)), ID: item},
		State: record.State(known.one(t.state)), Name: rest[:len(t.name)], Folder: known.one(t.folder),
		Owner: known.one(t.owner), Updated: rest[len(t.name)+1:], Size: integer(row[packedSize]), Hash: record.Digest([]byte(t.hash)),
		FirstRun: integer(row[packedFirstRun]), FetchedAt: moment(integer(row[packedFetchedAt])), Route: known.one(t.route),
		Redacted: redacted(row[packedRedacted]), Version: integer(row[packedID]),
	}, true
}
