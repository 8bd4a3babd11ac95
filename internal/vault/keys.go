package vault

// Keys tells which runs were made with a key that sees less than an administrator's, and so may
// have seen a part of documents. The zero value says so of none.
type Keys struct {
	less map[int64]bool // runs whose key sees less
	full int64          // the first run whose key does not, 0 for none
}

// KeysOf are the keys of runs, by how those began.
func KeysOf(starts map[int64]RunStart) Keys {
	k := Keys{less: make(map[int64]bool)}
	for run, start := range starts {
		switch {
		case start.SeesLess:
			k.less[run] = true
		case k.full == 0 || run < k.full:
			k.full = run
		}
	}
	return k
}

// StoredInPart reports whether a version may be a part of its document, of a kind of which keys see
// more or less: a run with a lesser key stored it after an administrator's had been made.
func (k Keys) StoredInPart(e Entry) bool {
	return k.less[e.FirstRun] && k.full != 0 && k.full < e.FirstRun
}

// SeenInPart reports whether the run that saw a version last may have seen a part of it, which an
// administrator's run stored.
func (k Keys) SeenInPart(e Entry) bool { return k.less[e.LastRun] && !k.less[e.FirstRun] }
