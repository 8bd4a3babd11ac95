package looker

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// notBase are the first segments of paths that belong to Looker's API or web
// interface and therefore not to its base URL.
var notBase = []string{
	"account", "admin", "alive", "api", "api-docs", "boards", "browse", "content", "dashboards", "dashboards-next",
	"embed", "explore", "extensions", "folders", "home", "login", "lookml", "looks", "look", "marketplace", "merge",
	"projects", "spaces", "sql", "versions",
}

// NormalizeBaseURL turns an address as people paste it into scheme, host and,
// where given, port and prefix: spaces, a missing scheme (https), letter case, a
// trailing slash, /api/4.0, /login and addresses of pages such as
// /dashboards/17?x=y are put right. A port that the scheme implies is dropped,
// any other is kept. The result names the instance, so two spellings of one
// address give one name; normalising it again changes nothing.
//
// Errors never repeat the address: it may hold a password.
func NormalizeBaseURL(s string) (string, error) {
	u, err := parseBaseURL(s)
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

func parseBaseURL(s string) (*url.URL, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return nil, errors.New("base url is empty: use the address of your Looker, such as https://example.cloud.looker.com")
	}
	switch {
	case strings.Contains(s, "://"):
	case strings.HasPrefix(s, "//"):
		s = "https:" + s
	default:
		s = "https://" + s
	}
	in, err := url.Parse(s)
	if err != nil {
		return nil, errors.New("base url is not a url: use the address of your Looker, such as https://example.cloud.looker.com")
	}
	if in.User != nil {
		return nil, errors.New("base url holds a user name or a password: remove it, the key belongs in client_id and client_secret")
	}
	scheme := strings.ToLower(in.Scheme)
	if scheme != "http" && scheme != "https" {
		return nil, errors.New("base url must begin with https:// or http://")
	}
	host, err := normalHost(in, scheme)
	if err != nil {
		return nil, err
	}
	return &url.URL{Scheme: scheme, Host: host, Path: prefix(in.Path)}, nil
}

func normalHost(in *url.URL, scheme string) (string, error) {
	name, port := strings.TrimRight(strings.ToLower(in.Hostname()), "."), in.Port()
	if name == "" || name == "http" || name == "https" || name[0] == '.' || strings.ContainsAny(name, " \t%\"<>\\^`{|}") {
		return "", errors.New("base url has no host: use the address of your Looker, such as https://example.cloud.looker.com")
	}
	if port != "" {
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return "", errors.New("base url has a port that is none: ports are 1 to 65535")
		}
		port = strconv.Itoa(n)
	}
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	if port == "" || scheme == "https" && port == "443" || scheme == "http" && port == "80" {
		return name, nil
	}
	return name + ":" + port, nil
}

// prefix keeps what stands before Looker's own paths: nothing for nearly
// everybody, a folder for a Looker behind a reverse proxy.
func prefix(path string) string {
	var kept strings.Builder
	for part := range strings.SplitSeq(path, "/") {
		switch {
		case part == "" || part == ".":
			continue
		case part == ".." || slices.Contains(notBase, strings.ToLower(part)):
			return kept.String()
		}
		kept.WriteString("/" + part)
	}
	return kept.String()
}
