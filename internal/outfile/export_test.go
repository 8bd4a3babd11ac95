package outfile

// CannotReplace is cannotReplace for tests.
func CannotReplace(err error) bool { return cannotReplace(err) }
