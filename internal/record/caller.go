package record

// Caller is the user whose API key a run uses.
type Caller struct {
	ID    string `json:"id,omitempty"`
	Admin *bool  `json:"admin,omitempty"` // nil when the server did not say
	// Names are the documents that the caller's own names: lists hold them, and it. It is not stored.
	Names []Ref `json:"-"`
}

// SeesLess reports whether the caller is known to be no administrator: Looker
// leaves out, without a word, what such a key may not see.
func (c Caller) SeesLess() bool { return c.Admin != nil && !*c.Admin }

// KnownAdmin reports whether the caller is known to be an administrator: only
// what such a key does not see is not there.
func (c Caller) KnownAdmin() bool { return c.Admin != nil && *c.Admin }

// SeesAsMuchAs reports whether all that the other caller may see is shown to this one as well:
// of one that the server told nothing about, only another such caller, or a lesser key, may
// take what it listed for everything.
func (c Caller) SeesAsMuchAs(other Caller) bool { return c.Rank() >= other.Rank() }

// Rank orders callers by what they see: 0 is known to be no administrator, 1 is unknown, 2 is
// known to be one.
func (c Caller) Rank() int {
	switch {
	case c.SeesLess():
		return 0
	case c.KnownAdmin():
		return 2
	}
	return 1
}

// With is the caller of a run that another one continues. The run saw less if
// either sees less, and everything only if both are known to.
func (c Caller) With(other Caller) Caller {
	switch {
	case c.SeesLess():
	case other.SeesLess(), c.KnownAdmin():
		c.Admin = other.Admin
	}
	return c
}
