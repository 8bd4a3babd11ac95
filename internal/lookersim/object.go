package lookersim

import "strconv"

// object writes a JSON object member by member, compactly and in the order of
// the calls.
type object struct {
	b    []byte
	want fieldTree // members that are not in it are left out; nil: none is
}

func begin(b []byte) object { return object{b: append(b, '{')} }

// comma appends what stands before a value or a member: a comma, but for the first one of
// an array or object.
func comma(b []byte) []byte {
	if last := b[len(b)-1]; last == '[' || last == '{' {
		return b
	}
	return append(b, ',')
}

func (o *object) end() []byte { return append(o.b, '}') }

// key begins a member, and reports whether it is wanted. What is not must not be
// written.
func (o *object) key(name string) bool {
	if !o.want.has(name) {
		return false
	}
	o.b = append(comma(o.b), '"')
	o.b = append(o.b, name...)
	o.b = append(o.b, '"', ':')
	return true
}

// raw writes values that are JSON already.
func (o *object) raw(name, json string) {
	if o.key(name) {
		o.b = append(o.b, json...)
	}
}

// members writes members that are JSON already, as they stand between braces. All of them
// are wanted.
func (o *object) members(json string) { o.b = append(comma(o.b), json...) }

func (o *object) str(name, s string) {
	if o.key(name) {
		o.b = appendString(o.b, s)
	}
}

// opt is str, with null for an empty text.
func (o *object) opt(name, s string) {
	if s == "" {
		o.null(name)
		return
	}
	o.str(name, s)
}

// id writes a number as a string, null for zero.
func (o *object) id(name string, n int64) {
	switch {
	case n == 0:
		o.null(name)
	case o.key(name):
		o.b = quoted(o.b, n)
	}
}

func (o *object) num(name string, n int64) {
	if o.key(name) {
		o.b = appendInt(o.b, n)
	}
}

func (o *object) yes(name string, v bool) {
	o.raw(name, strconv.FormatBool(v))
}

// null writes several members that are null.
func (o *object) null(names ...string) {
	for _, name := range names {
		o.raw(name, "null")
	}
}

// no writes several members that are false.
func (o *object) no(names ...string) {
	for _, name := range names {
		o.raw(name, "false")
	}
}

// time writes an instant, null for zero.
func (o *object) time(name string, ms int64) {
	if o.key(name) {
		o.b = timeOrNull(o.b, ms)
	}
}

// strs writes an array of strings.
func (o *object) strs(name string, list ...string) { writeArray(o, name, list, appendString[string]) }

// ids writes an array of numbers as strings.
func (o *object) ids(name string, list []int32) { writeArray(o, name, list, quoted[int32]) }

func writeArray[T any](o *object, name string, list []T, put func(b []byte, v T) []byte) {
	if !o.key(name) {
		return
	}
	o.b = append(o.b, '[')
	for _, v := range list {
		o.b = put(comma(o.b), v)
	}
	o.b = append(o.b, ']')
}
