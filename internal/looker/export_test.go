package looker

import (
	"net/http"
	"time"
)

// NewWith is New with a transport and a source of randomness for tests.
func NewWith(cfg Config, rt http.RoundTripper, rand func() float64) (*Client, error) {
	base, err := parseBaseURL(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	cfg.fill()
	return newClient(cfg, base, rt, rand), nil
}

// RetryAfter is retryAfter for tests.
func RetryAfter(header string, now time.Time) time.Duration { return retryAfter(header, now) }

// Message is message for tests.
func Message(body []byte) string { return message(body, true, func(s string) string { return s }) }

// Transport is the transport that New builds.
func Transport(cfg Config) (*http.Transport, error) {
	base, err := parseBaseURL(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	cfg.fill()
	return newTransport(cfg, base)
}
