package config

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
)

// Key is a key of the configuration that the command line may set.
type Key struct {
	Name    string
	Default string // as people write it, "" where there is none
}

// SettableKeys are the keys that --set takes, in the order of the file. Secrets are none of them.
func SettableKeys() []Key {
	defaults := Default(runtime.GOMAXPROCS(0))
	var keys []Key
	for _, f := range newSchema().fields {
		if _, later := reservedKey(f.key); later || f.hidden() {
			continue
		}
		keys = append(keys, Key{Name: f.key, Default: written(f.in(defaults))})
	}
	return keys
}

// written is a value as it is written behind --set.
func written(v reflect.Value) string {
	if items, ok := v.Interface().([]string); ok {
		return strings.Join(items, ",")
	}
	return fmt.Sprint(v.Interface())
}

// ValuesOf are the values that a key may have where there are only a few, else nil.
func ValuesOf(key string) []string {
	s := newSchema()
	if f, ok := s.byKey[key]; ok && f.typ.Kind() == reflect.Bool {
		return []string{"true", "false"}
	}
	return slices.Clone(words[key])
}
