package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/env/v2"

	"github.com/lookervault/lookervault/internal/near"
)

// The variables that are read: the SDKs' few, and one for any key.
const (
	sdkPrefix  = "LOOKERSDK_"
	ownPrefix  = "LOOKERVAULT_"
	testPrefix = "LOOKERVAULT_TEST_" // the test suite's own
)

// shellVariables are those that completion scripts set, or users for them: the completion
// asks with them in its environment.
var shellVariables = []string{"LOOKERVAULT_ACTIVE_HELP", "LOOKERVAULT_COMPLETION_DESCRIPTIONS"}

// sdkKeys are the SDKs' variables that mean something here; the others are about things that have no key.
var sdkKeys = map[string]string{
	"LOOKERSDK_BASE_URL":      "looker.base_url",
	"LOOKERSDK_CLIENT_ID":     "looker.client_id",
	"LOOKERSDK_CLIENT_SECRET": "looker.client_secret",
	"LOOKERSDK_VERIFY_SSL":    "looker.verify_ssl",
	"LOOKERSDK_TIMEOUT":       "looker.timeout",
}

// formerNames are the variables of the older Python tool of the same name that no edit distance would lead on from.
var formerNames = map[string]string{
	"LOOKERVAULT_API_URL":       "LOOKERSDK_BASE_URL",
	"LOOKERVAULT_CLIENT_ID":     "LOOKERSDK_CLIENT_ID",
	"LOOKERVAULT_CLIENT_SECRET": "LOOKERSDK_CLIENT_SECRET",
	"LOOKERVAULT_TIMEOUT":       "LOOKERSDK_TIMEOUT",
	"LOOKERVAULT_DB_PATH":       "LOOKERVAULT_SINK__PATH",
	"LOOKERVAULT_CONFIG":        "the flag -c",
}

// serviceLink are the variables that Kubernetes sets in every pod of a namespace with a Service called lookervault.
var serviceLink = regexp.MustCompile(`^LOOKERVAULT_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// environment reads the environment into the high layer.
func (l *loader) environment() {
	l.environmentOf(sdkPrefix, func(name string) string { return sdkKeys[name] })
	l.environmentOf(ownPrefix, l.ownKey)
}

// environmentOf reads the variables with a prefix; keyOf names the key of a variable, "" for one to leave out.
func (l *loader) environmentOf(prefix string, keyOf func(name string) string) {
	l.check(l.high.k.Load(env.Provider(".", env.Opt{
		Prefix:      prefix,
		EnvironFunc: func() []string { return l.src.Environ },
		TransformFunc: func(name, value string) (string, any) {
			if value == "" {
				return "", nil
			}
			key := keyOf(name)
			if key != "" {
				l.high.origins[key] = origin{layer: fromEnvironment, name: name}
			}
			return key, value
		},
	}), nil))
}

// ownKey is the key of a variable of our own; it reports those that name none.
func (l *loader) ownKey(name string) string {
	if strings.HasPrefix(name, testPrefix) || serviceLink.MatchString(name) || slices.Contains(shellVariables, name) {
		return ""
	}
	key := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, ownPrefix), "__", "."))
	at := origin{layer: fromEnvironment, name: name}
	if _, known := l.schema.find(key); known {
		return key
	}
	if top, later := reservedKey(key); later {
		l.problems.add(at, top, notYet)
		return ""
	}
	at.name = keyName(name)
	l.problems.add(at, "", l.unknownVariable(name, key))
	return ""
}

// unknownVariable says which variable was probably meant.
func (l *loader) unknownVariable(name, key string) string {
	if l.schema.isSection(key) {
		return l.schema.unknown(key)
	}
	if former, ok := formerNames[name]; ok {
		return "unknown variable; use " + former
	}
	known := slices.Collect(maps.Keys(sdkKeys))
	for _, f := range l.schema.fields {
		known = append(known, ownName(f.key))
	}
	slices.Sort(known)
	// One underscore for a dot is the likeliest slip of all.
	for _, candidate := range known {
		if strings.ReplaceAll(candidate, "__", "_") == strings.ReplaceAll(name, "__", "_") {
			return "unknown variable; did you mean " + candidate + "?"
		}
	}
	_, last := parent(key)
	if word, ok := near.Within(name, known, max(1, len(last)/3)); ok {
		return "unknown variable; did you mean " + word + "?"
	}
	return "unknown variable; it must be a key in capitals with two underscores for a dot, like " +
		ownName("stages.fetch.workers")
}

// ownName is the variable of a key.
func ownName(key string) string {
	return ownPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "__"))
}
