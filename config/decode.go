package config

import (
	"reflect"
	"strconv"
	"strings"
)

// decode turns what a source holds for a key - a string or a list of strings, whatever the source - into a value of the
// key's type. what says what is wrong; it does not repeat the value.
func decode(f field, raw any) (v reflect.Value, what string) {
	if f.list() {
		return reflect.ValueOf(list(raw)), ""
	}
	s, ok := raw.(string)
	if !ok {
		return v, "is a list; a single value is expected"
	}
	switch f.typ {
	case reflect.TypeFor[string]():
		return reflect.ValueOf(strings.TrimSpace(s)), ""
	case reflect.TypeFor[Secret]():
		return reflect.ValueOf(NewSecret(strings.TrimSpace(s))), ""
	case reflect.TypeFor[bool]():
		b, ok := truth(s)
		if !ok {
			return v, "is neither true (true, t, yes, y, 1) nor false (false, f, no, n, 0)"
		}
		return reflect.ValueOf(b), ""
	case reflect.TypeFor[int]():
		n, err := strconv.Atoi(strings.TrimSpace(s))
		if err != nil {
			return v, "is not a whole number"
		}
		return reflect.ValueOf(n), ""
	case reflect.TypeFor[Size]():
		return parsed(ParseSize(s))
	default:
		return parsed(ParseDuration(s))
	}
}

func parsed[T any](value T, err error) (reflect.Value, string) {
	if err != nil {
		return reflect.Value{}, err.Error()
	}
	return reflect.ValueOf(value), ""
}

// truth reads the words that the Looker SDKs take for true, in any case, and their opposites.
func truth(s string) (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "t", "yes", "y", "1":
		return true, true
	case "false", "f", "no", "n", "0":
		return false, true
	}
	return false, false
}

// list is raw as a list: a list as it is, a string split at its commas, with or without brackets around it.
func list(raw any) []string {
	items, ok := raw.([]string)
	if !ok {
		s := strings.TrimSpace(raw.(string))
		if inner, ok := strings.CutPrefix(s, "["); ok && strings.HasSuffix(inner, "]") {
			s = strings.TrimSuffix(inner, "]")
		}
		if strings.TrimSpace(s) != "" {
			items = strings.Split(s, ",")
		}
	}
	trimmed := make([]string, len(items))
	for i, item := range items {
		trimmed[i] = strings.TrimSpace(item)
	}
	return trimmed
}
