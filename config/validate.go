package config

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bounds are the least and the most that a number, a size or a duration may be.
var bounds = map[string][2]int64{
	"looker.timeout":              {int64(10 * time.Millisecond), int64(time.Hour)},
	"looker.max_body":             {int64(KiB), int64(512 * MiB)}, // SQLite holds at most 1 GB in a row
	"rate_limit.per_second":       {0, 10_000},
	"rate_limit.per_minute":       {0, 600_000},
	"rate_limit.max_calls":        {0, 1e9},
	"retry.attempts":              {1, 20},
	"retry.max_wait":              {int64(10 * time.Millisecond), int64(time.Hour)},
	"prune.keep_last":             {0, 100_000},
	"prune.keep_daily":            {0, 100_000},
	"prune.keep_weekly":           {0, 100_000},
	"prune.keep_monthly":          {0, 100_000},
	"prune.keep_yearly":           {0, 100_000},
	"stages.list.workers":         {1, 50},
	"stages.list.buffer":          {1, 10_000},
	"stages.list.page_size":       {1, 5000},
	"stages.fetch.workers":        {1, 50},
	"stages.fetch.buffer":         {1, 10_000},
	"stages.serialize.workers":    {1, 50},
	"stages.serialize.buffer":     {1, 10_000},
	"stages.batch.records":        {10, 1000},
	"stages.batch.bytes":          {int64(KiB), int64(256 * MiB)},
	"stages.batch.every":          {int64(10 * time.Millisecond), int64(time.Minute)},
	"stages.batch.buffer":         {1, 100},
	"limits.in_flight_bytes":      {int64(64 * KiB), int64(64 * GiB)},
	"limits.in_flight_items":      {10, 1_000_000},
	"looker.quota.administrative": {0, 1_000_000_000},
	"looker.quota.query":          {0, 1_000_000_000},
	"shutdown.grace":              {0, int64(time.Hour)},
	"hooks.timeout":               {int64(time.Second), int64(24 * time.Hour)},
	"restore.workers":             {1, 16},
	"restore.inner":               {1, 4},
	"restore.settle":              {0, int64(10 * time.Minute)},
	"restore.max_age":             {int64(time.Second), int64(365 * 24 * time.Hour)},
	"restore.keep":                {0, int64(10 * 365 * 24 * time.Hour)},
}

// words are the values that a key may have where there are only a few.
var words = map[string][]string{
	"stages.serialize.codec": {"zstd", "none"},
	"sink.type":              {"sqlite"},
	"log.level":              {"trace", "debug", "info", "warn", "error", "off"},
	"log.format":             {"text", "json"},
	"restore.conflict":       {"", "skip", "update", "rename", "fail"},
	"restore.trash":          {"undelete", "recreate", "skip"},
	"trust_dates":            {DatesNever, DatesLearned},
	"restore.wake":           {"auto", "as-was", "never"},
	"restore.links":          {"auto", "rewrite", "keep"},
}

// shapes are what the items of a list must look like.
var shapes = map[string]struct {
	pattern *regexp.Regexp
	want    string
}{
	"kinds":               {regexp.MustCompile(`^-?[a-z][a-z0-9_]*$`), "a kind as in the API (dashboards), all, or a kind to leave out (-color_collections)"},
	"exclude":             {regexp.MustCompile(`^[a-z][a-z0-9_]*/\S(.*\S)?$`), "kind/id (dashboards/17), or kind/# for rows that cannot be stored"},
	"folders.ids":         {regexp.MustCompile(`^[^\s/,]+$`), "the id of a folder (42)"},
	"stages.redact.paths": {regexp.MustCompile(`^\S(.*\S)?$`), "the path of a member"},
}

// allowed is what the value may be, as the end of a complaint; nothing where its type says it all.
func (f field) allowed() string {
	if b, ok := bounds[f.key]; ok {
		return fmt.Sprintf("; allowed: %s to %s", unit(f, b[0]), unit(f, b[1]))
	}
	if w, ok := words[f.key]; ok {
		return "; allowed: " + strings.TrimPrefix(strings.Join(w, ", "), ", ") // empty is the default, and no word
	}
	return ""
}

// unit is a bound in the unit of the key.
func unit(f field, n int64) string {
	switch f.typ {
	case reflect.TypeFor[Size]():
		return Size(n).String()
	case reflect.TypeFor[Duration]():
		return Duration(n).String()
	}
	return strconv.FormatInt(n, 10)
}

// show is a value as it may stand in a complaint: nothing of a secret, nor of what stood in for a ${VAR}.
func show(f field, at origin, raw any) string {
	if f.hidden() {
		return mask
	}
	if at.written != "" {
		raw = at.written
	}
	s := []rune(StripPasswords(fmt.Sprint(raw)))
	if len(s) > 80 {
		s = append(s[:80], '…')
	}
	if _, quote := raw.(string); quote {
		return strconv.Quote(string(s))
	}
	return string(s)
}

