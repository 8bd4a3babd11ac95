package canon

import "slices"

// Missing returns the paths of members that matter which document has and row
// has not, sorted. Arrays are walked, an index is no part of a path. Where
// there are none, a row of a list is as rich as the document fetched alone.
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
	// A body that cannot be read has no paths, which makes it the poorer one.
	_ = r.collectPaths(&scanner{text: body}, r.root, "", false, paths)
	return paths
}

func (r *Rules) collectPaths(s *scanner, n *node, path string, opaque bool, paths map[string]bool) error {
	bracket := s.peek()
	if bracket != '{' && bracket != '[' {
		return s.skip()
	}
	return s.walk(func() error {
		if bracket == '[' {
			return r.collectPaths(s, n, path, opaque, paths)
		}
		raw, _, err := s.name()
		if err != nil {
			return err
		}
		member := Text(raw)
		to := r.step(n, []byte(member))
		if to.volatile && !opaque {
			return s.skip()
		}
		below := path + "." + member
		if path == "" {
			below = member
		}
		paths[below] = true
		return r.collectPaths(s, to.node, below, opaque || to.opaque, paths)
	})
}
