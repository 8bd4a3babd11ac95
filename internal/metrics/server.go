package metrics

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// A Server serves /metrics and /healthz.
type Server struct {
	http     http.Server
	listener net.Listener
	serving  sync.WaitGroup
}

// Serve listens at an address, and returns once it does. Port 0 takes a free
// one.
func Serve(ctx context.Context, addr string, live *Live) (*Server, error) {
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("serve metrics: %w", err)
	}
	s := &Server{listener: listener, http: http.Server{Handler: Handler(live), ReadHeaderTimeout: 10 * time.Second}}
	// Whoever scrapes sees what goes wrong; the run does not depend on it.
	s.serving.Go(func() { _ = s.http.Serve(listener) })
	return s, nil
}

// Handler answers /metrics with the metrics of a run and of this process, and
// /healthz with "ok".
func Handler(live *Live) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(live, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, "ok\n") // whoever asked is gone
	})
	return mux
}

// Addr is the address that it listens at.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close ends it; a scrape under way has a second to be answered.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = s.http.Close()
	}
	s.serving.Wait()
	return err
}