// validator checks a configuration whose values have their types.
type validator struct {
	*loader
	c      Config
	merged *values
	usable map[string]bool // the others have been reported and hold a default instead
}

// validate adds what is wrong to the problems, and what is doubtful to the warnings.
func (l *loader) validate(c Config, merged *values, usable map[string]bool) {
	v := &validator{loader: l, c: c, merged: merged, usable: usable}
	for _, f := range l.schema.fields {
		if usable[f.key] {
			v.value(f)
		}
	}
	v.kinds()
	v.connection()
	v.sink()
	v.rates()
	v.stages()
	v.memory()
	v.metrics()
	v.prune()
	v.refresh()
}

// bad reports the value of a key.
func (v *validator) bad(key, what string) {
	v.usable[key] = false
	v.problems.add(v.merged.origins[key], key, what)
}

// doubt warns about the value of a key.
func (v *validator) doubt(key, what string) {
	v.warn(v.merged.origins[key], key, what)
}

// shown is the value of a key as it may stand in a complaint.
func (v *validator) shown(key string) string {
	f := v.schema.byKey[key]
	return show(f, v.merged.origins[key], f.in(v.c).Interface())
}

// value checks a value by itself, against the tables.
func (v *validator) value(f field) {
	value := f.in(v.c)
	if b, ok := bounds[f.key]; ok && (value.Int() < b[0] || value.Int() > b[1]) {
		v.bad(f.key, v.shown(f.key)+" is out of range"+f.allowed())
	}
	if w, ok := words[f.key]; ok && !slices.Contains(w, value.String()) {
		v.bad(f.key, v.shown(f.key)+" is not known"+f.allowed())
	}
	if shape, ok := shapes[f.key]; ok {
		for _, item := range value.Interface().([]string) {
			if !shape.pattern.MatchString(item) {
				at := v.merged.origins[f.key]
				v.bad(f.key, show(f, at, item)+" is not "+shape.want)
			}
		}
	}
}

func (v *validator) kinds() {
	const key = "kinds"
	picks := slices.ContainsFunc(v.c.Kinds, func(k string) bool { return !strings.HasPrefix(k, "-") })
	switch {
	case !v.usable[key]:
	case len(v.c.Kinds) == 0:
		v.bad(key, "names no kind; write [all] for all of them")
	case !picks:
		v.bad(key, "only leaves kinds out; write all in front: [all, "+v.c.Kinds[0]+"]")
	case slices.Contains(v.c.Kinds, "-all"):
		v.bad(key, "leaves everything out")
	}
	if name := v.c.Looker.Name; strings.HasPrefix(name, "import:") {
		v.bad("looker.name", v.shown("looker.name")+" is taken: names with import: are those of imported backups")
	}
}

