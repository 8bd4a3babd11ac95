package canon

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Missing returns the paths of members that matter which document has and row
// has not, sorted. Arrays are walked, an index is no part of a path. It tells
// whether a row of a list is as rich as the document fetched alone.
func Missing(rules *Rules, row, document []byte) []string {
	has, want := rules.paths(row), rules.paths(document)
	var missing []string
	for path := range want {
		if !has[path] {
			missing = append(missing, path)
		}
	}
	slices.Sort(missing)
	return missing
}

func (r *Rules) paths(body []byte) map[string]bool {
	paths := make(map[string]bool)
	dec := jsontext.NewDecoder(bytes.NewBuffer(body), lenient...)
	// A body that cannot be read has no paths, which makes it the poorer one.
	_ = r.walk(dec, r.root, "", false, paths)
	return paths
}

func (r *Rules) walk(dec *jsontext.Decoder, n *node, path string, opaque bool, paths map[string]bool) error {
	switch dec.PeekKind() {
	case '{':
		if _, err := dec.ReadToken(); err != nil {
			return err
		}
		for dec.PeekKind() != '}' {
			raw, err := dec.ReadValue()
			if err != nil {
				return err
			}
			member := Text(raw)
			to := r.step(n, []byte(member))
			if to.volatile && !opaque {
				if err := dec.SkipValue(); err != nil {
					return err
				}
				continue
			}
			below := path + "." + member
			if path == "" {
				below = member
			}
			paths[below] = true
			if err := r.walk(dec, to.node, below, opaque || to.opaque, paths); err != nil {
				return err
			}
		}
		_, err := dec.ReadToken()
		return err
	case '[':
		if _, err := dec.ReadToken(); err != nil {
			return err
		}
		for dec.PeekKind() != ']' {
			if err := r.walk(dec, n, path, opaque, paths); err != nil {
				return err
			}
		}
		_, err := dec.ReadToken()
		return err
	default:
		return dec.SkipValue()
	}
}
