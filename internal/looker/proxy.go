package looker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// proxyVariables are the environment variables that name a proxy, by the scheme of
// the address that is asked for. The first that is set counts.
var proxyVariables = map[string][]string{
	"http":  {"HTTP_PROXY", "http_proxy"},
	"https": {"HTTPS_PROXY", "https_proxy"},
}

// checkProxies reports variables that cannot be read: net/http would go without a
// proxy and say nothing. A value is never repeated, since it may hold a password.
func checkProxies() error {
	var errs []error
	for _, scheme := range []string{"http", "https"} {
		if name, value := proxyVariable(scheme); !isProxy(value) {
			errs = append(errs, fmt.Errorf("the environment variable %s is not the address of a proxy; it must look like http://user:password@proxy.example.com:3128", name))
		}
	}
	return errors.Join(errs...)
}

// proxyVariable is the variable that counts for a scheme, and the usual one where
// none is set.
func proxyVariable(scheme string) (name, value string) {
	for _, name := range proxyVariables[scheme] {
		if value := os.Getenv(name); value != "" {
			return name, value
		}
	}
	return proxyVariables[scheme][0], ""
}

// isProxy reports whether net/http finds its way to such a proxy.
func isProxy(value string) bool {
	if value == "" {
		return true
	}
	if host, _, _ := strings.Cut(value, "/"); !strings.Contains(value, "://") {
		if strings.Trim(value[len(host):], "/") != "" {
			return false // a slip: "http//proxy"
		}
		value = "http://" + host
	}
	proxy, err := url.Parse(value)
	if err != nil || proxy.Hostname() == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, proxy.Scheme) {
		return false
	}
	_, err = strconv.ParseUint(proxy.Port(), 10, 16)
	return proxy.Port() == "" || err == nil
}

// errProxy is the refusal of a proxy.
type errProxy struct {
	host   string // with the port, without user and password; "" when it is not known
	status int
}

func (e errProxy) Error() string {
	name := "a proxy on the way"
	if e.host != "" {
		name = "the proxy " + e.host
	}
	return name + " answered " + strings.TrimSpace(strconv.Itoa(e.status)+" "+http.StatusText(e.status))
}

// remedy says what to do about it. variable names the proxy.
func (e errProxy) remedy(variable string) string {
	if e.status == http.StatusProxyAuthRequired {
		return "it wants a user and a password: set " + variable + " to http://user:password@host:port"
	}
	return "check " + variable + " and NO_PROXY"
}

// proxyAnswered keeps the refusal of a proxy that does not let a connection
// through; net/http would keep only its text.
func proxyAnswered(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return errProxy{host: line(proxy.Host), status: resp.StatusCode}
}

// proxyRefused explains an answer 407, which is never Looker's own; nil for any
// other.
func (c *Client) proxyRefused(x exchange, a answer) error {
	if a.status != http.StatusProxyAuthRequired {
		return nil
	}
	refusal := errProxy{host: c.proxy(), status: a.status}
	return &TransportError{Tried: x.tried, Kind: FaultNetwork, Err: c.explain(refusal)}
}

// proxy is the host and port of the proxy between here and Looker, "" for none.
func (c *Client) proxy() string {
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: c.base})
	if err != nil || proxy == nil {
		return ""
	}
	return line(proxy.Host)
}