// connection checks of the base URL only what must not go on; the API client makes sense of the rest.
func (v *validator) connection() {
	const key = "looker.base_url"
	raw := v.c.Looker.BaseURL
	if !v.c.Looker.VerifySSL && v.usable["looker.verify_ssl"] {
		v.doubt("looker.verify_ssl", "anybody between here and Looker can read the client secret; name the certificate authority in looker.ca_file instead")
	}
	if raw == "" {
		return
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || strings.ContainsAny(raw, " \t\n"):
		v.bad(key, v.shown(key)+" is not a URL; write it as https://mycompany.looker.com")
	case strings.Contains(raw, "://") && u.Scheme != "https" && u.Scheme != "http":
		v.bad(key, v.shown(key)+" begins with neither https:// nor http://")
	case u.User != nil:
		v.bad(key, v.shown(key)+" holds a user; use looker.client_id and looker.client_secret")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		v.doubt(key, "http:// sends the client secret unencrypted; use https://")
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// standardOutput is what commands that print to a file take for standard output.
const standardOutput = "-"

func (v *validator) sink() {
	const key = "sink.path"
	switch at := v.merged.origins[key]; {
	case at.deferred:
		v.bad(key, v.shown(key)+" is not replaced by commands that read; name the vault with --db")
	case v.c.Sink.Path == "":
		v.bad(key, "is empty; name the file of the vault")
	case v.c.Sink.Path == standardOutput:
		v.bad(key, "- stands for standard output, which cannot hold a vault; for a file of that name write ./-")
	case strings.HasPrefix(v.c.Sink.Path, ":memory:"):
		v.bad(key, ":memory: is a database that is gone with the program; a vault is one file: give its path, as in looker.db")
	case !isPath(v.c.Sink.Path):
		// The value is not repeated: a password may stand anywhere in it.
		v.bad(key, "is the address of a database; a vault is one file: give its path, as in looker.db")
	}
}

// address is what a path does not begin with, but the address of a database does.
var address = regexp.MustCompile(`(?i)^[a-z][a-z0-9+.-]*://|^(file|sqlite3?|postgres(ql)?|pgx?|mysql|mariadb|sqlserver|libsql|duckdb|jdbc):`)

// isPath reports whether text names a file, rather than a database by a URL or a data
// source name.
func isPath(text string) bool {
	return !address.MatchString(text) && !strings.Contains(text, "://") && StripPasswords(text) == text
}

// IsOutput reports whether text names a file to write to, rather than a place on a
// network, in which a password may stand.
func IsOutput(text string) bool {
	return !strings.Contains(text, "://") && StripPasswords(text) == text
}

func (v *validator) rates() {
	second, minute := v.c.RateLimit.PerSecond, v.c.RateLimit.PerMinute
	if v.both("rate_limit.per_second", "rate_limit.per_minute") && minute != 0 && second > minute {
		key := "rate_limit.per_second"
		if at := v.merged.origins[key]; at.layer == fromDefault {
			key = "rate_limit.per_minute" // the default cannot be to blame
		}
		v.bad(key, fmt.Sprintf("per_second %d is more than per_minute %d; lower it, or set it to 0 for no limit a second", second, minute))
	}
}

// both reports whether neither key has been found wrong already.
func (v *validator) both(a, b string) bool { return v.usable[a] && v.usable[b] }

func (v *validator) stages() {
	for _, name := range []string{"list", "fetch", "serialize"} {
		workersKey, bufferKey := "stages."+name+".workers", "stages."+name+".buffer"
		if !v.both(workersKey, bufferKey) {
			continue
		}
		workers, buffer := v.schema.byKey[workersKey].in(v.c).Int(), v.schema.byKey[bufferKey].in(v.c).Int()
		switch {
		case buffer < workers:
			key := bufferKey
			if v.merged.origins[key].layer == fromDefault {
				key = workersKey
			}
			v.bad(key, fmt.Sprintf("buffer %d is less than workers %d; it must hold at least one value for each worker", buffer, workers))
		case buffer < 4*workers:
			v.doubt(bufferKey, fmt.Sprintf("buffer %d is less than four times the %d workers, which may have to wait for each other", buffer, workers))
		}
		if workers > 16 && name != "serialize" {
			v.doubt(workersKey, fmt.Sprintf("%d workers are hard on Looker's nodes and seldom faster than 16", workers))
		}
	}
}

func (v *validator) memory() {
	if v.both("limits.in_flight_items", "stages.fetch.workers") && v.c.Limits.InFlightItems < v.c.Stages.Fetch.Workers {
		v.bad("limits.in_flight_items", fmt.Sprintf("%d is less than stages.fetch.workers %d", v.c.Limits.InFlightItems, v.c.Stages.Fetch.Workers))
	}
	if v.both("limits.in_flight_bytes", "looker.max_body") && v.c.Looker.MaxBody > v.c.Limits.InFlightBytes {
		v.doubt("looker.max_body", fmt.Sprintf("%s is more than limits.in_flight_bytes %s; a single body of that size goes beyond it",
			v.c.Looker.MaxBody, v.c.Limits.InFlightBytes))
	}
}

func (v *validator) metrics() {
	if !IsOutput(v.c.Metrics.File) {
		// The value is not repeated: a password may stand anywhere in it.
		v.bad("metrics.file", "is an address, but metrics are written to a file: give its path")
	}
	if v.c.Metrics.File == standardOutput {
		v.bad("metrics.file", "- stands for standard output, which holds the events of the run; name a file, or /dev/stdout, or write ./-")
	}
	const key = "metrics.listen"
	at := v.merged.origins[key]
	if v.c.Metrics.Listen == "" || at.deferred {
		return
	}
	_, port, err := net.SplitHostPort(v.c.Metrics.Listen)
	if n, name := strconv.Atoi(port); err != nil || name == nil && (n < 0 || n > 65535) {
		v.bad(key, v.shown(key)+" is not an address; write it as 127.0.0.1:9090 or :9090")
	}
}

func (v *validator) prune() {
	const key, after = "prune.keep_deleted", "after.prune"
	if age := v.c.Prune.KeepDeleted; v.usable[key] && age != "" && !v.merged.origins[key].deferred {
		if _, err := ParseAge(age); err != nil {
			v.bad(key, v.shown(key)+" is not an age; write it as 90d, 2w, 36h or 0d")
		}
	}
	if v.usable[after] && v.c.After.Prune && !v.c.Prune.HasRule() {
		v.bad(after, "needs a rule that says which runs stay, such as prune.keep_daily")
	}
}

// refresh checks how old observations may grow. What the kinds are is for [Loaded.RefreshAges].
func (v *validator) refresh() {
	for _, kind := range slices.Sorted(maps.Keys(v.c.Refresh)) {
		key := "refresh." + kind
		age, err := ParseAge(v.c.Refresh[kind])
		switch at := v.merged.origins[key]; {
		case err != nil:
			v.problems.add(at, key, err.Error())
		case age > 0 && age < time.Hour || age > 365*24*time.Hour:
			v.problems.add(at, key, strconv.Quote(v.c.Refresh[kind])+" is out of range; allowed: 0 for every run, 1h to 365d")
		}
	}
}
