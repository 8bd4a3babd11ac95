package check_test

import (
	"io"
	"net"
	"testing"

	"github.com/lookervault/lookervault/internal/check"
)

func TestLookupOfTheFailedStep(t *testing.T) {
	for want, err := range map[string]error{
		"dns":   &net.DNSError{},
		"login": io.EOF,
	} {
		if got := check.StepOf(err); got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
}

// TestFailed: what stands first in the way of a run decides, whatever failed first.
func TestFailed(t *testing.T) {
	c := check.New()
	if got := c.Failed(); got != check.Nowhere {
		t.Errorf("nothing failed: %v", got)
	}
	c.Warn("log", "", "warned")
	for _, tt := range []struct{ fails, want check.Where }{
		{check.Other, check.Other}, {check.Vault, check.Vault}, {check.Connection, check.Connection}, {check.Vault, check.Connection},
		{check.Configuration, check.Configuration},
	} {
		c.Fail(tt.fails, "something", "", "failed")
		if got := c.Failed(); got != tt.want {
			t.Errorf("after %v failed: %v, want %v", tt.fails, got, tt.want)
		}
	}
}
