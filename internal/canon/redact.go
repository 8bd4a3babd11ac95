package canon

import "slices"

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
		rules.makeStep(path).volatile = true
	}
	return &Secrets{rules}
}

// Redact replaces the values of secret members by [Marker]. Nulls and empty strings
// stay, which is how servers spell a value that is missing; all other bytes stay as
// they are. It returns the body itself and no paths when there was
// nothing to replace, else a new body and the paths that were replaced, sorted,
// each once. A body that is not valid JSON is returned as it is: the reader will
// refuse it.
func (s *Secrets) Redact(body []byte) ([]byte, []string) {
	if s == nil {
		return body, nil
	}
	r := redaction{rules: s.rules, scanner: scanner{text: body}}
	if err := r.redactValue(s.rules.root, ""); err != nil || len(r.cuts) == 0 {
		return body, nil
	}
	redacted := make([]byte, 0, len(body)+len(r.cuts)*len(Marker))
	at := 0
	for _, c := range r.cuts {
		redacted = append(redacted, body[at:c.start]...)
		redacted = append(redacted, Marker...)
		at = c.end
	}
	slices.Sort(r.paths)
	return append(redacted, body[at:]...), slices.Compact(r.paths)
}

type redaction struct {
	scanner
	rules *Rules
	cuts  []cut
	paths []string
}

// cut is a value to replace, by its place in the body.
type cut struct{ start, end int }

func (r *redaction) redactValue(n *node, path string) error {
	bracket := r.peek()
	if bracket != '{' && bracket != '[' {
		return r.skip()
	}
	return r.walk(func() error {
		if bracket == '[' {
			return r.redactValue(n, path)
		}
		return r.member(n, path)
	})
}

func (r *redaction) member(n *node, path string) error {
	raw, _, err := r.name()
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
		return r.redactValue(to.node, below)
	}
	value, err := r.value()
	if err != nil || string(value) == "null" || string(value) == `""` {
		return err
	}
	r.cuts = append(r.cuts, cut{r.at - len(value), r.at})
	r.paths = append(r.paths, below)
	return nil
}
