package config

import (
	"reflect"
	"regexp"
)

// passwords are the places of a URL or a data source name where a password stands, each with what is left of it. The
// password of a URL ends at the last @, so that one that was not escaped does not show half of itself.
var passwords = []struct {
	pattern *regexp.Regexp
	left    string
}{
	{regexp.MustCompile(`//([^\s:/@]*):\S*@`), "//$1:" + mask + "@"},
	{regexp.MustCompile(`([a-z]:/)([^\s:/@]+):\S*@`), "$1$2:" + mask + "@"},         // cleaned as a path is: postgres:/user:pass@host
	{regexp.MustCompile(`^([^\s:/@]+):(?:[^\s/]|/[^\s/])\S*@`), "$1:" + mask + "@"}, // user:pass@tcp(host)/name
	{regexp.MustCompile(`(?i)\b([a-z0-9_-]*(?:password|passwd|pwd|secret|token|api_?key)\s*=\s*)('[^']*'|"[^"]*"|[^\s&;]+)`), "$1" + mask},
}

// StripPasswords replaces the password of a URL (user:pass@host) or of a data source name (password=...) by ***.
func StripPasswords(s string) string {
	for _, p := range passwords {
		s = p.pattern.ReplaceAllString(s, p.left)
	}
	return s
}

// Redacted is the configuration as it may be shown and stored: sections as maps, sizes and durations as people write them,
// secrets and hooks as *** (or "" where there is none), no client id, and no password inside a URL or a data source name. Marshalled
// as JSON it is the same bytes for the same configuration.
func (c Config) Redacted() map[string]any {
	return redacted(reflect.ValueOf(c))
}

func redacted(section reflect.Value) map[string]any {
	out := map[string]any{}
	for member, value := range section.Fields() {
		name := member.Tag.Get("koanf")
		if name == "client_id" {
			continue
		}
		switch v := value.Interface().(type) {
		case Secret:
			out[name] = v.String()
		case Size:
			out[name] = v.String()
		case Duration:
			out[name] = v.String()
		case string:
			out[name] = StripPasswords(v)
			if section.Type() == reflect.TypeFor[Hooks]() && v != "" {
				out[name] = mask
			}
		case []string:
			shown := make([]string, len(v))
			for i, s := range v {
				shown[i] = StripPasswords(s)
			}
			out[name] = shown
		case map[string]string:
			out[name] = v
		case map[string]Secret:
			shown := make(map[string]string, len(v))
			for key, secret := range v {
				shown[key] = secret.String()
			}
			out[name] = shown
		case bool, int:
			out[name] = v
		default:
			out[name] = redacted(value)
		}
	}
	return out
}
