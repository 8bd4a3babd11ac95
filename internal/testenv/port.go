package testenv

import (
	"context"
	"net"
)

// ClosedPort is an address of this machine where nobody listens until the cleanup. A port that is only
// free may be another test's a moment later; here a connection holds it.
func ClosedPort(ctx context.Context, cleanup func(func())) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	cleanup(func() { _ = listener.Close() })
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", listener.Addr().String())
	if err != nil {
		return "", err
	}
	cleanup(func() { _ = conn.Close() })
	return conn.LocalAddr().String(), nil
}
