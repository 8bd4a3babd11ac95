package vault

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/lookervault/lookervault/internal/record"
)

// Finding is something in a vault that is not as it was written.
type Finding struct {
	Table   string // "" when it is about the file as a whole
	Key     string // of the row, its parts joined by "/"; "" when it is about the table
	Problem string
}

// VerifyOptions say how much of a vault is verified, and who watches.
type VerifyOptions struct {
	// Sample is the share of bodies that are read, above 0 and up to 1; 0 means all of
	// them. Rows are always checked.
	Sample float64
	// Turn chooses which share it is: the turns 0, 1, 2... go round all bodies.
	Turn int64
	// Progress is told how many bytes of bodies were read of how many, as they came. It
	// is called from one goroutine at a time, which is not the caller's.
	Progress func(done, total int64)
	// Body is told each body that was read and is sound, from the same goroutine. The
	// bytes are good until it returns.
	Body func(hash record.Digest, body []byte)
}

// String is the finding in one line.
func (f Finding) String() string {
	where := strings.TrimSpace(f.Table + " " + f.Key)
	if where == "" {
		return f.Problem
	}
	return where + ": " + f.Problem
}

// documentIn finds the document that the key of a finding names.
var documentIn = sync.OnceValue(func() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		"heads":           regexp.MustCompile(`^(?:\d+/)?([a-z_]+)/(.*)$`),
		"pruned_versions": regexp.MustCompile(`^\d+/([a-z_]+)/(.*)$`),
		"versions":        regexp.MustCompile(`\(([a-z_]+)/(.*)\)$`),
		"bodies":          regexp.MustCompile(`^([a-z_]+)/(.*) [0-9a-f]{64}$`),
	}
})

// Document returns the document that a finding is about; the zero value where it is not
// about one, or nobody can tell.
func (f Finding) Document() record.Ref {
	pattern := documentIn()[f.Table]
	if pattern == nil {
		return record.Ref{}
	}
	found := pattern.FindStringSubmatch(strings.TrimSpace(f.Key))
	if found == nil {
		return record.Ref{}
	}
	return record.Ref{Kind: record.Kind(found[1]), ID: found[2]}
}

// Tables are those that belong together for who reads them.
type Tables []string

// Tables that can be checked.
var (
	RunTables      = Tables{"instances", "runs", "run_kinds", "run_calls", "run_sessions", "restores", "restore_calls"}
	FaultTables    = Tables{"faults"}
	DocumentTables = Tables{"heads", "versions", "pruned_versions", "count_corrections"}
)

// DamageOf is an error about what a check of the vault at path found, nil where that is
// nothing. It matches ErrCorrupt. The engine adds the path where that is "".
func DamageOf(path string, findings []Finding) error {
	if len(findings) == 0 {
		return nil
	}
	more := ""
	if n := len(findings); n > 1 {
		more = fmt.Sprintf(" (and %d more)", n-1)
	}
	err := Damaged(nil, "%s%s", findings[0], more)
	err.Path, err.Hint = path, Remedy(findings)
	return err
}

// Printable replaces what cannot be printed: a damaged text is any bytes.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r <= 0x9f || r == 0xfffd {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

// history are the tables of what runs were and counted, which no server has.
var history = Tables{"runs", "run_kinds", "run_calls", "run_sessions", "run_lessons", "pruned_versions", "count_corrections"}

// OtherDocuments is a finding about a run that is one about documents.
const OtherDocuments = "the documents are not those of its digest"

// Remedy says what to do about findings.
func Remedy(findings []Finding) string {
	elsewhere := func(f Finding) bool { return !slices.Contains(history, f.Table) || f.Problem == OtherDocuments }
	if len(findings) > 0 && !slices.ContainsFunc(findings, elsewhere) {
		return "no run can restore what earlier runs counted: keep this file for its documents, and begin a new vault with another --db"
	}
	return HintFor(ErrCorrupt)
}

// Salvaged says what a salvage copied, and what it left out.
type Salvaged struct {
	Runs      int64
	Documents int64
	Versions  int64
	Bytes     int64     // of bodies, as they came
	LeftOut   []Finding // what was left out or made anew, with the reason
}
