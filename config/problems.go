package config

import (
	"errors"
	"slices"
	"strings"
	"unicode"
)

// Problem is one thing that is wrong with the configuration.
type Problem struct {
	Where string // "lookervault.yaml:12", "LOOKERSDK_TIMEOUT", "--workers"; empty when no place is to blame
	Key   string // "stages.fetch.workers"; empty when it is not about one key
	Text  string // the value, what is wrong with it and what is allowed; never a secret
}

// String is the problem on one line, whatever the file holds.
func (p Problem) String() string {
	var b strings.Builder
	for _, part := range []string{p.Where, p.Key} {
		if part != "" {
			b.WriteString(part + ": ")
		}
	}
	b.WriteString(p.Text)
	return strings.Join(strings.FieldsFunc(b.String(), unicode.IsControl), " ")
}

// Problems is everything that is wrong with the configuration: at least one problem, in the order of the layers and, within
// the file, of its lines. It is the type of every error of this package.
type Problems struct {
	List []Problem
}

// Error is one problem a line.
func (p *Problems) Error() string {
	lines := make([]string, len(p.List))
	for i, problem := range p.List {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// problem makes the error for a single problem.
func problem(where, key, text string) error {
	return &Problems{List: []Problem{{Where: where, Key: key, Text: text}}}
}

// report collects problems with the place that decides their order.
type report struct {
	found []finding
}

type finding struct {
	at origin
	Problem
}

func (r *report) add(at origin, key, text string) {
	r.found = append(r.found, finding{at: at, Problem: Problem{Where: at.String(), Key: keyName(key), Text: text}})
}

// addNames adds what is wrong with the kinds that keys name, but of keys with problems of their own: what those would name
// is not known.
func (r *report) addNames(errs []error, origins map[string]origin) {
	before := len(r.found)
	for _, err := range errs {
		problems, ok := errors.AsType[*Problems](err)
		if !ok {
			continue
		}
		for _, p := range problems.List {
			if !slices.ContainsFunc(r.found[:before], func(f finding) bool { return f.Key == p.Key }) {
				r.found = append(r.found, finding{at: origins[p.Key], Problem: p})
			}
		}
	}
}

// err is nil when nothing was found.
func (r *report) err() error {
	if len(r.found) == 0 {
		return nil
	}
	slices.SortStableFunc(r.found, func(a, b finding) int { return a.at.compare(b.at) })
	problems := &Problems{}
	for _, f := range r.found {
		problems.List = append(problems.List, f.Problem)
	}
	return problems
}
