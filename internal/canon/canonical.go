package canon

// Canonical returns the canonical form of a document as JSON: without volatile members,
// members sorted by name, sets sorted. It is the caller's own. Two documents have one
// fingerprint when their forms are the same.
func (r *Reader) Canonical(rules *Rules, body []byte) ([]byte, error) {
	r.wanted = true
	_, err := r.Read(rules, body)
	form := r.out
	r.wanted, r.out = false, nil
	if err != nil {
		return nil, err
	}
	return withoutLastCommas(form), nil
}

// withoutLastCommas takes out the comma that the form has behind every member, where no
// other one follows. It works in place.
func withoutLastCommas(form []byte) []byte {
	kept := form[:0]
	quoted, escaped := false, false
	for _, c := range form {
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '}' || c == ']') && len(kept) > 0 && kept[len(kept)-1] == ',':
			kept = kept[:len(kept)-1]
		}
		kept = append(kept, c)
	}
	return kept
}
