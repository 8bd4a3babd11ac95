package canon

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Marker stands where a value was redacted.
const Marker = `"[redacted by lookervault]"`

// Secrets are the paths of members to redact, made ready. Read only.
type Secrets struct{ rules *Rules }

// CompileSecrets makes paths, in the syntax of catalogue.Everywhere, ready. Nil
// when there are none.
func CompileSecrets(paths []string) *Secrets {
	if len(paths) == 0 {
		return nil
	}
	rules := &Rules{root: &node{}}
	for _, path := range paths {
		rules.at(path).volatile = true
	}
	return &Secrets{rules}
}

// Redact replaces the values of secret members by [Marker]. Nulls stay, all other
// bytes stay as they are. It returns the body itself and no paths when there was
// nothing to replace, else a new body and the paths that were replaced, sorted,
// each once. A body that is not valid JSON is returned as it is: the reader will
// refuse it.
func (s *Secrets) Redact(body []byte) ([]byte, []string) {
	if s == nil {
		return body, nil
	}
	r := redaction{rules: s.rules, dec: jsontext.NewDecoder(bytes.NewBuffer(body), lenient...)}
	if err := r.value(s.rules.root, ""); err != nil || len(r.cuts) == 0 {
		return body, nil
	}
	redacted := make([]byte, 0, len(body)+len(r.cuts)*len(Marker))
	at := int64(0)
	for _, c := range r.cuts {
		redacted = append(redacted, body[at:c.start]...)
		redacted = append(redacted, Marker...)
		at = c.end
	}
	slices.Sort(r.paths)
	return append(redacted, body[at:]...), slices.Compact(r.paths)
}

type redaction struct {
	rules *Rules
	dec   *jsontext.Decoder
	cuts  []cut
	paths []string
}

// cut is a value to replace, by its place in the body.
type cut struct{ start, end int64 }

func (r *redaction) value(n *node, path string) error {
	switch r.dec.PeekKind() {
	case '[':
		if _, err := r.dec.ReadToken(); err != nil {
			return err
		}
		for r.dec.PeekKind() != ']' {
			if err := r.value(n, path); err != nil {
				return err
			}
		}
	case '{':
		if _, err := r.dec.ReadToken(); err != nil {
			return err
		}
		for r.dec.PeekKind() != '}' {
			if err := r.member(n, path); err != nil {
				return err
			}
		}
	default:
		return r.dec.SkipValue()
	}
	_, err := r.dec.ReadToken()
	return err
}

func (r *redaction) member(n *node, path string) error {
	raw, err := r.dec.ReadValue()
	if err != nil {
		return err
	}
	member := Text(raw)
	below := member
	if path != "" {
		below = path + "." + member
	}
	to := r.rules.step(n, []byte(member))
	if !to.volatile {
		return r.value(to.node, below)
	}
	value, err := r.dec.ReadValue()
	if err != nil || string(value) == "null" {
		return err
	}
	end := r.dec.InputOffset()
	r.cuts = append(r.cuts, cut{end - int64(len(value)), end})
	r.paths = append(r.paths, below)
	return nil
}
