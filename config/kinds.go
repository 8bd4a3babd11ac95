package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// everything is the word for all kinds that are on by default.
const everything = "all"

// SelectKinds turns the key kinds into kinds. known are all there are, in the order in which the result comes; defaults are
// those that "all" stands for; aliases maps other names to known ones (models to lookml_models). A kind with a minus is left
// out wherever it stands. The error is a [*Problems] that names each unknown kind and the nearest known one.
func (l *Loaded) SelectKinds(known, defaults []string, aliases map[string]string) ([]string, error) {
	var r report
	in, out := map[string]bool{}, map[string]bool{}
	for _, entry := range l.Config.Kinds {
		name, minus := strings.CutPrefix(entry, "-")
		if name == everything && !minus {
			for _, kind := range defaults {
				in[kind] = true
			}
			continue
		}
		kind, ok := l.kind(&r, "kinds", name, append(slices.Clone(known), everything), aliases)
		switch {
		case !ok:
		case minus:
			out[kind] = true
		default:
			in[kind] = true
		}
	}
	selected := slices.DeleteFunc(slices.Clone(known), func(kind string) bool { return !in[kind] || out[kind] })
	if len(selected) == 0 && len(r.found) == 0 {
		r.add(l.origins["kinds"], "kinds", "["+strings.Join(l.Config.Kinds, ", ")+"] leaves no kind to back up")
	}
	return selected, r.err()
}

// positional is the name that a row of a list that cannot be stored has in a table of faults.
var positional = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^#[0-9]+$`) })

// ExcludedIDs turns the key exclude into the ids to leave out of each kind, in the order given; "#" stands
// for the rows of a list that cannot be stored. known and aliases are those
// of [Loaded.SelectKinds], and so is the error.
func (l *Loaded) ExcludedIDs(known []string, aliases map[string]string) (map[string][]string, error) {
	var r report
	ids := map[string][]string{}
	for _, entry := range l.Config.Exclude {
		name, id, _ := strings.Cut(entry, "/") // an id may hold further slashes
		kind, ok := l.kind(&r, "exclude", name, known, aliases)
		switch {
		case !ok:
		case positional().MatchString(id):
			r.add(l.origins["exclude"], "exclude", entry+" names a row of a list by its position, which moves; "+name+"/# stands for all rows of the kind that cannot be stored")
		default:
			ids[kind] = append(ids[kind], id)
		}
	}
	return ids, r.err()
}

// RefreshAges turns the key refresh into how old observations may grow, by kind; 0 means that each run asks. known and aliases
// are those of [Loaded.SelectKinds], and so is the error. why says why a kind must be asked for in each run, "" where it need
// not be.
func (l *Loaded) RefreshAges(known []string, aliases map[string]string, why func(kind string) string) (map[string]time.Duration, error) {
	var r report
	ages := map[string]time.Duration{}
	for _, name := range slices.Sorted(maps.Keys(l.Config.Refresh)) {
		key := "refresh." + name
		kind, ok := l.kind(&r, key, name, known, aliases)
		if !ok {
			continue
		}
		age, err := ParseAge(l.Config.Refresh[name])
		if err != nil {
			r.add(l.origins[key], key, err.Error())
			continue
		}
		if reason := why(kind); reason != "" && age > 0 {
			r.add(l.origins[key], key, reason)
			continue
		}
		ages[kind] = age
	}
	return ages, r.err()
}

// kind is the known kind of that name, or a problem with the key that named it.
func (l *Loaded) kind(r *report, key, name string, known []string, aliases map[string]string) (string, bool) {
	if kind, ok := aliases[name]; ok {
		return kind, true
	}
	if slices.Contains(known, name) {
		return name, true
	}
	r.add(l.origins[key], key, name+" is not a kind"+suggestion(name, known, slices.Sorted(maps.Keys(aliases))...))
	return "", false
}
