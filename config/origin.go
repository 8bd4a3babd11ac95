package config

import (
	"cmp"
	"strconv"
)

// layer says which source a value came from, in the order of precedence.
type layer int

const (
	fromDefault layer = iota
	fromFile
	fromINI
	fromEnvironment
	fromCommandLine
)

// origin is where a value came from. The zero value is the built-in default.
type origin struct {
	layer layer
	name  string // file, variable or flag
	line  int    // 0 = not known
	// deferred is set where the value holds a ${VAR} that a reading command leaves alone.
	deferred bool
	// written is the value as the file spells it, where ${VAR} was replaced in it: what may be shown of it.
	written string
}

// String is "lookervault.yaml:12", "looker.ini#Looker", "LOOKERSDK_TIMEOUT", "--workers" or, for the default, nothing.
func (o origin) String() string {
	if o.line > 0 {
		return o.name + ":" + strconv.Itoa(o.line)
	}
	return o.name
}

// compare orders by layer, then line, then name.
func (o origin) compare(other origin) int {
	return cmp.Or(cmp.Compare(o.layer, other.layer), cmp.Compare(o.line, other.line), cmp.Compare(o.name, other.name))
}
