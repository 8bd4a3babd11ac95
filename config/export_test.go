package config

// LoadBytes is [Load] with data as the content of the configuration file, under the given name.
func LoadBytes(src Sources, name string, data []byte) (*Loaded, error) {
	l := newLoader(src)
	l.document(name, data)
	return l.finish(name)
}

// Keys are all keys with the kind of what they hold, for tests that must not forget one.
func Keys() map[string]string {
	kinds := map[string]string{}
	for _, f := range newSchema().fields {
		kinds[f.key] = f.typ.String()
	}
	return kinds
}

// Bounds are the keys that have a least and a most.
func Bounds() map[string][2]int64 { return bounds }
